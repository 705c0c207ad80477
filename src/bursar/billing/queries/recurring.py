"""Statements over recurring invoices: what was agreed, and what became of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import RecurringState
from bursar.billing.tables import invoices, recurring_invoices
from bursar.catalog.tables import products
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers, tenants

R = recurring_invoices


def add(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(R).values(tenant_id=work.tenant_id, **values).returning(R.c.id)


def lock(work: Work, recurring_id: UUID) -> sa.Select:
    """One recurring invoice, as it is now that nobody else changes it."""
    return (
        sa.select(R)
        .where(R.c.tenant_id == work.tenant_id, R.c.id == recurring_id)
        .with_for_update(key_share=True)
    )


def change(work: Work, recurring_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    """Its own columns; the caller holds its lock."""
    return (
        sa.update(R)
        .where(R.c.tenant_id == work.tenant_id, R.c.id == recurring_id)
        .values(**values, version=R.c.version + 1)
    )


def of_product(work: Work, product_id: UUID) -> sa.Select:
    """The product that a recurring invoice sells."""
    return sa.select(products).where(products.c.tenant_id == work.tenant_id, products.c.id == product_id)


def of_customer(work: Work, customer_id: UUID) -> sa.Select:
    """Whether there is such a customer."""
    return sa.select(customers.c.id).where(
        customers.c.tenant_id == work.tenant_id, customers.c.id == customer_id
    )


def settings(work: Work) -> sa.Select:
    return sa.select(tenants.c.settings, tenants.c.country).where(tenants.c.tenant_id == work.tenant_id)


def shown(work: Work) -> sa.Select:
    """Recurring invoices with the names of whom they bill for what."""
    return (
        sa.select(
            R,
            sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("customer_name"),
            products.c.name.label("product_name"),
            products.c.code.label("product_code"),
        )
        .join(customers, same_tenant(customers, R) & (customers.c.id == R.c.customer_id))
        .join(products, same_tenant(products, R) & (products.c.id == R.c.product_id))
        .where(R.c.tenant_id == work.tenant_id)
    )


def one(work: Work, recurring_id: UUID) -> sa.Select:
    return shown(work).where(R.c.tenant_id == work.tenant_id, R.c.id == recurring_id)


def newest(work: Work, chosen: Mapping[str, Any], before: UUID | None, limit: int) -> sa.Select:
    """Those whose columns are as chosen, the newest first; `refused` are those the last run could not bill."""
    wanted = [R.c.tenant_id == work.tenant_id]
    columns = ("state", "customer_id", "product_id")
    wanted += [R.c[name] == chosen[name] for name in columns if chosen[name] is not None]
    if chosen["refused"]:
        wanted += [R.c.refusal.is_not(None), R.c.state == RecurringState.ACTIVE]
    if text := chosen["text"]:
        named = (
            customers.c.company_name,
            customers.c.full_name,
            products.c.name,
            products.c.code,
            R.c.description,
        )
        wanted.append(sa.or_(*(column.icontains(text, autoescape=True) for column in named)))
    if before is not None:
        wanted.append(R.c.id < before)
    return shown(work).where(*wanted).order_by(R.c.id.desc()).limit(limit)


def invoices_since(work: Work, recurring_id: UUID, period: str) -> sa.Select:
    """What it has made of a month and those after it, the earliest first."""
    return (
        sa.select(invoices.c.id, invoices.c.period, invoices.c.state, invoices.c.currency)
        .where(
            invoices.c.tenant_id == work.tenant_id,
            invoices.c.recurring_invoice_id == recurring_id,
            invoices.c.period >= period,
        )
        .order_by(invoices.c.period)
    )


def invoices_of(work: Work, recurring_id: UUID, limit: int) -> sa.Select:
    """What it has made, the newest month first."""
    return (
        sa.select(invoices.c.id, invoices.c.period, invoices.c.number, invoices.c.state, invoices.c.issue_date,
                  invoices.c.total_minor, invoices.c.currency)
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.recurring_invoice_id == recurring_id)
        .order_by(invoices.c.period.desc())
        .limit(limit)
    )  # fmt: skip
