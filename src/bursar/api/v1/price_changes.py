"""One change of price for many customers: previewed with every invoice it changes, then made."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import Field

from bursar.api.acting import Acting, door
from bursar.api.values import (
    CURRENCY,
    SIGNED_AMOUNT,
    AmountIn,
    Day,
    Flag,
    Line,
    Shown,
    ShownMoney,
    Strict,
    signed,
)
from bursar.billing.billed import billed_through
from bursar.billing.price_changes import preview_change
from bursar.catalog.price_changes import Change, Changed, Outcome, Way, Whose, apply_change
from bursar.core.money import Money
from bursar.core.translations import preferred, say

router = door("/price-changes", "catalog", tag="price changes")
MOST_NAMED = 10_000


class SignedAmountIn(Strict):
    amount: Annotated[str, Field(pattern=SIGNED_AMOUNT, examples=["10.00"])]
    currency: Annotated[str, Field(pattern=CURRENCY)]


class WhoseIn(Strict):
    """All must hold. `at` is what they pay on the day before; `ids` left out is everybody.

    Customers who pay the product's own price are meant if `without_own` says so or `ids` names them.
    """

    tags: list[Line] = Field(default=[], max_length=50)
    ids: list[UUID] | None = Field(default=None, max_length=MOST_NAMED)
    at: AmountIn | None = None
    without_own: Flag = False


class PriceChangeIn(Strict):
    """`amount` to set or to raise by, `percent` to raise by percent; below zero lowers. Half a unit goes up."""

    product_id: UUID
    effective_from: Day
    way: Way
    amount: SignedAmountIn | None = None
    percent: Annotated[str, Field(pattern=r"^-?[0-9]{1,4}(\.[0-9]{1,4})?$")] | None = None
    whose: WhoseIn = WhoseIn()
    backdated: Flag = False

    def change(self) -> Change:
        at = self.whose.at.money("whose.at") if self.whose.at else None
        whose = Whose(self.whose.tags, self.whose.ids, at, self.whose.without_own)
        percent = Decimal(self.percent) if self.percent is not None else None
        return Change(
            self.product_id, self.effective_from, self.way, self._amount(), percent, whose, self.backdated
        )

    def _amount(self) -> Money | None:
        return signed(self.amount.amount, self.amount.currency, "amount") if self.amount else None


class PriceChangeMade(PriceChangeIn):
    mark: Line | None = Field(
        default=None, description="Of the preview; refused if the plan is another by now."
    )


class Part(Shown):
    """One customer's part. `own`: what they paid was a price of their own."""

    customer_id: UUID
    customer_name: str
    before: ShownMoney | None
    own: bool
    after: ShownMoney | None
    until: date | None
    outcome: Outcome
    code: str | None
    reason: str | None


class AffectedInvoice(Shown):
    """An invoice to come, without tax; null where none would be written, for the reason in `verdict`."""

    recurring_id: UUID
    customer_id: UUID
    customer_name: str
    period: str
    run_on: date
    paused: bool
    before: ShownMoney | None
    after: ShownMoney | None
    verdict: str | None


class Sum(Shown):
    before: ShownMoney
    after: ShownMoney


class PriceChangePreview(Shown):
    """`invoices` are those of the next 12 months that would be others; `sums` theirs in each currency."""

    mark: str
    parts: list[Part]
    invoices: list[AffectedInvoice]
    sums: list[Sum]


class PriceChangeDone(Shown):
    parts: list[Part]


@router.post("/previews", status_code=201)
async def preview_price_change(work: Acting, request: Request, given: PriceChangeIn) -> PriceChangePreview:
    """Writes nothing."""
    preview = await preview_change(work, given.change())
    return PriceChangePreview(
        mark=preview.mark,
        parts=_parts(preview.parts, request),
        invoices=[AffectedInvoice.model_validate(one) for one in _plain(preview.effect.invoices)],
        sums=[
            Sum.model_validate({"before": before, "after": after}) for before, after in preview.effect.sums
        ],
    )


@router.post("", status_code=201)
async def make_price_change(work: Acting, request: Request, given: PriceChangeMade) -> PriceChangeDone:
    """For everybody whom it is about; a second time everything is so already."""
    done = await apply_change(work, given.change(), billed=billed_through, seen=given.mark)
    return PriceChangeDone(parts=_parts(done, request))


def _parts(parts: Sequence[Changed], request: Request) -> list[Part]:
    words = partial(say, preferred(request.headers.get("accept-language", "")))
    return [_part(part, words) for part in parts]


def _part(part: Changed, words: Callable[..., str]) -> Part:
    refusal = part.refusal
    told = {name: getattr(part, name) for name in Part.model_fields if name not in ("code", "reason")}
    reason = words(refusal.message, refusal.params) if refusal else None
    return Part.model_validate({**told, "code": refusal.code if refusal else None, "reason": reason})


def _plain(rows: Sequence[object]) -> list[dict[str, object]]:
    return [{name: getattr(row, name) for name in AffectedInvoice.model_fields} for row in rows]
