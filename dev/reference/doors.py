"""The ways in: every page, API operation, command and job, with the function that each begins in."""

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer.main
from fastapi import APIRouter
from fastapi.routing import APIRoute

from dev.reference.commands import leaves

DOORS = ("web", "API", "CLI", "worker")


@dataclass(frozen=True, slots=True)
class Way:
    """`words` are what a person or program says to come in here; `start` is the function's dotted name."""

    door: str
    words: str
    start: str


def ways() -> list[Way]:
    return [*pages(), *operations(), *commands(), *jobs()]


def pages() -> Iterator[Way]:
    from bursar.web import preferences
    from bursar.web.app import found_routers

    for router in (preferences.router, *found_routers()):
        yield from _routes("web", router)


def operations() -> Iterator[Way]:
    from bursar.api.app import routers

    for router in routers():
        yield from _routes("API", router)


def commands() -> Iterator[Way]:
    from bursar.cli.main import make_cli

    for words, command in leaves("bursar", typer.main.get_command(make_cli())):
        yield Way("CLI", words, _dotted(command.callback))


def jobs() -> Iterator[Way]:
    """The pump, every job that a room hangs on the queue, and what one room's news makes another do."""
    import bursar
    from bursar.core.jobs import tasks
    from bursar.reactions import REACTIONS

    yield Way("worker", "pump", "bursar.outbox.pump.Pump")
    yield Way("worker", "start", "bursar.worker.main.run_worker")
    for room in pkgutil.iter_modules(bursar.__path__):
        if room.ispkg and any(one.name == "jobs" for one in _files(room.name)):
            import_module(f"bursar.{room.name}.jobs")
    for name, task in sorted(tasks.tasks.items()):
        if name.split(".")[0] != "builtin" and task.func.__module__.startswith("bursar."):
            yield Way("worker", name, _dotted(task.func))
    for event, reactions in REACTIONS.items():
        yield from (Way("worker", f"on {event}", _dotted(reaction)) for reaction in reactions)


def _routes(door: str, router: APIRouter) -> Iterator[Way]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            for method in sorted(route.methods or ()):
                yield Way(door, f"{method} {route.path}", _dotted(route.endpoint))


def _files(room: str) -> Iterator[pkgutil.ModuleInfo]:
    yield from pkgutil.iter_modules(import_module(f"bursar.{room}").__path__)


def _dotted(function: Any) -> str:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return f"{function.__module__}.{function.__qualname__}"
