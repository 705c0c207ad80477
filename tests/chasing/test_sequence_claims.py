"""What a sequence's message may still say is read again when it leaves, and each of these silences it in time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.billing.disputes import open_dispute
from bursar.billing.notices import ordering
from bursar.billing.promises import break_promises, make_promise
from bursar.billing.states import DisputeReason
from bursar.chasing.campaigns import send_now
from bursar.chasing.sequences import jobs, sparing, staging
from bursar.chasing.sequences.sequences import deactivate, list_sequences
from bursar.chasing.tables import chases, sequence_runs
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.work import SYSTEM, Record, Work
from bursar.outbox.tables import incoming_messages, send_subjects, sends
from tests.makers.billing import an_invoice, an_overdue_invoice, pay
from tests.makers.sequences import Firm, Message, a_firm, a_sequence, messages_of
from tests.makers.story import a_campaign
from tests.makers.tenancy import a_customer
from tests.makers.tills import money_under_way

pytestmark = pytest.mark.anyio


@pytest.fixture
async def firm(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Firm]:
    async with a_firm(addresses, clock, keyring) as firm:
        async with firm.work() as work:
            await a_sequence(work)
        yield firm


async def released(firm: Firm, *days: int) -> tuple[UUID, list[UUID]]:
    """Invoices of one customer in a list that goes tomorrow at nine; the run."""
    async with firm.work() as work:
        customer = await a_customer(work)
        made = [await an_overdue_invoice(work, of=customer, days=each) for each in days]
    run_id = (await firm.the_list()).run_id
    await firm.release(run_id)
    return run_id, made


async def the_message(firm: Firm, run_id: UUID) -> Message:
    await firm.a_day_passes()
    await firm.drain()
    async with firm.work() as work:
        [message] = await messages_of(work, run_id)
    return message


async def a_reply(work: Work, invoice: UUID) -> UUID:
    customer = (
        await work.db.scalars(
            sa.select(send_subjects.c.customer_id).where(send_subjects.c.subject_id == invoice)
        )
    ).first()
    row = {
        "channel": "email",
        "from_address": "huda@example.com",
        "customer_id": customer,
        "class": "human",
        "provider_message_id": uuid4().hex,
        "received_at": work.now,
    }
    added = sa.insert(incoming_messages).values(tenant_id=work.tenant_id, **row)
    message_id = (await work.db.scalars(added.returning(incoming_messages.c.id))).one()
    await work.record("incoming_message.received", Record(message_id, customer))
    return message_id


async def silence(work: Work, how: str, invoice: UUID) -> None:
    if how == "paid":
        await pay(work, invoice, 100_00)
    elif how == "promise":
        await make_promise(work, invoice, promised_for=work.today + timedelta(days=5))
    elif how == "dispute":
        await open_dispute(work, invoice, reason=DisputeReason.OTHER, statement="Not ours")
    elif how == "processing":
        await money_under_way(work, invoice)
    else:
        await a_reply(work, invoice)


@pytest.mark.parametrize("how", ["paid", "promise", "dispute", "processing", "replied"])
async def test_who_pays_promises_contests_or_answers_hears_nothing(firm: Firm, how: str) -> None:
    run_id, [invoice] = await released(firm, 7)
    async with firm.work() as work:
        await silence(work, how, invoice)

    message = await the_message(firm, run_id)

    assert (message.state, message.reason, message.rungs) == ("suppressed", how, {})
    assert firm.story.messages() == []


async def test_a_chase_paused_while_its_list_was_being_made_is_not_said(firm: Firm) -> None:
    """The pause had committed before the list's message was written, and so found nothing to cancel."""
    run_id, _ = await released(firm, 7)
    async with firm.work() as work:
        paused = sa.update(chases).values(state="paused", pause_reason="agent")
        await work.db.execute(sa.text("select announce('chase.pause', null)"))
        await work.db.execute(paused)

    message = await the_message(firm, run_id)

    assert (message.state, message.reason, message.rungs) == ("suppressed", "chase_paused", {})


async def test_what_is_left_is_not_said_in_graver_words_than_it_has_earned(firm: Firm) -> None:
    run_id, [grave, gentle] = await released(firm, 30, 2)
    async with firm.work() as work:
        await pay(work, grave, 100_00)

    message = await the_message(firm, run_id)
    shown = await firm.the_list()

    assert (message.state, message.reason, message.rungs) == ("suppressed", "milder", {})
    async with firm.work() as work:
        [next_one] = await messages_of(work, shown.run_id)
    assert next_one.rungs == {gentle: "+1"}


async def test_what_is_left_at_the_same_touch_is_said_without_what_was_paid(firm: Firm) -> None:
    run_id, [first, second] = await released(firm, 14, 15)
    async with firm.work() as work:
        await pay(work, first, 100_00)

    message = await the_message(firm, run_id)

    assert (message.state, message.rungs) == ("sent", {second: "+14"})


async def test_a_campaign_of_the_last_day_makes_the_touch_wait(firm: Firm) -> None:
    run_id, _ = await released(firm, 7)
    async with firm.work() as work:
        await send_now(work, await a_campaign(work), any_hour=True)
    firm.clock.advance(timedelta(hours=8))  # eight in the evening
    await firm.drain()
    assert len(firm.story.messages()) == 1
    firm.clock.advance(timedelta(hours=13))  # nine in the morning
    await firm.drain()

    async with firm.work() as work:
        [message] = await messages_of(work, run_id)
    assert (message.state, message.reason) == ("suppressed", "recent_campaign")
    assert message.rungs == {}


async def test_a_broken_promise_goes_on_at_the_level_where_it_was_given(firm: Firm) -> None:
    _, [invoice] = await released(firm, 7)
    async with firm.work() as work:
        await make_promise(work, invoice, promised_for=work.today + timedelta(days=1))
    await firm.a_day_passes()
    async with firm.work(SYSTEM) as work:
        await break_promises(work)
    assert (await firm.the_list()).counts == {"queued": 1}
    await firm.a_day_passes()
    async with firm.work(SYSTEM) as work:
        assert len(await break_promises(work)) == 1
    # It was promised for the 19th and is broken on the 20th, a Friday; that day's list had it already.
    shown = await firm.the_list()
    async with firm.work() as work:
        found = sa.select(send_subjects.c.touch).where(
            send_subjects.c.subject_id == invoice, send_subjects.c.dropped_at.is_(None)
        )
        assert (await work.db.scalars(found)).all() == ["+7"]
    assert shown.messages == 0


# --- beside billing's own notices -------------------------------------------------------------------


async def notices(firm: Firm) -> list[Any]:
    async with firm.work(SYSTEM) as work:
        await ordering.order_due(work, await sparing.spared(work))
        found = sa.select(sends).where(sends.c.tenant_id == work.tenant_id, sends.c.purpose == "notice")
        about = sa.select(send_subjects.c.touch).join(
            found.subquery(), sa.literal_column("anon_1.id") == send_subjects.c.send_id
        )
        return sorted(touch for touch in await work.db.scalars(about) if touch)


async def in_nineteen_days(firm: Firm) -> UUID:
    """An invoice of ours that was due yesterday."""
    async with firm.work() as work:
        return await an_invoice(work, due_date=work.today + timedelta(days=18))


async def test_where_a_sequence_covers_an_invoice_billing_keeps_silent(firm: Firm) -> None:
    await in_nineteen_days(firm)
    await firm.a_day_passes(19)
    assert await notices(firm) == []


async def test_without_a_sequence_billing_writes_the_same_rung(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring) as firm:
        invoice = await in_nineteen_days(firm)
        await firm.a_day_passes(19)
        assert await notices(firm) == ["+1"]
        async with firm.work() as work:
            await a_sequence(work)
        assert (await firm.the_list()).messages == 0
        await firm.a_day_passes(5)
        shown = await firm.the_list()
        async with firm.work() as work:
            [message] = await messages_of(work, shown.run_id)
        assert message.rungs == {invoice: "+7"}


async def test_what_a_sequence_called_late_needs_no_notice_when_it_is_switched_off(firm: Firm) -> None:
    await in_nineteen_days(firm)
    await firm.a_day_passes(18)
    await firm.release((await firm.the_list()).run_id)
    async with firm.work() as work:
        [sequence] = await list_sequences(work)
        await deactivate(work, sequence.id)
    await firm.a_day_passes()
    assert await notices(firm) == []


# --- time and trouble -------------------------------------------------------------------------------


async def test_two_workers_make_one_list(firm: Firm) -> None:
    async with firm.work() as work:
        for _ in range(5):
            await an_overdue_invoice(work, of=await a_customer(work), days=7)
    office = firm.story.house.office

    made = await asyncio.gather(
        *(staging.stage_all(office, firm.tenant_id) for _ in range(3)), return_exceptions=True
    )

    async with firm.work() as work:
        [run_id] = await work.db.scalars(sa.select(sequence_runs.c.run_id))
        messages = await messages_of(work, run_id)
    assert [run_id] in made
    assert len({one.customer_id for one in messages}) == len(messages) == 5
    assert all(list(one.rungs.values()) == ["+7"] for one in messages)


async def test_a_list_that_was_begun_is_finished_from_where_it_stopped(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "SLICE", 2)
    async with firm.work() as work:
        for _ in range(5):
            await an_overdue_invoice(work, of=await a_customer(work), days=7)
    shown = await firm.the_list()
    assert (shown.complete, shown.messages) == (True, 5)
    async with firm.work() as work:
        half = sa.select(sends.c.customer_id).order_by(sends.c.customer_id).limit(1).offset(1)
        await work.db.execute(
            sa.update(sequence_runs).values(staged_to=half.scalar_subquery(), staged_at=None)
        )
    again = await firm.the_list()
    assert (again.run_id, again.complete, again.messages) == (shown.run_id, True, 5)


async def test_the_jobs_of_the_hour_find_who_has_sequences(firm: Firm) -> None:
    assert await staging.tenants_with_sequences(firm.story.house.office) == [firm.tenant_id]
    assert {jobs.stage.name, jobs.release_due.name, jobs.notify.name} == {
        "chasing.stage",
        "chasing.release_due",
        "chasing.notify",
    }
