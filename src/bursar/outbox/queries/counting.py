"""What sends came to: the rollups, and beside them what they cannot know yet. One statement, one moment."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from bursar.core.ready import Ready, ready
from bursar.core.work import Work
from bursar.outbox.counted import Chosen
from bursar.outbox.narrowing import TENANT, ZONE, conditions, narrowed_by, values_of
from bursar.outbox.outcomes import Figure
from bursar.outbox.queries.rollups import (
    KEYS,
    MEASURES,
    as_they_are,
    day_of,
    outcome_of,
    reason_of,
    true_of,
    with_template,
)
from bursar.outbox.tables import rollup_marks, send_changes, send_rollups, sends, template_versions

LOWEST = UUID(int=0)
TO = sa.bindparam("to", type_=sa.UUID)


class Shape(NamedTuple):
    """What a statement is built for: by what is chosen, and whether there are rollups."""

    narrowed: tuple[str, ...]
    counted: bool


def shape_of(chosen: Chosen, to: UUID) -> Shape:
    return Shape(narrowed_by(chosen), to != LOWEST)


def given(work: Work, chosen: Chosen, to: UUID) -> dict[str, Any]:
    """The values that statements of this file name: whose, in which days, up to where, and what is chosen."""
    return {"to": to, **values_of(work, chosen)}


def mark(work: Work) -> sa.Select:
    """Up to where the rollups count; no row for days of another time zone.

    Read first and given to the others as a value: of an expression the planner would expect a third of all sends.
    """
    m = rollup_marks
    return sa.select(m.c.counted_to).where(m.c.tenant_id == work.tenant_id, m.c.time_zone == str(work.zone))


def everything(shape: Shape) -> sa.Subquery:
    """Rows that add up to what the chosen sends came to: keys, and measures that may be below zero.

    What the rollups say; the sends that are newer than they; of those that changed since, what they are now, less
    what they were when they were counted. Named: what `given` gives.
    """
    r, s, c = send_rollups, sends, send_changes
    kept = sa.select(*(r.c[name] for name in (*KEYS, *MEASURES))).where(r.c.tenant_id == TENANT)
    newer = (
        sa.select(*as_they_are(ZONE))
        .select_from(with_template())
        .where(s.c.tenant_id == TENANT, s.c.id >= TO)
    )
    changed = sa.select(c.c.send_id).where(c.c.tenant_id == TENANT, c.c.send_id < TO)
    now = (
        sa.select(*as_they_are(ZONE))
        .select_from(with_template())
        .where(s.c.tenant_id == TENANT, s.c.id.in_(changed))
    )
    parts = [kept, newer, now, _as_they_were()] if shape.counted else [newer]
    return sa.union_all(*(_narrowed(part, shape.narrowed) for part in parts)).subquery("everything")


def _as_they_were() -> sa.Select[Any]:
    """Changed sends as they were counted, below zero: the oldest word of the log on each."""
    c, s, v = send_changes, sends, template_versions
    was = (
        sa.select(c)
        .where(c.c.tenant_id == TENANT, c.c.send_id < TO)
        .ext(distinct_on(c.c.send_id))
        .order_by(c.c.send_id, c.c.id)
        .subquery("was")
    )
    joined = was.join(s, sa.and_(s.c.tenant_id == was.c.tenant_id, s.c.id == was.c.send_id)).outerjoin(
        v, sa.and_(v.c.tenant_id == was.c.tenant_id, v.c.id == was.c.template_version_id)
    )
    flags = {figure: was.c[figure] for figure in Figure if figure is not Figure.ACCEPTED}
    measures = {Figure.ACCEPTED: was.c.sent_at.is_not(None), **flags}
    return (
        sa.select(
            day_of(was.c.send_id, was.c.sent_at, ZONE).label("day"),
            s.c.purpose,
            s.c.run_id,
            v.c.template_id,
            was.c.sending_account_id,
            was.c.outcome,
            was.c.reason,
            sa.literal_column("-1").label("sends"),
            *((-sa.cast(measures[figure], sa.Integer)).label(figure) for figure in Figure),
        )
        .select_from(joined)
        .where(s.c.tenant_id == TENANT)
    )


def _narrowed(part: sa.Select[Any], narrowed: Sequence[str]) -> sa.Select[Any]:
    columns = {column.key: column for column in part.selected_columns}
    bare = {name: getattr(column, "element", column) for name, column in columns.items()}
    return part.where(*conditions(bare, narrowed))


@cache
def counted(shape: Shape, by: tuple[str, ...]) -> Ready:
    """What the chosen sends came to, an outcome a row: over all (with the reasons), and by each key of `by`.

    `counted_to` says up to where the rollups went at the moment of the count: if that is not what was given, a job
    came between, and it is to be asked again. Built once for each shape. Named: what `given` gives, tenant_id too.
    """
    e = everything(shape)
    m = rollup_marks
    to = sa.select(m.c.counted_to).where(m.c.tenant_id == TENANT, m.c.time_zone == ZONE).scalar_subquery()
    sets = [sa.tuple_(e.c.outcome, e.c.reason), *(sa.tuple_(e.c[key], e.c.outcome) for key in by)]
    keys = [e.c[key] for key in ("reason", *by)]
    return ready(
        sa.select(
            sa.func.grouping(*keys).label("which"),
            to.label("counted_to"),
            e.c.outcome,
            *keys,
            *(sa.cast(sa.func.sum(e.c[one]), sa.BigInteger).label(one) for one in MEASURES),
        )
        .group_by(sa.func.grouping_sets(*sets))
        .having(sa.func.sum(e.c.sends) != 0)
    )


def hours_with(work: Work, chosen: Chosen, to: UUID, before: datetime | None) -> sa.Select:
    """Hours in which there may be a chosen send, the latest first: what the rollups say, and the hours of changes."""
    r, c = send_rollups, send_changes
    wanted = conditions(r.c, shape_of(chosen, to).narrowed)
    if chosen.outcome is not None:
        wanted.append(r.c.outcome == chosen.outcome)
    if chosen.reason is not None:
        wanted.append(r.c.reason == chosen.reason)
    if chosen.figure is not None:
        wanted.append(r.c[chosen.figure] > 0)
    kept = sa.select(r.c.hour).where(r.c.tenant_id == work.tenant_id, *wanted)
    changed = sa.select(_hour(c.c.send_id)).where(c.c.tenant_id == work.tenant_id)
    newer = sa.select(_hour(sends.c.id)).where(sends.c.tenant_id == work.tenant_id, sends.c.id >= to)
    hours = sa.union(kept, changed, newer).subquery("hours")
    hour = hours.c[0]
    only = [] if before is None else [hour <= before]
    return sa.select(hour).where(*only).order_by(hour.desc()).params(given(work, chosen, to))


def _hour(send_id: sa.ColumnElement[UUID]) -> sa.Label[Any]:
    return sa.func.date_trunc("hour", sa.func.uuid_extract_timestamp(send_id), "UTC").label("hour")


def within(
    work: Work, chosen: Chosen, ranges: Sequence[tuple[UUID, UUID]], before: UUID | None, limit: int
) -> sa.Select:
    """Chosen sends with an id in one of these ranges, the newest first."""
    s = sends
    keys = dict(zip(KEYS, as_they_are(ZONE), strict=False))
    wanted = conditions(
        {name: label.element for name, label in keys.items()}, shape_of(chosen, LOWEST).narrowed
    )
    if chosen.outcome is not None:
        wanted.append(outcome_of(s) == chosen.outcome)
    if chosen.reason is not None:
        wanted.append(reason_of(s) == chosen.reason)
    if chosen.figure is not None:
        wanted.append(true_of(s)[chosen.figure])
    if before is not None:
        wanted.append(s.c.id < before)
    of_ranges = sa.or_(*(sa.and_(s.c.id >= first, s.c.id < end) for first, end in ranges))
    return (
        sa.select(s.c.id)
        .select_from(with_template())
        .where(s.c.tenant_id == work.tenant_id, of_ranges, *wanted)
        .order_by(s.c.id.desc())
        .limit(limit)
        .params(given(work, chosen, LOWEST))
    )
