"""Statements over the lines of a bank's sheets, and over what may be meant by them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.queries.sets import among
from bursar.billing.states import BankLineState
from bursar.billing.tables import bank_lines, invoices, is_open
from bursar.core.work import Work
from bursar.tenancy.tables import customers

LONGEST_NUMBER = 5
"""An invoice's number may be written in up to so many pieces: "INV 2026 11 20 0007"."""
SHORTEST_NUMBER = 4
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""What may stand before a number on one side only, as INV does."""
LEGAL_FORMS = (
    r"\m(l l c|llc|fze|fzco|fz|est|ltd|limited|inc|corp|plc|gmbh|sarl|sas|sa|co|company|ذ م م|ش م ح)\M"
)
"""What a bank leaves out of a firm's name, or spells otherwise."""


def known_lines(work: Work, external_ids: Sequence[str]) -> sa.Select:
    return sa.select(bank_lines).where(
        bank_lines.c.tenant_id == work.tenant_id,
        bank_lines.c.external_id == sa.any_(sa.literal(list(external_ids), sa.ARRAY(sa.Text))),
    )


def add_lines(work: Work, given: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """New lines; one that another transaction has just written comes back as no row."""
    row = {"tenant_id": work.tenant_id, "state": BankLineState.UNMATCHED}
    return (
        insert(bank_lines)
        .values([{**row, **one} for one in given])
        .on_conflict_do_nothing(index_elements=["tenant_id", "external_id"])
        .returning(bank_lines.c.id, bank_lines.c.external_id)
    )


def line(work: Work, line_id: UUID) -> sa.Select:
    return sa.select(bank_lines).where(bank_lines.c.tenant_id == work.tenant_id, bank_lines.c.id == line_id)


def lines_in(work: Work, state: BankLineState, after: UUID | None, limit: int) -> sa.Select:
    """Lines in one state, in the order in which the money came, behind the line `after`."""
    b = bank_lines.c
    # A literal: a generic plan could not use the partial index of unmatched lines otherwise.
    chosen = [b.tenant_id == work.tenant_id, b.state == sa.literal_column(f"'{state}'")]
    if after is not None:
        seen = bank_lines.alias("seen")
        its_day = (
            sa.select(seen.c.received_on)
            .where(seen.c.tenant_id == work.tenant_id, seen.c.id == after)
            .scalar_subquery()
        )
        chosen.append(sa.tuple_(b.received_on, b.id) > sa.tuple_(its_day, sa.literal(after)))
    return sa.select(bank_lines).where(*chosen).order_by(b.received_on, b.id).limit(limit)


def lines_among(work: Work, line_ids: Sequence[UUID]) -> sa.Select:
    """Which of these there are, in any state."""
    return sa.select(bank_lines.c.id).where(
        bank_lines.c.tenant_id == work.tenant_id, among(bank_lines.c.id, line_ids)
    )


def count_lines(work: Work) -> sa.Select:
    return (
        sa.select(bank_lines.c.state, sa.func.count().label("lines"))
        .where(bank_lines.c.tenant_id == work.tenant_id)
        .group_by(bank_lines.c.state)
    )


def evidence(work: Work, line_ids: Sequence[UUID]) -> sa.Select:
    """What speaks for whom: a row for each line and each customer or open invoice that fits it, and why.

    `kind`: number (an invoice whose number stands in the reference), amount (the one open invoice over exactly
    this), named (a customer who is called like the payer), named_amount (an open invoice of theirs over exactly
    this), sum (a customer who owes exactly this altogether, if only one does or the payer is called so).
    """
    lines = (
        sa.select(
            bank_lines.c.id,
            bank_lines.c.amount_minor,
            bank_lines.c.currency,
            bank_lines.c.reference,
            _plain_name(bank_lines.c.payer).label("payer"),
        )
        .where(bank_lines.c.tenant_id == work.tenant_id, among(bank_lines.c.id, line_ids))
        .cte("lines")
        .prefix_with("materialized", dialect="postgresql")
    )
    owed = (
        sa.select(
            invoices.c.id,
            invoices.c.customer_id,
            invoices.c.number,
            invoices.c.currency,
            invoices.c.balance_minor,
            invoices.c.due_date,
        )
        .where(invoices.c.tenant_id == work.tenant_id, is_open(invoices))
        .cte("owed")
        .prefix_with("materialized", dialect="postgresql")
    )
    totals = (
        sa.select(
            owed.c.customer_id,
            owed.c.currency,
            sa.cast(sa.func.sum(owed.c.balance_minor), sa.BigInteger).label("minor"),
        )
        .group_by(owed.c.customer_id, owed.c.currency)
        .cte("totals")
    )
    named = _named(work, lines, totals)
    parts = [
        _by_number(lines, owed),
        _by_amount(lines, owed),
        _of_named(lines, named, owed),
        sa.select(named.c.line_id, sa.literal("named").label("kind"), named.c.customer_id, *_no_invoice()),
        _by_sum(lines, totals, named),
    ]
    found = sa.union_all(*parts).subquery("found")
    return (
        sa.select(
            found, sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("customer_name")
        )
        .join(customers, (customers.c.tenant_id == work.tenant_id) & (customers.c.id == found.c.customer_id))
        .where(customers.c.tenant_id == work.tenant_id)
        .order_by(found.c.line_id, found.c.kind, found.c.due_date, found.c.invoice_id)
    )


def _no_invoice() -> list[sa.ColumnElement[Any]]:
    return [
        sa.null().cast(invoices.c.id.type).label("invoice_id"),
        sa.null().cast(sa.Text).label("number"),
        sa.null().cast(sa.BigInteger).label("balance_minor"),
        sa.null().cast(sa.Date).label("due_date"),
    ]


def _invoice(owed: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    return [
        owed.c.customer_id,
        owed.c.id.label("invoice_id"),
        owed.c.number,
        owed.c.balance_minor,
        owed.c.due_date,
    ]


def _by_number(lines: sa.CTE, owed: sa.CTE) -> sa.Select:
    """Every run of up to five pieces of the reference, joined, against every open number without its signs."""
    pieces = sa.func.regexp_split_to_array(_latin(sa.func.upper(lines.c.reference)), "[^A-Z0-9]+")
    split = sa.select(lines.c.id, lines.c.currency, pieces.label("pieces")).cte("split")
    start = sa.func.generate_subscripts(split.c.pieces, 1).table_valued("at").render_derived(name="start")
    length = sa.func.generate_series(0, LONGEST_NUMBER - 1).table_valued("more").render_derived(name="length")
    run = sa.func.array_to_string(sa.literal_column("split.pieces[start.at : start.at + length.more]"), "")
    runs = (
        sa.select(split.c.id.label("line_id"), split.c.currency, run.label("run"))
        .select_from(split.join(start, sa.true()).join(length, sa.true()))
        .where(sa.func.length(run) >= SHORTEST_NUMBER, run.regexp_match("[0-9]"))
        .distinct()
        .cte("runs")
    )
    plain = sa.func.translate(sa.func.upper(owed.c.number), " -/_.#", "")
    bare = sa.func.ltrim(plain, LETTERS)
    # Two joins and not one with OR, which could not be hashed.
    whole = sa.select(runs.c.line_id, *_invoice(owed)).join_from(
        runs, owed, (plain == runs.c.run) & (owed.c.currency == runs.c.currency)
    )
    tail = sa.select(runs.c.line_id, *_invoice(owed)).join_from(
        runs,
        owed,
        (bare == sa.func.ltrim(runs.c.run, LETTERS))
        & (sa.func.length(bare) > SHORTEST_NUMBER)
        & (owed.c.currency == runs.c.currency),
    )
    either = sa.union(whole, tail).subquery("either")
    return sa.select(
        either.c.line_id,
        sa.literal("number").label("kind"),
        either.c.customer_id,
        either.c.invoice_id,
        either.c.number,
        either.c.balance_minor,
        either.c.due_date,
    )


def _by_amount(lines: sa.CTE, owed: sa.CTE) -> sa.Select:
    """Lines over exactly what is open of one invoice and of no other."""
    alone = (
        sa.select(owed.c.currency, owed.c.balance_minor)
        .group_by(owed.c.currency, owed.c.balance_minor)
        .having(sa.func.count() == 1)
        .subquery("alone")
    )
    return (
        sa.select(lines.c.id.label("line_id"), sa.literal("amount").label("kind"), *_invoice(owed))
        .join_from(
            lines,
            alone,
            (alone.c.currency == lines.c.currency) & (alone.c.balance_minor == lines.c.amount_minor),
        )
        .join(owed, (owed.c.currency == alone.c.currency) & (owed.c.balance_minor == alone.c.balance_minor))
    )


def _named(work: Work, lines: sa.CTE, totals: sa.CTE) -> sa.CTE:
    """Customers who owe something and are called like the payer, legal forms aside."""
    plain = _plain_name(customers.c.name_key)
    return (
        sa.select(lines.c.id.label("line_id"), customers.c.id.label("customer_id"))
        .join_from(lines, customers, plain == lines.c.payer)
        .where(
            customers.c.tenant_id == work.tenant_id,
            lines.c.payer != "",
            sa.exists().where(totals.c.customer_id == customers.c.id, totals.c.currency == lines.c.currency),
        )
        .cte("named")
        .prefix_with("materialized", dialect="postgresql")
    )


def _of_named(lines: sa.CTE, named: sa.CTE, owed: sa.CTE) -> sa.Select:
    return (
        sa.select(lines.c.id.label("line_id"), sa.literal("named_amount").label("kind"), *_invoice(owed))
        .join_from(lines, named, named.c.line_id == lines.c.id)
        .join(
            owed,
            (owed.c.customer_id == named.c.customer_id)
            & (owed.c.currency == lines.c.currency)
            & (owed.c.balance_minor == lines.c.amount_minor),
        )
    )


def _by_sum(lines: sa.CTE, totals: sa.CTE, named: sa.CTE) -> sa.Select:
    alike = totals.alias("alike")
    others = (
        sa.select(sa.func.count())
        .where(alike.c.currency == totals.c.currency, alike.c.minor == totals.c.minor)
        .correlate(totals)
        .scalar_subquery()
    )
    called_so = sa.exists().where(named.c.line_id == lines.c.id, named.c.customer_id == totals.c.customer_id)
    return (
        sa.select(
            lines.c.id.label("line_id"), sa.literal("sum").label("kind"), totals.c.customer_id, *_no_invoice()
        )
        .join_from(
            lines, totals, (totals.c.currency == lines.c.currency) & (totals.c.minor == lines.c.amount_minor)
        )
        .where(called_so | (others == 1))
    )


def _latin(text: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """With the digits that invoices are numbered in."""
    return sa.func.translate(text, "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def _plain_name(name: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """Small letters, one space between words, no punctuation and no legal form."""
    spaced = sa.func.regexp_replace(
        sa.func.lower(sa.func.coalesce(name, "")), r"""[\s.,'"&()/\-]+""", " ", "g"
    )
    bare = sa.func.regexp_replace(spaced, LEGAL_FORMS, " ", "g")
    return sa.func.trim(sa.func.regexp_replace(bare, " +", " ", "g"))
