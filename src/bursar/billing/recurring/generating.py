"""A slice of a run: those that are due become invoices, all in one Work, set by set (R83-R87).

Two runs at once do no harm: a row that the other holds is passed over, one that it has billed is no longer due, and
the key over agreement and month stands behind both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.issuing import Issued, issue_many
from bursar.billing.queries import recurring_prices as prices
from bursar.billing.queries import recurring_runs as queries
from bursar.billing.recurring.schedule import period_of
from bursar.core.work import Record, Work

NO_PRICE = "no_price"
INCOMPLETE = "incomplete"
MORE_MISSED = "more_missed"


@dataclass(frozen=True, slots=True)
class Sliced:
    """What became of the rows of a slice: `passed` had nothing to bill, or another run had them."""

    drafted: int = 0
    issued: int = 0
    refused: int = 0
    passed: int = 0


async def bill(work: Work, ids: Sequence[UUID], as_of: date) -> Sliced:
    """Bill the next month of each of these that is due, as a draft or at once; their numbers are taken last."""
    for statement in (prices.CREATE_ASKED, prices.CREATE_PRICED):
        await work.db.execute(statement)
    await work.db.execute(queries.ask(work, ids, as_of))
    await work.db.execute(prices.ANALYZE[0])
    await work.db.execute(prices.price_asked(work))
    await work.db.execute(prices.ANALYZE[1])
    await work.db.execute(queries.write_invoices(work))
    await work.db.execute(queries.write_lines(work))
    moved = (await work.db.execute(queries.move_on(work))).all()
    refused = (await work.db.execute(queries.refuse(work))).all()
    billed = [row for row in moved if row.verdict is None]
    await work.record("recurring_invoice.run", *(_run(row) for row in billed))
    await work.record(
        "recurring_invoice.run_without_units", *(_about(row) for row in moved if row.verdict == "no_units")
    )
    await _tell_refused(work, [row for row in refused if row.before != row.verdict])
    issued = await _issue(work, [row for row in billed if row.auto_issue])
    return Sliced(len(billed) - issued, issued, len(refused), len(ids) - len(billed) - len(refused))


async def say_more_missed(work: Work, ids: Sequence[UUID]) -> None:
    """These have missed more months than one run catches up on: somebody is told, the next run goes on (R84)."""
    told = (await work.db.execute(queries.say_refusal(work, ids, MORE_MISSED))).all()
    await work.record("recurring_invoice.run_refused", *(_about(row, reason=MORE_MISSED) for row in told))


async def _issue(work: Work, rows: Sequence[sa.Row[Any]]) -> int:
    """How many became documents; one that cannot stays a draft, and its agreement says why."""
    if not rows:
        return 0
    answers = await issue_many(work, [row.id for row in rows])
    held = [row.recurring_id for row in rows if not isinstance(answers[row.id], Issued)]
    if held:
        told = (await work.db.execute(queries.say_refusal(work, held, INCOMPLETE))).all()
        await work.record("recurring_invoice.run_refused", *(_about(row, reason=INCOMPLETE) for row in told))
    return len(rows) - len(held)


async def _tell_refused(work: Work, rows: Iterable[sa.Row[Any]]) -> None:
    """Once for each reason, however many days it lasts."""
    rows = list(rows)
    unpriced = [_about(row) for row in rows if row.verdict == NO_PRICE]
    others = [_about(row, reason=row.verdict) for row in rows if row.verdict != NO_PRICE]
    await work.record("recurring_invoice.run_without_price", *unpriced)
    await work.record("recurring_invoice.run_refused", *others)


def _run(row: sa.Row[Any]) -> Record:
    return _about(row, invoice_id=str(row.id))


def _about(row: sa.Row[Any], **told: str) -> Record:
    return Record(row.recurring_id, row.customer_id, payload={"period": period_of(row.run_on), **told})
