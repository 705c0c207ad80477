"""Lifecycle 10, typed from its table: what claims and answers make of a send."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.billing.disputes import open_dispute
from bursar.billing.promises import make_promise
from bursar.billing.states import DisputeReason
from bursar.billing.tables import invoices
from bursar.chasing.campaigns import cancel, retry_failed, send_now
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, IllegalMove
from bursar.core.keys import Keyring
from bursar.core.tables import events
from bursar.outbox import runs, settling
from bursar.outbox.ordering import Order, Subject, order
from bursar.outbox.ports import Outcome, Result
from bursar.outbox.states import MailStream, Purpose
from bursar.outbox.tables import incoming_messages, suppressions
from bursar.tenancy.customers import suspend_customer
from bursar.tenancy.tables import customers
from tests.makers.billing import an_overdue_invoice, pay
from tests.makers.outbox import a_version, the_account
from tests.makers.story import Story, a_campaign, a_released_campaign, a_story, late_customers
from tests.makers.tenancy import a_customer
from tests.makers.wire import (
    answer,
    change_sends,
    claimed,
    one_send,
    sends_of,
    standing,
    subjects_of,
    tried,
    tries_of,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def story(shared_addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    """A firm of its own in the shared database: nothing here looks across tenants."""
    async with a_story(shared_addresses, clock, keyring) as story:
        yield story


async def on_its_way(story: Story, invoices: int = 1) -> None:
    """One customer's mail, released."""
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1, invoices=invoices)
        await a_released_campaign(work)


# what the server says  → state, reason, attempts spent, minutes until the next try, stands in usage
ANSWERS = {
    "accepted": ("sent", None, 1, None, 1),
    "deferred": ("queued", None, 0, 1, 0),
    "unreachable": ("queued", None, 1, 1, 0),
    "rejected": ("failed", "rejected", 1, None, 0),
    "unknown_person": ("bounced", "hard_bounce", 1, None, 0),
    "no_answer": ("uncertain", "no_answer", 1, None, 1),
    "signed_out": ("queued", None, 0, 0, 0),
    "over_quota": ("queued", None, 0, 0, 0),
    "policy": ("queued", None, 0, 0, 0),
}


@pytest.mark.parametrize("way", ANSWERS)
async def test_an_answer_moves_a_send_as_the_table_says(story: Story, clock: FixedClock, way: str) -> None:
    state, reason, spent, minutes, used = ANSWERS[way]
    await on_its_way(story)

    await answer(story, await claimed(story), way)

    send = await one_send(story)
    assert (send.state, send.reason, send.attempts) == (state, reason, spent)
    assert send.queue_at == (None if minutes is None else clock.now() + timedelta(minutes=minutes))
    assert len(await tries_of(story, send.id)) == 1
    async with story.house.office.work(story.tenant_id) as work:
        usage = await work.db.scalar(
            sa.text("select coalesce(sum(accepted + uncertain), 0) from account_usage where tenant_id = :t"),
            {"t": work.tenant_id},
        )
        stopped = list(
            await work.db.scalars(
                sa.select(suppressions.c.address_key).where(suppressions.c.tenant_id == work.tenant_id)
            )
        )
    assert usage == used
    assert stopped == ([send.address_key] if state == "bounced" else [])


async def test_a_claim_leaves_the_queue_with_everything_that_will_be_asked_later(story: Story) -> None:
    await on_its_way(story)

    batch = await claimed(story)

    send = await one_send(story)
    assert (send.state, send.attempts, send.queue_at, send.claim_id) == ("sending", 1, None, batch.id)
    assert send.message_id.startswith(f"<{send.id.hex}.")
    assert send.message_id.encode() in batch.letters[0].message
    assert send.merge_data["invoices"][0]["balance"] == "AED\u00a0100.00"
    assert await tried(story) is None, "claimed twice"


async def test_five_errors_are_the_end_and_each_waits_longer(story: Story, clock: FixedClock) -> None:
    await on_its_way(story)
    waits = []
    for _ in range(5):
        await change_sends(story, delays=0)
        await answer(story, await claimed(story), "unreachable")
        send = await one_send(story)
        if send.queue_at is not None:
            waits.append((send.queue_at - clock.now()) / timedelta(minutes=1))
            clock.move_to(send.queue_at)

    send = await one_send(story)
    assert waits == [1, 5, 30, 120]
    assert (send.state, send.reason, send.attempts) == ("failed", "unreachable", 5)
    assert send.failed_at == clock.now()


async def test_who_is_put_off_for_four_days_has_failed_and_spent_nothing(
    story: Story, clock: FixedClock
) -> None:
    await on_its_way(story)
    first = clock.now()
    await answer(story, await claimed(story), "deferred")
    for now in (first + timedelta(days=1), first + timedelta(days=5)):  # Thursday and Monday
        clock.move_to(now)
        assert (await one_send(story)).state == "queued"
        await answer(story, await claimed(story), "deferred")

    send = await one_send(story)
    assert (send.state, send.reason, send.first_deferred_at) == ("failed", "deferred_too_long", first)
    assert [outcome for _, outcome in await tries_of(story, send.id)] == ["deferred"] * 3


@pytest.mark.parametrize(
    ("purpose", "hours", "state"),
    [("notification", 23, "queued"), ("notification", 24, "failed"), ("campaign", 95, "queued")],
)
def test_a_notification_is_put_off_for_a_day_at_most(clock, purpose: str, hours: int, state: str) -> None:
    now = clock.now()
    verdict = settling.judge(
        Outcome(uuid4(), Result.DEFERRED),
        now,
        spent=1,
        tries=3,
        since=now - timedelta(hours=hours),
        purpose=purpose,
        random=lambda: 0.0,
    )
    assert verdict.state == state


def test_who_is_tried_anew_by_hand_waits_as_if_for_the_first_time(clock) -> None:
    now = clock.now()
    verdict = settling.judge(
        Outcome(uuid4(), Result.ERROR),
        now,
        spent=1,
        tries=6,
        since=None,
        purpose="campaign",
        random=lambda: 0.0,
    )
    assert verdict.queue_at == now + timedelta(minutes=1)


async def test_an_account_that_sends_again_tells_of_no_trouble(story: Story, clock: FixedClock) -> None:
    await on_its_way(story)
    told = []
    for way in ("unreachable", "accepted"):
        await answer(story, await claimed(story), way)
        async with story.house.office.work(story.tenant_id) as work:
            told.append((await the_account(work, story.account_id)).last_error is not None)
        clock.advance(timedelta(minutes=2))
    assert told == [True, False]


async def test_an_address_that_does_not_exist_stands_in_the_journal_once(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 2, email="gone@example.com")
        await a_released_campaign(work)
    batch = await claimed(story)
    await answer(story, batch, "unknown_person")

    async with story.house.office.work(story.tenant_id) as work:
        kept = events.c.tenant_id == work.tenant_id, events.c.type == "suppression.hard_bounce"
        told = (await work.db.execute(sa.select(events).where(*kept))).all()
    assert [one.payload["send_id"] for one in told] == [str(batch.letters[0].send_id)]
    assert told[0].customer_id is not None
    assert "gone@example.com" not in str(told)


async def test_a_server_that_says_when_is_listened_to(story: Story, clock: FixedClock) -> None:
    await on_its_way(story)

    await answer(story, await claimed(story), "deferred", retry_after=timedelta(minutes=7))

    assert (await one_send(story)).queue_at == clock.now() + timedelta(minutes=7)


async def test_the_message_id_is_the_same_on_every_try(story: Story, clock: FixedClock) -> None:
    await on_its_way(story)
    seen = set()
    for _ in range(3):
        batch = await claimed(story)
        seen.add((await one_send(story)).message_id)
        await answer(story, batch, "deferred")
        clock.advance(timedelta(hours=1))

    assert len(seen) == 1


# --- leases ---------------------------------------------------------------------------------------


async def test_a_lease_that_runs_out_makes_a_send_uncertain_and_counts_as_used(
    story: Story, clock: FixedClock
) -> None:
    await on_its_way(story)
    batch = await claimed(story)
    assert await settling.sweep(story.house.office, story.tenant_id, batch.id) == 0, "it still runs"
    clock.advance(timedelta(seconds=31))

    assert await settling.sweep(story.house.office, story.tenant_id, batch.id) == 1
    assert await settling.sweep(story.house.office, story.tenant_id, batch.id) == 0

    send = await one_send(story)
    assert (send.state, send.reason) == ("uncertain", "lease_expired")
    assert await tried(story) is None, "an uncertain send went again by itself"


@pytest.mark.parametrize(("way", "state"), [("accepted", "sent"), ("unreachable", "queued")])
async def test_an_answer_that_comes_after_the_lease_is_evidence(
    story: Story, clock: FixedClock, way: str, state: str
) -> None:
    await on_its_way(story)
    batch = await claimed(story)
    clock.advance(timedelta(seconds=31))
    await settling.sweep(story.house.office, story.tenant_id, batch.id)

    await answer(story, batch, way)

    send = await one_send(story)
    assert send.state == state
    assert (await tries_of(story, send.id))[0][1] == "lease_expired"


async def test_an_answer_said_twice_counts_once(story: Story) -> None:
    await on_its_way(story)
    batch = await claimed(story)
    await answer(story, batch, "accepted")
    before = await one_send(story)

    await answer(story, batch, "rejected")

    assert await one_send(story) == before
    assert await tries_of(story, before.id) == [(1, "accepted")]


# --- facts between the freeze and the claim -----------------------------------------------------------


async def paid(work, customer, invoice) -> None:
    await pay(work, invoice, 100_00)


async def promised(work, customer, invoice) -> None:
    await make_promise(work, invoice, promised_for=work.today + timedelta(days=3))


async def disputed(work, customer, invoice) -> None:
    await open_dispute(work, invoice, reason=DisputeReason.QUALITY, statement="Torn.")


async def suspended(work, customer, invoice) -> None:
    await suspend_customer(work, customer, reason="Asked by phone")


async def replied(work, customer, invoice) -> None:
    row = {
        "channel": "email",
        "from_address": "them@example.com",
        "customer_id": customer,
        "class": "human",
        "provider_message_id": f"m-{customer}",
        "received_at": work.now,
    }
    await work.db.execute(sa.insert(incoming_messages).values(tenant_id=work.tenant_id, **row))


async def _opted_out(work, customer, reason: str) -> None:
    key = await work.db.scalar(sa.select(customers.c.email_key).where(customers.c.id == customer))
    row = {"channel": "email", "address_key": key, "scope": "all", "reason": reason}
    await work.db.execute(sa.insert(suppressions).values(tenant_id=work.tenant_id, **row))


async def unsubscribed(work, customer, invoice) -> None:
    await _opted_out(work, customer, "unsubscribe")


async def complained(work, customer, invoice) -> None:
    await _opted_out(work, customer, "complaint")


async def bounced_elsewhere(work, customer, invoice) -> None:
    await _opted_out(work, customer, "hard_bounce")


OVERTAKEN = {
    paid: "paid",
    promised: "promise",
    disputed: "dispute",
    suspended: "customer_suspended",
    replied: "replied",
    unsubscribed: "unsubscribed",
    complained: "complaint",
    bounced_elsewhere: "hard_bounce",
}


@pytest.mark.parametrize("fact", OVERTAKEN, ids=lambda fact: fact.__name__)
async def test_who_a_fact_overtook_is_not_written_to(story: Story, fact) -> None:
    office = story.house.office
    async with office.work(story.tenant_id) as work:
        overtaken, other = await late_customers(work, 2)
        campaign = await a_campaign(work)
    async with office.work(story.tenant_id) as work:
        invoice = (
            await work.db.scalars(sa.select(invoices.c.id).where(invoices.c.customer_id == overtaken))
        ).one()
        await fact(work, overtaken, invoice)
        await send_now(work, campaign)

    batch = await claimed(story)
    await answer(story, batch, "accepted")

    assert {(one.customer_id, one.state, one.reason) for one in await sends_of(story)} == {
        (overtaken, "suppressed", OVERTAKEN[fact]),
        (other, "sent", None),
    }


async def test_one_of_three_invoices_that_was_paid_is_left_out_of_the_mail(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        [customer] = await late_customers(work, 1, invoices=3)
        await a_released_campaign(work)
        first = (
            await work.db.execute(
                sa.select(invoices.c.id, invoices.c.number).where(invoices.c.customer_id == customer).limit(1)
            )
        ).one()
    async with story.house.office.work(story.tenant_id) as work:
        await pay(work, first.id, 100_00)

    batch = await claimed(story)

    assert first.number.encode() not in batch.letters[0].message
    send = await one_send(story)
    assert len(send.merge_data["invoices"]) == 2
    assert send.merge_data["totals"][0]["balance"] == "AED\u00a0200.00"
    assert sorted((one.dropped_at is None, one.reason) for one in await subjects_of(story)) == [
        (False, "paid"),
        (True, None),
        (True, None),
    ]


async def test_an_amount_that_fell_is_said_as_it_is_now(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        [customer] = await late_customers(work, 1)
        await a_released_campaign(work)
        invoice = (
            await work.db.scalars(sa.select(invoices.c.id).where(invoices.c.customer_id == customer))
        ).one()
        await pay(work, invoice, 40_00)

    await claimed(story)

    assert (await one_send(story)).merge_data["totals"][0]["balance"] == "AED\u00a060.00"


async def test_more_than_was_reviewed_waits_for_a_person(story: Story) -> None:
    await on_its_way(story)
    send = await one_send(story)
    [invoice] = send.reviewed["invoices"]
    changes = {
        "balance": {"to": send.to_address, "invoices": {invoice: 99_99}},
        "address": {"to": "old@example.com", "invoices": {invoice: 100_00}},
        "invoice_added": {"to": send.to_address, "invoices": {}},
    }
    for reviewed in changes.values():
        await change_sends(story, reviewed=reviewed, reason=None)

        assert await tried(story) is None

        send = await one_send(story)
        assert (send.state, send.reason, send.attempts) == ("queued", "changed", 0)
        assert await tried(story) is None, "held(changed) was claimed"


async def test_a_text_edited_by_hand_allows_no_change_at_all(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        [customer] = await late_customers(work, 1, invoices=2)
        await a_released_campaign(work)
        [invoice, _] = await work.db.scalars(
            sa.select(invoices.c.id).where(invoices.c.customer_id == customer)
        )
    await change_sends(story, edited_subject="About your two invoices")
    async with story.house.office.work(story.tenant_id) as work:
        await pay(work, invoice, 10_00)

    assert await tried(story) is None

    assert (await one_send(story)).reason == "changed"


# --- people cancel ----------------------------------------------------------------------------------


async def test_a_cancelled_campaign_cancels_what_is_queued_and_frees_its_subjects(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 2)
        campaign = await a_campaign(work)
        assert await cancel(work, campaign) == 2

    assert {(one.state, one.reason, one.queue_at) for one in await sends_of(story)} == {
        ("cancelled", "run_closed", None)
    }
    assert all(one.dropped_at for one in await subjects_of(story))


@pytest.mark.parametrize("way", ["deferred", "unreachable", "signed_out", "over_quota", "policy"])
async def test_what_comes_back_from_the_wire_after_a_cancel_is_cancelled_too(story: Story, way: str) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        campaign = await a_released_campaign(work)
    batch = await claimed(story)
    async with story.house.office.work(story.tenant_id) as work:
        await cancel(work, campaign)

    await answer(story, batch, way)

    send = await one_send(story)
    assert (send.state, send.reason, send.queue_at) == ("cancelled", "run_closed", None)
    assert all(one.dropped_at for one in await subjects_of(story))


# --- failed again -----------------------------------------------------------------------------------


async def failed_campaign(story: Story):
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 2)
        campaign = await a_released_campaign(work)
    await answer(story, await claimed(story), "accepted", "rejected")
    async with story.house.office.work(story.tenant_id) as work:
        found = (
            await work.db.scalars(sa.text("select run_id from campaigns where id = :id"), {"id": campaign})
        ).one()
        await runs.finish_those_done(work, [found])
    return campaign


async def test_retrying_takes_the_failed_sends_alone_and_a_new_try_has_the_same_key(story: Story) -> None:
    campaign = await failed_campaign(story)
    assert await standing(story, campaign) == ("completed", None, "closed", "finished")
    before = {one.touch_key for one in await sends_of(story)}

    async with story.house.office.work(story.tenant_id) as work:
        assert await retry_failed(work, campaign) == 1
    batch = await claimed(story)
    await answer(story, batch, "accepted")

    assert len(batch.letters) == 1
    assert {one.state for one in await sends_of(story)} == {"sent"}
    assert {one.touch_key for one in await sends_of(story)} == before


async def test_nothing_is_retried_while_one_is_uncertain(story: Story) -> None:
    campaign = await failed_campaign(story)
    async with story.house.office.work(story.tenant_id) as work:
        await work.db.execute(
            sa.text("update sends set state = 'uncertain' where tenant_id = :t and state = 'sent'"),
            {"t": work.tenant_id},
        )

    with pytest.raises(Conflict) as refusal:
        async with story.house.office.work(story.tenant_id) as work:
            await retry_failed(work, campaign)

    assert refusal.value.code == "uncertain_sends"


@pytest.mark.parametrize("state", ["sent", "failed", "bounced", "suppressed", "cancelled", "uncertain"])
async def test_nothing_but_a_queued_send_is_claimed(story: Story, state: str) -> None:
    await on_its_way(story)
    await change_sends(story, state=state, queue_at=None)

    assert await tried(story) is None


# --- ordering ---------------------------------------------------------------------------------------


async def test_an_order_said_twice_is_one_send(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        version = await a_version(work)
        customer = await a_customer(work)
        invoice = await an_overdue_invoice(work, of=customer)
        told = {
            "touch_key": "invoice/1/notice",
            "to_address": "a@example.com",
            "address_key": "a@example.com",
            "to_name": None,
            "locale": "en",
            "template_version_id": version,
            "customer_id": customer,
            "subjects": [Subject("invoice", invoice, "overdue_1")],
        }
        notice = Order(Purpose.NOTICE, MailStream.REMINDER)

        first = await order(work, notice, **told)

        assert first is not None
        assert await order(work, notice, **told) is None
    assert (await one_send(story)).sending_account_id == story.account_id


async def test_an_order_without_an_address_is_kept_to_say_why_not(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await order(
            work,
            Order(Purpose.NOTICE, MailStream.REMINDER),
            touch_key="x",
            to_address=None,
            address_key=None,
            to_name=None,
            locale="en",
            template_version_id=await a_version(work),
        )

    send = await one_send(story)
    assert (send.state, send.reason, send.queue_at) == ("suppressed", "no_address", None)


async def test_a_release_needs_something_queued_and_happens_once(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        campaign = await a_released_campaign(work)

    with pytest.raises(IllegalMove):
        async with story.house.office.work(story.tenant_id) as work:
            await send_now(work, campaign)
