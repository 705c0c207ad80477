"""Customers' prices: from a day on, one after the other, and what was billed keeps its past (R85, R86).

Whoever changes prices holds their customers, so that of two who add at once the second sees the first's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from psycopg.errors import ForeignKeyViolation, RestrictViolation
from sqlalchemy.exc import IntegrityError

from bursar.catalog import rules
from bursar.catalog.ports import Billed, Pair
from bursar.catalog.price_book import (
    NewPrice,
    PriceAdded,
    backdated_unsaid,
    ended,
    must_not_be_billed,
    open_book,
    other_currency,
    span_of,
    told,
)
from bursar.catalog.queries import prices as queries
from bursar.catalog.rules import Timeline
from bursar.core.errors import N_, Conflict, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Record, Work

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class CustomerPrice:
    """One price as people see it. `used` is since when an issued invoice rests on it."""

    id: UUID
    customer_id: UUID
    customer_name: str
    product_id: UUID
    product_code: str
    product_name: str
    unit_price: Money
    effective_from: date
    effective_to: date | None
    used: datetime | None

    def stands(self, today: date) -> str:
        """past, present or future: for people's eyes."""
        if self.effective_from > today:
            return "future"
        return "present" if self.effective_to is None or self.effective_to > today else "past"


@dataclass(frozen=True, slots=True)
class PricePage:
    rows: list[CustomerPrice]
    next: UUID | None


class OnDay(NamedTuple):
    """What is paid on a day. `price_id` is None for the product's own price."""

    price: Money
    price_id: UUID | None


async def add_price(work: Work, given: NewPrice, *, billed: Billed) -> UUID:
    """The id of the price, which may have been there already. Raises what `add_prices` answers."""
    [answer] = await add_prices(work, [given], billed=billed)
    if isinstance(answer, Refusal):
        raise answer
    if answer.price_id is None:
        raise NotFound("price")
    return answer.price_id


async def add_prices(work: Work, given: Sequence[NewPrice], *, billed: Billed) -> list[PriceAdded | Refusal]:
    """Enter prices in the order given, each wholly or not at all; one answer for each.

    A price closes the one that holds on its first day and ends where the next one begins; one that is there
    already is left alone. Refused: what was billed already, what overlaps, zero and less.
    """
    work.allow(AgentRole.AGENT)
    there = await lock_customers(work, [price.customer_id for price in given])
    book = await open_book(work, given, there, billed)
    answers = [book.enter(price) for price in given]
    await book.write()
    return [book.told(answer) for answer in answers]


async def plan_prices(work: Work, given: Sequence[NewPrice], *, billed: Billed) -> list[PriceAdded | Refusal]:
    """What `add_prices` would answer; nothing is written or locked."""
    there = await names_of(work, [price.customer_id for price in given])
    book = await open_book(work, given, there, billed)
    return [book.told(book.enter(price)) for price in given]


async def end_price(
    work: Work, price_id: UUID, on: date | None, *, billed: Billed, backdated: bool = False
) -> None:
    """Let a price hold up to, not including, `on`; None: until the next one begins.

    Raises `NotFound`, `Invalid` for a day before it began or, unless `backdated`, before today, `Conflict`
    for one that was billed already and for a day on which the next one holds.
    """
    work.allow(AgentRole.AGENT)
    price, timeline = await _held(work, price_id)
    span = span_of(price)
    following = timeline.after(span.start)
    end = on or (following.start if following else None)
    if end == span.end:
        return
    if end is not None and end <= span.start:
        raise rules.end_before_start()
    if following is not None and (end is None or end > following.start):
        raise rules.overlap(following.start)
    await _must_allow_end(work, price, end, billed, backdated=backdated)
    await work.db.execute(queries.close_prices(work, [(price_id, end)]))
    await work.record("customer_price.end", ended(price_id, price["customer_id"], span.end, end))


async def edit_price(work: Work, price_id: UUID, unit_price: Money, *, billed: Billed) -> None:
    """Another amount for a price that nothing was billed by. Raises `NotFound`, `Invalid`, `Conflict`."""
    work.allow(AgentRole.AGENT)
    rules.check_positive(unit_price, "unit_price")
    price, _ = await _held(work, price_id)
    if unit_price.currency != price["currency"]:
        raise other_currency(unit_price.currency, price["currency"], "unit_price")
    if unit_price.minor == price["unit_price_minor"]:
        return
    await _must_be_unused(work, price, billed)
    await work.db.execute(queries.edit_price(work, price_id, {"unit_price_minor": unit_price.minor}))
    changes = {
        "before": {"unit_price_minor": price["unit_price_minor"]},
        "after": {"unit_price_minor": unit_price.minor},
    }
    await work.record("customer_price.edit", Record(price_id, price["customer_id"], changes=changes))


async def remove_price(work: Work, price_id: UUID, *, billed: Billed) -> None:
    """Take back a price that nothing was billed by; the one before it, if they touch, goes on in its place.

    Raises `NotFound`, `Conflict`, also where a draft stands on it.
    """
    work.allow(AgentRole.AGENT)
    price, timeline = await _held(work, price_id)
    await _must_be_unused(work, price, billed)
    span = span_of(price)
    try:
        await work.db.execute(queries.remove_price(work, price_id))
    except IntegrityError as error:
        if not isinstance(error.orig, ForeignKeyViolation | RestrictViolation):
            raise
        raise Conflict(
            N_("A draft stands on this price. Delete the draft first."), code="price_on_draft"
        ) from error
    removed = Record(price_id, price["customer_id"], changes={"before": told(price)})
    await work.record("customer_price.remove", removed)
    before = timeline.before(span.start)
    if before is not None and before.id is not None and before.end == span.start:
        await work.db.execute(queries.close_prices(work, [(before.id, span.end)]))
        await work.record("customer_price.end", ended(before.id, price["customer_id"], before.end, span.end))


async def stamp_used(work: Work, price_ids: Collection[UUID]) -> None:
    """An issued invoice rests on these prices: from now on only their end may change."""
    if price_ids:
        await work.db.execute(queries.stamp_used(work, sorted(set(price_ids))))


async def prices_on(work: Work, pairs: Collection[Pair], day: date) -> dict[Pair, OnDay]:
    """What each pair pays on `day`: the customer's own price, else the product's. Who has none is left out."""
    if not pairs:
        return {}
    found = await work.db.execute(queries.prices_on(work, sorted(set(pairs)), day))
    return {
        (row.customer_id, row.product_id): OnDay(Money(row.minor, row.currency), row.price_id)
        for row in found
        if row.minor is not None
    }


async def list_prices(
    work: Work,
    *,
    customer_id: UUID | None = None,
    product_id: UUID | None = None,
    on: date | None = None,
    text: str | None = None,
    cursor: UUID | None = None,
    limit: int = 50,
) -> PricePage:
    """The newest first; `on` are those that hold on that day, `text` is looked for in customers' names."""
    limit = max(1, min(limit, LARGEST_PAGE))
    wanted = {"customer_id": customer_id, "product_id": product_id, "on": on, "text": text}
    found = [
        _shown(row) for row in await work.db.execute(queries.list_prices(work, wanted, cursor, limit + 1))
    ]
    return PricePage(found[:limit], found[limit - 1].id if len(found) > limit else None)


async def get_price(work: Work, price_id: UUID) -> CustomerPrice:
    """Raises `NotFound`, for another tenant's too."""
    row = (await work.db.execute(queries.list_prices(work, {"id": price_id}, None, 1))).one_or_none()
    if row is None:
        raise NotFound("price")
    return _shown(row)


async def names_of(work: Work, customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of those of these customers that this tenant has."""
    ids = sorted(set(customer_ids))
    found = await work.db.execute(queries.customers_named(work, ids)) if ids else ()
    return {row.id: row.customer_name for row in found}


async def lock_customers(work: Work, customer_ids: Iterable[UUID]) -> set[UUID]:
    """Those that this tenant has, theirs until the end of this Work: prices and units change under it."""
    ids = sorted(set(customer_ids))
    return set(await work.db.scalars(queries.lock_customers(work, ids))) if ids else set()


async def _held(work: Work, price_id: UUID) -> tuple[Mapping[str, Any], Timeline]:
    """One price as it is now that nobody else changes its customer's, and its neighbours. Raises `NotFound`."""
    owner = (await work.db.execute(queries.prices_by_id(work, [price_id]))).one_or_none()
    if owner is not None:
        await lock_customers(work, [owner.customer_id])
        pair = (owner.customer_id, owner.product_id)
        rows = (await work.db.execute(queries.prices_of(work, [pair]))).all()
        found = next((row._asdict() for row in rows if row.id == price_id), None)
        if found is not None:
            return found, Timeline(span_of(row._asdict()) for row in rows)
    raise NotFound("price")


async def _must_allow_end(
    work: Work, price: Mapping[str, Any], end: date | None, billed: Billed, *, backdated: bool
) -> None:
    """Raises where the days between the old end and the new one were billed, or are past and nobody said so."""
    moved = min(day for day in (end, price["effective_to"]) if day is not None)
    through = (await billed(work, [_pair(price)])).get(_pair(price))
    must_not_be_billed(moved, through, "effective_to")
    if moved < work.today and not backdated:
        raise backdated_unsaid("effective_to")


async def _must_be_unused(work: Work, price: Mapping[str, Any], billed: Billed) -> None:
    if price["first_used_at"] is not None:
        raise Conflict(
            N_("An invoice rests on this price. Add a new one from a later day."), code="price_used"
        )
    through = (await billed(work, [_pair(price)])).get(_pair(price))
    must_not_be_billed(price["effective_from"], through, "effective_from")


def _pair(row: Mapping[str, Any]) -> Pair:
    return (row["customer_id"], row["product_id"])


def _shown(row: sa.Row[Any]) -> CustomerPrice:
    return CustomerPrice(
        row.id,
        row.customer_id,
        row.customer_name,
        row.product_id,
        row.code,
        row.product_name,
        Money(row.unit_price_minor, row.currency),
        row.effective_from,
        row.effective_to,
        row.first_used_at,
    )
