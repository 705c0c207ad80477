"""Who was taken out of one campaign by hand, and what that does to its frozen list."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningDelete

from bursar.billing.tables import invoices
from bursar.chasing.states import ExcludedReason
from bursar.chasing.tables import campaign_exclusions, campaign_invoices, campaigns
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.tenancy.tables import customers


def listed(work: Work, run_id: UUID, customer_ids: Sequence[UUID], numbers: Sequence[str]) -> sa.Select:
    """Invoices that are in a run and belong to these customers or bear one of these numbers."""
    r, i = campaign_invoices, invoices
    named = i.c.number == sa.any_(sa.literal(list(numbers), sa.ARRAY(sa.Text)))
    return (
        sa.select(i.c.id.label("invoice_id"), i.c.customer_id)
        .join(r, sa.and_(same_tenant(r, i), r.c.invoice_id == i.c.id))
        .where(
            i.c.tenant_id == work.tenant_id,
            r.c.run_id == run_id,
            r.c.included,
            sa.or_(i.c.customer_id == sa.any_(uuids(customer_ids)), named),
        )
    )


def add(
    work: Work, campaign_id: UUID, pairs: Sequence[tuple[UUID, UUID | None]], reason: str | None
) -> sa.Insert:
    """Customers (with null) and single invoices; twice is once."""
    fixed = {
        "tenant_id": work.tenant_id,
        "campaign_id": campaign_id,
        "reason": reason,
        "created_by": work.actor.id,
    }
    rows = [{**fixed, "customer_id": customer, "invoice_id": invoice} for customer, invoice in pairs]
    return insert(campaign_exclusions).values(rows).on_conflict_do_nothing()


def copy(work: Work, old_id: UUID, new_id: UUID) -> sa.Insert:
    """The same for a clone."""
    e = campaign_exclusions
    rows = sa.select(
        e.c.tenant_id,
        sa.literal(new_id, sa.UUID),
        e.c.customer_id,
        e.c.invoice_id,
        e.c.reason,
        e.c.created_by,
    ).where(e.c.tenant_id == work.tenant_id, e.c.campaign_id == old_id)
    names = ["tenant_id", "campaign_id", "customer_id", "invoice_id", "reason", "created_by"]
    return sa.insert(e).from_select(names, rows)


def remove(work: Work, campaign_id: UUID, left_out_id: UUID) -> ReturningDelete:
    e = campaign_exclusions
    return (
        sa.delete(e)
        .where(e.c.tenant_id == work.tenant_id, e.c.campaign_id == campaign_id, e.c.id == left_out_id)
        .returning(e.c.id)
    )


def of_campaign(work: Work, campaign_id: UUID) -> sa.Select:
    """All of them with the names of what they are about, by those names."""
    e, c, i = campaign_exclusions, customers, invoices
    name = sa.func.coalesce(c.c.company_name, c.c.full_name)
    return (
        sa.select(
            e.c.id,
            e.c.customer_id,
            e.c.invoice_id,
            e.c.reason,
            name.label("customer_name"),
            i.c.number.label("invoice_number"),
        )
        .join(c, sa.and_(same_tenant(c, e), c.c.id == e.c.customer_id))
        .outerjoin(i, sa.and_(same_tenant(i, e), i.c.id == e.c.invoice_id))
        .where(e.c.tenant_id == work.tenant_id, e.c.campaign_id == campaign_id)
        .order_by(name, i.c.number)
    )


def forget(work: Work, run_id: UUID, invoice_ids: Sequence[UUID]) -> sa.Delete:
    """The lines of a run about these invoices; what becomes of them is noted anew."""
    r = campaign_invoices
    return sa.delete(r).where(
        r.c.tenant_id == work.tenant_id, r.c.run_id == run_id, r.c.invoice_id == sa.any_(uuids(invoice_ids))
    )


def note(work: Work, campaign_id: UUID, run_id: UUID, invoice_ids: Sequence[UUID]) -> sa.Insert:
    """These invoices as left out of a run by hand."""
    rows = sa.select(
        invoices.c.tenant_id,
        sa.literal(campaign_id, sa.UUID),
        sa.literal(run_id, sa.UUID),
        invoices.c.id,
        invoices.c.number,
        sa.false(),
        sa.literal(str(ExcludedReason.BY_HAND)),
    ).where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == sa.any_(uuids(invoice_ids)))
    names = ["tenant_id", "campaign_id", "run_id", "invoice_id", "asked_for", "included", "excluded_reason"]
    return sa.insert(campaign_invoices).from_select(names, rows)


def totals(work: Work, run_id: UUID) -> sa.Select:
    """What is in a run, a row a currency."""
    r, i = campaign_invoices, invoices
    return (
        sa.select(
            i.c.currency,
            sa.func.count().label("invoices"),
            sa.cast(sa.func.sum(i.c.balance_minor), sa.BigInteger).label("balance_minor"),
        )
        .join(r, sa.and_(same_tenant(r, i), r.c.invoice_id == i.c.id))
        .where(i.c.tenant_id == work.tenant_id, r.c.run_id == run_id, r.c.included)
        .group_by(i.c.currency)
        .order_by(i.c.currency)
    )


def set_totals(work: Work, campaign_id: UUID, totals_: Sequence[Mapping[str, Any]]) -> sa.Update:
    """A campaign's sums over what is left in its list; who looked at it before must look again."""
    return (
        sa.update(campaigns)
        .where(campaigns.c.tenant_id == work.tenant_id, campaigns.c.id == campaign_id)
        .values(totals=totals_, version=campaigns.c.version + 1)
    )
