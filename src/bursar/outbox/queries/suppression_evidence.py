"""What a suppression stands on: the message, what came back of it, and who it is about."""

from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.outbox.queries.suppressions import customer_name
from bursar.outbox.states import EngagementKind
from bursar.outbox.tables import engagements, incoming_messages, sends, suppressions
from bursar.tenancy.tables import agents, customers


def shown(work: Work, suppression_id: UUID) -> sa.Select:
    """One suppression with its evidence beside it; what is not known of it is null."""
    s, e, m = suppressions, sends, incoming_messages
    made, lifted = agents.alias("made"), agents.alias("lifted")
    pressed_at = (
        sa.select(sa.func.min(engagements.c.at))
        .where(
            same_tenant(engagements, s),
            engagements.c.send_id == s.c.source_send_id,
            engagements.c.kind == EngagementKind.UNSUBSCRIBE,
        )
        .scalar_subquery()
    )
    return (
        sa.select(
            s,
            customer_name(),
            e.c.subject.label("send_subject"),
            e.c.sent_at,
            e.c.provider_response,
            m.c.subject.label("incoming_subject"),
            m.c.received_at,
            m.c["class"].label("incoming_class"),
            pressed_at.label("pressed_at"),
            made.c.name.label("made_by"),
            lifted.c.name.label("lifted_by_name"),
        )
        .outerjoin(e, same_tenant(e, s) & (e.c.id == s.c.source_send_id))
        .outerjoin(m, same_tenant(m, s) & (m.c.id == s.c.incoming_message_id))
        .outerjoin(made, same_tenant(made, s) & (made.c.id == s.c.created_by))
        .outerjoin(lifted, same_tenant(lifted, s) & (lifted.c.id == s.c.lifted_by))
        .where(s.c.tenant_id == work.tenant_id, s.c.id == suppression_id)
    )


def customers_with(work: Work, address_key: str, limit: int) -> sa.Select:
    """The customers who have this address now."""
    c = customers.c
    return (
        sa.select(c.id, sa.func.coalesce(c.company_name, c.full_name).label("name"))
        .where(c.tenant_id == work.tenant_id, c.email_key == address_key)
        .order_by(c.id)
        .limit(limit)
    )
