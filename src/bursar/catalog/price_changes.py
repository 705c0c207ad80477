"""One change of price for many customers at once, seen before it is made (R85, R86)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from bursar.catalog import rules
from bursar.catalog.ports import Billed
from bursar.catalog.price_book import NewPrice, PriceAdded
from bursar.catalog.prices import add_prices, lock_customers, plan_prices
from bursar.catalog.products import Product, get_product
from bursar.catalog.queries import price_changes as queries
from bursar.core.errors import N_, Conflict, Invalid, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import MixedCurrencies, Money
from bursar.core.work import Work

V = TypeVar("V", Money, Decimal)


class Way(StrEnum):
    SET = "set"
    RAISE_BY = "raise_by"
    RAISE_BY_PERCENT = "raise_by_percent"


@dataclass(frozen=True, slots=True)
class Whose:
    """All must hold. `at` is what they pay on the day before the change; `ids` None is everybody.

    Customers who pay the product's own price are meant where `without_own` says so, or `ids` names them.
    """

    tags: Sequence[str] = ()
    ids: Sequence[UUID] | None = None
    at: Money | None = None
    without_own: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """From `effective_from` on. `amount` is the new price or what is added, `percent` what is added in percent;
    what is below zero lowers.
    """

    product_id: UUID
    effective_from: date
    way: Way
    amount: Money | None = None
    percent: Decimal | None = None
    whose: Whose = Whose()
    backdated: bool = False


class Outcome(StrEnum):
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Changed:
    """One customer's part: from what to what, until when, or why not. `own` is whether it was their own price."""

    customer_id: UUID
    customer_name: str
    before: Money | None
    own: bool
    after: Money | None
    outcome: Outcome
    until: date | None = None
    refusal: Refusal | None = None


async def plan_change(work: Work, change: Change, *, billed: Billed) -> list[Changed]:
    """What `apply_change` would do for each customer, by name; nothing is written. Raises as it does."""
    work.allow(AgentRole.AGENT)
    parts = await _parts(work, change)
    return _answered(parts, await plan_prices(work, new_prices(change, parts), billed=billed))


async def apply_change(
    work: Work, change: Change, *, billed: Billed, seen: str | None = None
) -> list[Changed]:
    """Make the change for everybody whom it is about. A second time it finds that everything is so already.

    `seen` is the mark of the plan that a person said yes to. Raises `NotFound` for the product, `Invalid` for a
    change that cannot be, `Conflict` where the plan is another by now.
    """
    work.allow(AgentRole.AGENT)
    ids = [part.customer_id for part in await _parts(work, change)]
    await lock_customers(work, ids)
    held = replace(change, whose=replace(change.whose, ids=ids, without_own=_takes_all(change.whose)))
    parts = await _parts(work, held)
    given = new_prices(change, parts)
    if seen is not None and seen != mark_of(_answered(parts, await plan_prices(work, given, billed=billed))):
        raise Conflict(
            N_("Prices were changed meanwhile. Look at the change once more before you make it."),
            code="change_differs",
        )
    return _answered(parts, await add_prices(work, given, billed=billed))


def mark_of(plan: Sequence[Changed]) -> str:
    """The same for the same plan: what a person saw and what is made can be compared."""
    told = "\n".join(
        f"{part.customer_id} {part.before} {part.after} {part.until} {part.outcome}" for part in plan
    )
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def new_prices(change: Change, parts: Sequence[Changed]) -> list[NewPrice]:
    """The prices that the plan's parts come to, in their order."""
    return [
        NewPrice(
            part.customer_id,
            change.product_id,
            part.after,
            change.effective_from,
            backdated=change.backdated,
            other_currency=part.before is not None,
        )
        for part in parts
        if part.after is not None and part.outcome is Outcome.CHANGED
    ]


async def _parts(work: Work, change: Change) -> list[Changed]:
    """Everybody whom the change is about, with the new price or why there is none."""
    product = await get_product(work, change.product_id)
    _check(change, product)
    wanted = {
        "tags": change.whose.tags,
        "ids": change.whose.ids,
        "at": change.whose.at,
        "without_own": _takes_all(change.whose),
    }
    eve = change.effective_from - timedelta(days=1)
    return [
        _part(
            change,
            Changed(
                row.id,
                row.customer_name,
                None if row.minor is None else Money(row.minor, row.currency),
                row.own is not None,
                None,
                Outcome.CHANGED,
            ),
            begins=row.begins,
        )
        for row in await work.db.execute(queries.meant(work, change.product_id, eve, wanted))
    ]


def _part(change: Change, part: Changed, *, begins: bool) -> Changed:
    try:
        after = _after(change, part.before)
    except Refusal as refusal:
        return replace(part, outcome=Outcome.REFUSED, refusal=refusal)
    if part.before == after and part.own and not begins:
        return replace(part, after=after, outcome=Outcome.UNCHANGED)
    return replace(part, after=after)


def _after(change: Change, before: Money | None) -> Money:
    """Raises `Invalid` where there is nothing to raise, or what comes out is no price."""
    if change.way is Way.SET:
        after = _must_have(change.amount, "amount")
    elif before is None:
        raise Invalid(
            N_("There is no price that could be raised. Set one instead."),
            code="nothing_to_raise",
            field="way",
        )
    elif change.way is Way.RAISE_BY:
        after = before + _must_have(change.amount, "amount")
    else:
        after = rules.raised_by_percent(before, _must_have(change.percent, "percent"))
    if before is not None and after.currency != before.currency:
        raise MixedCurrencies(before.currency, after.currency)
    return rules.check_positive(after, "amount")


def _answered(parts: Sequence[Changed], answers: Sequence[PriceAdded | Refusal]) -> list[Changed]:
    waiting = iter(answers)
    return [_with(part, next(waiting)) if part.outcome is Outcome.CHANGED else part for part in parts]


def _with(part: Changed, answer: PriceAdded | Refusal) -> Changed:
    if isinstance(answer, Refusal):
        return replace(part, outcome=Outcome.REFUSED, refusal=answer)
    return replace(
        part, until=answer.effective_to, outcome=Outcome.UNCHANGED if answer.same else Outcome.CHANGED
    )


def _check(change: Change, product: Product) -> None:
    if change.way is Way.RAISE_BY_PERCENT:
        percent = _must_have(change.percent, "percent")
        if not -100 < percent <= rules.MOST_PERCENT or not percent:
            raise Invalid(
                N_("Give a percentage between -100 and %(most)s, other than 0."),
                code="percent",
                field="percent",
                most=rules.MOST_PERCENT,
            )
    elif change.way is Way.SET:
        rules.check_positive(_must_have(change.amount, "amount"), "amount")
    elif not _must_have(change.amount, "amount"):
        raise Invalid(N_("Give an amount other than zero."), code="amount_zero", field="amount")
    if not product.active:
        raise Conflict(
            N_("%(product)s is archived. Restore it before you give it a price."),
            code="product_archived",
            field="product",
            product=product.name,
        )


def _must_have(value: V | None, field: str) -> V:
    if value is None:
        raise Invalid(N_("Say by how much."), code="amount_missing", field=field)
    return value


def _takes_all(whose: Whose) -> bool:
    return whose.without_own or whose.ids is not None
