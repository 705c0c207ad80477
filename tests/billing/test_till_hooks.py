"""What comes to a till's address: believed only if it is signed just now, stored once, answered at once (R127, R128)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.billing.tables import payments, tills
from bursar.billing.tills.tills import disable, forget_secrets, hook_path
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.tables import events
from bursar.notifications.tables import notifications
from tests.makers.hooks import SECRET, Counter, a_counter, a_till, an_event, signature
from tests.makers.tenancy import an_agent

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Counter]:
    async with a_counter(addresses, clock, keyring) as made:
        yield made


async def test_what_is_signed_is_kept_as_it_came_and_answered(counter: Counter) -> None:
    event = await counter.completed(await counter.checkout())

    [kept] = await counter.inbounds()
    assert (kept.provider, kept.external_id, kept.kind, kept.handled_at, kept.attempts) == (
        "stripe",
        event["id"],
        "checkout.session.completed",
        None,
        0,
    )
    assert kept.payload == {"till_id": str(counter.till_id), "event": event}
    assert await counter.rows(payments) == []  # that is the worker's


async def test_ten_copies_at_once_are_one_row_and_one_payment(counter: Counter) -> None:
    event = counter.event("checkout.session.completed", (await counter.checkout()).told())

    assert await asyncio.gather(*(counter.tell(event) for _ in range(10))) == [200] * 10
    await asyncio.gather(*(counter.apply() for _ in range(5)))
    assert await counter.tell(event) == 200  # an hour later, once more
    await counter.apply()

    assert len(await counter.inbounds()) == 1
    assert [row.amount_minor for row in await counter.rows(payments)] == [100_00]


async def test_a_job_waits_for_each_tenant_that_was_told_something_and_no_second_one(
    counter: Counter,
) -> None:
    checkouts = [await counter.checkout() for _ in range(3)]

    await asyncio.gather(*(counter.completed(one) for one in checkouts))
    await counter.completed(checkouts[0])
    await asyncio.sleep(0.2)

    async with counter.house.office.directory() as work:
        jobs = sa.text(
            "select task_name, args from procrastinate_jobs where task_name = 'billing.apply_inbounds'"
        )
        found = [tuple(row) for row in await work.db.execute(jobs)]
    assert found == [("billing.apply_inbounds", {"tenant_id": str(counter.tenant_id)})]


@pytest.mark.parametrize(
    "forgery", ["re-serialised", "wrong secret", "no v1", "no header", "empty", "late", "early", "v0"]
)
async def test_what_is_forged_is_400_and_no_row(counter: Counter, clock: FixedClock, forgery: str) -> None:
    event = counter.event("checkout.session.completed", (await counter.checkout()).told())
    body, now = json.dumps(event).encode(), clock.now()
    sent, header = {
        "re-serialised": (json.dumps(event, separators=(",", ":")).encode(), signature(body, now)),
        "wrong secret": (body, signature(body, now, "whsec_of_somebody_else")),
        "no v1": (body, f"t={int(now.timestamp())}"),
        "no header": (body, None),
        "empty": (body, ""),
        "late": (body, signature(body, now - timedelta(seconds=301))),
        "early": (body, signature(body, now + timedelta(seconds=301))),
        "v0": (body, signature(body, now).replace("v1=", "v0=")),
    }[forgery]

    assert await counter.post(sent, header) == 400

    assert await counter.inbounds() == []


async def test_two_signatures_while_a_secret_is_replaced_are_believed_by_either(counter: Counter) -> None:
    event = counter.event("checkout.session.completed", (await counter.checkout()).told())
    body, now = json.dumps(event).encode(), counter.house.office.clock.now()

    assert await counter.post(body, signature(body, now, "whsec_the_new_one", SECRET)) == 200


@pytest.mark.parametrize("seconds", [-300, 300])
async def test_five_minutes_of_clock_are_forgiven_both_ways(counter: Counter, seconds: int) -> None:
    event = counter.event("product.created", {"id": "prod_1", "object": "product"})

    assert await counter.tell(event, now=counter.house.office.clock.now() + timedelta(seconds=seconds)) == 200


async def test_a_secret_that_was_just_replaced_is_used_at_once(counter: Counter) -> None:
    event = counter.event("product.created", {"id": "prod_1", "object": "product"})
    assert await counter.tell(event) == 200
    async with counter.house.office.work(counter.tenant_id) as work:
        row = (await work.db.execute(sa.select(tills).where(tills.c.tenant_id == counter.tenant_id))).one()
        await work.vault.replace(row.webhook_secret_id, b"whsec_the_new_one")
    await asyncio.sleep(1.1)  # whoever guesses secrets makes us look no oftener

    body = json.dumps(counter.event("product.created", {"id": "prod_2", "object": "product"})).encode()
    now = counter.house.office.clock.now()
    assert await counter.post(body, signature(body, now, "whsec_the_new_one")) == 200
    assert await counter.post(body, signature(body, now)) == 400


async def test_another_tills_address_does_not_believe_this_ones_secret(
    counter: Counter, addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_counter(addresses, clock, keyring, secret="whsec_of_the_other_firm") as other:
        body = json.dumps(counter.event("product.created", {"id": "prod_1", "object": "product"})).encode()

        assert await counter.post(body, signature(body, clock.now()), hook=other.hook) == 400

        assert await other.inbounds() == []


@pytest.mark.parametrize("change", ["token", "gone", "closed"])
async def test_an_address_that_is_nobodys_is_404_and_no_row(counter: Counter, change: str) -> None:
    event = counter.event("product.created", {"id": "prod_1", "object": "product"})
    body = json.dumps(event).encode()
    hook = counter.hook
    if change == "token":
        hook = hook[:-4] + ("AAAA" if not hook.endswith("AAAA") else "BBBB")
    if change == "gone":
        async with counter.house.office.work(counter.tenant_id) as work:
            hook = hook_path(work, "stripe", uuid4())
    if change == "closed":
        async with counter.house.office.work(counter.tenant_id) as work:
            await disable(work, counter.till_id)
            await forget_secrets(work, counter.till_id)

    assert await counter.post(body, signature(body, counter.house.office.clock.now()), hook=hook) == 404

    assert await counter.inbounds() == []


@pytest.mark.parametrize("wrong", ["live", "account"])
async def test_money_of_another_kind_or_account_is_refused_and_the_owner_told_once(
    counter: Counter, wrong: str
) -> None:
    owner = await an_agent(counter.house.office, counter.tenant_id, AgentRole.OWNER)
    await an_agent(counter.house.office, counter.tenant_id, AgentRole.AGENT)
    given = {"livemode": True} if wrong == "live" else {"account": "acct_of_somebody_else"}
    told = (await counter.checkout()).told()

    for _ in range(3):
        assert await counter.tell(counter.event("checkout.session.completed", told, **given)) == 400

    assert await counter.inbounds() == []
    assert [row.agent_id for row in await counter.rows(notifications)] == [owner.id]
    assert len(await counter.rows(events, events.c.type == "till.mismatch")) == 1


async def test_what_we_do_not_know_is_kept_and_changes_nothing(counter: Counter) -> None:
    assert await counter.tell(counter.event("invoice.finalized", {"id": "in_1", "object": "invoice"})) == 200
    await counter.apply()

    [kept] = await counter.inbounds()
    assert (kept.kind, kept.error) == ("invoice.finalized", None)
    assert kept.handled_at is not None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nothing", b'{"object":"event"}', b'{"id":"evt_1","object":"list"}']
)
async def test_what_is_signed_and_no_event_is_400(counter: Counter, body: bytes) -> None:
    assert await counter.post(body, signature(body, counter.house.office.clock.now())) == 400

    assert await counter.inbounds() == []


async def test_a_body_without_end_is_cut_off(counter: Counter) -> None:
    assert await counter.post(b" " * (1024 * 1024 + 1), "t=1,v1=00") == 413


async def test_characters_that_the_database_cannot_hold_spoil_nobodys_event(counter: Counter) -> None:
    odd = counter.event(
        "product.created", {"id": "prod_1", "object": "product", "name": "a\0b", "e": "\U0001f600"}
    )
    fine = counter.event("product.created", {"id": "prod_2", "object": "product"})

    assert await asyncio.gather(counter.tell(odd), counter.tell(fine)) == [200, 200]

    names = [row.payload["event"]["data"]["object"].get("name") for row in await counter.inbounds()]
    assert sorted(names, key=str) == [None, "ab"]


async def test_one_firms_events_are_not_anothers(
    counter: Counter, addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_counter(addresses, clock, keyring) as other:
        theirs = await other.checkout()
        # A reference of another firm, told of at our own address: it names nothing here.
        await counter.completed(theirs)
        await counter.apply()
        await other.apply()

        assert await other.rows(payments) == []
        [kept] = await counter.inbounds()
        assert (kept.handled_at is not None, kept.error) == (True, "none of our checkouts")


async def test_another_till_of_the_same_firm_does_not_speak_of_this_ones_checkouts(counter: Counter) -> None:
    mine = await counter.checkout()
    async with counter.house.office.work(counter.tenant_id) as work:
        second = await a_till(work, is_primary=False, secret="whsec_second")
        hook = hook_path(work, "stripe", second)
    body = json.dumps(
        an_event("checkout.session.completed", mine.told(), counter.house.office.clock.now())
    ).encode()

    assert (
        await counter.post(body, signature(body, counter.house.office.clock.now(), "whsec_second"), hook=hook)
        == 200
    )
    await counter.apply()

    assert await counter.rows(payments) == []
