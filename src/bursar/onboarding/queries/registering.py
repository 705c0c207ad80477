"""Statements behind registration by a payment link."""

from uuid import UUID

import sqlalchemy as sa

from bursar.core.work import Work
from bursar.onboarding.tables import orders


def order_begun(work: Work, link_id: UUID) -> sa.Select:
    """The order that came of a link, and what whoever registered can show for having done so."""
    o = orders.c
    return sa.select(o.id, o.customer_id, o.metadata["resume"].astext.label("resume")).where(
        o.tenant_id == work.tenant_id, o.payment_link_id == link_id
    )
