"""A shell for tests: commands run in this process, on this test's database, and answer as in a terminal."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import structlog
from typer.testing import CliRunner, Result

from bursar import app
from bursar.cli.building import Building
from bursar.cli.main import make_cli
from bursar.core.clock import Clock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.settings import Settings, load_settings
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy.tenants import find_tenant

T = TypeVar("T")

FIRM = (
    "tenant", "create", "acme", "--name", "Acme", "--country", "AE", "--currency", "AED",
    "--time-zone", "Asia/Dubai", "--locale", "en", "--owner-email", "owner@acme.example",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shell:
    """`shell("tenant", "create", …)` runs a command to its end."""

    addresses: Addresses
    clock: Clock
    keyring: Keyring
    worked: list[bool] = field(default_factory=list)

    def __call__(self, *words: str, input: str | None = None, **environment: str) -> Result:
        cli = make_cli(Building(settings=self.settings, build=self.build, site=app.site, worker=self._work))
        runner = CliRunner(env={"COLUMNS": "200", "LANGUAGE": "en", **environment})
        return runner.invoke(cli, list(words), input=input)

    def answer(self, *words: str, **given: Any) -> dict[str, Any]:
        """The object of a command that succeeded: the last line of stdout."""
        result = self(*words, "--json", **given)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout.splitlines()[-1])

    def refusal(self, *words: str, status: int = 1, **given: Any) -> dict[str, Any]:
        """The object of a command that was refused."""
        result = self(*words, "--json", **given)
        assert result.exit_code == status, result.output
        told = json.loads(result.stdout.splitlines()[-1])
        assert set(told) == {"error", "field", "detail"}
        return told

    def firm(self) -> dict[str, Any]:
        return self.answer(*FIRM)

    def inside(self, act: Callable[[Work], Awaitable[T]], slug: str = "acme") -> T:
        """`act` in a Work of the firm, as the system."""

        async def acted() -> T:
            house = self.build(self.settings())
            try:
                async with house.office.work(await find_tenant(house.office, slug)) as work:
                    return await act(work)
            finally:
                await house.close()

        return asyncio.run(acted())

    def settings(self) -> Settings:
        return load_settings(private_hosts="127.0.0.0/8")

    def build(self, settings: Settings) -> House:
        return app.build(settings, clock=self.clock, addresses=self.addresses, keyring=self.keyring)

    async def _work(self, _house: House, *, until_idle: bool) -> None:
        self.worked.append(until_idle)


@contextmanager
def untouched_logging() -> Iterator[None]:
    """Commands set up the logging of their process, and this process is pytest's."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


@dataclass(frozen=True, slots=True)
class SinkProcess:
    """`python -m bursar.sandbox.smtp` on this machine."""

    port: int
    control_port: int

    def at(self) -> tuple[str, ...]:
        return ("--host", "127.0.0.1", "--port", str(self.port), "--no-tls")


@contextmanager
def a_sink_process(*options: str) -> Iterator[SinkProcess]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bursar.sandbox.smtp", *options], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield SinkProcess(told["port"], told["control_port"])
    finally:
        process.terminate()
        process.communicate(timeout=20)


def ids(rows: list[dict[str, Any]]) -> list[UUID]:
    return [UUID(row["id"]) for row in rows]
