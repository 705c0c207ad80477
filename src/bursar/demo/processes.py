"""The demo's own processes: started on free ports of the loopback, ended one by one by their ids."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

START_S, END_S = 60, 25
HOST = "127.0.0.1"
NOT_OURS = frozenset({"DATABASE_URL", "PYTHONUNBUFFERED"})
"""Another database; and without a buffer Python gives up on a long answer that a pipe takes in two parts."""


class Died(RuntimeError):
    """A process of the demo ended, or was not ready in time."""


@dataclass(slots=True)
class Children:
    """Each has a log of its own in `logs`. `environment` is all they see of ours."""

    environment: Mapping[str, str]
    logs: Path
    _running: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def start(self, name: str, *words: str, told: bool = False) -> dict[str, Any]:
        """`python -m …words`. `told`: its first line is JSON, which is returned."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                env=dict(self.environment),
                stdout=subprocess.PIPE if told else log,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on
            )
        self._running[name] = process
        if process.stdout is None:
            return {}
        line = process.stdout.readline()
        if not line:
            raise self._died(name)
        return json.loads(line)

    def kill(self, name: str) -> int:
        """As a power cut would: no word, no chance to tidy up. Its id."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()
        return process.pid

    def until_it_answers(self, name: str, url: str) -> None:
        """Raises `Died`."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            self.look_after(name)
            try:
                httpx2.get(url, timeout=2, trust_env=False)
            except httpx2.HTTPError:
                time.sleep(0.1)  # between two looks at a process that is still starting
            else:
                return
        raise Died(f"The {name} did not answer in {START_S} s; its log: {self.logs / name}.log")

    def look_after(self, *names: str) -> None:
        """Raises `Died` if one of them has ended; without names, if any has."""
        for name in names or list(self._running):
            if self._running[name].poll() is not None:
                raise self._died(name)

    def end(self) -> None:
        """The last started first: asked politely, and made to go if they do not."""
        for process in reversed(self._running.values()):
            process.terminate()
        for process in reversed(self._running.values()):
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self._running.clear()

    def _died(self, name: str) -> Died:
        path = self.logs / f"{name}.log"
        last = path.read_text("utf-8", "replace").splitlines()[-5:]
        return Died("\n".join([f"The {name} ended by itself. Its log is {path}:", *last]))


def environment(folder: Path, base_url: str) -> dict[str, str]:
    """Ours without settings of another installation: the demo touches nothing but its folder."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("BURSAR_") and name not in NOT_OURS
    }
    return {
        **inherited,
        "BURSAR_DATA_DIR": str(folder),
        "BURSAR_BASE_URL": base_url,
        "BURSAR_PRIVATE_HOSTS": "127.0.0.0/8",
        "BURSAR_LEASE_S": "5",
        "LANGUAGE": "en",
    }


def free_port(wanted: int = 0) -> int:
    """`wanted` if nobody has it, else any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            probe.bind((HOST, 0))
        return probe.getsockname()[1]
