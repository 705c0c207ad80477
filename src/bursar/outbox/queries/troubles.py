"""Sends that need a person."""

from datetime import datetime

import sqlalchemy as sa

from bursar.core.schema import same_tenant
from bursar.core.seals import first_id_at
from bursar.core.work import Work
from bursar.outbox.states import SendState
from bursar.outbox.tables import sends
from bursar.tenancy.tables import customers


def troubles(work: Work, since: datetime, first: int) -> sa.Select:
    """Sends that failed or bounced since then, are uncertain, or wait because something changed: of each kind
    the newest `first`, with how many there are. Each of them has a reason, so sends_reason_idx serves.
    """
    state, reason = sends.c.state, sends.c.reason
    kind = sa.case((state == SendState.QUEUED, "changed"), else_=state).label("kind")
    waits = (state == SendState.UNCERTAIN) | ((state == SendState.QUEUED) & (reason == "changed"))
    over = state.in_((SendState.FAILED, SendState.BOUNCED)) & (sends.c.id >= first_id_at(since))
    found = (
        sa.select(
            sends.c.tenant_id,
            sends.c.id,
            sends.c.customer_id,
            sends.c.to_address,
            reason.label("reason"),
            sends.c.run_id,
            kind,
            sa.func.count().over(partition_by=kind).label("all"),
            sa.func.row_number().over(partition_by=kind, order_by=sends.c.id.desc()).label("place"),
        )
        .where(sends.c.tenant_id == work.tenant_id, reason.is_not(None), waits | over)
        .subquery("found")
    )
    theirs = same_tenant(customers, found) & (customers.c.id == found.c.customer_id)
    name = sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("customer_name")
    return (
        sa.select(found, name)
        .outerjoin(customers, theirs)
        .where(found.c.tenant_id == work.tenant_id, found.c.place <= first)
        .order_by(found.c.kind, found.c.place)
    )
