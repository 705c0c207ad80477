"""Parameters: form-encoded text with names in brackets, read as the contract has them and not one more."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from bursar.sandbox.stripe.contract import MARKS, split
from bursar.sandbox.stripe.refusing import Refusal

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
DEEPEST = 6
LONGEST = 5_000  # characters of one value


def nested(encoded: str) -> dict[str, Any]:
    """`a[b][0][c]=1` as {"a": {"b": {"0": {"c": "1"}}}}; `a[]=1` takes the next number. Raises `Refusal`."""
    told: dict[str, Any] = {}
    for key, value in parse_qsl(encoded, keep_blank_values=True):
        match = NAME.fullmatch(key)
        path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])] if match else []
        if not path or len(path) > DEEPEST:
            raise unreadable(f"Invalid parameter name: {key}", key)
        place = told
        for part in path[:-1]:
            place = place.setdefault(part or str(len(place)), {})
            if not isinstance(place, dict):
                raise unreadable(f"{key} is a value and an object at once", key)
        last = path[-1] or str(len(place))
        if last in place:
            raise unreadable(f"{key} is given twice", key)
        place[last] = value
    return told


def unreadable(words: str, param: str | None = None, name: str = "parameter_invalid") -> Refusal:
    return Refusal(name, words, param=param, is_kept=False)


def read(shape: Mapping[str, Any], told: Mapping[str, Any], at: str = "") -> dict[str, Any]:
    """What was meant: numbers as numbers, lists as lists. Raises `Refusal` for the first that is wrong.

    Empty text unsets a value, and only what is named freely (metadata) can be unset here.
    """
    if "*" in shape:
        return {name: _value(shape["*"], value, f"{at}[{name}]") for name, value in told.items() if value}
    known = {name.rstrip(MARKS): inner for name, inner in shape.items()}
    for name in told:
        if name not in known:
            param = _join(at, name)
            raise unreadable(f"Received unknown parameter: {param}", param, "parameter_unknown")
    for name in shape:
        if name.endswith("!") and name.rstrip(MARKS) not in told:
            param = _join(at, name.rstrip(MARKS))
            raise unreadable(f"Missing required param: {param}.", param, "parameter_missing")
    return {name: _value(known[name], value, _join(at, name)) for name, value in told.items()}


def _join(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name


def _value(shape: Any, value: Any, at: str) -> Any:
    if isinstance(shape, str):
        return _scalar(shape, value, at)
    if shape == SPAN and isinstance(value, str):
        return _scalar("integer", value, at)
    if not isinstance(value, dict):
        kind = "array" if isinstance(shape, list) else "object"
        raise unreadable(f"Invalid {kind}", at)
    if isinstance(shape, list):
        return [_value(shape[0], one, f"{at}[{place}]") for place, one in _members(value, at)]
    return read(shape, value, at)


SPAN = {"gt": "integer", "gte": "integer", "lt": "integer", "lte": "integer"}
"""A time may be given bare too."""


def _members(value: Mapping[str, Any], at: str) -> Sequence[tuple[str, Any]]:
    if any(not re.fullmatch(r"\d{1,4}", place) for place in value):
        raise unreadable("Invalid array", at)
    return sorted(value.items(), key=lambda item: int(item[0]))


def _scalar(kind: str, value: Any, at: str) -> Any:
    [type_], values = split(kind)
    if not isinstance(value, str):
        raise unreadable(f"Invalid {type_}: {at} is an object", at)
    if len(value) > LONGEST:
        raise unreadable(f"Invalid string: must be at most {LONGEST} characters", at)
    if not value:
        raise unreadable(f"You passed an empty string for '{at}'.", at, "parameter_invalid_empty")
    if values and value not in values:
        raise unreadable(f"Invalid {at}: must be one of {', '.join(values)}", at)
    match type_:
        case "integer":
            if not re.fullmatch(r"-?\d{1,15}", value):
                raise unreadable(f"Invalid integer: {value}", at, "parameter_invalid_integer")
            return int(value)
        case "boolean":
            if value not in {"true", "false"}:
                raise unreadable(f"Invalid boolean: {value}", at)
            return value == "true"
        case _:
            return value
