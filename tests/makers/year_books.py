"""What a firm's books say of the end of a day, from every side that can be asked: all must say the same."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import ledger
from bursar.billing.aged import aged_report
from bursar.billing.figures import figures
from bursar.billing.statements import statement
from bursar.billing.states import InvoiceState
from bursar.billing.tables import credit_notes, customer_credits, invoices, refunds
from bursar.core.work import Work

Books = dict[str, tuple[int, int]]
"""By currency what is open and what is customers' credit, in minor units; a currency with neither is left out."""

SIGNS = {"invoice.issue": 1, "credit_note.issue": -1, "refund.pending": 1, "refund.fail": -1}
"""Events after which a customer owes more, or less, by the amount of the document that they name."""


async def books_at(work: Work, day: date, *, since: date, customers: Iterable[UUID]) -> Books:
    """What ageing, statements and figures say of the end of `day`; `since` is the first day of the books."""
    report = await aged_report(work, day)
    opened = {code: aged.total.minor for code, aged in report.totals.items()}
    left = {code: aged.credit.minor for code, aged in report.totals.items()}
    by_customer: Counter[str] = Counter()
    for one in report.customers:
        by_customer[one.aged.total.currency] += one.aged.total.minor
        assert sum(money.minor for money in one.aged.buckets.values()) == one.aged.total.minor
    assert _not_zero(by_customer) == _not_zero(opened), "customers add up to the totals"
    net = {code: opened[code] - left[code] for code in opened}
    closing: Counter[str] = Counter()
    for customer_id in customers:
        for code, account in (await statement(work, customer_id, since, day)).accounts.items():
            closing[code] += account.closing.minor
    assert _not_zero(closing) == _not_zero(net), "statements close at what is open less credit"
    months = (day.year - since.year) * 12 + day.month - since.month + 1
    brought: Counter[str] = Counter()
    for code, told in (await figures(work, day, months=months)).currencies.items():
        for month in told.months:
            brought[code] += month.invoiced.minor - month.credited.minor
            brought[code] -= month.collected.minor - month.refunded.minor
    assert _not_zero(brought) == _not_zero(net), "what the months brought is what is left"
    return _books(opened, left)


async def books_as_stored(work: Work) -> Books:
    """The balances and credits of now themselves, which are what the ledger says."""
    assert await ledger.discrepancies(work) == []
    i, c = invoices.c, customer_credits.c
    balances = sa.select(i.currency, sa.func.sum(i.balance_minor)).where(
        i.tenant_id == work.tenant_id, i.state == InvoiceState.ISSUED
    )
    credit = sa.select(c.currency, sa.func.sum(c.amount_minor)).where(c.tenant_id == work.tenant_id)
    opened, left = [
        {code: int(minor) for code, minor in await work.db.execute(asked)}
        for asked in (balances.group_by(i.currency), credit.group_by(c.currency))
    ]
    return _books(opened, left)


async def books_as_told(work: Work, journal: Iterable[sa.Row[Any]]) -> Books:
    """The same from the journal alone: what it says was issued, credited, received, reversed and given back.

    Money has its amount in the event. A document has it itself and does not change any more. Nobody may owe and
    have credit in one currency at once: one sum a customer says both.
    """
    amounts = await _amounts(work)
    owed: Counter[tuple[UUID, str]] = Counter()
    for row in journal:
        if row.type in SIGNS:
            currency, minor = amounts[row.entity_id]
            owed[row.customer_id, currency] += SIGNS[row.type] * minor
        elif row.type in {"payment.received", "payment.reversed"}:
            sign = 1 if row.type == "payment.reversed" else -1
            owed[row.customer_id, row.payload["currency"]] += sign * row.payload["amount_minor"]
    opened: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for (_, currency), minor in owed.items():
        opened[currency] += max(minor, 0)
        left[currency] += max(-minor, 0)
    return _books(opened, left)


def _books(opened: Mapping[str, int], left: Mapping[str, int]) -> Books:
    both = {code: (opened.get(code, 0), left.get(code, 0)) for code in sorted(opened.keys() | left.keys())}
    return {code: sums for code, sums in both.items() if sums != (0, 0)}


def _not_zero(sums: Mapping[str, int]) -> dict[str, int]:
    return {code: minor for code, minor in sums.items() if minor}


async def _amounts(work: Work) -> dict[UUID, tuple[str, int]]:
    found: dict[UUID, tuple[str, int]] = {}
    for table, minor in (
        (invoices, invoices.c.total_minor),
        (credit_notes, credit_notes.c.amount_minor),
        (refunds, refunds.c.amount_minor),
    ):
        mine = sa.select(table.c.id, table.c.currency, minor).where(table.c.tenant_id == work.tenant_id)
        found |= {id_: (currency, amount) for id_, currency, amount in await work.db.execute(mine)}
    return found
