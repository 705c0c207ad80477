"""Lists in pages by the ids of their ends, and objects put in the place of their ids."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bursar.sandbox.stripe.ledger import Ledger, Thing
from bursar.sandbox.stripe.refusing import Refusal, missing

DEEPEST = 4
USUAL, MOST = 10, 100
IDS: Mapping[tuple[str, str], str] = {
    ("checkout.session", "customer"): "customer",
    ("checkout.session", "payment_intent"): "payment_intent",
    ("payment_intent", "customer"): "customer",
    ("payment_intent", "latest_charge"): "charge",
    ("charge", "customer"): "customer",
    ("charge", "payment_intent"): "payment_intent",
    ("refund", "charge"): "charge",
    ("refund", "payment_intent"): "payment_intent",
    ("dispute", "charge"): "charge",
    ("dispute", "payment_intent"): "payment_intent",
}
COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "gt": int.__gt__,
    "gte": int.__ge__,
    "lt": int.__lt__,
    "lte": int.__le__,
}


def as_list(rows: Sequence[Thing], url: str, *, has_more: bool = False) -> Thing:
    return {"object": "list", "data": list(rows), "has_more": has_more, "url": url}


def page(rows: Iterable[Thing], asked: Mapping[str, Any], url: str, kind: str) -> Thing:
    """The newest first. Raises `Refusal` for a place that is not there."""
    found = list(rows)
    limit = asked.get("limit", USUAL)
    if not 1 <= limit <= MOST:
        words = f"Invalid integer: limit must be between 1 and {MOST}"
        raise Refusal("parameter_invalid_integer", words, param="limit", is_kept=False)
    if "starting_after" in asked:
        found = found[_place(found, asked["starting_after"], "starting_after", kind) + 1 :]
    if "ending_before" in asked:
        found = found[: _place(found, asked["ending_before"], "ending_before", kind)][-limit:]
    return as_list(found[:limit], url, has_more=len(found) > limit)


def in_span(thing: Thing, span: Any) -> bool:
    """Whether it was made then: a second, or between bounds."""
    if isinstance(span, int):
        return thing["created"] == span
    return all(COMPARED[name](thing["created"], bound) for name, bound in span.items())


def _place(found: Sequence[Thing], told: str, param: str, kind: str) -> int:
    place = next((place for place, thing in enumerate(found) if thing["id"] == told), None)
    if place is None:
        raise missing(kind, told, param=param)
    return place


def expanded(ledger: Ledger, thing: Thing, paths: Sequence[str]) -> Thing:
    """With objects instead of ids. Raises `Refusal` for what cannot be expanded."""
    told = dict(thing)
    for path in paths:
        first, _, rest = path.partition(".")
        if path.count(".") >= DEEPEST:
            raise _not_expandable(path)
        if told["object"] == "list" and first == "data":
            told["data"] = [expanded(ledger, one, [rest]) for one in told["data"]] if rest else told["data"]
            continue
        found = _found(ledger, told, first)
        told[first] = expanded(ledger, found, [rest]) if rest and found is not None else found
    return told


def _found(ledger: Ledger, told: Thing, name: str) -> Thing | None:
    """The object that stands, or would stand, there; one that stands there already keeps what was put into it."""
    if isinstance(told.get(name), dict):
        return told[name]
    match told["object"], name:
        case "checkout.session", "line_items":
            aside = ledger.asides[told["id"]]
            return as_list(aside.items, f"/v1/checkout/sessions/{told['id']}/line_items")
        case "charge", "refunds":
            rows = ledger.of("refund", charge=told["id"])
            return as_list(rows, f"/v1/charges/{told['id']}/refunds")
        case kind, _ if (kind, name) in IDS:
            return ledger.find(IDS[kind, name], told[name])
        case _:
            raise _not_expandable(name)


def _not_expandable(name: str) -> Refusal:
    return Refusal(
        "bad_request", f"This property cannot be expanded ({name}).", param="expand", is_kept=False
    )
