"""Where the master keys come from: the setting, or a file of the data folder that the first migration made."""

import os
from pathlib import Path

from bursar.core.keys import BadKeyring, Keyring, new_entry
from bursar.core.settings import BadSettings, Settings


def load_keyring(settings: Settings, *, create: bool = False) -> Keyring:
    """The keyring of this installation. Raises `BadSettings` if there is none and `create` is false.

    Keys are never a default: a missing file is filled with fresh random keys, and only by whoever migrates,
    so that a second machine without its keys stops here and not at the first secret it cannot open.
    """
    path = settings.data_dir / "keys"
    try:
        if settings.keys:
            return Keyring.parse(settings.keys)
        if not path.exists():
            if not create:
                raise BadSettings(
                    "BURSAR_KEYS is not set and the data folder holds no keys. Run `bursar migrate` for a new "
                    "installation, or give this machine the keys of the others."
                )
            _write_new(path)
        return Keyring.parse(path.read_text(encoding="ascii"))
    except BadKeyring as error:
        raise BadSettings(f"The settings cannot be used:\n  BURSAR_KEYS: {error}") from None


def _write_new(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process was quicker, and its keys are as good
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(new_entry("k1"))
