"""What providers told of messages: whether it is told for the first time, and of which send."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.work import Work
from bursar.outbox.tables import engagement_guards, sends


def first_told(work: Work, event_id: str) -> sa.Insert:
    """A row if nobody told this before, whatever it came in."""
    return (
        insert(engagement_guards)
        .values(tenant_id=work.tenant_id, provider_event_id=event_id)
        .on_conflict_do_nothing(index_elements=["tenant_id", "provider_event_id"])
        .returning(engagement_guards.c.id)
    )


def send_called(work: Work, account_id: UUID, provider_id: str, ours: UUID | None) -> sa.Select:
    """The send of an account that a provider knows by this name, or that our own Message-ID names."""
    s = sends
    named = s.c.provider_message_id == provider_id
    return sa.select(s).where(
        s.c.tenant_id == work.tenant_id,
        s.c.sending_account_id == account_id,
        named if ours is None else sa.or_(named, s.c.id == ours),
    )
