"""Timelines: newest first, page by page, with sentences, and without what an erasure took away."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.core.journal import Wanted, find, timeline, timeline_of_customer, timeline_of_tenant
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.moves import move
from bursar.core.tables import events, subject_keys
from bursar.core.work import Actor, Origin, Record, Work
from bursar.tenancy.states import ADMIN_SUSPEND
from tests.makers.everything import new_id
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


def say(message: str, params: Mapping[str, Any]) -> str:
    return message % params


async def test_a_timeline_is_the_newest_first_and_ends(work: Work) -> None:
    customer = await a_customer(work)
    for number in range(5):
        await work.record("customer.edit", Record(customer, customer, {"after": {"number": number}}))
    await a_customer(work)

    first = await timeline(work, "customer", customer, limit=4)
    second = await timeline(work, "customer", customer, limit=4, before=first.before)

    assert [entry.changes["after"].get("number") for entry in first.entries] == [4, 3, 2, 1]
    assert [entry.type for entry in second.entries] == ["customer.edit", "customer.active"]
    assert second.before is None


async def test_a_customers_timeline_goes_over_all_rooms_and_types_choose(work: Work) -> None:
    customer = await a_customer(work)
    await work.record("invoice.edit", Record(uuid4(), customer))
    await work.record("invoice.edit", Record(uuid4(), await a_customer(work)))

    everything = await timeline_of_customer(work, customer)
    chosen = await timeline_of_customer(work, customer, types=["invoice.edit", "invoice.issue"])

    assert [entry.type for entry in everything.entries] == ["invoice.edit", "customer.active"]
    assert [entry.type for entry in chosen.entries] == ["invoice.edit"]
    assert len((await timeline_of_tenant(work, types=["invoice.edit"])).entries) == 2


async def test_an_entry_says_what_happened_and_why(work: Work) -> None:
    customer = await a_customer(work)
    await move(work, ADMIN_SUSPEND, customer, because="they moved away", suspended_reason="admin")

    entry = (await timeline(work, "customer", customer)).entries[0]

    assert entry.sentence(say) == "Customer suspended: they moved away"
    assert (entry.actor_type, entry.customer_id) == ("agent", customer)


async def test_a_name_is_told_until_the_customer_is_erased(work: Work) -> None:
    customer, contact = await a_customer(work), uuid4()
    await work.record("customer_contact.add", Record(contact, customer, private={"after": {"name": "Layla"}}))

    (entry,) = (await timeline(work, "customer_contact", contact)).entries
    assert entry.sentence(say) == "Contact added: Layla"

    mine = (subject_keys.c.tenant_id == work.tenant_id) & (subject_keys.c.customer_id == customer)
    await work.db.execute(sa.update(subject_keys).where(mine).values(wrapped_key=None, destroyed_at=work.now))
    (entry,) = (await timeline(work, "customer_contact", contact)).entries
    assert (entry.private, entry.sentence(say)) == (None, "Contact added")


async def some_acts(work: Work) -> UUID:
    """Of the system, of two agents and of a customer: an edit of an invoice each, oldest first; the first agent."""
    one, two = new_id(), new_id()
    for actor in (
        Actor(ActorType.SYSTEM),
        Actor(ActorType.AGENT, one, AgentRole.AGENT),
        Actor(ActorType.AGENT, two, AgentRole.AGENT),
        Actor(ActorType.CUSTOMER, new_id()),
    ):
        work.actor = actor
        await work.record("invoice.edit", Record(new_id()))
    return one


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), ["customer", "agent", "agent", "system"]),
        (Wanted(actor_type=ActorType.AGENT), ["agent", "agent"]),
        (Wanted(actor_type=ActorType.CUSTOMER), ["customer"]),
        (Wanted(actor_type=ActorType.SYSTEM), ["system"]),
        (Wanted(types=["invoice.edit", "invoice.issue"]), ["customer", "agent", "agent", "system"]),
        (Wanted(types=["invoice.issue", "payment.received"]), []),
        (Wanted(types=["invoice.edit", "invoice.issue"], actor_type=ActorType.AGENT), ["agent", "agent"]),
    ],
)
async def test_who_and_what_narrow_what_is_found(work: Work, wanted: Wanted, found: list[str]) -> None:
    await some_acts(work)

    assert [entry.actor_type for entry in (await find(work, wanted)).entries] == found


async def test_one_agents_acts_are_found_and_pages_follow_each_other(work: Work) -> None:
    one = await some_acts(work)

    assert [entry.actor_id for entry in (await find(work, Wanted(actor_id=one))).entries] == [one]
    several = Wanted(types=["invoice.edit", "invoice.issue"])
    seen: list[UUID] = []
    page = await find(work, several, limit=3)
    while page.before:
        seen += [entry.id for entry in page.entries]
        page = await find(work, several, limit=3, before=page.before)
    seen += [entry.id for entry in page.entries]
    assert len(set(seen)) == 4
    assert seen == sorted(seen, reverse=True)


async def test_a_period_is_a_span_of_the_databases_clock(work: Work) -> None:
    await work.record("invoice.edit", Record(new_id()))
    mine = events.c.tenant_id == work.tenant_id, events.c.type == "invoice.edit"
    at = (await work.db.scalars(sa.select(sa.func.uuid_extract_timestamp(events.c.id)).where(*mine))).one()
    ms = timedelta(milliseconds=1)

    for since, until, there in ((at, at + ms, 1), (at + ms, None, 0), (None, at, 0), (None, at + ms, 1)):
        wanted = Wanted(since=since, until=until, types=["invoice.edit"])
        assert len((await find(work, wanted)).entries) == there


@pytest.mark.parametrize(
    ("role", "sees"), [("owner", True), ("admin", True), ("agent", False), ("viewer", False)]
)
async def test_from_where_somebody_acted_is_for_administrators(work: Work, role: str, sees: bool) -> None:
    work.origin = Origin("203.0.113.7", "Ledger/1.0", "r-1")
    await work.record("invoice.edit", Record(new_id()))
    work.actor = Actor(ActorType.AGENT, None, AgentRole(role))

    (entry,) = (await find(work, Wanted(types=["invoice.edit"]))).entries

    seen = (entry.ip, entry.user_agent, entry.request_id)
    assert seen == (("203.0.113.7", "Ledger/1.0", "r-1") if sees else (None, None, None))
