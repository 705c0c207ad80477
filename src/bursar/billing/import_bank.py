"""Sheets from the bank: money that came in, kept as lines until somebody says whose it is."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bursar.billing.queries import bank as queries
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.money import exponent_of
from bursar.core.work import Work
from bursar.tenancy.amounts import parse_amount
from bursar.tenancy.cells import parse_code, parse_name
from bursar.tenancy.dates import parse_date
from bursar.tenancy.grids import CellValue
from bursar.tenancy.importers import Entry, Firm, Table, Verdict, read_rows, refused
from bursar.tenancy.reasons import Reason
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, RowOutcome


@dataclass(frozen=True, slots=True)
class BankFacts:
    """One credit of an account. `repeat` counts rows of one sheet that are alike in everything."""

    received_on: date
    minor: int
    currency: str
    payer: str | None
    reference: str | None
    stated_id: str | None
    repeat: int = 1

    @property
    def external_id(self) -> str:
        """What the bank calls it; else made of the row and its repeat number, so that a sheet can come twice."""
        if self.stated_id is not None:
            return self.stated_id
        digest = hashlib.sha256("|".join(map(str, self.alike)).encode()).hexdigest()[:32]
        return f"row/{digest}/{self.repeat}"

    @property
    def alike(self) -> tuple[Any, ...]:
        return (self.received_on, self.minor, self.currency, self.payer or "", self.reference or "")


@dataclass(frozen=True, slots=True)
class BankImporter:
    """A line is the same by the bank's own id, else by all that it says and how often the sheet says it."""

    kind: ImportKind = ImportKind.BANK_LINES

    def read(self, table: Table, firm: Firm) -> list[Entry[BankFacts]]:
        return _counted(read_rows(table, lambda row: _facts(table, row, firm)))

    async def judge(self, work: Work, entries: Sequence[Entry[BankFacts]]) -> list[Verdict]:
        return await _judged(work, entries)

    async def write(self, work: Work, entries: Sequence[Entry[BankFacts]]) -> list[Verdict]:
        work.allow(AgentRole.AGENT)
        verdicts = await _judged(work, entries)
        facts = {entry.number: entry.read for entry in entries}
        fresh = [facts[one.number] for one in verdicts if one.outcome is RowOutcome.CREATED]
        if not fresh:
            return verdicts
        written = await work.db.execute(queries.add_lines(work, [_row(one) for one in fresh]))
        ids = {row.external_id: row.id for row in written}
        if len(ids) < len(fresh):
            raise Conflict(N_("Somebody else is importing the same lines right now."), code="busy")
        return [
            replace(one, entity_id=ids[facts[one.number].external_id])
            if one.outcome is RowOutcome.CREATED
            else one
            for one in verdicts
        ]


def _facts(table: Table, row: Row, firm: Firm) -> BankFacts:
    day = table.cell(row, "received_on")
    if day is None:
        raise Invalid(
            N_("Give the day on which the money arrived."), code="received_on_missing", field="received_on"
        )
    received_on = parse_date(day, table.dates, field="received_on")
    if received_on > firm.today:
        raise Invalid(
            N_("Money cannot have arrived in the future. Give the day it arrived."),
            code="received_in_future",
            field="received_on",
        )
    currency = table.currency(row, ("amount", "credit"), firm.currency) or firm.currency
    rest = table.cells(row, ("payer", "reference", "external_id"))
    return BankFacts(
        received_on,
        _income(table, row, currency),
        currency,
        _named(rest.get("payer"), "payer"),
        _named(rest.get("reference"), "reference"),
        parse_code(rest["external_id"], field="external_id") if "external_id" in rest else None,
    )


def _income(table: Table, row: Row, currency: str) -> int:
    """Minor units that came in. Raises `Invalid` for a row without an amount, of nothing, and for money that left."""
    read = {
        name: parse_amount(cell, exponent_of(currency), table.numbers, currency=currency, field=name)
        for name, cell in table.cells(row, ("amount", "credit", "debit")).items()
    }
    if not read:
        raise Invalid(N_("Give the amount that arrived."), code="amount_missing", field="amount")
    came = read.get("credit") or (read.get("amount", 0) if not read.get("debit") else 0)
    if came < 0 or (not came and read.get("debit")):
        raise Invalid(
            N_("This money went out. Only what came in is taken from a bank's sheet."),
            code="not_income",
            field="debit" if read.get("debit") else "amount",
        )
    if not came:
        raise Invalid(N_("The amount must be more than zero."), code="amount_not_positive", field="amount")
    return came


def _named(cell: CellValue | None, name: str) -> str | None:
    return None if cell is None else parse_name(cell, field=name)


def _counted(entries: Sequence[Entry[BankFacts]]) -> list[Entry[BankFacts]]:
    """Rows that are alike get numbers; an id of the bank's that stands twice is refused the second time."""
    alike: Counter[tuple[Any, ...]] = Counter()
    first: dict[str, int] = {}
    counted: list[Entry[BankFacts]] = []
    for entry in entries:
        if entry.refusal is not None:
            counted.append(entry)
            continue
        alike[entry.read.alike] += 1
        facts = replace(entry.read, repeat=alike[entry.read.alike])
        before = first.setdefault(facts.external_id, entry.number)
        if before != entry.number:
            message = N_("Row %(row)s has the transaction ID of row %(first)s.")
            params = {"row": entry.number, "first": before}
            reason = Reason(message, "duplicate_external_id", "external_id", params)
            counted.append(Entry(entry.number, refusal=reason))
        else:
            counted.append(Entry(entry.number, facts, notes=entry.notes))
    return counted


async def _judged(work: Work, entries: Sequence[Entry[BankFacts]]) -> list[Verdict]:
    ids = [entry.read.external_id for entry in entries]
    known = {row.external_id: row for row in await work.db.execute(queries.known_lines(work, ids))}
    verdicts = []
    for entry in entries:
        facts, before = entry.read, known.get(entry.read.external_id)
        if before is None:
            verdicts.append(Verdict(entry.number, RowOutcome.CREATED))
        elif (before.amount_minor, before.currency, before.received_on) == (
            *(facts.minor, facts.currency, facts.received_on),
        ):
            verdicts.append(Verdict(entry.number, RowOutcome.UNCHANGED, entity_id=before.id))
        else:
            message = N_("Transaction %(id)s is here already with another amount or date.")
            params = {"id": facts.external_id}
            verdicts.append(
                refused(entry.number, Reason(message, "bank_line_differs", "external_id", params))
            )
    return verdicts


def _row(facts: BankFacts) -> dict[str, Any]:
    return {
        "received_on": facts.received_on,
        "amount_minor": facts.minor,
        "currency": facts.currency,
        "payer": facts.payer,
        "reference": facts.reference,
        "external_id": facts.external_id,
    }
