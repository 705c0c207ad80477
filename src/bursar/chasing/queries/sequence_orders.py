"""What a day's list orders: one row an invoice, in the words of its message's gravest touch."""

from typing import Any

import sqlalchemy as sa

from bursar.chasing.queries.sequence_staging import Day, first_of_each, listed
from bursar.chasing.states import GroupBy


def due(day: Day) -> sa.Select:
    """What a list says, one row an invoice, in the columns of an order (`ordering.DUE`); the gravest has the word.

    By customer: all that is covered and may be spoken of, its own touch with what is due. By invoice: the first.
    The rows are of this transaction's own temporary table, which has no tenant_id.
    """
    if day.group_by == GroupBy.INVOICE:
        placed = first_of_each()
        chosen = [placed.c.is_due, placed.c.reason.is_(None), placed.c.place == 1]
        rows = sa.select(placed, placed.c.reached.label("level")).where(*chosen).subquery("chosen")
        about = rows.c.invoice_id
    else:
        level = (
            sa.func.max(listed.c.reached)
            .filter(listed.c.is_due)
            .over(partition_by=listed.c.customer_id)
            .label("level")
        )
        rows = sa.select(listed, level).where(listed.c.reason.is_(None)).subquery("chosen")
        about = rows.c.customer_id
    name = {offset: f"{offset:+d}" for offset in day.offsets}
    return sa.select(
        sa.func.concat(f"chase/{day.sequence_id}/", about, f"/{day.key}").label("touch_key"),
        rows.c.invoice_id.label("subject_id"),
        sa.case((rows.c.is_due, sa.case(name, value=rows.c.reached))).label("touch"),
        rows.c.balance_minor.label("fact"),
        rows.c.customer_id,
        rows.c.to_address,
        rows.c.address_key,
        rows.c.to_name,
        _worded(day, rows, 0, sa.Text).label("locale"),
        _worded(day, rows, 1, sa.UUID).label("template_version_id"),
    ).where(rows.c.level.is_not(None))


def totals(day: Day) -> sa.Select:
    """What a slice's messages speak of, a row a currency; of the temporary table, which has no tenant_id."""
    said = listed.c.reason.is_(None) & listed.c.is_due
    if day.group_by == GroupBy.INVOICE:
        of = first_of_each()
        chosen = of.c.is_due & of.c.reason.is_(None) & (of.c.place == 1)
    else:
        of = listed
        heard = sa.select(listed.c.customer_id).where(said).scalar_subquery()
        chosen = listed.c.reason.is_(None) & listed.c.customer_id.in_(heard.correlate(None))
    return (
        sa.select(
            of.c.currency,
            sa.func.count().label("invoices"),
            sa.cast(sa.func.sum(of.c.balance_minor), sa.BigInteger).label("balance_minor"),
        )
        .where(chosen)
        .group_by(of.c.currency)
    )


def _worded(day: Day, rows: sa.FromClause, which: int, type_: Any) -> sa.ColumnElement[Any]:
    """The language, or the version, in which the touch of a row's level speaks to its reader."""
    whens = []
    for offset in day.offsets:
        by_language = day.words[offset]
        otherwise = sa.literal(by_language[None][which], type_)
        spoken = [
            (rows.c.language == language, sa.literal(found[which], type_))
            for language, found in by_language.items()
            if language is not None
        ]
        whens.append((rows.c.level == offset, sa.case(*spoken, else_=otherwise)))
    return sa.case(*whens)
