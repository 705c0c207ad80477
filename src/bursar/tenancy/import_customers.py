"""Sheets of customers: cleaned, rows about one customer merged, then made and changed as sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.tenancy import customer_sets
from bursar.tenancy.cells import text_of
from bursar.tenancy.customer_fields import clean_customer
from bursar.tenancy.customer_sets import AMBIGUOUS, Planned
from bursar.tenancy.grids import CellValue
from bursar.tenancy.importers import Entry, Firm, Table, Verdict, read_rows, refused
from bursar.tenancy.merging import Party, merge, name_of
from bursar.tenancy.places import parse_country
from bursar.tenancy.reasons import Reason
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, RowOutcome

FIELDS = (
    *("external_code", "kind", "full_name", "company_name", "email", "phone", "locale", "tax_number"),
    *("address", "city", "country", "tags"),
)


@dataclass(frozen=True, slots=True)
class CustomerImporter:
    """What the sheet says counts: what differs here is changed, what is blank there stays."""

    kind: ImportKind = ImportKind.CUSTOMERS

    def read(self, table: Table, firm: Firm) -> list[Entry[Party]]:
        clean = Cleaner(firm)

        def read_row(row: Row) -> dict[str, Any]:
            values = clean(table.cells(row, FIELDS))
            if not name_of(values) and not values.get("external_code"):
                raise Invalid(
                    N_("Give the name of the person or of the company."),
                    code="name_missing",
                    field="full_name",
                )
            return values

        return with_parties(read_rows(table, read_row))

    async def judge(self, work: Work, entries: Sequence[Entry[Party]]) -> list[Verdict]:
        parties = _parties(entries)
        return _verdicts(entries, parties, await customer_sets.plan_customers(work, _values(parties)))

    async def write(self, work: Work, entries: Sequence[Entry[Party]]) -> list[Verdict]:
        parties = _parties(entries)
        return _verdicts(entries, parties, await customer_sets.upsert_customers(work, _values(parties)))


class Cleaner:
    """Cells to clean columns of `customers`, once for each customer of a sheet that repeats them."""

    def __init__(self, firm: Firm) -> None:
        self._region = firm.country
        self._seen: dict[tuple[tuple[str, CellValue], ...], dict[str, Any]] = {}

    def __call__(self, cells: Mapping[str, CellValue]) -> dict[str, Any]:
        """Raises `Invalid` by field."""
        key = tuple(cells.items())
        found = self._seen.get(key)
        if found is None:
            given: dict[str, Any] = dict(cells)
            if "country" in given:
                given["country"] = parse_country(given["country"])
            if "address" in given:
                given["address_lines"] = text_of(given.pop("address"), "address")
            found = self._seen[key] = clean_customer(given, self._region)
        return found


def with_parties(entries: Sequence[Entry[dict[str, Any]]]) -> list[Entry[Party]]:
    """The entries with the customers they are about, those of one customer with the same."""
    readable = [entry for entry in entries if entry.refusal is None]
    parties = iter(merge([(entry.number, entry.read) for entry in readable]))
    merged: list[Entry[Party]] = []
    for entry in entries:
        if entry.refusal is not None:
            merged.append(Entry(entry.number, refusal=entry.refusal))
        else:
            party = next(parties)
            if party.is_ambiguous:
                reason = Reason(AMBIGUOUS, "customer_ambiguous", "customer")
                merged.append(Entry(entry.number, refusal=reason))
            else:
                merged.append(Entry(entry.number, party, notes=party.note(entry.number)))
    return merged


def _parties(entries: Sequence[Entry[Party]]) -> list[Party]:
    return list({id(entry.read): entry.read for entry in entries}.values())


def _values(parties: Sequence[Party]) -> list[dict[str, Any]]:
    return [party.values for party in parties]


def _verdicts(
    entries: Sequence[Entry[Party]], parties: Sequence[Party], planned: Sequence[Planned]
) -> list[Verdict]:
    plans = dict(zip(parties, planned, strict=True))
    return [_verdict(entry, plans[entry.read]) for entry in entries]


def _verdict(entry: Entry[Party], plan: Planned) -> Verdict:
    if plan.outcome is RowOutcome.REFUSED:
        code = "customer_ambiguous" if plan.reason == AMBIGUOUS else "name_missing"
        field = "external_code" if plan.reason == AMBIGUOUS else "full_name"
        return refused(entry.number, Reason(plan.reason or "", code, field))
    if entry.number == entry.read.first:
        return Verdict(entry.number, plan.outcome, entry.notes, plan.customer_id)
    merged = Reason(N_("Merged with row %(first)s."), "merged", params={"first": entry.read.first})
    return Verdict(entry.number, RowOutcome.UNCHANGED, (merged, *entry.notes), plan.customer_id)
