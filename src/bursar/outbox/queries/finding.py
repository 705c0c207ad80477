"""Sends of which nobody knows whether they went, in mailboxes that can be asked."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.outbox.states import AccountState, RunState, SendState
from bursar.outbox.tables import attempts, runs, sending_accounts, sends

IN_DOUBT = ("no_answer", "lease_expired")


def accounts_in_doubt(kinds: Collection[str]) -> sa.Select:
    """Accounts of these kinds, of all tenants, that may be asked and have an uncertain send; read as bursar_scan."""
    a = sending_accounts
    doubtful = (
        sa.select(sends.c.id)
        .where(
            same_tenant(sends, a),
            sends.c.sending_account_id == a.c.id,
            sends.c.reason.in_(IN_DOUBT),
            sends.c.state == SendState.UNCERTAIN,
        )
        .correlate(a)
        .exists()
    )
    may_ask = a.c.state.in_((AccountState.ACTIVE, AccountState.THROTTLED))
    return sa.select(a.c.tenant_id, a.c.id).where(a.c.kind.in_(kinds), may_ask, doubtful)


def in_doubt(work: Work, account_id: UUID, limit: int) -> sa.Select:
    """Uncertain sends of an account that have a Message-ID to ask for, with since when they are, the oldest first."""
    since = sa.func.max(attempts.c.finished_at)
    return (
        sa.select(sends.c.id, sends.c.message_id, since.label("since"))
        .join(attempts, sa.and_(same_tenant(attempts, sends), attempts.c.send_id == sends.c.id))
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.sending_account_id == account_id,
            sends.c.reason.in_(IN_DOUBT),
            sends.c.state == SendState.UNCERTAIN,
            sends.c.message_id.is_not(None),
        )
        .group_by(sends.c.tenant_id, sends.c.id)
        .order_by(since)
        .limit(limit)
    )


def found(work: Work, send_id: UUID, provider_id: str, thread: str | None) -> sa.Update:
    """An uncertain send that the provider has in its Sent folder."""
    return (
        _uncertain(work, send_id)
        .values(
            state=SendState.SENT,
            reason=None,
            sent_at=work.now,
            provider_message_id=provider_id,
            provider_thread_id=thread,
            version=sends.c.version + 1,
        )
        .returning(sends.c.id, sends.c.attempts, sends.c.customer_id)
    )


def proved_absent(work: Work, send_id: UUID) -> sa.Update:
    """An uncertain send that never went goes again, with the same Message-ID; of a closed run, not any more."""
    closed = (
        sa.select(runs.c.id)
        .where(same_tenant(runs, sends), runs.c.id == sends.c.run_id, runs.c.state == RunState.CLOSED)
        .correlate(sends)
        .exists()
    )
    return (
        _uncertain(work, send_id)
        .values(
            state=sa.case((closed, SendState.CANCELLED), else_=SendState.QUEUED),
            reason=sa.case((closed, "run_closed"), else_=None),
            queue_at=sa.case((closed, None), else_=work.now),
            version=sends.c.version + 1,
        )
        .returning(sends.c.id, sends.c.attempts, sends.c.customer_id, sends.c.state)
    )


def run_of(work: Work, send_id: UUID) -> sa.Select:
    """The run of a send, locked before it: whoever closes it now waits, and then sees what came back."""
    of_it = sa.select(sends.c.run_id).where(sends.c.tenant_id == work.tenant_id, sends.c.id == send_id)
    return (
        sa.select(runs.c.id)
        .where(runs.c.tenant_id == work.tenant_id, runs.c.id == of_it.scalar_subquery())
        .with_for_update(key_share=True)
    )


def _uncertain(work: Work, send_id: UUID) -> sa.Update:
    return sa.update(sends).where(
        sends.c.tenant_id == work.tenant_id, sends.c.id == send_id, sends.c.state == SendState.UNCERTAIN
    )
