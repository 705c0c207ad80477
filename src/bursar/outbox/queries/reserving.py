"""Room on an account: which may send now, what its quota leaves, and whose turn it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import AccountState, RunState
from bursar.outbox.tables import account_usage, claims, runs, sending_accounts, sends
from bursar.tenancy.tables import tenants

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
