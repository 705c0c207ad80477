"""Sheets of invoices: their customers found or made on the way, then the open and paid invoices as sets (R67, R140)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from bursar.billing import imported, locks, rules
from bursar.billing.imported import Imported, ImportedInvoice
from bursar.billing.queries import numbered as queries
from bursar.billing.sheet_invoices import InvoiceRow, read_invoices
from bursar.core.errors import N_
from bursar.core.work import Work
from bursar.tenancy.import_parties import Known, plan_parties, write_parties
from bursar.tenancy.import_runs import firm_of
from bursar.tenancy.importers import Entry, Firm, Table, Verdict, refused
from bursar.tenancy.merging import Party
from bursar.tenancy.reasons import Reason
from bursar.tenancy.states import ImportKind, RowOutcome

SOURCE = "sheet"
"""Of every sheet that people upload: an invoice keeps its number over all of them."""


@dataclass(frozen=True, slots=True)
class InvoiceImporter:
    """An invoice is the same by its number. What was issued stays; a lower open amount records what was paid."""

    kind: ImportKind = ImportKind.INVOICES

    def read(self, table: Table, firm: Firm) -> list[Entry[InvoiceRow]]:
        return read_invoices(table, firm)

    async def judge(self, work: Work, entries: Sequence[Entry[InvoiceRow]]) -> list[Verdict]:
        plan = await _plan(work, entries, await plan_parties(work, _parties(entries)))
        return _verdicts(entries, plan, await imported.plan_imported(work, SOURCE, plan.given))

    async def write(self, work: Work, entries: Sequence[Entry[InvoiceRow]]) -> list[Verdict]:
        """Customers only for rows that are taken: a row that is refused changes nothing."""
        parties = await plan_parties(work, _parties(entries))
        plan = await _plan(work, entries, parties)
        judged = _verdicts(entries, plan, await imported.plan_imported(work, SOURCE, plan.given))
        taken = {one.number for one in judged if one.outcome is not RowOutcome.REFUSED}
        wanted = _parties([entry for entry in entries if entry.number in taken])
        changing = [party for party in wanted if parties[party].outcome is not RowOutcome.UNCHANGED]
        parties |= await write_parties(work, changing)
        await locks.lock_customers(
            work, [known.customer_id for known in parties.values() if known.customer_id]
        )
        plan = await _plan(work, entries, parties)
        return _verdicts(entries, plan, await imported.add_imported(work, SOURCE, plan.given))


@dataclass(frozen=True, slots=True)
class _Plan:
    """`usable` entries have an invoice each; the others a reason."""

    parties: Mapping[Party, Known]
    usable: Sequence[Entry[InvoiceRow]]
    invoices: Mapping[int, ImportedInvoice]
    reasons: Mapping[int, Reason]

    @property
    def given(self) -> list[ImportedInvoice]:
        return [self.invoices[entry.number] for entry in self.usable]


async def _plan(work: Work, entries: Sequence[Entry[InvoiceRow]], parties: Mapping[Party, Known]) -> _Plan:
    here: dict[str, list[sa.Row[Any]]] = defaultdict(list)
    numbers = [entry.read.facts.number for entry in entries]
    for row in await work.db.execute(queries.numbered(work, numbers)):
        here[row.number].append(row)
    firm = await firm_of(work)
    reasons: dict[int, Reason] = {}
    invoices: dict[int, ImportedInvoice] = {}
    for entry in entries:
        known = here[entry.read.facts.number]
        reason = parties[entry.read.party].reason or _elsewhere(known)
        if reason:
            reasons[entry.number] = reason
        else:
            own = known[0] if known else None
            invoices[entry.number] = _invoice(entry.read, parties[entry.read.party], own, firm)
    usable = [entry for entry in entries if entry.number in invoices]
    return _Plan(parties, usable, invoices, reasons)


def _invoice(row: InvoiceRow, known: Known, own: sa.Row[Any] | None, firm: Firm) -> ImportedInvoice:
    """Dates that the row does not say are those that the invoice has here, else follow from the firm's terms."""
    facts = row.facts
    issue_date, due_date = facts.issue_date, facts.due_date
    if own is not None:
        issue_date, due_date = issue_date or own.issue_date, due_date or own.due_date
    issued, due = _both(issue_date, due_date, firm)
    return ImportedInvoice(
        facts.number,
        known.customer_id,
        facts.total,
        facts.balance,
        issued,
        due,
        facts.description,
        facts.purchase_order,
        facts.locale or firm.locale,
        facts.paid_on,
    )


def _both(issue_date: date | None, due_date: date | None, firm: Firm) -> tuple[date, date]:
    terms = rules.Terms.of(firm.settings).due
    if issue_date is None:
        issue_date = min(due_date - terms, firm.today) if due_date else firm.today
    return issue_date, due_date or issue_date + terms


def _elsewhere(known: Sequence[sa.Row[Any]]) -> Reason | None:
    """A number that we, or another program, gave before is taken."""
    other = next((row for row in known if row.external_source != SOURCE), None)
    if other is None:
        return None
    return Reason(
        N_("Invoice %(number)s exists already in the series %(series)s. Leave it out of the sheet."),
        "number_taken",
        "number",
        {"number": other.number, "series": other.series},
    )


def _verdicts(
    entries: Sequence[Entry[InvoiceRow]], plan: _Plan, answers: Sequence[Imported]
) -> list[Verdict]:
    told = {entry.number: answer for entry, answer in zip(plan.usable, answers, strict=True)}
    return [
        refused(entry.number, plan.reasons[entry.number])
        if entry.number in plan.reasons
        else _verdict(entry, plan.parties[entry.read.party], told[entry.number])
        for entry in entries
    ]


def _verdict(entry: Entry[InvoiceRow], known: Known, answer: Imported) -> Verdict:
    if answer.refusal is not None:
        return refused(entry.number, Reason.of(answer.refusal))
    first = entry.number == entry.read.party.first
    notes = [*entry.notes, *(known.note if first else ())]
    if answer.paid is not None:
        message = N_("%(amount)s less is open than here: recorded as a payment.")
        notes.append(Reason(message, "paid_meanwhile", params={"amount": str(answer.paid)}))
    outcome = answer.outcome
    if first and outcome is RowOutcome.UNCHANGED and known.outcome is not RowOutcome.UNCHANGED:
        outcome = RowOutcome.UPDATED
        notes.append(Reason(N_("The customer was completed from this sheet."), "customer_completed"))
    return Verdict(entry.number, outcome, tuple(notes), answer.id)


def _parties(entries: Sequence[Entry[InvoiceRow]]) -> list[Party]:
    return list({id(entry.read.party): entry.read.party for entry in entries}.values())
