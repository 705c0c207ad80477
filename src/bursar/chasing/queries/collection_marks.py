"""Up to where money and promises after messages are counted."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.chasing.tables import collection_marks
from bursar.core.work import Work

LOWEST, FIRST_DAY = UUID(int=0), date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Mark:
    """Values, or where a statement finds them."""

    counted_to: Any
    counted_on: Any
    promises_to: Any


def live_mark(work: Work) -> Mark:
    """The mark as the statement itself finds it, so that it and the rollups are of one moment; before the first row
    if there is none, or it was made in another time zone's days.
    """
    m = collection_marks

    def at(column: sa.ColumnElement[Any], before: Any) -> sa.ColumnElement[Any]:
        found = sa.select(column).where(m.c.tenant_id == work.tenant_id, m.c.time_zone == str(work.zone))
        return sa.func.coalesce(found.scalar_subquery(), before, type_=column.type)

    return Mark(at(m.c.counted_to, LOWEST), at(m.c.counted_on, FIRST_DAY), at(m.c.promises_to, LOWEST))


def make_mark(work: Work) -> sa.Insert:
    row = {
        "tenant_id": work.tenant_id,
        "counted_to": LOWEST,
        "counted_on": FIRST_DAY,
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
            counted_on=work.today,
            promises_to=promises_to,
            time_zone=str(work.zone),
        )
    )


def settled(wait: timedelta) -> sa.Select:
    """An id below which no row can come any more."""
    return sa.select(sa.func.uuidv7(sa.literal(-wait, sa.Interval)))
