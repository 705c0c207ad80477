"""Up to where money and promises after messages are counted."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.chasing.tables import collection_marks
from bursar.core.work import Work
from bursar.outbox.narrowing import TENANT, ZONE

LOWEST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Mark:
    """What is counted: money and promises with a lower id."""

    counted_to: UUID
    promises_to: UUID


BEFORE_ALL = Mark(LOWEST, LOWEST)


def mark(work: Work) -> sa.Select:
    """The mark, unless it was made in another time zone's days.

    Read first and given as values: of an expression the planner would expect a third of all payments.
    """
    m = collection_marks
    return sa.select(m.c.counted_to, m.c.promises_to).where(
        m.c.tenant_id == work.tenant_id, m.c.time_zone == str(work.zone)
    )


def version() -> sa.ScalarSelect[Any]:
    """Tells one count from the next. Named: tenant_id, zone."""
    m = collection_marks
    return sa.select(m.c.counted_to).where(m.c.tenant_id == TENANT, m.c.time_zone == ZONE).scalar_subquery()


def make_mark(work: Work) -> sa.Insert:
    row = {
        "tenant_id": work.tenant_id,
        "counted_to": LOWEST,
        "promises_to": LOWEST,
        "time_zone": str(work.zone),
    }
    return insert(collection_marks).values(row).on_conflict_do_nothing(index_elements=["tenant_id"])


def lock_mark(work: Work) -> sa.Select:
    return sa.select(collection_marks).where(collection_marks.c.tenant_id == work.tenant_id).with_for_update()


def move_mark(work: Work, counted_to: UUID, promises_to: UUID) -> sa.Update:
    return (
        sa.update(collection_marks)
        .where(collection_marks.c.tenant_id == work.tenant_id)
        .values(
            counted_to=counted_to,
            promises_to=promises_to,
            time_zone=str(work.zone),
        )
    )


def settled(wait: timedelta) -> sa.Select:
    """An id below which no row can come any more."""
    return sa.select(sa.func.uuidv7(sa.literal(-wait, sa.Interval)))
