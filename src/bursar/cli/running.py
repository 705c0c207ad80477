"""One command, one run: the house is built, the act done, the answer shown, the exit status set."""

import asyncio
import getpass
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NoReturn
from uuid import UUID

import structlog
import typer
import uvloop

from bursar.cli.building import Building
from bursar.cli.output import Answer, show, show_refusal
from bursar.core.database import UnsafeDatabase
from bursar.core.errors import N_, NotFound, Refusal
from bursar.core.health import refuse_if_unusable
from bursar.core.logs import set_up_logs
from bursar.core.settings import BadSettings, Settings
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy.tenants import find_tenant

REFUSED, CANNOT_START, BROKE = 1, 2, 70

log = structlog.get_logger(__name__)

Act = Callable[[House], Awaitable[Answer | None]]


class CannotStart(Refusal):
    """The environment, not the request, is wrong: exit status 2."""


class Broken(Refusal):
    """A mistake of ours: what happened is in the log, which hides what a traceback would show."""

    def __init__(self) -> None:
        super().__init__(N_("Something went wrong in Bursar itself. The log says what."), code="internal")


def run(ctx: typer.Context, act: Act, *, as_json: bool = False) -> None:
    """Do `act` in the house of this environment, on a database that is fit for it."""
    building: Building = ctx.obj

    async def inside() -> Answer | None:
        async with house_of(building) as house:
            return await act(house)

    finish(lambda: in_loop(inside()), as_json=as_json)


def finish(do: Callable[[], Answer | None], *, as_json: bool) -> None:
    """Show what `do` answers; a refusal ends with status 1, an environment that cannot be used with 2."""
    try:
        answer = do()
    except (UnsafeDatabase, CannotStart) as refusal:
        _end(refusal, CANNOT_START, as_json=as_json)
    except BadSettings as error:
        _end(CannotStart(str(error).replace("%", "%%"), code="bad_settings"), CANNOT_START, as_json=as_json)
    except Refusal as refusal:
        _end(refusal, REFUSED, as_json=as_json)
    except Exception:
        log.exception("command_broke")
        _end(Broken(), BROKE, as_json=as_json)
    if answer is not None:
        show(answer, as_json=as_json)
        if answer.failed:
            raise typer.Exit(REFUSED)


def in_loop(act: Awaitable[Answer | None]) -> Answer | None:
    async def awaited() -> Answer | None:
        return await act

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(awaited())


@asynccontextmanager
async def house_of(building: Building) -> AsyncIterator[House]:
    """Built, found fit, and acting for whoever typed the command. Raises `UnsafeDatabase`, `BadSettings`."""
    house = building.build(settings_of(building))
    try:
        await refuse_if_unusable(house.office.engine)
        yield replace(house, office=house.office.caused_by(f"cli:{who()}"))
    finally:
        await house.close()


def settings_of(building: Building) -> Settings:
    settings = building.settings()
    set_up_logs(settings)
    return settings


@asynccontextmanager
async def work_in(house: House, slug: str) -> AsyncIterator[Work]:
    """A Work of the system in the tenant of this slug: who has the machine's shell has all rights of it."""
    async with house.office.work(await find_tenant(house.office, slug)) as work:
        yield work


def who() -> str:
    """The name under which the operating system knows the person at the keyboard."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def id_of(noun: str, text: str) -> UUID:
    """What is no id names nothing: `NotFound`, as for an unknown one."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(noun) from None


def _end(refusal: Refusal, status: int, *, as_json: bool) -> NoReturn:
    show_refusal(refusal, as_json=as_json)
    raise typer.Exit(status)
