"""Who wrote a send, in which language, and the opt-out that its reader may take back."""

from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.outbox.states import SuppressionReason
from bursar.outbox.tables import sends, suppressions
from bursar.tenancy.tables import tenants


def writer(work: Work, send_id: UUID) -> sa.Select:
    return (
        sa.select(tenants.c.name, tenants.c.branding, sends.c.locale)
        .join(sends, same_tenant(sends, tenants))
        .where(sends.c.tenant_id == work.tenant_id, sends.c.id == send_id)
    )


def take_back(work: Work, address_key: str, channel: str) -> sa.Update:
    """The reader's own opt-outs; what stands for another reason is not theirs to lift."""
    s = suppressions
    return (
        sa.update(s)
        .where(
            s.c.tenant_id == work.tenant_id,
            s.c.address_key == address_key,
            s.c.channel == channel,
            s.c.reason == SuppressionReason.UNSUBSCRIBE,
            s.c.lifted_at.is_(None),
        )
        .values(lifted_at=work.now)
        .returning(s.c.id, s.c.scope)
    )
