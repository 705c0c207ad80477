"""What pages show of invoices and money beyond the lists of `books`: sums, ledgers, and what hangs on one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.filters import Chosen
from bursar.billing.queries.books import conditions
from bursar.billing.states import RefundState
from bursar.billing.tables import (
    credit_notes,
    invoice_payments,
    invoices,
    is_open,
    is_overdue,
    payments,
    refunds,
    taken_by,
)
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.tenancy.tables import customers


def totals(work: Work, chosen: Chosen) -> sa.Select:
    """How many of the chosen invoices are open, and what is open of them, in each currency."""
    theirs = same_tenant(customers, invoices) & (customers.c.id == invoices.c.customer_id)
    return (
        sa.select(
            invoices.c.currency,
            sa.func.count().label("invoices"),
            sa.cast(sa.func.sum(invoices.c.balance_minor), sa.BigInteger).label("minor"),
        )
        .select_from(invoices.join(customers, theirs))
        .where(invoices.c.tenant_id == work.tenant_id, is_open(invoices), *conditions(work, chosen))
        .group_by(invoices.c.currency)
        .order_by(sa.func.count().desc(), invoices.c.currency)
    )


def count_each(work: Work, choices: Sequence[Chosen], most: int) -> sa.Select:
    """How many invoices each choice has, in one row; from `most` on nobody counts: a million take a second."""
    some = (
        sa.select(invoices.c.id)
        .where(invoices.c.tenant_id == work.tenant_id, *conditions(work, chosen))
        .limit(most)
        .subquery()
        for chosen in choices
    )
    return sa.select(*(sa.select(sa.func.count()).select_from(one).scalar_subquery() for one in some))


def currencies(work: Work, newest: int) -> sa.Select:
    """The currencies of what is open and of the `newest` invoices."""
    mine = invoices.c.tenant_id == work.tenant_id
    open_ = sa.select(invoices.c.currency).where(mine, is_open(invoices)).distinct()
    late = sa.select(invoices.c.currency).where(mine).order_by(invoices.c.id.desc()).limit(newest).subquery()
    both = sa.union(open_, sa.select(late.c.currency)).subquery()
    return sa.select(both.c.currency).order_by(both.c.currency)


def balances(work: Work, customer_ids: Sequence[UUID]) -> sa.Select:
    """What is open of each of these customers, and how much of it is overdue, in each currency."""
    overdue = sa.func.sum(invoices.c.balance_minor).filter(is_overdue(invoices, work.today))
    return (
        sa.select(
            invoices.c.customer_id,
            invoices.c.currency,
            sa.func.count().label("invoices"),
            sa.cast(sa.func.sum(invoices.c.balance_minor), sa.BigInteger).label("minor"),
            sa.cast(sa.func.coalesce(overdue, 0), sa.BigInteger).label("overdue"),
        )
        .where(
            invoices.c.tenant_id == work.tenant_id,
            invoices.c.customer_id == sa.any_(uuids(customer_ids)),
            is_open(invoices),
        )
        .group_by(invoices.c.customer_id, invoices.c.currency)
        .order_by(invoices.c.customer_id, invoices.c.currency)
    )


def customers_overdue(work: Work) -> sa.Select:
    """Who has an overdue invoice."""
    return (
        sa.select(invoices.c.customer_id)
        .where(invoices.c.tenant_id == work.tenant_id, is_overdue(invoices, work.today))
        .distinct()
    )


def any_invoice(work: Work) -> sa.Select:
    return sa.select(sa.exists().where(invoices.c.tenant_id == work.tenant_id))


def invoice_details(work: Work, invoice_id: UUID) -> sa.Select:
    """What only the invoice's own page and its editor show."""
    names = ("notes", "supply_date", "external_source", "seller", "buyer", "created_by", "created_at")
    return sa.select(*(invoices.c[name] for name in names)).where(
        invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice_id
    )


def allocations_of(
    work: Work, *, invoice_id: UUID | None = None, payment_id: UUID | None = None
) -> sa.Select:
    """What pays this invoice, or what this payment pays, in order; reversed ones and their reversals too."""
    a, undone = invoice_payments, invoice_payments.alias("undone")
    chosen = [a.c.invoice_id == invoice_id] if invoice_id else [a.c.payment_id == payment_id]
    reversed_ = sa.exists().where(same_tenant(undone, a), undone.c.reverses_id == a.c.id)
    return (
        sa.select(
            a.c.id,
            a.c.invoice_id,
            a.c.payment_id,
            a.c.amount_minor,
            a.c.taken_minor,
            a.c.difference_minor,
            a.c.exchange_rate,
            a.c.applied_on,
            a.c.reverses_id,
            a.c.reason,
            a.c.created_at,
            reversed_.label("reversed"),
            payments.c.currency.label("payment_currency"),
            payments.c.received_on,
            payments.c.method,
            payments.c.reference,
            invoices.c.number,
            invoices.c.currency,
        )
        .join(payments, same_tenant(payments, a) & (payments.c.id == a.c.payment_id))
        .join(invoices, same_tenant(invoices, a) & (invoices.c.id == a.c.invoice_id))
        .where(a.c.tenant_id == work.tenant_id, *chosen)
        .order_by(a.c.id)
    )


def list_payments(
    work: Work, *, customer_id: UUID | None, text: str | None, before: UUID | None, limit: int
) -> sa.Select:
    """Payments and reversals, the newest first; text is looked for in reference, method and customer."""
    chosen = [payments.c.tenant_id == work.tenant_id]
    if customer_id is not None:
        chosen.append(payments.c.customer_id == customer_id)
    if before is not None:
        chosen.append(payments.c.id < before)
    if text:
        fields = (payments.c.reference, payments.c.method, customers.c.company_name, customers.c.full_name)
        chosen.append(sa.or_(*(column.icontains(text, autoescape=True) for column in fields)))
    return _payments(work).where(*chosen).order_by(payments.c.id.desc()).limit(limit)


def one_payment(work: Work, payment_id: UUID) -> sa.Select:
    return _payments(work).where(payments.c.tenant_id == work.tenant_id, payments.c.id == payment_id)


def _payments(work: Work) -> sa.Select[Any]:
    """Payments with their customer's name, what they pay, and whether they were taken back."""
    undone = payments.alias("undone")
    used = (
        sa.select(sa.func.coalesce(sa.func.sum(taken_by(invoice_payments)), 0))
        .where(same_tenant(invoice_payments, payments), invoice_payments.c.payment_id == payments.c.id)
        .correlate(payments)
        .scalar_subquery()
    )
    refunded = (
        sa.select(sa.func.coalesce(sa.func.sum(refunds.c.amount_minor), 0))
        .where(
            same_tenant(refunds, payments),
            refunds.c.payment_id == payments.c.id,
            refunds.c.state != RefundState.FAILED,
        )
        .correlate(payments)
        .scalar_subquery()
    )
    taken_back = sa.exists().where(same_tenant(undone, payments), undone.c.reverses_id == payments.c.id)
    theirs = same_tenant(customers, payments) & (customers.c.id == payments.c.customer_id)
    return (
        sa.select(
            payments,
            sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("customer_name"),
            sa.cast(used, sa.BigInteger).label("used"),
            sa.cast(refunded, sa.BigInteger).label("refunded"),
            taken_back.label("reversed"),
        )
        .join(customers, theirs)
        .where(payments.c.tenant_id == work.tenant_id)
    )


def credit_notes_of(work: Work, invoice_id: UUID) -> sa.Select:
    return (
        sa.select(credit_notes)
        .where(credit_notes.c.tenant_id == work.tenant_id, credit_notes.c.invoice_id == invoice_id)
        .order_by(credit_notes.c.id)
    )
