"""What was open, and by how much, at the end of any day (R78)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.rules import LAST_DAYS, Bucket
from bursar.billing.states import RefundState
from bursar.billing.tables import (
    credit_notes,
    customer_credits,
    disputes,
    invoice_payments,
    invoices,
    is_disputed,
    is_open,
    payments,
    refunds,
    taken_by,
)
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers

ROOM = sa.text("select set_config('work_mem', '64MB', true), set_config('random_page_cost', '1.1', true)")
"""Before a report over a whole firm: what it adds up by invoice and by customer stays in memory, and tens of
thousands of invoices are looked up by their key before a million are read.
"""


def open_at(
    work: Work,
    as_of: date,
    midnight: datetime,
    *,
    customer_id: UUID | None = None,
    currency: str | None = None,
) -> sa.CTE:
    """Invoices of which something was open when `as_of` ended, with how much.

    What is open now and was issued by then, plus what was paid or credited since; and what is closed by now and was
    paid or credited since. Both begin at an index, so that last month's end does not read all invoices.
    """
    if as_of >= work.today:
        chosen = [*_whose(customer_id, currency), is_open(invoices)]
        return (
            sa.select(*_columns(invoices.c.balance_minor), is_disputed(invoices).label("disputed"))
            .where(invoices.c.tenant_id == work.tenant_id, *chosen)
            .cte("open_at")
        )
    moved = _moved_since(work, as_of, customer_id)
    minor = invoices.c.balance_minor + sa.func.coalesce(moved.c.minor, sa.literal_column("0"))
    contested = _contested(midnight).label("disputed")
    chosen = [*_whose(customer_id, currency), invoices.c.issue_date <= as_of]
    still = (
        sa.select(*_columns(minor), contested)
        .select_from(invoices.outerjoin(moved, moved.c.invoice_id == invoices.c.id))
        .where(invoices.c.tenant_id == work.tenant_id, is_open(invoices), minor > 0, *chosen)
    )
    by_now_closed = (
        sa.select(*_columns(minor), contested)
        .select_from(moved.join(invoices, moved.c.invoice_id == invoices.c.id))
        .where(invoices.c.tenant_id == work.tenant_id, ~is_open(invoices), moved.c.minor > 0, *chosen)
    )
    return sa.union_all(still, by_now_closed).cte("open_at")


def _columns(minor: sa.ColumnElement[int]) -> list[sa.ColumnElement[Any]]:
    i = invoices.c
    return [i.id, i.customer_id, i.currency, i.number, i.issue_date, i.due_date, minor.label("minor")]


def _whose(customer_id: UUID | None, currency: str | None) -> list[sa.ColumnElement[bool]]:
    chosen: list[sa.ColumnElement[bool]] = []
    if customer_id is not None:
        chosen.append(invoices.c.customer_id == customer_id)
    if currency is not None:
        chosen.append(invoices.c.currency == currency)
    return chosen


def _moved_since(work: Work, as_of: date, customer_id: UUID | None) -> sa.CTE:
    """By invoice, what was paid and credited after `as_of` less what was taken back.

    Each table is added up by itself: of a union the planner knows no number of groups, takes it for two hundred,
    and looks a million invoices up one by one.
    """

    def theirs(table: sa.Table) -> list[sa.ColumnElement[bool]]:
        return [] if customer_id is None else [table.c.customer_id == customer_id]

    paid = (
        sa.select(invoice_payments.c.invoice_id, sa.func.sum(invoice_payments.c.amount_minor).label("minor"))
        .where(
            invoice_payments.c.tenant_id == work.tenant_id,
            invoice_payments.c.applied_on > as_of,
            *theirs(invoice_payments),
        )
        .group_by(invoice_payments.c.invoice_id)
        .subquery("paid")
    )
    credited = (
        sa.select(credit_notes.c.invoice_id, sa.func.sum(credit_notes.c.amount_minor).label("minor"))
        .where(
            credit_notes.c.tenant_id == work.tenant_id,
            credit_notes.c.issue_date > as_of,
            *theirs(credit_notes),
        )
        .group_by(credit_notes.c.invoice_id)
        .subquery("credited")
    )
    none = sa.literal_column("0")
    minor = sa.func.coalesce(paid.c.minor, none) + sa.func.coalesce(credited.c.minor, none)
    return (
        sa.select(
            sa.func.coalesce(paid.c.invoice_id, credited.c.invoice_id).label("invoice_id"),
            sa.cast(minor, sa.BigInteger).label("minor"),
        )
        .select_from(paid.outerjoin(credited, credited.c.invoice_id == paid.c.invoice_id, full=True))
        .cte("moved")
        .prefix_with("materialized", dialect="postgresql")
    )


def _contested(midnight: datetime) -> sa.ColumnElement[bool]:
    """Invoices that a dispute was open about when the day ended."""
    return sa.exists().where(
        same_tenant(disputes, invoices),
        disputes.c.invoice_id == invoices.c.id,
        disputes.c.created_at < midnight,
        sa.or_(disputes.c.resolved_at.is_(None), disputes.c.resolved_at >= midnight),
    )


def report(
    work: Work, opened: sa.CTE, as_of: date, *, currency: str | None, limit: int, offset: int
) -> sa.Select:
    """Sums by currency (their customer is null), then one page of customers, who owe most first in a currency.

    Everything is added up once, by customer and bucket: what follows reads thousands of sums and not a million
    invoices, and names are joined to one page.
    """
    late = sa.cast(as_of, sa.Date) - opened.c.due_date
    bucket = sa.case(
        *((late <= last, str(name)) for name, last in LAST_DAYS.items()), else_=str(Bucket.OLDER)
    )
    cells = (
        sa.select(
            opened.c.customer_id,
            opened.c.currency,
            bucket.label("bucket"),
            opened.c.disputed,
            sa.cast(sa.func.sum(opened.c.minor), sa.BigInteger).label("minor"),
        )
        .group_by(opened.c.customer_id, opened.c.currency, sa.literal_column("bucket"), opened.c.disputed)
        .cte("cells")
        .prefix_with("materialized", dialect="postgresql")
    )
    totals = sa.select(
        sa.null().cast(invoices.c.customer_id.type).label("customer_id"), cells.c.currency, *_sums(cells)
    ).group_by(cells.c.currency)
    theirs = sa.select(cells.c.customer_id, cells.c.currency, *_sums(cells)).group_by(
        cells.c.customer_id, cells.c.currency
    )
    if currency is not None:
        theirs = theirs.where(cells.c.currency == currency)
    sums = theirs.subquery("sums")
    page = (
        sa.select(sums)
        .order_by(sums.c.currency, sums.c.total.desc(), sums.c.customer_id)
        .limit(limit)
        .offset(offset)
        .subquery("page")
    )
    both = sa.union_all(totals, sa.select(page)).subquery("both")
    return (
        sa.select(
            both, sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("customer_name")
        )
        .outerjoin(
            customers, (customers.c.tenant_id == work.tenant_id) & (customers.c.id == both.c.customer_id)
        )
        .order_by(both.c.currency, both.c.total.desc(), both.c.customer_id)
    )


def _sums(cells: sa.CTE) -> list[sa.ColumnElement[int]]:
    """One sum for each bucket of R78, and those of all and of what is contested."""
    of_buckets = [_sum(cells.c.minor, cells.c.bucket == str(bucket)).label(bucket) for bucket in Bucket]
    return [
        *of_buckets,
        _sum(cells.c.minor).label("total"),
        _sum(cells.c.minor, cells.c.disputed).label("disputed"),
    ]


def _sum(minor: sa.ColumnElement[int], *bounds: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    total = sa.func.sum(minor)
    return sa.cast(sa.func.coalesce(total.filter(*bounds) if bounds else total, 0), sa.BigInteger)


def invoices_of(opened: sa.CTE) -> sa.Select:
    """The invoices themselves, the longest due first."""
    return sa.select(opened).order_by(opened.c.currency, opened.c.due_date, opened.c.id)


def credits_at(work: Work, as_of: date, *, customer_id: UUID | None = None) -> sa.Select:
    """By customer and currency, money that paid nothing when the day ended.

    What pays nothing now, plus what was applied and refunded since, less what came in since.
    """
    now = sa.select(
        customer_credits.c.customer_id,
        customer_credits.c.currency,
        customer_credits.c.amount_minor.label("minor"),
    ).where(customer_credits.c.tenant_id == work.tenant_id)
    parts = [(now, customer_credits)]
    if as_of < work.today:
        applied = (
            sa.select(
                invoice_payments.c.customer_id, payments.c.currency, taken_by(invoice_payments).label("minor")
            )
            .join_from(
                invoice_payments,
                payments,
                same_tenant(payments, invoice_payments) & (payments.c.id == invoice_payments.c.payment_id),
            )
            .where(invoice_payments.c.tenant_id == work.tenant_id, invoice_payments.c.applied_on > as_of)
        )
        returned = sa.select(refunds.c.customer_id, refunds.c.currency, refunds.c.amount_minor).where(
            refunds.c.tenant_id == work.tenant_id,
            refunds.c.refunded_on > as_of,
            refunds.c.state != RefundState.FAILED,
        )
        arrived = sa.select(payments.c.customer_id, payments.c.currency, -payments.c.amount_minor).where(
            payments.c.tenant_id == work.tenant_id, payments.c.received_on > as_of
        )
        parts += [(applied, invoice_payments), (returned, refunds), (arrived, payments)]
    chosen = [
        part.where(table.c.tenant_id == work.tenant_id, table.c.customer_id == customer_id)
        if customer_id is not None
        else part
        for part, table in parts
    ]
    ledger = sa.union_all(*chosen).subquery("ledger")
    minor = sa.cast(sa.func.sum(ledger.c.minor), sa.BigInteger)
    return (
        sa.select(ledger.c.customer_id, ledger.c.currency, minor.label("minor"))
        .group_by(ledger.c.customer_id, ledger.c.currency)
        .having(minor != 0)
    )
