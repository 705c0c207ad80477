"""Real processes for tests that kill them: workers on a test's database, the sink with a store that survives."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx2
import psycopg
from psycopg import sql

from bursar.core.database import Addresses

WORK = """
import asyncio, sys
from bursar import app
from bursar.worker.main import run_worker

async def main():
    house = app.build()
    try:
        await run_worker(house, until_idle=True)
    finally:
        await house.close()

asyncio.run(main())
"""


def environment(addresses: Addresses, keys: str, **settings: str) -> dict[str, str]:
    """What a process of ours needs to find this test's database and keys."""
    url = addresses.app.set(drivername="postgresql").render_as_string(hide_password=False)
    told = {"DATABASE_URL": url, "BURSAR_KEYS": keys, "BURSAR_PRIVATE_HOSTS": "127.0.0.0/8", **settings}
    return {**{k: v for k, v in os.environ.items() if not k.startswith("BURSAR_")}, **told}


class Worker:
    """A worker process that ends by itself when nothing is left to do, and with its `with` at the latest."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORK], env=env, stdout=self._log, stderr=self._log
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._log.close()

    def kill(self) -> None:
        """As the machine would: no word, no chance to tidy up."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def wait(self, seconds: float) -> int:
        return self._process.wait(seconds)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None


WAITED_FOR = """
select distinct relation::regclass::text from pg_locks
 where not granted and locktype = 'relation'
   and database = (select oid from pg_database where datname = current_database())
"""


@contextmanager
def held(addresses: Addresses, table: str) -> Iterator[Callable[[], set[str]]]:
    """Hold `table`; gives a question: which tables is somebody waiting for?"""
    url = addresses.owner.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as watcher:
        holder.execute(sql.SQL("lock table {} in access exclusive mode").format(sql.Identifier(table)))

        def waited_for() -> set[str]:
            return {name for (name,) in watcher.execute(WAITED_FOR)}

        yield waited_for
        holder.rollback()


@dataclass(frozen=True, slots=True)
class SinkProcess:
    """The sandbox's SMTP server in its own process; its messages are synced before they are acknowledged."""

    port: int
    control: str

    def rules(self, rules: Sequence[dict[str, Any]]) -> None:
        httpx2.put(f"{self.control}/rules", json=list(rules)).raise_for_status()

    def stalled(self, wait: float) -> set[str]:
        """The beats at which connections are held, as soon as there is one."""
        answer = httpx2.get(f"{self.control}/stalled", params={"wait": wait}, timeout=wait + 5)
        return {held["beat"] for held in answer.raise_for_status().json()}

    def release(self) -> None:
        self.rules([])
        httpx2.post(f"{self.control}/release").raise_for_status()

    def messages(self) -> list[dict[str, Any]]:
        return httpx2.get(f"{self.control}/messages", timeout=30).raise_for_status().json()

    def raw(self, number: int) -> bytes:
        """One of them as it arrived."""
        return httpx2.get(f"{self.control}/messages/{number}/raw", timeout=30).raise_for_status().content


@contextmanager
def a_sink_process(store: Path) -> Iterator[SinkProcess]:
    command = [sys.executable, "-m", "bursar.sandbox.smtp", "--store", str(store)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        told = json.loads(process.stdout.readline())
        yield SinkProcess(told["port"], f"http://127.0.0.1:{told['control_port']}")
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
