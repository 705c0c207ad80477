"""What others ask of invoices: lists, look-ups, sums."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.filters import Chosen
from bursar.billing.queries.sets import among
from bursar.billing.rules import Status
from bursar.billing.tables import (
    credit_notes,
    customer_credits,
    invoices,
    is_disputed,
    is_open,
    is_overdue,
    is_promised,
)
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers, tenants


def status(today: date) -> sa.ColumnElement[str]:
    """The computed status of an invoice; `rules.status_of` says the same of one in hand.

    An invoice is partly paid only because of money: what a credit took off is no payment.
    """
    credited = (
        sa.select(sa.func.coalesce(sa.func.sum(credit_notes.c.amount_minor), 0))
        .where(same_tenant(credit_notes, invoices), credit_notes.c.invoice_id == invoices.c.id)
        .correlate(invoices)
        .scalar_subquery()
    )
    return sa.case(
        (~is_open(invoices), invoices.c.state),
        ((invoices.c.due_date < today) & ~is_disputed(invoices), str(Status.OVERDUE)),
        (invoices.c.balance_minor == invoices.c.total_minor, str(Status.ISSUED)),
        (
            invoices.c.total_minor - invoices.c.balance_minor > credited,
            str(Status.PARTIALLY_PAID),
        ),
        else_=str(Status.ISSUED),
    )


def chosen_invoices(work: Work, chosen: Chosen) -> sa.Select:
    """The chosen invoices with their customer's name, status, and what keeps them quiet."""
    return _described(work).where(invoices.c.tenant_id == work.tenant_id, *conditions(work, chosen))


def _described(work: Work) -> sa.Select:
    theirs = same_tenant(customers, invoices) & (customers.c.id == invoices.c.customer_id)
    return (
        sa.select(
            invoices,
            sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("customer_name"),
            status(work.today).label("status"),
            is_promised(invoices, work.today).label("promised"),
            is_disputed(invoices).label("disputed"),
        )
        .join(customers, theirs)
        .where(invoices.c.tenant_id == work.tenant_id)
    )


def newest(work: Work, chosen: Chosen, before: UUID | None, limit: int) -> sa.Select:
    """The chosen invoices, the newest first, from `before` on."""
    beyond = [invoices.c.id < before] if before else []
    return _page(work, chosen, (invoices.c.id.desc(),), beyond, limit)


def longest_due(work: Work, chosen: Chosen, after: tuple[date, UUID] | None, limit: int) -> sa.Select:
    """The chosen invoices, the one due longest first, from `after` (its due date and id) on."""
    place = sa.tuple_(invoices.c.due_date, invoices.c.id)
    beyond = [] if after is None else [place > sa.tuple_(*after)]
    return _page(work, chosen, (invoices.c.due_date, invoices.c.id), beyond, limit)


def _page(
    work: Work,
    chosen: Chosen,
    order: Sequence[sa.ColumnElement[Any]],
    beyond: Sequence[sa.ColumnElement[bool]],
    limit: int,
) -> sa.Select:
    """The first `limit` of the chosen in this order: which they are first, then all that is shown of them.

    A text may be a number's beginning, an order's, or part of a name. Each way is asked by itself, so that each has
    its own index; of all of them together the planner reads invoices until it has found enough.
    """
    rest = [*conditions(work, replace(chosen, text=None)), *beyond]
    found = [
        sa.select(invoices.c.id)
        .where(invoices.c.tenant_id == work.tenant_id, *way, *rest)
        .order_by(*order)
        .limit(limit)
        .subquery()
        for way in (_ways_to_mean(chosen) if chosen.text is not None else ((),))
    ]
    first = sa.union(*(sa.select(one.c.id) for one in found)).cte("first")
    return (
        _described(work)
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == first.c.id)
        .order_by(*order)
        .limit(limit)
    )


def conditions(work: Work, chosen: Chosen) -> list[sa.ColumnElement[bool]]:
    """What `chosen` asks of an invoice joined with its customer."""
    given: list[tuple[Any, Callable[[Any], sa.ColumnElement[bool]]]] = [
        (chosen.ids, lambda ids: among(invoices.c.id, ids)),
        (chosen.customer_id, lambda customer_id: invoices.c.customer_id == customer_id),
        (chosen.currency, lambda currency: invoices.c.currency == currency),
        (chosen.statuses, lambda statuses: _in_statuses(statuses, work.today)),
        (chosen.number, lambda number: _begins(invoices.c.number, number)),
        (chosen.text, lambda _: sa.or_(*(sa.and_(*way) for way in _ways_to_mean(chosen)))),
        (chosen.due_from, lambda day: invoices.c.due_date >= day),
        (chosen.due_until, lambda day: invoices.c.due_date <= day),
        (chosen.paid_from, lambda day: invoices.c.paid_on >= day),
        (chosen.open_only or None, lambda _: is_open(invoices)),
        (chosen.overdue_only or None, lambda _: is_overdue(invoices, work.today)),
    ]
    return [condition(value) for value, condition in given if value is not None]


def _in_statuses(statuses: frozenset[Status], today: date) -> sa.ColumnElement[bool]:
    """The same as the computed status, said so that an index answers where one can."""
    if statuses <= _BY_STATE:
        return invoices.c.state.in_([sa.literal_column(f"'{one}'") for one in sorted(statuses)])
    if statuses == {Status.OVERDUE}:
        return is_overdue(invoices, today)
    if statuses == _OPEN:
        return is_open(invoices)
    computed = status(today).in_(sorted(statuses))
    return is_open(invoices) & computed if statuses < _OPEN else computed


_BY_STATE = frozenset({Status.DRAFT, Status.PAID, Status.CANCELLED, Status.REFUNDED})
_OPEN = frozenset({Status.ISSUED, Status.PARTIALLY_PAID, Status.OVERDUE})
"""Whatever is issued has something open: with the last of it the invoice is paid or cancelled."""


def _ways_to_mean(chosen: Chosen) -> list[Sequence[sa.ColumnElement[bool]]]:
    """What the text may be: the beginning of a number or an order, as typed or in capitals, or a customer's name.

    Few customers are `named` by their ids, so that their index finds their invoices; among many, every page's worth
    of the newest invoices has some.
    """
    text = chosen.text or ""
    ways: list[Sequence[sa.ColumnElement[bool]]] = [
        [_begins(column, spelled)]
        for column in (invoices.c.number, invoices.c.purchase_order)
        for spelled in sorted({text, text.upper()})
    ]
    if chosen.named is None:
        theirs = customers.alias("theirs")
        of_them = theirs.c.id == invoices.c.customer_id
        ways.append([sa.exists().where(same_tenant(theirs, invoices), of_them, _called(theirs, text))])
    elif chosen.named:
        ways.append([among(invoices.c.customer_id, chosen.named)])
    return ways


def _begins(column: sa.ColumnElement[str | None], text: str) -> sa.ColumnElement[bool]:
    """A range and no LIKE, which row security keeps away from indexes: it might tell what it compares."""
    return column.op("~>=~", is_comparison=True)(text) & column.op("~<~", is_comparison=True)(
        text + LAST_SIGN
    )


LAST_SIGN = "\U0010ffff"
"""Stands behind every other sign of UTF-8."""


def customers_called(work: Work, text: str, limit: int) -> sa.Select:
    """Customers with `text` in their name."""
    return (
        sa.select(customers.c.id)
        .where(customers.c.tenant_id == work.tenant_id, _called(customers, text))
        .limit(limit)
    )


def _called(whom: sa.FromClause, text: str) -> sa.ColumnElement[bool]:
    """The stored key is in small letters already, which is three times as fast as comparing without case."""
    of_person = whom.c.company_name.is_not(None) & whom.c.full_name.icontains(text, autoescape=True)
    return whom.c.name_key.contains(text.lower(), autoescape=True) | of_person


def with_numbers(work: Work, numbers: Sequence[str]) -> sa.Select:
    """Every invoice, of whatever series, that bears one of these numbers."""
    return (
        sa.select(
            invoices.c.id,
            invoices.c.customer_id,
            invoices.c.number,
            invoices.c.series,
            invoices.c.state,
            invoices.c.currency,
            invoices.c.balance_minor,
        )
        .where(
            invoices.c.tenant_id == work.tenant_id,
            invoices.c.number == sa.any_(sa.literal(list(numbers), sa.ARRAY(sa.Text))),
        )
        .order_by(invoices.c.number, invoices.c.series)
    )


def overdue_totals(work: Work) -> sa.Select:
    """How many invoices are overdue, and how much, in each currency."""
    return (
        sa.select(
            invoices.c.currency,
            sa.func.count().label("invoices"),
            sa.cast(sa.func.sum(invoices.c.balance_minor), sa.BigInteger).label("minor"),
        )
        .where(invoices.c.tenant_id == work.tenant_id, is_overdue(invoices, work.today))
        .group_by(invoices.c.currency)
        .order_by(invoices.c.currency)
    )


def credit_totals(work: Work, customer_id: UUID | None) -> sa.Select:
    """Money that pays no invoice and was not refunded, in each currency: of one customer, or of all."""
    minor = sa.cast(sa.func.sum(customer_credits.c.amount_minor), sa.BigInteger)
    whose = [] if customer_id is None else [customer_credits.c.customer_id == customer_id]
    return (
        sa.select(customer_credits.c.currency, minor.label("minor"))
        .where(customer_credits.c.tenant_id == work.tenant_id, *whose)
        .group_by(customer_credits.c.currency)
        .having(minor != 0)
        .order_by(customer_credits.c.currency)
    )


def tell_overdue(work: Work, limit: int) -> sa.Update:
    """Overdue invoices of which the journal does not know yet, marked; those of another worker passed over.

    A mark and not a look into the journal: compared with what was told so far, 100,000 invoices took minutes.
    """
    late = (
        sa.select(invoices.c.id)
        .where(
            invoices.c.tenant_id == work.tenant_id,
            is_overdue(invoices, work.today),
            invoices.c.overdue_told.is_(sa.false()),
        )
        .order_by(invoices.c.due_date)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
        .cte("late")
    )
    return (
        sa.update(invoices)
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == late.c.id)
        .values(overdue_told=sa.true())
        .returning(invoices.c.id, invoices.c.customer_id, invoices.c.due_date)
    )


def all_tenants() -> sa.Select:
    """Every tenant there is; for a scan."""
    return sa.select(tenants.c.tenant_id).order_by(tenants.c.tenant_id)
