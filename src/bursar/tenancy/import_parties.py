"""Customers that a sheet names on the way to something else: found, completed, or made (R140).

What the firm knows of a customer stays as it is: a sheet of invoices only fills what is blank.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bursar.core.errors import N_
from bursar.core.work import Work
from bursar.tenancy import customer_sets
from bursar.tenancy.customer_sets import AMBIGUOUS, Planned
from bursar.tenancy.merging import Party, name_of
from bursar.tenancy.queries import customers as customer_queries
from bursar.tenancy.queries import imports as queries
from bursar.tenancy.reasons import Reason
from bursar.tenancy.states import CustomerSource, RowOutcome

_NAMES = ("full_name", "company_name")
_ADDRESS = ("email", "email_key")
_LISTS = ("tags", "custom_fields")


@dataclass(frozen=True, slots=True)
class Known:
    """What a party is here. `customer_id` of a new one exists only once it was written.

    `kept` are fields in which the sheet says otherwise and what is here stays.
    """

    customer_id: UUID | None
    outcome: RowOutcome
    reason: Reason | None = None
    kept: tuple[str, ...] = ()

    @property
    def note(self) -> tuple[Reason, ...]:
        if not self.kept:
            return ()
        message = N_("The customer's %(fields)s differs from this sheet and stays as it is here.")
        return (Reason(message, "customer_kept", params={"fields": ", ".join(self.kept)}),)


async def plan_parties(work: Work, parties: Sequence[Party]) -> dict[Party, Known]:
    """What `write_parties` would find and do; nothing is written."""
    return await _settle(work, parties, write=False)


async def write_parties(work: Work, parties: Sequence[Party]) -> dict[Party, Known]:
    """Make those who are new and fill what is blank of the others."""
    return await _settle(work, parties, write=True)


async def _settle(work: Work, parties: Sequence[Party], *, write: bool) -> dict[Party, Known]:
    marked = [party for party in parties if party.is_known_by_mark]
    pointed = await _pointed_at(work, [party for party in parties if not party.is_known_by_mark])
    known = {party: found for party, found in pointed.items() if found is not None}
    rows, kept = await _beside_stored(work, marked)
    fresh = [party for party in pointed if party not in known]
    given = [*rows, *(party.values for party in fresh)]
    if write:
        planned = await customer_sets.upsert_customers(work, given, source=CustomerSource.INVOICE)
    else:
        planned = await customer_sets.plan_customers(work, given)
    for party, plan in zip([*marked, *fresh], planned, strict=True):
        known[party] = _known(plan, kept.get(party, ()))
    return known


async def _pointed_at(work: Work, parties: Sequence[Party]) -> dict[Party, Known | None]:
    """Who has an e-mail address or a name alone is the one customer who has it; None if nobody does.

    So little says who is meant and nothing more: it changes no customer.
    """
    if not parties:
        return {}
    asked = [
        {"number": at, "email_key": party.values.get("email_key"), "name": name_of(party.values)}
        for at, party in enumerate(parties)
    ]
    found: dict[int, set[UUID]] = defaultdict(set)
    for match in await work.db.execute(queries.pointed_at(work, asked)):
        found[match.number].add(match.id)
    answers: dict[Party, Known | None] = {}
    for at, party in enumerate(parties):
        if len(found[at]) > 1:
            answers[party] = Known(
                None, RowOutcome.REFUSED, Reason(AMBIGUOUS, "customer_ambiguous", "customer")
            )
        else:
            answers[party] = Known(found[at].pop(), RowOutcome.UNCHANGED) if found[at] else None
    return answers


async def _beside_stored(
    work: Work, parties: Sequence[Party]
) -> tuple[list[dict[str, Any]], dict[Party, tuple[str, ...]]]:
    """Each party's values with those of their customer in front, and the fields in which they differ."""
    sames = await customer_sets.find_same(work, [party.values for party in parties])
    ids = sorted({same.customer_id for same in sames if same.customer_id})
    found = await work.db.execute(customer_queries.customers_by_id(work, ids)) if ids else None
    stored = {row["id"]: row for row in (found.mappings() if found else ())}
    rows: list[dict[str, Any]] = []
    kept: dict[Party, tuple[str, ...]] = {}
    for party, same in zip(parties, sames, strict=True):
        row = stored.get(same.customer_id) if same.customer_id else None
        rows.append(_completed(party.values, row) if row else party.values)
        if row:
            kept[party] = tuple(
                name
                for name, value in rows[-1].items()
                if name != "email_key" and name in party.values and party.values[name] not in (value, None)
            )
    return rows, kept


def _completed(values: Mapping[str, Any], stored: Mapping[Any, Any]) -> dict[str, Any]:
    """A name here keeps both names, since together they tell who it is; an address keeps its key."""
    told = dict(values)
    for name in values:
        beside = _NAMES if name in _NAMES else _ADDRESS if name in _ADDRESS else (name,)
        if name not in _LISTS and any(stored[each] for each in beside):
            told[name] = stored[name]
    for name in _NAMES:
        if stored[name]:
            told[name] = stored[name]
    return told


def _known(plan: Planned, kept: tuple[str, ...]) -> Known:
    if plan.outcome is not RowOutcome.REFUSED:
        return Known(plan.customer_id, plan.outcome, kept=kept)
    return Known(None, RowOutcome.REFUSED, _refusal(plan))


def _refusal(plan: Planned) -> Reason:
    if plan.reason == AMBIGUOUS:
        return Reason(AMBIGUOUS, "customer_ambiguous", "customer")
    message = N_("There is no such customer, and no name to make one of. Give the customer's name.")
    return Reason(message, "customer_unknown", "customer")
