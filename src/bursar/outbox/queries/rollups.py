"""What sends count as, said once; and the rollups, counted anew from the rows of whole hours."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.work import Work
from bursar.outbox.outcomes import Figure, Outcome
from bursar.outbox.states import SendState
from bursar.outbox.tables import rollup_marks, send_changes, send_rollups, sends, template_versions
from bursar.tenancy.tables import tenants

WAITING = [str(state) for state in (SendState.QUEUED, SendState.SENDING)]
WITH_REASON = [
    str(state) for state in (SendState.SUPPRESSED, SendState.CANCELLED, SendState.FAILED, SendState.BOUNCED)
]
KEYS = ("day", "purpose", "run_id", "template_id", "sending_account_id", "outcome", "reason")
MEASURES = ("sends", *Figure)


class Span(NamedTuple):
    """Sends from `first` up to, but not with, `end`: whole hours of ordering, but for the last one."""

    first: UUID
    end: UUID
    hour: datetime
    until: datetime


def outcome_of(s: sa.FromClause) -> sa.ColumnElement[str]:
    return sa.case((_among(s.c.state, WAITING), Outcome.WAITING), else_=s.c.state)


def reason_of(s: sa.FromClause) -> sa.ColumnElement[str | None]:
    return sa.case((_among(s.c.state, WITH_REASON), s.c.reason), else_=sa.null())


def _among(state: sa.ColumnElement[str], states: list[str]) -> sa.ColumnElement[bool]:
    return state == sa.any_(sa.literal(states, sa.ARRAY(sa.Text)))


def day_of(
    send_id: sa.ColumnElement[UUID], sent_at: sa.ColumnElement[datetime], zone: str | sa.ColumnElement[str]
) -> sa.ColumnElement[Any]:
    """The firm's day that a send counts for: when it was handed over; until then, when it was ordered."""
    at = sa.func.coalesce(sent_at, sa.func.uuid_extract_timestamp(send_id))
    return sa.cast(sa.func.timezone(zone, at), sa.Date)


def true_of(s: sa.FromClause) -> dict[Figure, sa.ColumnElement[bool]]:
    """Which figures a send counts in."""
    opened, clicked = s.c.opened_at.is_not(None), s.c.clicked_at.is_not(None)
    return {
        Figure.ACCEPTED: s.c.sent_at.is_not(None),
        Figure.REPLIED: s.c.replied_at.is_not(None),
        Figure.OPENED: opened,
        Figure.MACHINE_OPENED: ~opened & (s.c.open_count > 0),
        Figure.CLICKED: clicked,
        Figure.MACHINE_CLICKED: ~clicked & (s.c.click_count > 0),
    }


def as_they_are(zone: str | sa.ColumnElement[str]) -> list[sa.Label[Any]]:
    """The keys and measures of each send of `with_template()`, as its row has them."""
    s = sends
    return [
        day_of(s.c.id, s.c.sent_at, zone).label("day"),
        s.c.purpose.label("purpose"),
        s.c.run_id.label("run_id"),
        template_versions.c.template_id.label("template_id"),
        s.c.sending_account_id.label("sending_account_id"),
        outcome_of(s).label("outcome"),
        reason_of(s).label("reason"),
        sa.literal_column("1").label("sends"),
        *(sa.cast(holds, sa.Integer).label(figure) for figure, holds in true_of(s).items()),
    ]


def with_template() -> sa.Join:
    """Sends beside the template of their version; the caller names the tenant_id."""
    v = template_versions
    return sends.outerjoin(
        v, sa.and_(v.c.tenant_id == sends.c.tenant_id, v.c.id == sends.c.template_version_id)
    )


def make_mark(work: Work, zone: str) -> sa.Insert:
    """A mark before the first send, for a tenant that has none."""
    row = {"tenant_id": work.tenant_id, "counted_to": UUID(int=0), "time_zone": zone}
    return insert(rollup_marks).values(row).on_conflict_do_nothing(index_elements=["tenant_id"])


def lock_mark(work: Work) -> sa.Select:
    """The tenant's mark: whoever holds it counts, a second job waits."""
    m = rollup_marks
    return sa.select(m.c.counted_to, m.c.time_zone).where(m.c.tenant_id == work.tenant_id).with_for_update()


def move_mark(work: Work, counted_to: UUID, zone: str) -> sa.Update:
    return (
        sa.update(rollup_marks)
        .where(rollup_marks.c.tenant_id == work.tenant_id)
        .values(counted_to=counted_to, time_zone=zone)
    )


def drop_all(work: Work) -> sa.Delete:
    """Every rollup of the tenant."""
    return sa.delete(send_rollups).where(send_rollups.c.tenant_id == work.tenant_id)


def bound(settled: timedelta) -> sa.Select:
    """An id below which no send can come any more: drawn so long ago that its transaction is over."""
    return sa.select(sa.func.uuidv7(sa.literal(-settled, sa.Interval)))


def first_from(work: Work, send_id: UUID, skip: int = 0) -> sa.Select:
    """The id of the first send at or after this one, or of the one `skip` after it."""
    return (
        sa.select(sends.c.id)
        .where(sends.c.tenant_id == work.tenant_id, sends.c.id >= send_id)
        .order_by(sends.c.id)
        .offset(skip)
        .limit(1)
    )


def changed_hours(work: Work, before: UUID, many: int) -> sa.Select:
    """Hours with a counted send that changed since."""
    c = send_changes
    hour = sa.func.date_trunc("hour", sa.func.uuid_extract_timestamp(c.c.send_id), "UTC").label("hour")
    return (
        sa.select(hour)
        .where(c.c.tenant_id == work.tenant_id, c.c.send_id < before)
        .distinct()
        .order_by(hour)
        .limit(many)
    )


def count_anew(work: Work, spans: Sequence[Span], zone: str) -> sa.Insert:
    """The rollups of these spans in place of those there were, and the log without what they took in.

    One statement, so that all three look at one moment: a change that commits while it runs keeps its row in
    the log, which says what the count has just seen.
    """
    s, r, c = sends, send_rollups, send_changes
    within = (
        sa.values(
            sa.column("first", sa.UUID),
            sa.column("end_", sa.UUID),
            sa.column("hour", sa.DateTime(timezone=True)),
            sa.column("until", sa.DateTime(timezone=True)),
            name="span",
        )
        .data([tuple(span) for span in spans])
        .cte("spans")
    )
    gone = (
        sa.delete(r)
        .where(r.c.tenant_id == work.tenant_id, r.c.hour >= within.c.hour, r.c.hour < within.c.until)
        .returning(r.c.id)
        .cte("gone")
    )
    taken_in = (
        sa.delete(c)
        .where(c.c.tenant_id == work.tenant_id, c.c.send_id >= within.c.first, c.c.send_id < within.c.end_)
        .returning(c.c.id)
        .cte("taken_in")
    )
    hour = sa.func.date_trunc("hour", sa.func.uuid_extract_timestamp(s.c.id), "UTC").label("hour")
    each = (
        sa.select(hour, *as_they_are(zone))
        .select_from(within.join(with_template(), sa.and_(s.c.id >= within.c.first, s.c.id < within.c.end_)))
        .where(s.c.tenant_id == work.tenant_id)
        .subquery("each")
    )
    keys = [each.c.hour, *(each.c[key] for key in KEYS)]
    summed = sa.select(
        sa.literal(work.tenant_id, sa.UUID), *keys, *(sa.func.sum(each.c[one]).label(one) for one in MEASURES)
    ).group_by(*keys)
    return sa.insert(r).from_select(["tenant_id", "hour", *KEYS, *MEASURES], summed).add_cte(gone, taken_in)


def tenants_to_count(settled: timedelta) -> sa.Select:
    """Tenants with a change, a send that no rollup has, or another time zone; bursar_scan, so no tenant_id is named."""
    m, t = rollup_marks, tenants
    fresh = sa.exists(sends.c.id).where(
        sends.c.tenant_id == t.c.tenant_id,
        sends.c.id >= sa.func.coalesce(m.c.counted_to, UUID(int=0)),
        sends.c.id < sa.func.uuidv7(sa.literal(-settled, sa.Interval)),
    )
    changed = sa.exists(send_changes.c.id).where(send_changes.c.tenant_id == t.c.tenant_id)
    return (
        sa.select(t.c.tenant_id)
        .select_from(t.outerjoin(m, m.c.tenant_id == t.c.tenant_id))
        .where(sa.or_(changed, fresh, m.c.time_zone != t.c.time_zone))
    )
