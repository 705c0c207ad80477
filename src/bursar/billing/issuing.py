"""From draft to document: checked whole, numbered last, one statement a step for however many (R3, R66, R71)."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from bursar.billing import completeness, locks, numbers, rules
from bursar.billing.completeness import Candidate, Firm, Item
from bursar.billing.queries import issuing as queries
from bursar.billing.settings import BillingSettings
from bursar.billing.states import INVOICE_MOVES, ISSUE
from bursar.catalog import prices
from bursar.core.errors import N_, IllegalMove, Invalid, NotFound, Refusal, Sentences
from bursar.core.kinds import AgentRole
from bursar.core.moves import move_rows
from bursar.core.states import allowed_from
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Issued:
    id: UUID
    number: str
    issue_date: date
    due_date: date


class Incomplete(Invalid):
    """It lacks what the law or a reader needs; `items` names all of it at once."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(item for item in items if not item.warning)
        self.missing = tuple(item.key for item in self.items)
        super().__init__(
            N_("This invoice cannot be issued yet. It lacks: %(missing)s."),
            code="incomplete",
            missing=Sentences((item.message, item.params) for item in self.items),
        )


async def issue_invoice(
    work: Work, invoice_id: UUID, *, issue_date: date | None = None, version: int | None = None
) -> Issued:
    """Make a draft a document: number, parties copied in, balance. From here nothing legal changes (R71).

    Raises `Incomplete`, `NotFound`, `IllegalMove`, `StaleVersion`, and what `numbers.take_serials` says of a
    wrong date.
    """
    work.allow(AgentRole.AGENT)
    draft = await locks.lock_invoice(work, invoice_id)
    locks.must_allow(draft, ISSUE)
    locks.must_be_version(draft, version)
    answer = (await issue_many(work, [invoice_id], issue_date=issue_date))[invoice_id]
    if isinstance(answer, Refusal):
        raise answer
    return answer


async def issue_many(
    work: Work, ids: Sequence[UUID], *, issue_date: date | None = None
) -> dict[UUID, Issued | Refusal]:
    """Issue these drafts in the order given, each that can be; one answer for each id.

    Numbers are taken last, in one block without gaps, since whoever issues next waits for the end of this
    Work. Raises what `numbers.take_serials` says of a wrong date.
    """
    work.allow(AgentRole.AGENT)
    day = issue_date or work.today
    wanted = list(dict.fromkeys(ids))
    states = {row.id: row.state for row in await work.db.execute(queries.lock_states(work, wanted))}
    found = {one.id: one for one in await candidates(work, [*states], day)}
    answers: dict[UUID, Issued | Refusal] = {}
    ready: list[tuple[Candidate, date]] = []
    for invoice_id in wanted:
        try:
            one = _allowed(states, found, invoice_id)
            ready.append((one, _due(one)))
        except Refusal as refusal:
            answers[invoice_id] = refusal
    if ready:
        answers |= await _issue(work, ready, day)
    return answers


async def checklist(work: Work, invoice_id: UUID) -> tuple[Item, ...]:
    """What would hold this draft back today, or should be thought of. Raises `NotFound`."""
    found = await candidates(work, [invoice_id], work.today)
    if not found:
        raise NotFound("invoice")
    return completeness.missing(found[0])


async def firm_of(work: Work, day: date) -> Firm:
    """The seller as a document of that day names it: with where to pay, which is copied in too."""
    row = (await work.db.execute(queries.firm(work, day))).one()
    settings = BillingSettings.of(row.settings, row.country)
    payment = {"bank": asdict(settings.bank), "payment_instructions": settings.payment_instructions}
    local = rules.tax_currency(row.country, row.currency)
    seller = {**row.seller, **payment, "tax_currency": local}
    return Firm(seller, row.country, row.locale, local, settings, tuple(row.regimes))


async def candidates(work: Work, ids: Sequence[UUID], day: date) -> list[Candidate]:
    """These invoices as their checks see them; in no order."""
    firm = await firm_of(work, day)
    age = timedelta(days=firm.settings.limits.rate_days)
    statement = queries.candidates(work, ids, day=day, tax_currency=firm.tax_currency, rate_age=age)
    rows = (await work.db.execute(statement)).mappings().all()
    details = await _details(work, ids) if firm.regimes else {}
    return [
        Candidate(
            firm=firm,
            issue_date=day,
            **{
                **row,
                "categories": frozenset(row["categories"]),
                "locale": row["locale"] or firm.locale,
                "details": details.get(row["id"], ()),
            },
        )
        for row in rows
    ]


async def _details(work: Work, ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    told: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for line in (await work.db.execute(queries.lines_of_many(work, ids))).mappings():
        told[line["invoice_id"]].append(dict(line))
    return told


def _allowed(states: Mapping[UUID, str], found: Mapping[UUID, Candidate], invoice_id: UUID) -> Candidate:
    if invoice_id not in states:
        raise NotFound("invoice")
    if states[invoice_id] not in ISSUE.sources:
        state = states[invoice_id]
        raise IllegalMove("invoice", state, ISSUE.event, allowed_from(INVOICE_MOVES, state))
    items = completeness.missing(found[invoice_id])
    if any(not item.warning for item in items):
        raise Incomplete(items)
    return found[invoice_id]


def _due(one: Candidate) -> date:
    due = one.due_date or one.issue_date + one.firm.settings.terms.due
    if due < one.issue_date:
        raise Invalid(
            N_("The due date is before the date of issue."), code="due_before_issue", field="due_date"
        )
    return due


async def _issue(
    work: Work, ready: Sequence[tuple[Candidate, date]], day: date
) -> dict[UUID, Issued | Refusal]:
    """The caller holds the locks of all of them. What an issued invoice rests on may not change either (R86)."""
    firm, ids = ready[0][0].firm, [one.id for one, _ in ready]
    await prices.stamp_used(work, list(await work.db.scalars(queries.new_prices(work, ids))))
    taken = await numbers.take_numbers(work, numbers.INVOICES, day, len(ready), firm.settings.series)
    given = [
        (
            *(one.id, number, serial, due, json.dumps(dict(one.buyer)), one.locale, one.rate),
            None
            if one.rate is None
            else rules.in_currency(one.tax_minor, one.currency, one.rate, firm.tax_currency),
        )
        for (one, due), (number, serial) in zip(ready, taken, strict=True)
    ]
    statement = queries.issue(work, given, series=numbers.INVOICES, day=day, seller=firm.seller)
    await move_rows(work, ISSUE, statement)
    return {
        one.id: Issued(one.id, number, day, due) for (one, due), (number, _) in zip(ready, taken, strict=True)
    }
