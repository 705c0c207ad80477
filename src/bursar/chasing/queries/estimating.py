"""What a selection would hold, counted and nothing written: for the form in which it is made."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from bursar.billing.tables import invoices
from bursar.chasing.queries.selecting import excluded_because, selected
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers


def _held(work: Work, kind: str, selection: Mapping[str, Any]) -> sa.Subquery:
    """Every invoice of a selection with the first reason that keeps it out, or null."""
    return (
        sa.select(
            invoices.c.customer_id,
            invoices.c.currency,
            invoices.c.balance_minor,
            excluded_because(work, kind).label("reason"),
        )
        .join(customers, sa.and_(same_tenant(customers, invoices), customers.c.id == invoices.c.customer_id))
        .where(*selected(work, selection, kind))
        .subquery()
    )


def sums(work: Work, kind: str, selection: Mapping[str, Any]) -> sa.Select:
    """How many invoices of which currency stand under which reason, and what is open on them."""
    held = _held(work, kind, selection)
    total = sa.cast(sa.func.sum(held.c.balance_minor), sa.BigInteger)
    return (
        sa.select(held.c.reason, held.c.currency, sa.func.count().label("many"), total.label("minor"))
        .group_by(held.c.reason, held.c.currency)
        .order_by(held.c.reason, held.c.currency)
    )


def people(work: Work, kind: str, selection: Mapping[str, Any]) -> sa.Select:
    """How many customers would be written to."""
    held = _held(work, kind, selection)
    return sa.select(sa.func.count(held.c.customer_id.distinct())).where(held.c.reason.is_(None))
