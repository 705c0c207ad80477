"""Timelines: newest first, page by page, with sentences, and without what an erasure took away."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.core.journal import timeline, timeline_of_customer, timeline_of_tenant
from bursar.core.moves import move
from bursar.core.tables import subject_keys
from bursar.core.work import Record, Work
from bursar.tenancy.states import ADMIN_SUSPEND
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
