"""The claim: which account, how much it may take, which sends, and what becomes of each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from bursar.core.schema import same_tenant, uuids, uuids_named
from bursar.core.work import Work
from bursar.outbox.states import AccountState, RunState, SendState
from bursar.outbox.tables import (
    account_usage,
    claims,
    runs,
    sending_accounts,
    sends,
    suppression_of,
)
from bursar.tenancy.tables import customers, tenants

QUOTA_HOURS = 25  # 24 hour rows would be 23 to 24 hours, over the cap


def due_accounts(now: datetime) -> sa.Select:
    """Accounts of all tenants that may send now and have something to send; longest waiting first.

    Read as bursar_scan: no tenant_id is named because all are meant.
    """
    a = sending_accounts
    return (
        sa.select(a.c.tenant_id, a.c.id)
        .where(a.c.state == AccountState.ACTIVE, a.c.next_batch_at <= now, _has_due(now))
        .order_by(a.c.next_batch_at)
        .limit(500)
    )


def waiting_accounts(now: datetime) -> sa.Select:
    """When the first account with something to send may do so; null if there is none. All tenants: bursar_scan."""
    a = sending_accounts
    return sa.select(sa.func.min(a.c.next_batch_at)).where(a.c.state == AccountState.ACTIVE, _has_due(now))


def _has_due(now: datetime) -> sa.ColumnElement[bool]:
    """Accounts with a due send of an open run, or of none. Names its columns: bursar_scan may read only some."""
    released = (
        sa.select(runs.c.id)
        .where(same_tenant(runs, sends), runs.c.id == sends.c.run_id, runs.c.state == RunState.OPEN)
        .correlate(sends)
        .exists()
    )
    return (
        sa.select(sends.c.id)
        .where(
            same_tenant(sends, sending_accounts),
            sends.c.sending_account_id == sending_accounts.c.id,
            sends.c.queue_at <= now,
            sends.c.reason.is_(None),
            sa.or_(sends.c.run_id.is_(None), released),
        )
        .correlate(sending_accounts)
        .exists()
    )


def lock_account(work: Work, account_id: UUID) -> sa.Select:
    """The account if it may send now, locked for as long as it takes to reserve room on it."""
    a, t = sending_accounts, tenants
    return (
        sa.select(a, t.c.name.label("tenant_name"), t.c.country, t.c.settings.label("tenant_settings"))
        .join(t, same_tenant(t, a))
        .where(
            a.c.tenant_id == work.tenant_id,
            a.c.id == account_id,
            a.c.state == AccountState.ACTIVE,
            a.c.next_batch_at <= work.now,
        )
        .with_for_update(key_share=True, of=a)
    )


def spent(work: Work, account_id: UUID) -> sa.Select:
    """What counts against the rolling quota: the last hours, and what open claims have in hand.

    Also the oldest hour that counts, so that the account knows when room comes back; and the tenant's open runs.
    """
    since = sa.func.date_trunc("hour", sa.literal(work.now)) - timedelta(hours=QUOTA_HOURS - 1)
    hours = sa.select(
        sa.func.coalesce(sa.func.sum(account_usage.c.accepted + account_usage.c.uncertain), 0).label("used"),
        sa.func.min(account_usage.c.hour).label("oldest"),
    ).where(
        account_usage.c.tenant_id == work.tenant_id,
        account_usage.c.sending_account_id == account_id,
        account_usage.c.hour >= since,
    )
    in_hand = sa.select(sa.func.coalesce(sa.func.sum(claims.c.room), 0)).where(
        claims.c.tenant_id == work.tenant_id,
        claims.c.sending_account_id == account_id,
        claims.c.settled_at.is_(None),
    )
    open_runs = sa.select(sa.func.array_agg(runs.c.id)).where(
        runs.c.tenant_id == work.tenant_id, runs.c.state == RunState.OPEN
    )
    h = hours.subquery("hours")
    return sa.select(
        h.c.used,
        h.c.oldest,
        in_hand.scalar_subquery().label("in_hand"),
        open_runs.scalar_subquery().label("open_runs"),
    )


TAKEN = (
    "id",
    "tenant_id",
    "purpose",
    "stream",
    "channel",
    "customer_id",
    "run_id",
    "locale",
    "to_address",
    "address_key",
    "to_name",
    "template_version_id",
    "reviewed",
    "edited_subject",
    "edited_body",
    "attempts",
    "delays",
    "message_id",
)


@cache
def next_sends() -> sa.Select:
    """Up to `many` due sends of an account, most urgent first: of open runs or of none, not held(changed).

    Locks sends only. They are taken before anything is joined: the planner, which thinks little of row level
    security, would else read and sort the whole queue. Beside each row: its run's choice of hours, and what
    stands against the address. Built once. Named: tenant_id, account_id, now, open_runs (as text), many.
    """
    s = sends
    taken = (
        sa.select(*(s.c[name] for name in TAKEN))
        .where(
            s.c.tenant_id == sa.bindparam("tenant_id"),
            s.c.sending_account_id == sa.bindparam("account_id"),
            s.c.queue_at <= sa.bindparam("now"),
            s.c.reason.is_(None),
            sa.or_(s.c.run_id.is_(None), s.c.run_id == sa.any_(uuids_named("open_runs"))),
        )
        .order_by(s.c.priority, s.c.queue_at)  # and no further: the index ends here, and so can the scan
        .limit(sa.bindparam("many", type_=sa.Integer()))
        .with_for_update(key_share=True, skip_locked=True)
        .cte("taken")
    )
    against = suppression_of(taken.c.address_key, taken.c.tenant_id, taken.c.channel, taken.c.stream)
    return (
        sa.select(
            taken,
            sa.func.coalesce(runs.c.any_hour, sa.false()).label("any_hour"),
            customers.c.state.label("customer_state"),
            customers.c.time_zone.label("customer_zone"),
            against.label("suppressed_by"),
        )
        .outerjoin(runs, sa.and_(same_tenant(runs, taken), runs.c.id == taken.c.run_id))
        .outerjoin(customers, sa.and_(same_tenant(customers, taken), customers.c.id == taken.c.customer_id))
    )


def threads(work: Work, customer_ids: Sequence[UUID]) -> sa.Select:
    """Message-IDs of earlier reminders to these customers that were accepted, oldest first (R103)."""
    s = sends
    return (
        sa.select(
            s.c.customer_id,
            sa.func.array_agg(aggregate_order_by(s.c.message_id, s.c.sent_at, s.c.id)).label("ids"),
        )
        .where(
            s.c.tenant_id == work.tenant_id,
            s.c.customer_id == sa.any_(uuids(customer_ids)),
            s.c.stream == "reminder",
            s.c.sent_at > work.now - timedelta(days=90),
            s.c.message_id.is_not(None),
        )
        .group_by(s.c.customer_id)
    )


_TAKEN = """
update sends s
   set state = 'sending', queue_at = null, reason = null, attempts = s.attempts + 1, version = s.version + 1,
       claim_id = :claim, message_id = r.message_id, thread_id = r.thread_id, subject = r.subject,
       links = r.links, merge_data = r.merge_data, content_sha256 = decode(r.sha256, 'hex')
  from json_to_recordset(cast(:rows as json))
       as r(id uuid, message_id text, thread_id text, subject text, links text[], merge_data jsonb, sha256 text)
 where s.tenant_id = :tenant_id and s.id = r.id and s.state = 'queued'
"""

TAKE = sa.text(_TAKEN)
"""The claimed sends leave `queued`, with what was composed for each; all in one JSON parameter."""


def add_claim(work: Work, row: dict[str, Any]) -> sa.Insert:
    return sa.insert(claims).values(tenant_id=work.tenant_id, **row)


def fill_claim(work: Work, claim_id: UUID, send_ids: Sequence[UUID]) -> sa.Update:
    """The claim with what it took, unless its lease ran out before; what it did not take is free again."""
    return (
        sa.update(claims)
        .where(claims.c.tenant_id == work.tenant_id, claims.c.id == claim_id, claims.c.settled_at.is_(None))
        .values(send_ids=sa.cast(uuids(send_ids), sa.ARRAY(sa.UUID)), room=len(send_ids))
        .returning(claims.c.id)
    )


def drop_claim(work: Work, claim_id: UUID) -> sa.Update:
    """A claim that took nothing."""
    return (
        sa.update(claims)
        .where(claims.c.tenant_id == work.tenant_id, claims.c.id == claim_id)
        .values(settled_at=work.now, room=0)
    )


def give_pace_back(work: Work, account_id: UUID, taken: datetime) -> sa.Update:
    """The account may send at once, if nobody has paced it since."""
    return (
        sa.update(sending_accounts)
        .where(
            sending_accounts.c.tenant_id == work.tenant_id,
            sending_accounts.c.id == account_id,
            sending_accounts.c.next_batch_at == taken,
        )
        .values(next_batch_at=work.now)
    )


def pace(work: Work, account_id: UUID, next_batch_at: datetime) -> sa.Update:
    return (
        sa.update(sending_accounts)
        .where(sending_accounts.c.tenant_id == work.tenant_id, sending_accounts.c.id == account_id)
        .values(next_batch_at=next_batch_at)
    )


def suppress(work: Work, ids: Sequence[UUID], reason: str) -> sa.Update:
    """Locked, queued sends that a fact has overtaken."""
    return _still_queued(work, ids).values(
        state=SendState.SUPPRESSED, reason=reason, queue_at=None, version=sends.c.version + 1
    )


def hold_changed(work: Work, ids: Sequence[UUID]) -> sa.Update:
    """Locked, queued sends that wait for an agent: held(changed); the claim passes over them."""
    return _still_queued(work, ids).values(reason="changed", version=sends.c.version + 1)


def delay(work: Work, ids: Sequence[UUID], until: datetime, *, counted: bool) -> sa.Update:
    """Locked, queued sends moved to a later time; `counted` when they lost the day's contact."""
    return _still_queued(work, ids).values(
        queue_at=until, delays=sends.c.delays + (1 if counted else 0), version=sends.c.version + 1
    )


def delay_rest_of_run(work: Work, run_ids: Sequence[UUID], zone: str | None, until: datetime) -> sa.Update:
    """All other due sends of runs whose window is closed for customers of `zone`: one statement, not a batch each."""
    of_zone = (
        sa.select(customers.c.id)
        .where(
            customers.c.tenant_id == work.tenant_id,
            customers.c.id == sends.c.customer_id,
            customers.c.time_zone.is_not_distinct_from(zone),
        )
        .exists()
    )
    locked = (
        sa.select(sends.c.id)
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.run_id == sa.any_(uuids(run_ids)),
            sends.c.queue_at <= work.now,
            of_zone,
        )
        .with_for_update(key_share=True, skip_locked=True, of=sends)
    )
    return (
        sa.update(sends)
        .where(sends.c.tenant_id == work.tenant_id, sends.c.id.in_(locked), sends.c.state == SendState.QUEUED)
        .values(queue_at=until, version=sends.c.version + 1)
    )


def fail(work: Work, ids: Sequence[UUID], reason: str) -> sa.Update:
    """Locked, queued sends that cannot be composed; nothing of them left the house."""
    return _still_queued(work, ids).values(
        state=SendState.FAILED,
        reason=reason,
        failed_at=work.now,
        queue_at=None,
        version=sends.c.version + 1,
    )


def _still_queued(work: Work, ids: Sequence[UUID]) -> sa.Update:
    return sa.update(sends).where(
        sends.c.tenant_id == work.tenant_id,
        sends.c.id == sa.any_(uuids(ids)),
        sends.c.state == SendState.QUEUED,
    )
