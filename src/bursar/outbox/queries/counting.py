"""What sends came to: the rollups, and beside them what they cannot know yet. One statement, one moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from bursar.core.schema import uuids
from bursar.core.work import Work
from bursar.outbox.counted import Chosen
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


def mark(work: Work) -> sa.Select:
    """Up to where the rollups count; no row for days of another time zone.

    Read first and given to the others as a value: of an expression the planner would expect a third of all sends.
    """
    m = rollup_marks
    return sa.select(m.c.counted_to).where(m.c.tenant_id == work.tenant_id, m.c.time_zone == str(work.zone))


def everything(work: Work, chosen: Chosen, to: UUID) -> sa.Subquery:
    """Rows that add up to what the chosen sends came to: keys, and measures that may be below zero.

    What the rollups say; the sends that are newer than they; of those that changed since, what they are now, less
    what they were when they were counted.
    """
    zone, r, s, c = str(work.zone), send_rollups, sends, send_changes
    kept = sa.select(*(r.c[name] for name in (*KEYS, *MEASURES))).where(r.c.tenant_id == work.tenant_id)
    newer = (
        sa.select(*as_they_are(zone))
        .select_from(with_template())
        .where(s.c.tenant_id == work.tenant_id, s.c.id >= to)
    )
    changed = sa.select(c.c.send_id).where(c.c.tenant_id == work.tenant_id, c.c.send_id < to)
    now = (
        sa.select(*as_they_are(zone))
        .select_from(with_template())
        .where(s.c.tenant_id == work.tenant_id, s.c.id.in_(changed))
    )
    parts = [newer] if to == LOWEST else [kept, newer, now, _as_they_were(work, zone, to)]
    return sa.union_all(*(_narrowed(part, chosen) for part in parts)).subquery("everything")


def _as_they_were(work: Work, zone: str, to: UUID) -> sa.Select[Any]:
    """Changed sends as they were counted, below zero: the oldest word of the log on each."""
    c, s, v = send_changes, sends, template_versions
    was = (
        sa.select(c)
        .where(c.c.tenant_id == work.tenant_id, c.c.send_id < to)
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
            day_of(was.c.send_id, was.c.sent_at, zone).label("day"),
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
        .where(s.c.tenant_id == work.tenant_id)
    )


def _narrowed(part: sa.Select[Any], chosen: Chosen) -> sa.Select[Any]:
    columns = {column.key: column for column in part.selected_columns}
    bare = {name: getattr(column, "element", column) for name, column in columns.items()}
    return part.where(*conditions(bare, chosen))


def conditions(columns: Any, chosen: Chosen) -> list[sa.ColumnElement[bool]]:
    """Of rows with these keys, those that were chosen."""
    wanted: list[sa.ColumnElement[bool]] = []
    if chosen.first is not None:
        wanted.append(columns["day"] >= chosen.first)
    if chosen.last is not None:
        wanted.append(columns["day"] <= chosen.last)
    if chosen.purposes:
        wanted.append(columns["purpose"].in_(chosen.purposes))
    if chosen.run_ids is not None:
        wanted.append(columns["run_id"] == sa.any_(uuids(chosen.run_ids)))
    if chosen.template_id is not None:
        wanted.append(columns["template_id"] == chosen.template_id)
    if chosen.sending_account_id is not None:
        wanted.append(columns["sending_account_id"] == chosen.sending_account_id)
    return wanted


def counted(work: Work, chosen: Chosen, by: Sequence[str], to: UUID) -> sa.Select:
    """What the chosen sends came to, an outcome a row: over all (with the reasons), and by each key of `by`.

    `counted_to` says up to where the rollups went at the moment of the count: if that is not `to`, a job came
    between, and it is to be asked again.
    """
    e = everything(work, chosen, to)
    sets = [sa.tuple_(e.c.outcome, e.c.reason), *(sa.tuple_(e.c[key], e.c.outcome) for key in by)]
    keys = [e.c[key] for key in ("reason", *by)]
    return (
        sa.select(
            sa.func.grouping(*keys).label("which"),
            mark(work).scalar_subquery().label("counted_to"),
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
    wanted = conditions(r.c, chosen)
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
    return sa.select(hour).where(*only).order_by(hour.desc())


def _hour(send_id: sa.ColumnElement[UUID]) -> sa.Label[Any]:
    return sa.func.date_trunc("hour", sa.func.uuid_extract_timestamp(send_id), "UTC").label("hour")


def within(
    work: Work, chosen: Chosen, ranges: Sequence[tuple[UUID, UUID]], before: UUID | None, limit: int
) -> sa.Select:
    """Chosen sends with an id in one of these ranges, the newest first."""
    s = sends
    keys = dict(zip(KEYS, as_they_are(str(work.zone)), strict=False))
    wanted = conditions({name: label.element for name, label in keys.items()}, chosen)
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
    )
