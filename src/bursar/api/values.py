"""The values of this API: text that a database can hold, money as digits and a currency, days, ids."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    StrictInt,
)
from pydantic.json_schema import WithJsonSchema

from bursar.core.money import Money

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2199, 12, 31)
AMOUNT = r"^[0-9]{1,15}(\.[0-9]{1,3})?$"
SIGNED_AMOUNT = r"^-?[0-9]{1,15}(\.[0-9]{1,3})?$"
CURRENCY = r"^[A-Z]{3}$"


class Strict(BaseModel):
    """Base of everything that comes in: what is not known is refused (R143)."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        """What the request named, as against what has a default: a field left out is not touched."""
        return self.model_dump(exclude_unset=True)


class Shown(BaseModel):
    """Base of everything that goes out, made from a room's dataclass."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


def _text_only(value: object) -> object:
    # pydantic would take numbers for instants and days; the document promises texts.
    if value is not None and not isinstance(value, str | date | datetime):
        raise ValueError("must be a string")
    return value


def _day_only(value: object) -> object:
    given = _text_only(value)
    if isinstance(given, str) and len(given) != len("2026-11-18"):
        raise ValueError("must be a day like 2026-11-18")
    return given


Whole = StrictInt
Flag = StrictBool
Line = Annotated[str, Field(max_length=500)]
Prose = Annotated[str, Field(max_length=20_000)]
Day = Annotated[date, BeforeValidator(_day_only), Field(ge=FIRST_DAY, le=LAST_DAY)]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_text_only),
    Field(ge=datetime(1990, 1, 1, tzinfo=UTC), le=datetime(2199, 12, 31, tzinfo=UTC)),
]
Currency = Annotated[str, Field(pattern=CURRENCY, examples=["AED"])]
Seconds = Annotated[
    timedelta,
    PlainSerializer(lambda span: span.total_seconds(), return_type=float),
    WithJsonSchema({"type": "number", "description": "Seconds."}),
]


class AmountIn(Strict):
    """Money that comes in: whole units with a point, never a float."""

    amount: Annotated[str, Field(pattern=AMOUNT, examples=["1050.00"])]
    currency: Currency

    def money(self, field: str = "amount") -> Money:
        """Raises `Invalid` for an unknown currency, or more decimals than it has."""
        return Money.parse(self.amount, self.currency, field=field)


def signed(amount: str, currency: str, field: str) -> Money:
    """An amount that may stand below zero, a rebate. Raises `Invalid` like `Money.parse`."""
    parsed = Money.parse(amount.removeprefix("-"), currency, field=field)
    return -parsed if amount.startswith("-") else parsed


class Amount(Shown):
    """Money that goes out: exactly the currency's decimals."""

    amount: Annotated[str, Field(pattern=SIGNED_AMOUNT, examples=["1050.00"])]
    currency: Currency


def _amount(value: object) -> object:
    return {"amount": value.plain(), "currency": value.currency} if isinstance(value, Money) else value


ShownMoney = Annotated[Amount, BeforeValidator(_amount)]
Quantity = Annotated[
    Decimal, PlainSerializer(lambda number: format(number.normalize(), "f"), return_type=str)
]
Digits = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$", examples=["1.5"])]


class Made(Shown):
    """What was made, where there is nothing more to say of it."""

    id: UUID
