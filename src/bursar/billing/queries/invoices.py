"""Statements over invoices, their lines and their numbers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.queries.sets import among, rows
from bursar.billing.states import InvoiceState
from bursar.billing.tables import invoice_lines, invoices, number_series
from bursar.catalog.tables import customer_prices, products
from bursar.core.work import Work
from bursar.tenancy.tables import customers, tenants

HEAD = ""
"""The period key of a series' first row, which counts nothing: it remembers the last date of issue."""

PARTIES = (
    *("name", "legal_name", "legal_name_local", "country", "tax_number", "registration_number"),
    *("registration_authority", "address_lines", "city", "subdivision"),
)
BUYER = (
    *("kind", "full_name", "company_name", "name_local", "email", "tax_number", "registration_number"),
    *("registration_authority", "address_lines", "city", "subdivision", "country"),
)


def lock_customers(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """These customers, locked in the order of their ids."""
    return (
        sa.select(customers.c.id)
        .where(customers.c.tenant_id == work.tenant_id, among(customers.c.id, ids))
        .order_by(customers.c.id)
        .with_for_update(key_share=True)
    )


def owners(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """The customer of each of these invoices."""
    return sa.select(invoices.c.id, invoices.c.customer_id).where(
        invoices.c.tenant_id == work.tenant_id, among(invoices.c.id, ids)
    )


def invoices_by_id(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """These invoices, as they are for whoever only looks."""
    return sa.select(invoices).where(invoices.c.tenant_id == work.tenant_id, among(invoices.c.id, ids))


def lock_invoices(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """These invoices, locked in the order of their ids."""
    return (
        sa.select(invoices)
        .where(invoices.c.tenant_id == work.tenant_id, among(invoices.c.id, ids))
        .order_by(invoices.c.id)
        .with_for_update(key_share=True)
    )


def add_invoice(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(invoices).values(tenant_id=work.tenant_id, **values).returning(invoices.c.id)


_HEAD: dict[str, sa.types.TypeEngine[Any]] = {
    name: invoices.c[name].type
    for name in (
        *("id", "customer_id", "currency", "due_date", "supply_date", "notes", "purchase_order", "locale"),
        *("allocation_number", "subtotal_minor", "tax_minor", "total_minor", "rounding_mode"),
    )
}
_LINE: dict[str, sa.types.TypeEngine[Any]] = {
    name: invoice_lines.c[name].type
    for name in (
        *(
            "invoice_id",
            "customer_id",
            "position",
            "description",
            "description_local",
            "quantity",
            "unit_code",
        ),
        *("unit_price_minor", "discount_minor", "tax_category", "tax_rate", "net_minor", "tax_minor"),
        *(
            "service_from",
            "service_to",
            "product_id",
            "customer_price_id",
            "item_kind",
            "classification_code",
        ),
    )
}


def add_drafts(work: Work, given: Sequence[Mapping[str, Any]], *, created_by: UUID | None) -> sa.Insert:
    """A draft for each; the trigger journals them. One array a column: the statement has one text for any number."""
    new = rows("new", _HEAD, [[row[name] for name in _HEAD] for row in given])
    told = {
        "tenant_id": sa.literal(work.tenant_id, sa.UUID()),
        "state": sa.literal(InvoiceState.DRAFT, sa.Text()),
        "created_by": sa.literal(created_by, sa.UUID()),
    }
    return sa.insert(invoices).from_select(
        [*told, *_HEAD], sa.select(*told.values(), *(new.c[name] for name in _HEAD))
    )


def add_lines_of_many(work: Work, given: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """Lines of several drafts."""
    new = rows("new", _LINE, [[row[name] for name in _LINE] for row in given])
    tenant_id = sa.literal(work.tenant_id, sa.UUID())
    return sa.insert(invoice_lines).from_select(
        ["tenant_id", *_LINE], sa.select(tenant_id, *(new.c[name] for name in _LINE))
    )


def change_draft(work: Work, invoice_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    """A draft's own columns; the caller holds its lock."""
    return (
        sa.update(invoices)
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice_id)
        .values(**values, version=invoices.c.version + 1)
    )


def drop_invoice(work: Work, invoice_id: UUID) -> sa.Delete:
    return sa.delete(invoices).where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice_id)


def add_lines(work: Work, lines: Sequence[Mapping[str, Any]]) -> sa.Insert:
    return sa.insert(invoice_lines).values([{"tenant_id": work.tenant_id, **line} for line in lines])


def drop_lines(work: Work, invoice_id: UUID) -> sa.Delete:
    return sa.delete(invoice_lines).where(
        invoice_lines.c.tenant_id == work.tenant_id, invoice_lines.c.invoice_id == invoice_id
    )


def lines_of(work: Work, invoice_id: UUID) -> sa.Select:
    return (
        sa.select(invoice_lines)
        .where(invoice_lines.c.tenant_id == work.tenant_id, invoice_lines.c.invoice_id == invoice_id)
        .order_by(invoice_lines.c.position)
    )


def products_among(work: Work, ids: Iterable[UUID]) -> sa.Select:
    """Those of `ids` that this firm sells, or sold."""
    return sa.select(products.c.id).where(products.c.tenant_id == work.tenant_id, among(products.c.id, ids))


def prices_among(work: Work, customer_id: UUID, ids: Iterable[UUID]) -> sa.Select:
    """Those of `ids` that are prices of this customer."""
    return sa.select(customer_prices.c.id, customer_prices.c.product_id).where(
        customer_prices.c.tenant_id == work.tenant_id,
        customer_prices.c.customer_id == customer_id,
        among(customer_prices.c.id, ids),
    )


def settings(work: Work) -> sa.Select:
    """What the tenant set; one row."""
    told = (tenants.c.settings, tenants.c.locale, tenants.c.country, tenants.c.currency)
    return sa.select(*told).where(tenants.c.tenant_id == work.tenant_id)


def lock_settings(work: Work) -> sa.Select:
    """What the tenant set, held until the end of this Work; one row."""
    return settings(work).with_for_update(key_share=True)


def parties(work: Work, customer_id: UUID) -> sa.Select:
    """Seller and buyer as they are now: one row of two documents, none for an unknown customer."""
    theirs = (tenants.c.tenant_id == customers.c.tenant_id) & (customers.c.id == customer_id)
    return (
        sa.select(
            document_of(tenants, PARTIES).label("seller"),
            document_of(customers, BUYER).label("buyer"),
            sa.func.coalesce(customers.c.locale, tenants.c.locale).label("locale"),
        )
        .select_from(tenants.join(customers, theirs))
        .where(tenants.c.tenant_id == work.tenant_id)
    )


def document_of(table: sa.Table, names: Sequence[str]) -> sa.ColumnElement[Any]:
    """These columns as one JSON object: how a party is copied into a document."""
    pairs = [part for name in names for part in (sa.literal_column(f"'{name}'"), table.c[name])]
    return sa.func.jsonb_build_object(*pairs, type_=sa.JSON)


def advance_series(work: Work, series: str, day: date) -> sa.Insert:
    """The series' head, moved to `day` and locked; no row if something of it has a later date (R70)."""
    given = insert(number_series).values(
        tenant_id=work.tenant_id, series=series, period_key=HEAD, next_serial=1, last_issue_date=day
    )
    return given.on_conflict_do_update(
        index_elements=["tenant_id", "series", "period_key"],
        set_={"last_issue_date": given.excluded.last_issue_date},
        where=number_series.c.last_issue_date <= given.excluded.last_issue_date,
    ).returning(number_series.c.id)


def take_serials(work: Work, series: str, period: str, count: int) -> sa.Insert:
    """The first of `count` serials in a row; the lock on the counter holds to COMMIT (R66)."""
    return (
        insert(number_series)
        .values(tenant_id=work.tenant_id, series=series, period_key=period, next_serial=1 + count)
        .on_conflict_do_update(
            index_elements=["tenant_id", "series", "period_key"],
            set_={"next_serial": number_series.c.next_serial + count},
        )
        .returning((number_series.c.next_serial - count).label("first"))
    )


def lower_balances(work: Work, amounts: Mapping[UUID, int]) -> sa.Update:
    """Take each amount off its invoice; the caller holds their locks. A negative amount is given back."""
    given = rows("given", {"id": sa.UUID(), "amount": sa.BigInteger()}, list(amounts.items()))
    return (
        sa.update(invoices)
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == given.c.id)
        .values(balance_minor=invoices.c.balance_minor - given.c.amount, version=invoices.c.version + 1)
    )
