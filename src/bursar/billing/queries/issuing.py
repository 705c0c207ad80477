"""Statements that bring drafts to issue, one statement a step for however many."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from bursar.billing.queries.invoices import BUYER, PARTIES, document_of
from bursar.billing.queries.sets import among, rows
from bursar.billing.states import ISSUE, InvoiceState
from bursar.billing.tables import einvoice_obligations, exchange_rates, invoice_lines, invoices
from bursar.catalog.tables import customer_prices
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers, tenants

_GIVEN: dict[str, sa.types.TypeEngine[Any]] = {
    "id": sa.UUID(),
    "number": sa.Text(),
    "serial": sa.Integer(),
    "due_date": sa.Date(),
    "buyer": sa.Text(),
    "locale": sa.Text(),
    "rate": sa.Numeric(18, 6),
    "tax_local": sa.BigInteger(),
}
GIVEN = tuple(_GIVEN)
"""What each invoice gets of its own; the rest is the same for all."""


def new_prices(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Prices that these invoices use and no invoice used before."""
    price = same_tenant(customer_prices, invoice_lines) & (
        customer_prices.c.id == invoice_lines.c.customer_price_id
    )
    return (
        sa.select(customer_prices.c.id)
        .join(invoice_lines, price)
        .where(
            invoice_lines.c.tenant_id == work.tenant_id,
            among(invoice_lines.c.invoice_id, ids),
            customer_prices.c.first_used_at.is_(None),
        )
        .distinct()
    )


def lock_states(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Where these invoices stand, locked in the order of their ids."""
    return (
        sa.select(invoices.c.id, invoices.c.state)
        .where(invoices.c.tenant_id == work.tenant_id, among(invoices.c.id, ids))
        .order_by(invoices.c.id)
        .with_for_update(key_share=True)
    )


def firm(work: Work, day: date) -> sa.Select:
    """The seller as it is now, and which regimes want e-invoices of it on that day; one row."""
    regimes = sa.select(einvoice_obligations.c.regime).where(
        einvoice_obligations.c.tenant_id == work.tenant_id, einvoice_obligations.c.mandatory_from <= day
    )
    return sa.select(
        document_of(tenants, PARTIES).label("seller"),
        tenants.c.country,
        tenants.c.currency,
        tenants.c.locale,
        tenants.c.settings,
        sa.func.array(regimes.scalar_subquery(), type_=sa.ARRAY(sa.Text)).label("regimes"),
    ).where(tenants.c.tenant_id == work.tenant_id)


def candidates(
    work: Work, ids: Sequence[UUID], *, day: date, tax_currency: str, rate_age: timedelta
) -> sa.Select:
    """These invoices with their buyer as it is now, sums of their lines, and the rate of the day of supply.

    A rate holds until the next is published, at most for `rate_age`. Lines are looked up invoice by invoice: of a
    firm that the statistics do not know the planner expects one invoice, and would add all lines up for each.
    """
    lines = (
        sa.select(
            sa.func.count().label("lines"),
            sa.func.count(sa.func.nullif(sa.func.btrim(invoice_lines.c.description), "")).label("described"),
            sa.func.array_agg(invoice_lines.c.tax_category.distinct(), type_=sa.ARRAY(sa.Text)).label(
                "categories"
            ),
        )
        .where(same_tenant(invoice_lines, invoices), invoice_lines.c.invoice_id == invoices.c.id)
        .correlate(invoices)
        .lateral("lines")
    )
    supplied = sa.func.coalesce(invoices.c.supply_date, sa.cast(day, sa.Date))
    rate = (
        sa.select(exchange_rates.c.rate)
        .where(
            exchange_rates.c.tenant_id == work.tenant_id,
            exchange_rates.c.currency == invoices.c.currency,
            exchange_rates.c.on_date <= supplied,
            exchange_rates.c.on_date >= supplied - rate_age.days,
        )
        .order_by(exchange_rates.c.on_date.desc())
        .limit(1)
        .correlate(invoices)
        .scalar_subquery()
    )
    names = (
        *("id", "customer_id", "currency", "subtotal_minor", "tax_minor", "total_minor", "due_date"),
        *("supply_date", "allocation_number", "transaction_flags"),
    )
    theirs = same_tenant(customers, invoices) & (customers.c.id == invoices.c.customer_id)
    return (
        sa.select(
            *(invoices.c[name] for name in names),
            sa.func.coalesce(invoices.c.locale, customers.c.locale).label("locale"),
            document_of(customers, BUYER).label("buyer"),
            lines.c.lines,
            lines.c.described,
            sa.func.coalesce(lines.c.categories, sa.text("'{}'::text[]")).label("categories"),
            sa.case((invoices.c.currency != tax_currency, rate)).label("rate"),
        )
        .select_from(invoices.join(customers, theirs).outerjoin(lines, sa.true()))
        .where(invoices.c.tenant_id == work.tenant_id, among(invoices.c.id, ids))
    )


def any_unpaid(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Whether one of these invoices was issued and not paid at once."""
    waits = sa.exists().where(
        invoices.c.tenant_id == work.tenant_id,
        among(invoices.c.id, ids),
        invoices.c.state == InvoiceState.ISSUED,
    )
    return sa.select(waits)


def lines_of_many(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """All lines of these invoices, in order."""
    return (
        sa.select(invoice_lines)
        .where(invoice_lines.c.tenant_id == work.tenant_id, among(invoice_lines.c.invoice_id, ids))
        .order_by(invoice_lines.c.invoice_id, invoice_lines.c.position)
    )


def issue(
    work: Work, given: Sequence[Sequence[Any]], *, series: str, day: date, seller: Mapping[str, Any]
) -> sa.Update:
    """Drafts made documents, each with its own number, buyer and rate; the caller holds their locks."""
    new = rows("new", _GIVEN, given)
    return (
        sa.update(invoices)
        .where(
            invoices.c.tenant_id == work.tenant_id,
            invoices.c.id == new.c.id,
            invoices.c.state.in_(sorted(ISSUE.sources)),
        )
        .values(
            state=ISSUE.target,
            series=series,
            number=new.c.number,
            serial=new.c.serial,
            issue_date=day,
            due_date=new.c.due_date,
            balance_minor=invoices.c.total_minor,
            seller=sa.literal(seller, JSONB),
            buyer=sa.cast(new.c.buyer, JSONB),
            locale=new.c.locale,
            exchange_rate=new.c.rate,
            tax_local_minor=new.c.tax_local,
            version=invoices.c.version + 1,
        )
        .returning(invoices.c.id)
    )
