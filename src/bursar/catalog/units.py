"""Billable units: what is counted for a monthly bill, from the day it is in service until it is retired."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.catalog.ports import Pair
from bursar.catalog.prices import lock_customers, names_of
from bursar.catalog.queries import units as queries
from bursar.catalog.recording import record_all
from bursar.catalog.unit_book import NewUnit, UnitAdded, ends_too_early, open_book, retired, told_of
from bursar.core.errors import N_, Conflict, Invalid, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.tenancy.cells import parse_code

LARGEST_PAGE = 200
LONGEST_LABEL = 100


@dataclass(frozen=True, slots=True)
class Unit:
    id: UUID
    customer_id: UUID
    customer_name: str
    product_id: UUID
    product_code: str
    product_name: str
    label: str
    active_from: date
    active_to: date | None


@dataclass(frozen=True, slots=True)
class UnitPage:
    rows: list[Unit]
    next: UUID | None


async def add_units(work: Work, given: Sequence[NewUnit]) -> list[UnitAdded | Refusal]:
    """Put units into service, each or not; one answer for each.

    One that is there from the same day on is left alone, and retired if the end is new. Refused: the same
    unit twice on one day, a customer or product that is not there.
    """
    work.allow(AgentRole.AGENT)
    there = await lock_customers(work, [unit.customer_id for unit in given])
    book = await open_book(work, given, there)
    answers = [book.enter(unit) for unit in given]
    await book.write()
    return [book.told(answer) for answer in answers]


async def plan_units(work: Work, given: Sequence[NewUnit]) -> list[UnitAdded | Refusal]:
    """What `add_units` would answer; nothing is written or locked."""
    there = await names_of(work, [unit.customer_id for unit in given])
    book = await open_book(work, given, there)
    return [book.told(book.enter(unit)) for unit in given]


async def add_unit(work: Work, given: NewUnit) -> UUID:
    """Raises what `add_units` answers."""
    [answer] = await add_units(work, [given])
    if isinstance(answer, Refusal):
        raise answer
    if answer.unit_id is None:
        raise NotFound("unit")
    return answer.unit_id


async def retire_units(work: Work, ids: Iterable[UUID], on: date) -> int:
    """Not counted from `on` any more; how many of them were until then. All or none.

    Raises `NotFound` for an unknown one, `Invalid` for a day before one came into service.
    """
    work.allow(AgentRole.AGENT)
    wanted = sorted(set(ids))
    owners = (await work.db.execute(queries.units_by_id(work, wanted))).all() if wanted else []
    if len(owners) != len(wanted):
        raise NotFound("unit")
    await lock_customers(work, [row.customer_id for row in owners])
    rows = (await work.db.execute(queries.units_by_id(work, wanted, lock=True))).all() if wanted else []
    for row in rows:
        if on <= row.active_from:
            raise ends_too_early(row.label)
        if row.active_to is not None and row.active_to < on:
            raise Conflict(
                N_("%(unit)s was retired already, on %(day)s."),
                code="unit_retired",
                field="active_to",
                unit=row.label,
                day=row.active_to,
            )
    changed = [row for row in rows if row.active_to != on]
    if changed:
        await work.db.execute(queries.end_units(work, [(row.id, on) for row in changed]))
        await record_all(
            work,
            "billable_unit.retire",
            [retired(row.id, row.customer_id, row.active_to, on) for row in changed],
        )
    return len(changed)


async def remove_unit(work: Work, unit_id: UUID) -> None:
    """It was never there: for mistakes. What was counted with it was billed and stays. Raises `NotFound`."""
    work.allow(AgentRole.AGENT)
    row = (await work.db.execute(queries.units_by_id(work, [unit_id], lock=True))).one_or_none()
    if row is None:
        raise NotFound("unit")
    await work.db.execute(queries.remove_unit(work, unit_id))
    told = told_of(row.product_id, row.label, row.active_from, row.active_to)
    await work.record("billable_unit.remove", Record(unit_id, row.customer_id, changes={"before": told}))


async def count_units(
    work: Work,
    on: date,
    *,
    customer_id: UUID | None = None,
    product_id: UUID | None = None,
    text: str | None = None,
) -> dict[Pair, int]:
    """How many units of each customer and product are in service on that day; who has none is left out."""
    wanted = {"on": on, "customer_id": customer_id, "product_id": product_id, "text": text}
    found = await work.db.execute(queries.count_units(work, wanted))
    return {(row.customer_id, row.product_id): row.units for row in found}


async def list_units(
    work: Work,
    *,
    customer_id: UUID | None = None,
    product_id: UUID | None = None,
    on: date | None = None,
    text: str | None = None,
    cursor: UUID | None = None,
    limit: int = 50,
) -> UnitPage:
    """The newest first; `on` are those in service on that day, `text` is looked for in labels and names."""
    limit = max(1, min(limit, LARGEST_PAGE))
    wanted = {"customer_id": customer_id, "product_id": product_id, "on": on, "text": text}
    found = [_unit(row) for row in await work.db.execute(queries.list_units(work, wanted, cursor, limit + 1))]
    return UnitPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


async def find_units(
    work: Work, customer_id: UUID, labels: Sequence[str], *, product_id: UUID | None = None
) -> list[Unit]:
    """The customer's units with these labels that are not retired. Raises `NotFound` if there is none for one,
    `Conflict` where several products have it.
    """
    wanted = {"customer_id": customer_id, "product_id": product_id, "labels": list(labels), "open": True}
    found = [_unit(row) for row in await work.db.execute(queries.list_units(work, wanted, None, None))]
    for label in labels:
        those = [unit for unit in found if unit.label == label]
        if not those:
            raise NotFound("unit")
        if len(those) > 1:
            raise Conflict(
                N_("%(unit)s is counted for several products. Say which one."),
                code="unit_ambiguous",
                field="product",
                unit=label,
            )
    return found


async def get_unit(work: Work, unit_id: UUID) -> Unit:
    """Raises `NotFound`, for another tenant's too."""
    row = (await work.db.execute(queries.list_units(work, {"id": unit_id}, None, 1))).one_or_none()
    if row is None:
        raise NotFound("unit")
    return _unit(row)


def clean_label(text: str) -> str:
    """Raises `Invalid` for what names no unit."""
    label = parse_code(text, field="label")
    if not 0 < len(label) <= LONGEST_LABEL:
        raise Invalid(
            N_("A unit has a name of at most %(limit)s characters."),
            code="label_unusable",
            field="label",
            limit=LONGEST_LABEL,
        )
    return label


def _unit(row: sa.Row[Any]) -> Unit:
    return Unit(
        row.id,
        row.customer_id,
        row.customer_name,
        row.product_id,
        row.code,
        row.product_name,
        row.label,
        row.active_from,
        row.active_to,
    )
