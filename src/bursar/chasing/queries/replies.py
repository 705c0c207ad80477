"""The invoices that an answer may be about."""

from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import invoices
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.outbox.tables import send_subjects


def open_invoices(work: Work, customer_id: UUID, send_id: UUID | None) -> sa.Select:
    """Invoices of a customer that are to be paid, the oldest first; `spoken_of` those that the send named."""
    i = invoices
    named = sa.exists().where(
        same_tenant(send_subjects, i),
        send_subjects.c.send_id == send_id,
        send_subjects.c.subject_type == "invoice",
        send_subjects.c.subject_id == i.c.id,
    )
    return (
        sa.select(i.c.id, i.c.number, i.c.balance_minor, i.c.currency, named.label("spoken_of"))
        .where(
            i.c.tenant_id == work.tenant_id,
            i.c.customer_id == customer_id,
            i.c.state == "issued",
            i.c.balance_minor > 0,
        )
        .order_by(i.c.due_date, i.c.id)
    )
