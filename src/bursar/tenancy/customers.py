"""Customers: made, changed, found, suspended and reinstated by the firm's people (lifecycle 1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Conflict, IllegalMove, Invalid, NotFound, StaleVersion
from bursar.core.kinds import AgentRole
from bursar.core.moves import move
from bursar.core.states import allowed_from
from bursar.core.work import Record, Work
from bursar.tenancy import states, tenants
from bursar.tenancy.customer_fields import CustomerInput, clean_customer, split_change
from bursar.tenancy.queries import customers as queries
from bursar.tenancy.states import CustomerKind, CustomerSource, CustomerState, SuspendedReason

MOVES = (states.ADMIN_SUSPEND, states.REINSTATE)
LARGEST_PAGE = 200
# Whoever did not pay comes back by paying (lifecycle 1).
REINSTATED_BY_HAND = frozenset({SuspendedReason.ADMIN, SuspendedReason.REFUND, SuspendedReason.CHARGEBACK})


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer as the firm sees them. `version` is what an edit names to notice another's."""

    id: UUID
    version: int
    state: CustomerState
    suspended_reason: SuspendedReason | None
    external_code: str | None
    kind: CustomerKind
    full_name: str | None
    company_name: str | None
    email: str | None
    phone: str | None
    locale: str | None
    time_zone: str | None
    tax_number: str | None
    registration_number: str | None
    registration_authority: str | None
    address_lines: list[str]
    city: str | None
    subdivision: str | None
    country: str | None
    name_local: str | None
    tags: list[str]
    custom_fields: dict[str, Any]
    source: CustomerSource
    link_version: int
    created_at: datetime
    updated_at: datetime

    @property
    def name(self) -> str:
        """The firm's, else the person's; the table holds that there is one."""
        return self.company_name or self.full_name or ""


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """What is None does not matter. `tags` must all be there; `text` is looked for anywhere in names,
    e-mail address, code and phone.
    """

    text: str | None = None
    tags: Sequence[str] = ()
    state: CustomerState | None = None
    kind: CustomerKind | None = None
    source: CustomerSource | None = None
    country: str | None = None
    locale: str | None = None
    has_email: bool | None = None
    ids: Sequence[UUID] | None = None

    def wanted(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the page after, or None at the end."""

    rows: list[Customer]
    next: UUID | None


async def create_customer(
    work: Work, given: CustomerInput, *, source: CustomerSource = CustomerSource.MANUAL
) -> UUID:
    """A new active customer. Raises `Invalid` by field, `Conflict` for a code that is taken."""
    work.allow(AgentRole.AGENT)
    values = with_defaults(clean_customer(given, await tenants.region_of(work)))
    customer_id = await work.db.scalar(
        queries.add_customer(work, {**values, "source": source, "state": CustomerState.ACTIVE})
    )
    if customer_id is None:
        raise _code_taken()
    return customer_id


async def edit_customer(
    work: Work, customer_id: UUID, given: CustomerInput, *, version: int | None = None
) -> int:
    """Change what is given and return the version; what stays the same leaves no trace.

    Raises `NotFound`, `StaleVersion` if `version` is not the present one, `Invalid` by field, `Conflict`
    for a code that is taken.
    """
    work.allow(AgentRole.AGENT)
    return await change(work, customer_id, given, version=version)


async def change(work: Work, customer_id: UUID, given: CustomerInput, *, version: int | None = None) -> int:
    """`edit_customer` for whoever has asked already whether the actor may change these fields.

    A new address is another reader's: whoever came into the portal by the old one is out of it.
    """
    region = await tenants.region_of(work)
    before = await _locked(work, customer_id)
    values = clean_customer(given, region, country=before["country"])
    if version is not None and version != before["version"]:
        raise StaleVersion("customer")
    changed = {name: value for name, value in values.items() if before[name] != value}
    if not changed:
        return before["version"]
    require_name({**before, **changed})
    await _refuse_taken_code(work, changed.get("external_code"))
    after = await work.db.scalar(queries.edit_customer(work, customer_id, changed))
    if "email_key" in changed:
        await shut_portal(work, [customer_id])
    await work.record("customer.edit", edit_record(customer_id, before, changed))
    return after or before["version"]


async def get_customer(work: Work, customer_id: UUID) -> Customer:
    """Raises `NotFound`, for another tenant's too."""
    row = (await work.db.execute(queries.one_customer(work, customer_id))).one_or_none()
    if row is None:
        raise NotFound("customer")
    return _customer(row._asdict())


async def list_customers(
    work: Work,
    wanted: CustomerFilter = CustomerFilter(),
    *,
    cursor: UUID | None = None,
    limit: int = 50,
) -> Page:
    """The newest first, after `cursor`. A customer added meanwhile moves nobody to another page."""
    limit = max(1, min(limit, LARGEST_PAGE))
    found = await work.db.execute(queries.list_customers(work, wanted.wanted(), cursor, limit + 1))
    rows = [_customer(row._asdict()) for row in found]
    return Page(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


async def count_customers(work: Work, wanted: CustomerFilter = CustomerFilter()) -> int:
    return (await work.db.scalars(queries.count_customers(work, wanted.wanted()))).one()


async def tags_in_use(work: Work) -> list[str]:
    """What customers are tagged with, for choosing."""
    return list(await work.db.scalars(queries.tags_in_use(work)))


async def ids_of_customers(work: Work, wanted: CustomerFilter) -> list[UUID]:
    """All who meet the filter, for an act upon a set."""
    return list(await work.db.scalars(queries.ids_of_customers(work, wanted.wanted())))


async def suspend_customer(work: Work, customer_id: UUID, *, reason: str, version: int | None = None) -> None:
    """Nothing more is sent to them and their portal closes at once (admin_suspend).

    Raises `NotFound`, `IllegalMove`, `StaleVersion`, `Invalid` without a reason.
    """
    work.allow(AgentRole.ADMIN)
    because = reason.strip()
    if not because:
        raise Invalid(N_("Say why."), code="reason_missing", field="reason")
    before = await _locked(work, customer_id)
    await move(
        work,
        states.ADMIN_SUSPEND,
        customer_id,
        because=because,
        version=version,
        allowed=allowed_from(MOVES, before["state"]),
        suspended_reason=SuspendedReason.ADMIN,
    )
    await shut_portal(work, [customer_id])


async def reinstate_customer(work: Work, customer_id: UUID, *, version: int | None = None) -> None:
    """Active again. Raises `IllegalMove`, also for one suspended as unpaid: paying is their way back."""
    work.allow(AgentRole.ADMIN)
    before = await _locked(work, customer_id)
    reason = before["suspended_reason"]
    if before["state"] == CustomerState.SUSPENDED and reason not in REINSTATED_BY_HAND:
        raise IllegalMove("customer", f"suspended ({reason})", states.REINSTATE.event, ())
    await move(
        work,
        states.REINSTATE,
        customer_id,
        version=version,
        allowed=allowed_from(MOVES, before["state"]),
        suspended_reason=None,
    )


async def revoke_links(work: Work, customer_id: UUID) -> int:
    """Make every signed link this customer ever got useless; the new number is in the next ones."""
    work.allow(AgentRole.AGENT)
    number = await work.db.scalar(queries.raise_link_version(work, customer_id))
    if number is None:
        raise NotFound("customer")
    record = Record(customer_id, customer_id, changes={"after": {"link_version": number}})
    await work.record("customer.revoke_links", record)
    return number


async def shut_portal(work: Work, customer_ids: Sequence[UUID]) -> None:
    """Who is in as one of these is out, and no link that was mailed lets anybody in."""
    await work.db.execute(queries.end_portal_sessions(work, customer_ids))
    await work.db.execute(queries.spend_sign_in_links(work, customer_ids))


def with_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    """A new row's values: a firm if it has a firm's name. Raises `Invalid` without any name."""
    require_name(values)
    kind = CustomerKind.FIRM if values.get("company_name") else CustomerKind.PERSON
    return {"kind": kind, **values}


def require_name(values: Mapping[str, Any]) -> None:
    if not values.get("full_name") and not values.get("company_name"):
        raise Invalid(
            N_("Give the name of the person or of the company."), code="name_missing", field="full_name"
        )


def edit_record(customer_id: UUID, before: Mapping[str, Any], changed: Mapping[str, Any]) -> Record:
    """The journal's record of an edit, personal fields under the customer's key."""
    changes, private = split_change(before, changed)
    return Record(customer_id, customer_id, changes=changes, private=private)


async def _locked(work: Work, customer_id: UUID) -> Mapping[str, Any]:
    row = (await work.db.execute(queries.one_customer(work, customer_id, lock=True))).one_or_none()
    if row is None:
        raise NotFound("customer")
    return row._asdict()


async def _refuse_taken_code(work: Work, code: str | None) -> None:
    if code is not None and await work.db.scalar(queries.holder_of_code(work, code)) is not None:
        raise _code_taken()


def _code_taken() -> Conflict:
    return Conflict(N_("Another customer has this code."), code="code_taken", field="external_code")


def _customer(row: Mapping[str, Any]) -> Customer:
    told = {each.name: row[each.name] for each in fields(Customer)}
    reason = row["suspended_reason"]
    return Customer(
        **{
            **told,
            "state": CustomerState(row["state"]),
            "kind": CustomerKind(row["kind"]),
            "source": CustomerSource(row["source"]),
            "suspended_reason": SuspendedReason(reason) if reason else None,
        }
    )
