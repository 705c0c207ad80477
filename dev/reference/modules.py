"""The files of one kind in a room: one module, or the modules of a folder once it outgrew a file."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator


def values_of(room: str, kind: str) -> Iterator[object]:
    """What stands in `bursar.<room>.<kind>`, in the order of the file or files; nothing if there is none."""
    yield from (value for _, value in names_of(room, kind))


def names_of(room: str, kind: str) -> Iterator[tuple[str, object]]:
    """The same, each with its dotted name."""
    name = f"bursar.{room}.{kind}"
    if importlib.util.find_spec(f"bursar.{room}") is None or importlib.util.find_spec(name) is None:
        return
    module = importlib.import_module(name)
    yield from ((f"{name}.{each}", value) for each, value in vars(module).items())
    for part in pkgutil.iter_modules(getattr(module, "__path__", [])):
        inner = f"{name}.{part.name}"
        yield from (
            (f"{inner}.{each}", value) for each, value in vars(importlib.import_module(inner)).items()
        )
