"""`contract.json` beside this: the operations, parameters, objects, events and errors we use, in our own words.

A shape is a name for a kind ("integer", "string|object", "string open|complete"), a list with the shape of its
members, or names with their shapes. After a name, `!` says that it has to be there, `?` that it may be null and `~`
that it may be absent; `*` stands for any name. Objects have all their names, parameters those that were given.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

KINDS: Mapping[str, type] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "object": dict,
    "array": list,
}
MARKS = "!?~"


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Contract:
    version: str
    operations: Mapping[str, Operation]
    objects: Mapping[str, Mapping[str, Any]]
    events: frozenset[str]
    errors: Mapping[str, Mapping[str, Any]]

    @classmethod
    def load(cls) -> "Contract":
        told = json.loads((resources.files("bursar.sandbox.stripe") / "contract.json").read_text("utf-8"))
        operations = {name: Operation(name, **one) for name, one in told["operations"].items()}
        return cls(told["version"], operations, told["objects"], frozenset(told["events"]), told["errors"])

    def check(self, told: Mapping[str, Any]) -> None:
        """An object that is about to leave. Raises `OffContract`: the simulator itself is wrong then."""
        shape = self.objects.get(told.get("object", ""))
        problems = ["no such kind of object"] if shape is None else list(wrong(shape, told))
        if problems:
            raise OffContract(f"{told.get('object')}: {'; '.join(problems)}")


class OffContract(Exception):
    """The simulator was about to say what the vendor does not."""


def split(kind: str) -> tuple[list[str], list[str]]:
    """The types and the allowed values that a kind names; no values: any."""
    types, _, values = kind.partition(" ")
    return types.split("|"), values.split("|") if values else []


def wrong(shape: Any, value: Any, at: str = "") -> Iterator[str]:
    """What contradicts the shape."""
    if isinstance(shape, str):
        yield from _wrong_value(shape, value, at)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{at} is no list"
            return
        for place, one in enumerate(value):
            yield from wrong(shape[0], one, f"{at}[{place}]")
    elif not isinstance(value, dict):
        yield f"{at} is no object"
    elif "*" in shape:
        for name, one in value.items():
            yield from wrong(shape["*"], one, f"{at}.{name}")
    else:
        yield from _wrong_names(shape, value, at)


def _wrong_value(kind: str, value: Any, at: str) -> Iterator[str]:
    types, values = split(kind)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not any(is_number if one == "integer" else isinstance(value, KINDS[one]) for one in types):
        yield f"{at} is not {' or '.join(types)}"
    elif values and value not in values:
        yield f"{at} may not be {value!r}"


def _wrong_names(shape: Mapping[str, Any], value: Mapping[str, Any], at: str) -> Iterator[str]:
    known = {name.rstrip(MARKS): (name, inner) for name, inner in shape.items()}
    yield from (f"unknown name {at}.{name}" for name in value if name not in known)
    for name, (marked, inner) in known.items():
        if name not in value:
            if not marked.endswith("~"):
                yield f"{at}.{name} is missing"
        elif value[name] is not None or not marked.endswith("?"):
            yield from wrong(inner, value[name], f"{at}.{name}")
