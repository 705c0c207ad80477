"""Sheets of billable units: which customer has which, in service from when until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bursar.catalog.naming import Named, find_named
from bursar.catalog.unit_book import NewUnit, UnitAdded
from bursar.catalog.units import add_units, clean_label, plan_units
from bursar.core.errors import N_, Invalid, Refusal
from bursar.core.work import Work
from bursar.tenancy.cells import parse_name, text_of
from bursar.tenancy.dates import parse_date
from bursar.tenancy.importers import Entry, Firm, Table, Verdict, read_rows, refused
from bursar.tenancy.reasons import Reason
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, RowOutcome

_NEEDED = {
    "customer": N_("Give the customer's code, e-mail address or name."),
    "label": N_("Give the unit's name or serial number."),
    "active_from": N_("Give the day from which the unit is in service."),
}


@dataclass(frozen=True, slots=True)
class UnitFacts:
    named: Named
    label: str
    active_from: date
    active_to: date | None


@dataclass(frozen=True, slots=True)
class UnitImporter:
    """A unit is the same by customer, product, label and first day; a row may bring the day it was retired."""

    kind: ImportKind = ImportKind.UNITS

    def read(self, table: Table, firm: Firm) -> list[Entry[UnitFacts]]:  # noqa: ARG002  the importers' shape
        return read_rows(table, lambda row: _facts(table, row))

    async def judge(self, work: Work, entries: Sequence[Entry[UnitFacts]]) -> list[Verdict]:
        given, refusals = await _units(work, entries)
        return _verdicts(entries, refusals, given, await plan_units(work, list(given.values())))

    async def write(self, work: Work, entries: Sequence[Entry[UnitFacts]]) -> list[Verdict]:
        given, refusals = await _units(work, entries)
        return _verdicts(entries, refusals, given, await add_units(work, list(given.values())))


def _facts(table: Table, row: Row) -> UnitFacts:
    cells = {name: table.cell(row, name) for name in (*_NEEDED, "product", "active_to")}
    for name, message in _NEEDED.items():
        if cells[name] is None:
            raise Invalid(message, code=f"{name}_missing", field=name)
    product, end = cells["product"], cells["active_to"]
    return UnitFacts(
        Named(
            parse_name(cells["customer"] or "", field="customer"),
            parse_name(product, field="product") if product is not None else None,
        ),
        clean_label(text_of(cells["label"] or "", "label")),
        parse_date(cells["active_from"] or "", table.dates, field="active_from"),
        parse_date(end, table.dates, field="active_to") if end is not None else None,
    )


async def _units(
    work: Work, entries: Sequence[Entry[UnitFacts]]
) -> tuple[dict[int, NewUnit], dict[int, Reason]]:
    """By row, the unit it means or why it means none."""
    found = await find_named(work, [entry.read.named for entry in entries])
    given: dict[int, NewUnit] = {}
    refusals: dict[int, Reason] = {}
    for entry in entries:
        facts, meant = entry.read, found[entry.read.named]
        if isinstance(meant, Reason):
            refusals[entry.number] = meant
        else:
            customer_id, product = meant
            given[entry.number] = NewUnit(
                customer_id, product.id, facts.label, facts.active_from, facts.active_to
            )
    return given, refusals


def _verdicts(
    entries: Sequence[Entry[UnitFacts]],
    refusals: Mapping[int, Reason],
    given: Mapping[int, NewUnit],
    answers: Sequence[UnitAdded | Refusal],
) -> list[Verdict]:
    told = dict(zip(given, answers, strict=True))
    return [
        refused(entry.number, refusals[entry.number])
        if entry.number in refusals
        else _verdict(entry.number, told[entry.number])
        for entry in entries
    ]


def _verdict(number: int, answer: UnitAdded | Refusal) -> Verdict:
    if isinstance(answer, Refusal):
        return refused(number, Reason.of(answer))
    outcome = (
        RowOutcome.UPDATED if answer.retired else RowOutcome.UNCHANGED if answer.same else RowOutcome.CREATED
    )
    return Verdict(number, outcome, entity_id=answer.unit_id)
