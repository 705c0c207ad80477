"""New units entered among those that are there, checked one by one and written as sets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from bursar.catalog.products import Product, get_products
from bursar.catalog.queries import units as queries
from bursar.catalog.recording import record_all
from bursar.core.errors import N_, Conflict, Invalid, NotFound, Refusal
from bursar.core.work import Record, Work

Mark = tuple[UUID, UUID, str]
"""What tells one unit from another: whose, of what, called what."""


@dataclass(frozen=True, slots=True)
class NewUnit:
    """In service from `active_from` up to, not including, `active_to`. `label` tells it from its likes."""

    customer_id: UUID
    product_id: UUID
    label: str
    active_from: date
    active_to: date | None = None

    @property
    def mark(self) -> Mark:
        return (self.customer_id, self.product_id, self.label)


@dataclass(frozen=True, slots=True)
class UnitAdded:
    """`same`: it was there already; `retired`: it was, and only its end is new. A planned one has no id."""

    unit_id: UUID | None
    same: bool = False
    retired: bool = False


@dataclass(slots=True)
class _Row:
    """A unit that is there or is to be."""

    start: date
    end: date | None
    id: UUID | None = None
    was: date | None = None

    def meets(self, start: date, end: date | None) -> bool:
        return (end is None or self.start < end) and (self.end is None or start < self.end)


class Book:
    """Units entered one after the other among those of the same label, then written as sets."""

    def __init__(
        self,
        work: Work,
        customers: Iterable[UUID],
        products: Mapping[UUID, Product],
        known: Mapping[Mark, list[_Row]],
    ) -> None:
        self.work, self.customers, self.products = work, set(customers), products
        self.rows = dict(known)

    def enter(self, unit: NewUnit) -> tuple[NewUnit, _Row, UnitAdded] | Refusal:
        try:
            self._check(unit)
            return self._enter(unit)
        except Refusal as refusal:
            return refusal

    def _enter(self, unit: NewUnit) -> tuple[NewUnit, _Row, UnitAdded]:
        rows = self.rows.setdefault(unit.mark, [])
        there = next((row for row in rows if row.start == unit.active_from), None)
        if there is not None and unit.active_to in (None, there.end):
            return unit, there, UnitAdded(there.id, same=True)
        if there is not None and there.end is None:
            there.end = unit.active_to
            return unit, there, UnitAdded(there.id, retired=True)
        if any(row.meets(unit.active_from, unit.active_to) for row in rows):
            raise Conflict(
                N_("%(unit)s would be counted twice on one day. Retire it first, or choose other days."),
                code="unit_twice",
                field="label",
                unit=unit.label,
            )
        rows.append(_Row(unit.active_from, unit.active_to))
        return unit, rows[-1], UnitAdded(None)

    def told(self, answer: tuple[NewUnit, _Row, UnitAdded] | Refusal) -> UnitAdded | Refusal:
        if isinstance(answer, Refusal):
            return answer
        _, row, added = answer
        return UnitAdded(row.id, added.same, added.retired)

    async def write(self) -> None:
        new = [(mark, row) for mark, rows in self.rows.items() for row in rows if row.id is None]
        ended = [
            (mark, row)
            for mark, rows in self.rows.items()
            for row in rows
            if row.id is not None and row.end is not None and row.end != row.was
        ]
        await self._end([(row.id, row.end, mark[0]) for mark, row in ended if row.id and row.end])
        await self._add(new)

    async def _end(self, ended: Sequence[tuple[UUID, date, UUID]]) -> None:
        if ended:
            await self.work.db.execute(
                queries.end_units(self.work, [(unit_id, day) for unit_id, day, _ in ended])
            )
            records = [retired(unit_id, owner, None, day) for unit_id, day, owner in ended]
            await record_all(self.work, "billable_unit.retire", records)

    async def _add(self, new: Sequence[tuple[Mark, _Row]]) -> None:
        if not new:
            return
        given = [(*mark, row.start, row.end) for mark, row in new]
        ids = {
            ((row.customer_id, row.product_id, row.label), row.active_from): row.id
            for row in await self.work.db.execute(queries.add_units(self.work, given))
        }
        records: list[Record] = []
        for mark, row in new:
            unit_id = row.id = ids[mark, row.start]
            told = told_of(mark[1], mark[2], row.start, row.end)
            records.append(Record(unit_id, mark[0], changes={"after": told}))
        await record_all(self.work, "billable_unit.add", records)

    def _check(self, unit: NewUnit) -> None:
        if unit.customer_id not in self.customers:
            raise NotFound("customer")
        product = self.products.get(unit.product_id)
        if product is None:
            raise NotFound("product")
        if not product.active:
            raise Conflict(
                N_("%(product)s is archived. Restore it before you count units of it."),
                code="product_archived",
                field="product",
                product=product.name,
            )
        if unit.active_to is not None and unit.active_to <= unit.active_from:
            raise ends_too_early(unit.label)


async def open_book(work: Work, given: Sequence[NewUnit], customers: Iterable[UUID]) -> Book:
    marks = sorted({unit.mark for unit in given})
    products = await get_products(work, [unit.product_id for unit in given])
    known: dict[Mark, list[_Row]] = {}
    for row in await work.db.execute(queries.same_units(work, marks)) if marks else ():
        mark = (row.customer_id, row.product_id, row.label)
        known.setdefault(mark, []).append(_Row(row.active_from, row.active_to, row.id, row.active_to))
    return Book(work, customers, {product.id: product for product in products}, known)


def told_of(product_id: UUID, label: str, start: date, end: date | None) -> dict[str, Any]:
    told = {"product_id": product_id, "label": label, "active_from": start, "active_to": end}
    return {name: value for name, value in told.items() if value is not None}


def retired(unit_id: UUID, customer_id: UUID, before: date | None, on: date) -> Record:
    changes = {"before": {"active_to": before}, "after": {"active_to": on}}
    return Record(unit_id, customer_id, changes=changes)


def ends_too_early(label: str) -> Invalid:
    return Invalid(
        N_("%(unit)s cannot end before it began. Choose a later day."),
        code="end_before_start",
        field="active_to",
        unit=label,
    )
