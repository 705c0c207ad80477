"""Who a sequence would write to, read from the two tables that staging fills and nothing else remembers."""

from typing import Any

import sqlalchemy as sa

from bursar.billing.tables import invoices, is_open
from bursar.chasing.queries.sequence_staging import first_of_each, listed
from bursar.chasing.states import GroupBy, LeftOut
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers


def _spoken_of(group_by: str) -> sa.Subquery:
    """What would be said, a row an invoice: its message (`about`), and the touch that gives the message its words."""
    if group_by == GroupBy.INVOICE:
        placed = first_of_each()
        chosen = [placed.c.is_due, placed.c.reason.is_(None), placed.c.place == 1]
        return (
            sa.select(placed, placed.c.invoice_id.label("about"), placed.c.reached.label("level"))
            .where(*chosen)
            .subquery("spoken")
        )
    level = sa.func.max(listed.c.reached).filter(listed.c.is_due).over(partition_by=listed.c.customer_id)
    rows = (
        sa.select(listed, listed.c.customer_id.label("about"), level.label("level"))
        .where(listed.c.reason.is_(None))
        .subquery("everything")
    )
    return sa.select(rows).where(rows.c.level.is_not(None)).subquery("spoken")


def levels(group_by: str) -> sa.Select:
    """How many messages speak at each touch."""
    spoken = _spoken_of(group_by)
    return (
        sa.select(spoken.c.level, sa.func.count(spoken.c.about.distinct()).label("many"))
        .group_by(spoken.c.level)
        .order_by(spoken.c.level)
    )


def sums(group_by: str) -> sa.Select:
    """What they are about, by currency."""
    spoken = _spoken_of(group_by)
    return (
        sa.select(
            spoken.c.currency,
            sa.func.count().label("many"),
            sa.cast(sa.func.sum(spoken.c.balance_minor), sa.BigInteger).label("minor"),
        )
        .group_by(spoken.c.currency)
        .order_by(spoken.c.currency)
    )


def left_out(group_by: str) -> sa.Select:
    """How many invoices that have reached a touch would not be spoken of, by reason."""
    source: Any = listed
    reason: Any = listed.c.reason
    if group_by == GroupBy.INVOICE:
        source = first_of_each()
        later = (source.c.place > 1, sa.literal(str(LeftOut.TOO_SOON)))
        reason = sa.func.coalesce(source.c.reason, sa.case(later))
    told = sa.select(reason.label("reason")).select_from(source).where(source.c.is_due).subquery("told")
    return (
        sa.select(told.c.reason, sa.func.count().label("many"))
        .where(told.c.reason.is_not(None))
        .group_by(told.c.reason)
        .order_by(told.c.reason)
    )


def readers(work: Work, group_by: str, limit: int) -> sa.Select:
    """The first readers by the size of their debt's age: whom, at which touch, about how many invoices."""
    spoken, c = _spoken_of(group_by), customers
    each = (
        sa.select(
            spoken.c.about,
            spoken.c.customer_id,
            spoken.c.level,
            sa.func.min(spoken.c.to_address).label("to_address"),
            sa.func.count().label("many"),
            sa.func.min(spoken.c.due_date).label("oldest"),
        )
        .group_by(spoken.c.about, spoken.c.customer_id, spoken.c.level)
        .subquery("each")
    )
    name = sa.func.coalesce(c.c.company_name, c.c.full_name)
    return (
        sa.select(each, name.label("name"))
        .join(c, (c.c.tenant_id == work.tenant_id) & (c.c.id == each.c.customer_id))
        .order_by(each.c.oldest, each.c.about)
        .limit(limit)
    )


def counted(work: Work, condition: sa.ColumnElement[bool]) -> sa.Select:
    """Open invoices (joined with their customers) that meet a condition, by currency."""
    i = invoices.c
    return (
        _chosen(work, condition)
        .add_columns(
            i.currency,
            sa.func.count().label("many"),
            sa.cast(sa.func.sum(i.balance_minor), sa.BigInteger).label("minor"),
        )
        .group_by(i.currency)
        .order_by(i.currency)
    )


def counted_customers(work: Work, condition: sa.ColumnElement[bool]) -> sa.Select:
    """How many customers have one of these."""
    return _chosen(work, condition).add_columns(sa.func.count(invoices.c.customer_id.distinct()))


def _chosen(work: Work, condition: sa.ColumnElement[bool]) -> sa.Select:
    theirs = same_tenant(customers, invoices) & (customers.c.id == invoices.c.customer_id)
    return (
        sa.select()
        .select_from(invoices.join(customers, theirs))
        .where(invoices.c.tenant_id == work.tenant_id, is_open(invoices), condition)
    )
