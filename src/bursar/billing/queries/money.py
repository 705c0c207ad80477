"""Statements over the ledger: payments, and the allocations that say what they paid."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.queries.sets import among, rows
from bursar.billing.states import RefundState
from bursar.billing.tables import (
    credit_notes,
    invoice_payments,
    invoices,
    payments,
    refunds,
)
from bursar.core.schema import same_tenant
from bursar.core.work import Work


def new_ids(count: int) -> sa.Select:
    """Fresh ids from the database's clock, in order; no rows of a table, so no tenant_id."""
    return sa.select(sa.func.uuidv7()).select_from(sa.func.generate_series(1, count))


def known_payments(work: Work, keys: Sequence[tuple[str, str]]) -> sa.Select:
    """The payments that came under one of these (source, external id)."""
    asked = rows("asked", {"source": sa.Text(), "external_id": sa.Text()}, keys)
    return sa.select(payments).join(
        asked,
        (payments.c.tenant_id == work.tenant_id)
        & (payments.c.source == asked.c.source)
        & (payments.c.external_id == asked.c.external_id),
    )


def add_payments(work: Work, given: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """New payments, with the same columns each; one whose external id another transaction has just used comes back as
    no row.
    """
    return (
        insert(payments)
        .values([{"tenant_id": work.tenant_id, "recorded_at": work.now, **row} for row in given])
        .on_conflict_do_nothing(index_elements=["tenant_id", "source", "external_id"])
        .returning(payments.c.id)
    )


def add_allocations(work: Work, given: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """What payments pay of invoices; every row brings the same columns."""
    names = list(given[0])
    return (
        sa.insert(invoice_payments)
        .from_select(["tenant_id", *names], _given(work, invoice_payments, names, given))
        .returning(invoice_payments.c.id)
    )


def _given(
    work: Work, table: sa.Table, names: Sequence[str], given: Sequence[Mapping[str, Any]]
) -> sa.Select:
    """`given` as rows of `table`, one array a column: the statement is put together once, not for each size of set."""
    new = rows(
        "new", {name: table.c[name].type for name in names}, [[row[name] for name in names] for row in given]
    )
    return sa.select(sa.literal(work.tenant_id, sa.UUID()), *(new.c[name] for name in names))


def payment(work: Work, payment_id: UUID) -> sa.Select:
    return sa.select(payments).where(payments.c.tenant_id == work.tenant_id, payments.c.id == payment_id)


def payments_before(
    work: Work, before: UUID | None, limit: int, *, customer_id: UUID | None, invoice_id: UUID | None
) -> sa.Select:
    """Payments and their reversals, the newest first, older than `before`: of a customer, of an invoice."""
    chosen = [payments.c.tenant_id == work.tenant_id]
    if before is not None:
        chosen.append(payments.c.id < before)
    if customer_id is not None:
        chosen.append(payments.c.customer_id == customer_id)
    if invoice_id is not None:
        its = sa.exists().where(
            same_tenant(invoice_payments, payments),
            invoice_payments.c.payment_id == payments.c.id,
            invoice_payments.c.invoice_id == invoice_id,
        )
        chosen.append(its)
    return sa.select(payments).where(*chosen).order_by(payments.c.id.desc()).limit(limit)


def reversals_of(work: Work, payment_ids: Sequence[UUID]) -> sa.Select:
    """For those of `payment_ids` that were reversed: the row that did."""
    return sa.select(payments.c.reverses_id, payments.c.id).where(
        payments.c.tenant_id == work.tenant_id, among(payments.c.reverses_id, payment_ids)
    )


def reversal_of_payment(work: Work, payment_id: UUID) -> sa.Select:
    """The row that reverses this payment, if there is one."""
    return sa.select(payments.c.id).where(
        payments.c.tenant_id == work.tenant_id, payments.c.reverses_id == payment_id
    )


def refunds_of(work: Work, payment_id: UUID) -> sa.Select:
    """Refunds of a payment that did not fail."""
    return sa.select(refunds).where(
        refunds.c.tenant_id == work.tenant_id,
        refunds.c.payment_id == payment_id,
        refunds.c.state != RefundState.FAILED,
    )


def allocation(work: Work, allocation_id: UUID) -> sa.Select:
    return sa.select(invoice_payments).where(
        invoice_payments.c.tenant_id == work.tenant_id, invoice_payments.c.id == allocation_id
    )


def live_allocations(
    work: Work,
    *,
    ids: Sequence[UUID] | None = None,
    payment_ids: Sequence[UUID] | None = None,
    invoice_ids: Sequence[UUID] | None = None,
) -> sa.Select:
    """Allocations that were not reversed: those of `ids`, of these payments, to these invoices.

    `currency` is the invoice's, `payment_currency` that of what was taken.
    """
    undone = invoice_payments.alias("undone")
    chosen = [
        among(column, wanted)
        for column, wanted in (
            (invoice_payments.c.id, ids),
            (invoice_payments.c.payment_id, payment_ids),
            (invoice_payments.c.invoice_id, invoice_ids),
        )
        if wanted is not None
    ]
    return (
        sa.select(
            invoice_payments,
            payments.c.received_on,
            payments.c.currency.label("payment_currency"),
            invoices.c.currency,
        )
        .join(
            payments,
            same_tenant(payments, invoice_payments) & (payments.c.id == invoice_payments.c.payment_id),
        )
        .join(
            invoices,
            same_tenant(invoices, invoice_payments) & (invoices.c.id == invoice_payments.c.invoice_id),
        )
        .where(
            invoice_payments.c.tenant_id == work.tenant_id,
            invoice_payments.c.reverses_id.is_(None),
            ~sa.exists().where(
                same_tenant(undone, invoice_payments), undone.c.reverses_id == invoice_payments.c.id
            ),
            *chosen,
        )
        .order_by(invoice_payments.c.id)
    )


def out_of_balance(work: Work) -> sa.Select:
    """Issued invoices whose stored balance is not total less allocations less credits: there are none (R72)."""
    allocated = _sum_over(work, invoice_payments, "allocated")
    credit = _sum_over(work, credit_notes, "credit")
    ledger = (
        invoices.c.total_minor
        - sa.func.coalesce(allocated.c.amount, 0)
        - sa.func.coalesce(credit.c.amount, 0)
    )
    return (
        sa.select(invoices.c.id, invoices.c.balance_minor, sa.cast(ledger, sa.BigInteger).label("ledger"))
        .outerjoin(allocated, allocated.c.invoice_id == invoices.c.id)
        .outerjoin(credit, credit.c.invoice_id == invoices.c.id)
        .where(
            invoices.c.tenant_id == work.tenant_id,
            invoices.c.state != "draft",
            invoices.c.balance_minor != ledger,
        )
    )


def _sum_over(work: Work, table: sa.Table, name: str) -> sa.Subquery:
    """Amounts of `table` added up by invoice."""
    return (
        sa.select(table.c.invoice_id, sa.func.sum(table.c.amount_minor).label("amount"))
        .where(table.c.tenant_id == work.tenant_id)
        .group_by(table.c.invoice_id)
        .subquery(name)
    )
