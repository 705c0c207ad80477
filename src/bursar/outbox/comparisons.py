"""What flattened templates call by name: Liquid's comparisons over plain values, and their guards."""

from decimal import Decimal
from typing import Any

from liquid.builtin.expressions import primitive

from bursar.outbox.liquid import LOOP_LIMIT


class Unknown(Exception):
    """Not for the flattened program: python-liquid does it."""


def _eq(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    # Liquid's own `empty` and `blank` know how to compare themselves; text does not know them.
    return right == left if isinstance(right, (primitive.Blank, primitive.Empty)) else left == right


def _lt(left: Any, right: Any) -> bool:
    if _alike(left, right):
        return left < right
    if left is None or right is None:
        return False
    raise Unknown("no order")


def _le(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if _alike(left, right):
        return left <= right
    if left is None or right is None:
        return False
    raise Unknown("no order")


def _alike(left: Any, right: Any) -> bool:
    both_text = isinstance(left, str) and isinstance(right, str)
    return both_text or (isinstance(left, (int, Decimal)) and isinstance(right, (int, Decimal)))


def _rows(value: Any) -> list[Any]:
    if type(value) is not list:
        raise Unknown("not a list")
    return value


def _size(value: Any) -> int:
    if type(value) not in (list, str):
        raise Unknown("no size")
    return len(value)


def _at(value: Any, position: int) -> Any:
    if type(value) is not list:
        raise Unknown("no positions")
    return value[position]


def _limit(rounds: int) -> None:
    if rounds > LOOP_LIMIT:
        raise Unknown("too many rounds")


NAMES: dict[str, Any] = {
    "eq": _eq, "lt": _lt, "le": _le, "rows": _rows, "size": _size, "at": _at, "limit": _limit,
}  # fmt: skip
