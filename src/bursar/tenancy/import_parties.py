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
from bursar.tenancy.merging import Party
from bursar.tenancy.queries import customers as customer_queries
from bursar.tenancy.queries import imports as queries
from bursar.tenancy.reasons import Reason
from bursar.tenancy.states import CustomerSource, RowOutcome

_NAMES = ("full_name", "company_name")
_ADDRESS = ("email", "email_key")
_LISTS = ("tags", "custom_fields")
_WITHOUT_A_NAME = {"email", "email_key", "phone", "locale"}


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
    known, rows = await _meet(work, parties)
    planned = await customer_sets.plan_customers(work, list(rows.values()))
    return known | {party: _known(plan, known.get(party)) for party, plan in zip(rows, planned, strict=True)}


async def write_parties(work: Work, parties: Sequence[Party]) -> dict[Party, Known]:
    """Make those who are new and fill what is blank of the others."""
    known, rows = await _meet(work, parties)
    written = await customer_sets.upsert_customers(work, list(rows.values()), source=CustomerSource.INVOICE)
    return known | {party: _known(plan, known.get(party)) for party, plan in zip(rows, written, strict=True)}


async def _meet(
    work: Work, parties: Sequence[Party]
) -> tuple[dict[Party, Known], dict[Party, Mapping[str, Any]]]:
    """Who is here already, and the values of those who are to be made or completed."""
    nameless = [party for party in parties if party.values.keys() <= _WITHOUT_A_NAME]
    known = await _pointed_at(work, nameless)
    stored = await _stored(work, [party for party in parties if party not in known])
    rows: dict[Party, Mapping[str, Any]] = {}
    for party in parties:
        row = stored.get(party)
        if row is not None:
            completed = _completed(party.values, row)
            known[party] = Known(row["id"], RowOutcome.UNCHANGED, kept=_kept(party.values, completed))
            if any(row[name] != value for name, value in completed.items() if name not in _LISTS):
                rows[party] = completed
        elif party not in known:
            rows[party] = party.values
    return known, rows


async def _pointed_at(work: Work, parties: Sequence[Party]) -> dict[Party, Known]:
    """An e-mail address without a name means the one customer who has it; whoever nobody has is left out.

    So little says who is meant and nothing more: it changes no customer.
    """
    if not parties:
        return {}
    asked = [{"number": at, "email_key": party.values.get("email_key")} for at, party in enumerate(parties)]
    found: dict[int, list[UUID]] = defaultdict(list)
    for match in await work.db.execute(queries.pointed_at(work, asked)):
        found[match.number].append(match.id)
    several = Known(None, RowOutcome.REFUSED, Reason(AMBIGUOUS, "customer_ambiguous", "customer"))
    return {
        parties[at]: several if len(ids) > 1 else Known(ids[0], RowOutcome.UNCHANGED)
        for at, ids in found.items()
    }


async def _stored(work: Work, parties: Sequence[Party]) -> dict[Party, Mapping[Any, Any]]:
    """The customers whom these parties are, as they are here; whoever could be several is left to the plan."""
    sames = await customer_sets.find_same(work, [party.values for party in parties])
    ids = sorted({same.customer_id for same in sames if same.customer_id})
    if not ids:
        return {}
    rows = {
        row["id"]: row
        for row in (await work.db.execute(customer_queries.customers_by_id(work, ids))).mappings()
    }
    return {
        party: rows[same.customer_id]
        for party, same in zip(parties, sames, strict=True)
        if same.customer_id in rows
    }


def _kept(values: Mapping[str, Any], completed: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields in which the sheet says otherwise; capitals make no other address."""
    names = (name for name in values if name not in {"email", *_LISTS})
    shown = (
        "email" if name == "email_key" else name
        for name in names
        if values[name] not in (completed[name], None)
    )
    return tuple(shown)


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


def _known(plan: Planned, before: Known | None) -> Known:
    if plan.outcome is RowOutcome.REFUSED:
        return Known(None, RowOutcome.REFUSED, _refusal(plan))
    return Known(plan.customer_id, plan.outcome, kept=before.kept if before else ())


def _refusal(plan: Planned) -> Reason:
    if plan.reason == AMBIGUOUS:
        return Reason(AMBIGUOUS, "customer_ambiguous", "customer")
    message = N_("There is no such customer, and no name to make one of. Give the customer's name.")
    return Reason(message, "customer_unknown", "customer")
