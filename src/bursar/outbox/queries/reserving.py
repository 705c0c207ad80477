"""Room on an account: which may send now, what its quota leaves, and whose turn it is."""

from datetime import datetime
from functools import cache
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.outbox.states import AccountState, RunState
from bursar.outbox.tables import claims, runs, sending_accounts, sends
from bursar.tenancy.tables import tenants

QUOTA_HOURS = 25  # 24 hour rows would be 23 to 24 hours, over the cap


def due_accounts(now: datetime, soon: datetime, many: int) -> sa.Select:
    """Accounts of all tenants that may send by `soon` and have something due: the `many` that have waited longest.

    Read as bursar_scan: no tenant_id is named because all are meant.
    """
    a = sending_accounts
    return (
        sa.select(a.c.tenant_id, a.c.id, a.c.next_batch_at)
        .where(a.c.state == AccountState.ACTIVE, a.c.next_batch_at <= soon, _has_due(now))
        .order_by(a.c.next_batch_at)
        .limit(many)
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


@cache
def lock_account() -> sa.Select:
    """The account if it may send now, locked for as long as it takes to reserve room on it.

    Built once. Named: tenant_id, account_id, now.
    """
    a, t = sending_accounts, tenants
    needed = (
        a.c.id, a.c.kind, a.c.address, a.c.display_name, a.c.reply_to, a.c.settings, a.c.secret_id, a.c.batch_size,
        a.c.batch_interval, a.c.daily_quota, a.c.last_validated_at, a.c.last_error,
    )  # fmt: skip
    return (
        sa.select(*needed, t.c.name.label("tenant_name"), t.c.country, t.c.settings.label("tenant_settings"))
        .join(t, same_tenant(t, a))
        .where(
            a.c.tenant_id == sa.bindparam("tenant_id"),
            a.c.id == sa.bindparam("account_id"),
            a.c.state == AccountState.ACTIVE,
            a.c.next_batch_at <= sa.bindparam("now"),
        )
        .with_for_update(key_share=True, of=a)
    )


RESERVE = sa.text(
    """
    with hours as (
        select coalesce(sum(u.accepted + u.uncertain), 0) as used, min(u.hour) as oldest
          from account_usage u
         where u.tenant_id = :tenant_id and u.sending_account_id = :account_id
           and u.hour >= date_trunc('hour', cast(:now as timestamptz)) - cast(:span as interval)
    ), left_over as (
        select h.used, h.oldest,
               least(:batch_size, :daily_quota - h.used - (select coalesce(sum(c.room), 0) from claims c
                                                            where c.tenant_id = :tenant_id
                                                              and c.sending_account_id = :account_id
                                                              and c.settled_at is null)) as room
          from hours h
    ), opened as (
        insert into claims (tenant_id, id, sending_account_id, send_ids, room, lease_until)
        select :tenant_id, :claim, :account_id, '{}', l.room, :lease_until from left_over l where l.room > 0
    ), paced as (
        update sending_accounts a set next_batch_at = :paced_to
          from left_over l
         where a.tenant_id = :tenant_id and a.id = :account_id and l.room > 0
    )
    select used, oldest, room,
           (select array_agg(r.id) from runs r where r.tenant_id = :tenant_id and r.state = 'open') as open_runs
      from left_over
    """
)
"""A claim with what the rolling quota leaves of a batch, and the account paced; neither if it leaves nothing.

Against the quota count the hours of `span` before this one, this one, and what open claims have in hand. The
account's lock is held already: in one statement with it the sums would be those of before it was had. Also the
oldest hour that counts, so that the account knows when room comes back; and the tenant's open runs.
"""


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
