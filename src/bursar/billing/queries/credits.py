"""Statements over customers' credit: what payments have left, and whether it is what the ledger says."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.queries.sets import among, rows
from bursar.billing.states import RefundState
from bursar.billing.tables import customer_credits, invoice_payments, payments, refunds, taken_by
from bursar.core.work import Work


def unapplied(work: Work, customer_id: UUID) -> sa.Select:
    """What each of a customer's payments has left that pays no invoice and was not refunded, the oldest first."""
    return (
        _credits(work)
        .where(customer_credits.c.tenant_id == work.tenant_id, customer_credits.c.customer_id == customer_id)
        .order_by(customer_credits.c.received_on, customer_credits.c.payment_id)
    )


def left_of(work: Work, payment_ids: Sequence[UUID]) -> sa.Select:
    """What those of these payments have left that have some."""
    return _credits(work).where(
        customer_credits.c.tenant_id == work.tenant_id, among(customer_credits.c.payment_id, payment_ids)
    )


def _credits(work: Work) -> sa.Select:
    c = customer_credits.c
    return sa.select(
        c.payment_id.label("id"), c.currency, c.customer_id, c.received_on, c.amount_minor.label("left")
    ).where(c.tenant_id == work.tenant_id, c.amount_minor > 0)


def raise_credits(work: Work, amounts: Mapping[UUID, int]) -> sa.Insert:
    """Each amount, in its payment's minor units, is the customer's again."""
    given = rows("given", {"id": sa.UUID(), "amount": sa.BigInteger()}, list(amounts.items()))
    columns = {
        "tenant_id": payments.c.tenant_id,
        "payment_id": payments.c.id,
        "customer_id": payments.c.customer_id,
        "amount_minor": given.c.amount,
        "currency": payments.c.currency,
        "received_on": payments.c.received_on,
    }
    chosen = (
        sa.select(*columns.values())
        .join_from(payments, given, given.c.id == payments.c.id)
        .where(payments.c.tenant_id == work.tenant_id)
    )
    raised = insert(customer_credits).from_select([*columns], chosen)
    return raised.on_conflict_do_update(
        index_elements=["tenant_id", "payment_id"],
        set_={"amount_minor": customer_credits.c.amount_minor + raised.excluded.amount_minor},
    )


def lower_credits(work: Work, amounts: Mapping[UUID, int]) -> sa.Update:
    """Each amount is used; never more than there is, which a CHECK holds."""
    given = rows("given", {"id": sa.UUID(), "amount": sa.BigInteger()}, list(amounts.items()))
    return (
        sa.update(customer_credits)
        .where(customer_credits.c.tenant_id == work.tenant_id, customer_credits.c.payment_id == given.c.id)
        .values(amount_minor=customer_credits.c.amount_minor - given.c.amount)
    )


def drop_used_credits(work: Work, payment_ids: Sequence[UUID]) -> sa.Delete:
    """Rows of these payments that hold nothing any more."""
    return sa.delete(customer_credits).where(
        customer_credits.c.tenant_id == work.tenant_id,
        among(customer_credits.c.payment_id, payment_ids),
        customer_credits.c.amount_minor == 0,
    )


def credits_out_of_balance(work: Work) -> sa.Select:
    """Payments whose credit is not what they brought less allocations less refunds: there are none."""
    ledger, left = _left(work)
    told = ledger.add_columns(sa.func.coalesce(customer_credits.c.amount_minor, 0).label("credit"))
    its = (customer_credits.c.tenant_id == work.tenant_id) & (customer_credits.c.payment_id == payments.c.id)
    return told.outerjoin(customer_credits, its).where(
        payments.c.tenant_id == work.tenant_id, left != sa.func.coalesce(customer_credits.c.amount_minor, 0)
    )


def _left(work: Work) -> tuple[sa.Select, sa.ColumnElement[int]]:
    """What each payment has left by all that was written of it; a reversal counts against what it takes back."""
    root = sa.func.coalesce(payments.c.reverses_id, payments.c.id)
    paid = (
        sa.select(root.label("id"), sa.func.sum(payments.c.amount_minor).label("amount"))
        .where(payments.c.tenant_id == work.tenant_id)
        .group_by(root)
        .subquery("paid")
    )
    used = (
        sa.select(sa.func.sum(taken_by(invoice_payments)).label("amount"))
        .where(invoice_payments.c.tenant_id == work.tenant_id, invoice_payments.c.payment_id == paid.c.id)
        .lateral("used")
    )
    refunded = (
        sa.select(sa.func.sum(refunds.c.amount_minor).label("amount"))
        .where(
            refunds.c.tenant_id == work.tenant_id,
            refunds.c.payment_id == paid.c.id,
            refunds.c.state != RefundState.FAILED,
        )
        .lateral("refunded")
    )
    zero = sa.literal_column("0")
    left = sa.cast(
        paid.c.amount - sa.func.coalesce(used.c.amount, zero) - sa.func.coalesce(refunded.c.amount, zero),
        sa.BigInteger,
    )
    statement = (
        sa.select(
            payments.c.id,
            payments.c.currency,
            payments.c.customer_id,
            payments.c.received_on,
            payments.c.reverses_id,
            left.label("left"),
        )
        .select_from(paid)
        .join(payments, (payments.c.tenant_id == work.tenant_id) & (payments.c.id == paid.c.id))
        .join(used, sa.true())
        .join(refunded, sa.true())
        .where(payments.c.tenant_id == work.tenant_id)
        .order_by(payments.c.received_on, payments.c.id)
    )
    return statement, left
