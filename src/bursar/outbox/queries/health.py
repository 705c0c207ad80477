"""How the queues of all tenants stand; read as bursar_scan, so no tenant_id is named."""

from datetime import datetime

import sqlalchemy as sa

from bursar.core.schema import same_tenant
from bursar.outbox.states import AccountState, RunState, SendState
from bursar.outbox.tables import claims, mailbox_cursors, runs, sending_accounts, sends

MANY_FAILURES = 3  # once or twice is the weather


def queues(now: datetime) -> sa.Select:
    """One row: the oldest send that could have gone, how many are uncertain, leases that ran out, broken accounts,
    and folders that could not be read several times in a row.

    Sends of runs that are not released wait for a person, not for us: they are no sign of trouble.
    """
    # EXISTS over named columns: bursar_scan may read only some.
    released = sa.select(runs.c.id).where(
        same_tenant(runs, sends), runs.c.id == sends.c.run_id, runs.c.state == RunState.OPEN
    )
    ready = sa.select(sending_accounts.c.id).where(
        same_tenant(sending_accounts, sends),
        sending_accounts.c.id == sends.c.sending_account_id,
        sending_accounts.c.state == AccountState.ACTIVE,
        sending_accounts.c.next_batch_at <= now,
    )
    oldest = sa.select(sa.func.min(sends.c.queue_at)).where(
        sends.c.queue_at <= now,
        sends.c.reason.is_(None),
        sa.or_(sends.c.run_id.is_(None), released.correlate(sends).exists()),
        ready.correlate(sends).exists(),
    )
    uncertain = sa.select(sa.func.count()).where(sends.c.state == SendState.UNCERTAIN)
    expired = sa.select(sa.func.count()).where(claims.c.settled_at.is_(None), claims.c.lease_until < now)
    broken = sa.select(sa.func.count()).where(sending_accounts.c.state == AccountState.NEEDS_REAUTH)
    unread = sa.select(sa.func.count()).where(
        mailbox_cursors.c.stopped_at.is_(None), mailbox_cursors.c.failures >= MANY_FAILURES
    )
    return sa.select(
        oldest.scalar_subquery().label("oldest_due"),
        uncertain.scalar_subquery().label("uncertain"),
        expired.scalar_subquery().label("expired"),
        broken.scalar_subquery().label("broken"),
        unread.scalar_subquery().label("unread"),
    )
