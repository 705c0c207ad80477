"""Ways to a provider's consent page and back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.work import Work
from bursar.outbox.tables import mailbox_sign_ins


def add(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(mailbox_sign_ins).values(tenant_id=work.tenant_id, **values)


def lock_by_state(work: Work, state_hash: bytes) -> sa.Select:
    """The sign-in that was begun with this state and has not ended, locked: who comes back twice finds it ended."""
    m = mailbox_sign_ins
    return (
        sa.select(m)
        .where(m.c.tenant_id == work.tenant_id, m.c.state_hash == state_hash, m.c.ended_at.is_(None))
        .with_for_update(key_share=True)
    )


def end_all(work: Work, account_id: UUID) -> sa.Update:
    """Every sign-in of an account that was begun and not finished; gives the ids of secrets to destroy.

    PostgreSQL gives the new values of a row: so what is destroyed is read before (`verifiers`).
    """
    m = mailbox_sign_ins
    return (
        sa.update(m)
        .where(m.c.tenant_id == work.tenant_id, m.c.sending_account_id == account_id, m.c.ended_at.is_(None))
        .values(ended_at=work.now, verifier_id=None)
    )


def verifiers(work: Work, account_id: UUID) -> sa.Select:
    """Secrets of an account's sign-ins that have not ended."""
    m = mailbox_sign_ins
    return sa.select(m.c.verifier_id).where(
        m.c.tenant_id == work.tenant_id,
        m.c.sending_account_id == account_id,
        m.c.ended_at.is_(None),
        m.c.verifier_id.is_not(None),
    )
