"""Sheets of contacts: the people of customers who are here already, as sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.tenancy.cells import parse_name
from bursar.tenancy.customer_fields import clean_contact, split_change
from bursar.tenancy.customer_sets import RECORDS_AT_ONCE
from bursar.tenancy.customers_meant import customers_meant, not_one
from bursar.tenancy.importers import Entry, Firm, Table, Verdict, read_rows, refused
from bursar.tenancy.queries import customers as customer_queries
from bursar.tenancy.queries import imports as queries
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, RowOutcome

FIELDS = ("name", "email", "phone", "role", "locale")


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """`customer` is a code, an e-mail address or a name, as the sheet has it."""

    customer: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class _Person:
    """A contact that rows are about. `before` is None for one that is to be added."""

    customer_id: UUID
    values: dict[str, Any]
    before: Mapping[Any, Any] | None = None
    id: UUID | None = None

    @property
    def changed(self) -> dict[str, Any]:
        before = self.before or {}
        return {name: value for name, value in self.values.items() if before.get(name) != value}


@dataclass(slots=True)
class _Plan:
    verdicts: list[Verdict] = field(default_factory=list)
    people: dict[int, _Person] = field(default_factory=dict)  # by row


@dataclass(frozen=True, slots=True)
class ContactImporter:
    """A person is the same by customer, e-mail address and name; without an address by customer and name."""

    kind: ImportKind = ImportKind.CONTACTS

    def read(self, table: Table, firm: Firm) -> list[Entry[ContactFacts]]:
        def read_row(row: Row) -> ContactFacts:
            customer = table.cell(row, "customer")
            if customer is None:
                raise Invalid(
                    N_("Give the customer's code, e-mail address or name."),
                    code="customer_missing",
                    field="customer",
                )
            values = clean_contact(table.cells(row, FIELDS), firm.country)
            _require_usable(values)
            return ContactFacts(parse_name(customer, field="customer"), values)

        return read_rows(table, read_row)

    async def judge(self, work: Work, entries: Sequence[Entry[ContactFacts]]) -> list[Verdict]:
        return (await _plan(work, entries, lock=False)).verdicts

    async def write(self, work: Work, entries: Sequence[Entry[ContactFacts]]) -> list[Verdict]:
        work.allow(AgentRole.AGENT)
        plan = await _plan(work, entries, lock=True)
        people = list({id(person): person for person in plan.people.values()}.values())
        await _add(work, [person for person in people if person.before is None])
        await _edit(work, [person for person in people if person.before is not None and person.changed])
        return [
            Verdict(one.number, one.outcome, one.reasons, plan.people[one.number].id)
            if one.number in plan.people
            else one
            for one in plan.verdicts
        ]


async def _plan(work: Work, entries: Sequence[Entry[ContactFacts]], *, lock: bool) -> _Plan:
    meant = await customers_meant(work, [entry.read.customer for entry in entries])
    ids = sorted({next(iter(found)) for found in meant.values() if len(found) == 1})
    if lock and ids:
        await work.db.execute(customer_queries.customers_by_id(work, ids, lock=True))
    people = await _people_of(work, ids, lock=lock)
    plan = _Plan()
    for entry in entries:
        found = meant[entry.read.customer]
        if len(found) != 1:
            plan.verdicts.append(refused(entry.number, not_one(entry.read.customer, len(found))))
            continue
        person, outcome = _meet(people, next(iter(found)), entry.read.values)
        plan.people[entry.number] = person
        plan.verdicts.append(Verdict(entry.number, outcome, entity_id=person.id))
    return plan


async def _people_of(work: Work, ids: Sequence[UUID], *, lock: bool) -> dict[tuple[Any, ...], _Person]:
    people: dict[tuple[Any, ...], _Person] = {}
    if ids:
        for row in (await work.db.execute(queries.contacts_of_many(work, ids, lock=lock))).mappings():
            values = {name: row[name] for name in queries.CONTACT_COLUMNS}
            person = _Person(row["customer_id"], values, row, row["id"])
            people.setdefault(_mark(row["customer_id"], values), person)
    return people


def _meet(
    people: dict[tuple[Any, ...], _Person], customer_id: UUID, values: Mapping[str, Any]
) -> tuple[_Person, RowOutcome]:
    """The person a row is about, with what the row adds; later rows find them."""
    told = {name: value for name, value in values.items() if value}
    mark = _mark(customer_id, told)
    person = people.get(mark)
    if person is None:
        person = people[mark] = _Person(customer_id, {"role": "billing", **told})
        return person, RowOutcome.CREATED
    fresh = {name: value for name, value in told.items() if person.values.get(name) != value}
    person.values.update(fresh)
    return person, RowOutcome.UPDATED if fresh else RowOutcome.UNCHANGED


async def _add(work: Work, people: Sequence[_Person]) -> None:
    if not people:
        return
    for person, new_id in zip(
        people, await work.db.scalars(customer_queries.new_ids(work, len(people))), strict=True
    ):
        person.id = new_id
    written = (await work.db.scalars(queries.add_contacts(work, [_document(each) for each in people]))).all()
    if len(written) != len(people):
        raise Conflict(N_("Somebody added one of these people just now. Try again."), code="busy")
    await _tell(work, "customer_contact.add", people)


async def _edit(work: Work, people: Sequence[_Person]) -> None:
    if people:
        await work.db.execute(queries.edit_contacts(work, [_document(person) for person in people]))
        await _tell(work, "customer_contact.edit", people)


async def _tell(work: Work, event: str, people: Sequence[_Person]) -> None:
    records: list[Record] = []
    for person in people:
        changed = person.changed
        changes, private = split_change(person.before or dict.fromkeys(changed), changed)
        if person.id is not None:
            records.append(Record(person.id, person.customer_id, changes=changes, private=private))
    for start in range(0, len(records), RECORDS_AT_ONCE):
        await work.record(event, *records[start : start + RECORDS_AT_ONCE])


def _document(person: _Person) -> dict[str, Any]:
    columns = {name: person.values.get(name) for name in queries.CONTACT_COLUMNS}
    return {"id": str(person.id), "customer_id": str(person.customer_id), **columns}


def _mark(customer_id: UUID, values: Mapping[str, Any]) -> tuple[Any, ...]:
    return (customer_id, values.get("email_key"), values["name"])


def _require_usable(values: Mapping[str, Any]) -> None:
    if not values.get("name"):
        raise Invalid(N_("Give the person's name."), code="name_missing", field="name")
    if not values.get("email") and not values.get("phone"):
        raise Invalid(N_("Give an e-mail address or a phone number."), code="no_way_to_reach", field="email")
