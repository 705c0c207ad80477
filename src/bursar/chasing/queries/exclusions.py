"""Standing exclusions: one, a page of them, and what they are about."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.tables import invoices
from bursar.chasing.states import Covers
from bursar.chasing.tables import campaign_invoices, exclusions, is_excluded
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers


def add(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    """One that holds from now on, in the place of an earlier one about the same."""
    row = insert(exclusions).values(tenant_id=work.tenant_id, created_by=work.actor.id, **values)
    return row.on_conflict_do_update(
        index_elements=["tenant_id", "customer_id", "invoice_id"],
        index_where=exclusions.c.lifted_at.is_(None),
        set_={name: row.excluded[name] for name in ("covers", "reason", "until", "created_by")},
    ).returning(exclusions.c.id)


def one(work: Work, exclusion_id: UUID) -> sa.Select:
    return sa.select(exclusions).where(
        exclusions.c.tenant_id == work.tenant_id, exclusions.c.id == exclusion_id
    )


def lift(work: Work, exclusion_id: UUID) -> sa.Update:
    """One that was not lifted before."""
    return (
        sa.update(exclusions)
        .where(
            exclusions.c.tenant_id == work.tenant_id,
            exclusions.c.id == exclusion_id,
            exclusions.c.lifted_at.is_(None),
        )
        .values(lifted_at=work.now)
        .returning(exclusions.c.id)
    )


def invoices_about(work: Work, customer_id: UUID, invoice_id: UUID | None) -> sa.Select:
    """The invoices of a customer (or this one of theirs); a row with null if they have none, no row for a stranger."""
    theirs = sa.and_(same_tenant(invoices, customers), invoices.c.customer_id == customers.c.id)
    statement = sa.select(invoices.c.id).select_from(customers).outerjoin(invoices, theirs)
    statement = statement.where(customers.c.tenant_id == work.tenant_id, customers.c.id == customer_id)
    return statement.where(invoices.c.id == invoice_id) if invoice_id else statement


def excluded_of_run(work: Work, run_id: UUID) -> sa.Select:
    """Invoices that are in a run and stand on the list of exclusions by now."""
    r, i = campaign_invoices, invoices
    return (
        sa.select(i.c.id)
        .join(r, sa.and_(same_tenant(r, i), r.c.invoice_id == i.c.id))
        .where(
            i.c.tenant_id == work.tenant_id,
            r.c.run_id == run_id,
            r.c.included,
            is_excluded(i, work.today, Covers.CAMPAIGNS, Covers.EVERYTHING),
        )
    )


def page(
    work: Work, text: str | None, customer_id: UUID | None, *, lifted: bool, cursor: UUID | None, limit: int
) -> sa.Select:
    """The newest first, with the names of what they are about; lifted and expired ones only if asked for."""
    e, c, i = exclusions, customers, invoices
    conditions = [e.c.tenant_id == work.tenant_id]
    if text:
        parts = (c.c.company_name, c.c.full_name, i.c.number, e.c.reason)
        conditions.append(sa.or_(*(part.icontains(text, autoescape=True) for part in parts)))
    if customer_id:
        conditions.append(e.c.customer_id == customer_id)
    if not lifted:
        conditions += [e.c.lifted_at.is_(None), sa.or_(e.c.until.is_(None), e.c.until >= work.today)]
    if cursor:
        conditions.append(e.c.id < cursor)
    name = sa.func.coalesce(c.c.company_name, c.c.full_name)
    return (
        sa.select(e, name.label("customer_name"), i.c.number.label("invoice_number"))
        .join(c, sa.and_(same_tenant(c, e), c.c.id == e.c.customer_id))
        .outerjoin(i, sa.and_(same_tenant(i, e), i.c.id == e.c.invoice_id))
        .where(*conditions)
        .order_by(e.c.id.desc())
        .limit(limit)
    )
