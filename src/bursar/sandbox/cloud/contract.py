"""`contract.json` beside a simulator: the operations, fields and errors we use of a vendor, in our own words.

What a request has and the contract has not is refused: a field that a vendor ignores today is a bug tomorrow.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "object": dict,
    "array": list,
}
JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """`body`: what each media type holds, null where the vendor reads it by itself. `scopes`: any of them allows it.

    `cost`: in the vendor's own units of its quota.
    """

    name: str
    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    scopes: Sequence[str] = ()
    cost: int = 1


@dataclass(frozen=True)
class Contract:
    operations: Mapping[str, Operation]
    errors: Mapping[str, Mapping[str, Any]]
    scopes: frozenset[str]
    query: Mapping[str, Any]  # allowed everywhere

    @classmethod
    def load(cls, package: str) -> "Contract":
        told = json.loads((resources.files(package) / "contract.json").read_text("utf-8"))
        operations = {name: Operation(name, **one) for name, one in told["operations"].items()}
        return cls(operations, told["errors"], frozenset(told.get("scopes", ())), told.get("query", {}))

    def wrong_in_query(self, operation: Operation, told: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Unknown names, repeated ones that may not be, and values that are not what they should be."""
        known = {**self.query, **operation.query}
        seen: set[str] = set()
        for name, value in told:
            schema = known.get(name)
            if schema is None:
                yield f"unknown query parameter {name!r}"
                continue
            if name in seen and not schema.get("repeated"):
                yield f"{name!r} is given twice"
            seen.add(name)
            yield from _wrong_text(schema, value, name)
        missing = (name for name, schema in known.items() if schema.get("required") and name not in seen)
        yield from (f"{name!r} is missing" for name in missing)


def _wrong_text(schema: Mapping[str, Any], value: str, name: str) -> Iterator[str]:
    """A parameter is text that has to read as its type."""
    match schema["type"]:
        case "integer" if not re.fullmatch(r"\d{1,18}", value):
            yield f"{name} is no number"
        case "integer" if not schema.get("minimum", 0) <= int(value) <= schema.get("maximum", 2**63):
            yield f"{name} is out of range"
        case "boolean" if value not in {"true", "false"}:
            yield f"{name} is neither true nor false"
        case "string" if "enum" in schema and value not in schema["enum"]:
            yield f"{name} may not be {value!r}"
        case _:
            return


def wrong(schema: Mapping[str, Any], value: Any, at: str = "") -> Iterator[str]:
    """What contradicts the schema: its type, enum, required and unknown properties, and those of what it holds."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(_is(kind, value) for kind in kinds):
        yield f"{at or 'the body'} is not {' or '.join(kinds)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} may not be {value!r}"
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        yield from (f"unknown name {at}{'.' if at else ''}{name}" for name in value if name not in known)
        missing = (name for name in schema.get("required", ()) if name not in value)
        yield from (f"{at}{'.' if at else ''}{name} is missing" for name in missing)
        for name in value.keys() & known.keys():
            yield from wrong(known[name], value[name], f"{at}{'.' if at else ''}{name}")
    if isinstance(value, list) and "items" in schema:
        if len(value) > schema.get("most", len(value)):
            yield f"{at} holds too many"
        for place, one in enumerate(value):
            yield from wrong(schema["items"], one, f"{at}[{place}]")


def _is(kind: str, value: Any) -> bool:
    if kind == "integer" and isinstance(value, bool):
        return False
    return isinstance(value, KINDS[kind])
