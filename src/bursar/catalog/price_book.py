"""New prices entered among those that are there, checked one by one and written as sets."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from bursar.catalog import rules
from bursar.catalog.ports import Billed, Pair
from bursar.catalog.products import Product, get_products
from bursar.catalog.queries import prices as queries
from bursar.catalog.recording import record_all
from bursar.catalog.rules import Entered, Span, Timeline
from bursar.core.errors import N_, Conflict, Invalid, NotFound, Refusal
from bursar.core.money import Money
from bursar.core.work import Record, Work

_FACTS = ("product_id", "unit_price_minor", "currency", "effective_from", "effective_to")


@dataclass(frozen=True, slots=True)
class NewPrice:
    """From `effective_from` up to, not including, `effective_to`; without one until the next one begins.

    What is seldom meant has to be said: a day before today, another currency than the product's.
    """

    customer_id: UUID
    product_id: UUID
    unit_price: Money
    effective_from: date
    effective_to: date | None = None
    backdated: bool = False
    other_currency: bool = False

    @property
    def pair(self) -> Pair:
        return (self.customer_id, self.product_id)


@dataclass(frozen=True, slots=True)
class PriceAdded:
    """`same`: it was there already. `closed` is the price before, which ends where this one begins.

    The id of one that was only planned is nobody's.
    """

    price_id: UUID | None
    effective_to: date | None
    same: bool = False
    closed: UUID | None = None


class Book:
    """The timelines of some pairs, and what is to be written of them."""

    def __init__(
        self,
        work: Work,
        customers: Collection[UUID],
        products: Mapping[UUID, Product],
        timelines: Mapping[Pair, Timeline],
        billed: Mapping[Pair, date],
    ) -> None:
        self.work, self.customers, self.products = work, customers, products
        self.timelines, self.billed = timelines, billed
        self._ends = {span.id: span.end for span in _spans(timelines) if span.id is not None}
        self._new: dict[tuple[Pair, date], UUID | None] = {}

    def enter(self, price: NewPrice) -> tuple[NewPrice, Entered] | Refusal:
        """A refusal leaves the book as it was."""
        try:
            self._check(price)
            entered = self.timelines[price.pair].enter(
                price.effective_from, price.effective_to, price.unit_price
            )
        except Refusal as refusal:
            return refusal
        if not entered.same:
            self._new[price.pair, price.effective_from] = None
        return price, entered

    async def write(self) -> None:
        """Close what ends, add what is new, and tell the journal of both."""
        closed = [
            (span.id, span.end, pair[0])
            for pair, timeline in self.timelines.items()
            for span in timeline.spans
            if span.id is not None and span.end != self._ends[span.id]
        ]
        if closed:
            await self.work.db.execute(
                queries.close_prices(self.work, [(one, end) for one, end, _ in closed])
            )
        added = await self._add()
        await record_all(
            self.work,
            "customer_price.end",
            [ended(one, owner, self._ends[one], end) for one, end, owner in closed],
        )
        await record_all(self.work, "customer_price.add", added)

    def told(self, answer: tuple[NewPrice, Entered] | Refusal) -> PriceAdded | Refusal:
        if isinstance(answer, Refusal):
            return answer
        price, entered = answer
        written = self._new.get((price.pair, price.effective_from))
        closed = entered.closed.id if entered.closed else None
        return PriceAdded(entered.span.id or written, entered.span.end, entered.same, closed)

    async def _add(self) -> list[Record]:
        rows = [
            {
                "customer_id": pair[0],
                "product_id": pair[1],
                "unit_price_minor": span.price.minor,
                "currency": span.price.currency,
                "effective_from": span.start,
                "effective_to": span.end,
            }
            for pair, timeline in self.timelines.items()
            for span in timeline.spans
            if span.id is None
        ]
        if not rows:
            return []
        written = await self.work.db.execute(
            queries.add_prices(self.work, [tuple(row.values()) for row in rows])
        )
        for row in written:
            self._new[(row.customer_id, row.product_id), row.effective_from] = row.id
        return [
            Record(one, row["customer_id"], changes={"after": told(row)})
            for row in rows
            if (one := self._new[(row["customer_id"], row["product_id"]), row["effective_from"]])
        ]

    def _check(self, price: NewPrice) -> None:
        product = self.products.get(price.product_id)
        if price.customer_id not in self.customers:
            raise NotFound("customer")
        if product is None:
            raise NotFound("product")
        rules.check_positive(price.unit_price, "unit_price")
        if price.unit_price.currency != product.currency and not price.other_currency:
            raise other_currency(price.unit_price.currency, product.currency, "currency")
        if self.timelines[price.pair].says(price.effective_from, price.effective_to, price.unit_price):
            return
        if not product.active:
            raise Conflict(
                N_("%(product)s is archived. Restore it before you give it a price."),
                code="product_archived",
                field="product",
                product=product.name,
            )
        must_not_be_billed(price.effective_from, self.billed.get(price.pair), "effective_from")
        if price.effective_from < self.work.today and not price.backdated:
            raise backdated_unsaid("effective_from")


async def open_book(
    work: Work, given: Sequence[NewPrice], customers: Collection[UUID], billed: Billed
) -> Book:
    """The book of all pairs that `given` names, as they stand now."""
    pairs = sorted({price.pair for price in given})
    products = await get_products(work, [product_id for _, product_id in pairs])
    timelines = await timelines_of(work, pairs)
    return Book(
        work,
        customers,
        {product.id: product for product in products},
        timelines,
        await billed(work, pairs) if pairs else {},
    )


async def timelines_of(work: Work, pairs: Collection[Pair]) -> dict[Pair, Timeline]:
    """Every price of these pairs, past and to come; empty for a pair without one."""
    spans: dict[Pair, list[Span]] = {pair: [] for pair in pairs}
    for row in await work.db.execute(queries.prices_of(work, sorted(spans))) if spans else ():
        spans[row.customer_id, row.product_id].append(span_of(row._asdict()))
    return {pair: Timeline(found) for pair, found in spans.items()}


def span_of(row: Mapping[str, Any]) -> Span:
    """From a row of `customer_prices`."""
    price = Money(row["unit_price_minor"], row["currency"])
    return Span(row["effective_from"], row["effective_to"], price, row["id"])


def must_not_be_billed(day: date, through: date | None, field: str) -> None:
    """Raises `Conflict` for a day on which something was billed: `through` is the last of those."""
    if through is not None and day <= through:
        raise Conflict(
            N_("This was billed up to %(day)s already. Choose a later day."),
            code="price_already_billed",
            field=field,
            day=through,
        )


def backdated_unsaid(field: str) -> Invalid:
    return Invalid(
        N_("This day is in the past. If you mean it, say so."), code="price_backdated", field=field
    )


def other_currency(given: str, usual: str, field: str) -> Invalid:
    return Invalid(
        N_("The price is in %(given)s and the product in %(usual)s. If you mean it, say so."),
        code="price_other_currency",
        field=field,
        given=given,
        usual=usual,
    )


def ended(price_id: UUID, customer_id: UUID, before: date | None, after: date | None) -> Record:
    """What the journal says of an end that moved."""
    changes = {"before": {"effective_to": before}, "after": {"effective_to": after}}
    return Record(price_id, customer_id, changes=changes)


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal says of a whole price."""
    return {name: row[name] for name in _FACTS if row[name] is not None}


def _spans(timelines: Mapping[Pair, Timeline]) -> Iterator[Span]:
    for timeline in timelines.values():
        yield from timeline.spans
