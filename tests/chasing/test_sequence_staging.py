"""Tomorrow's list, made today: who is in, at which touch, who is not and why (R79, R80)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.disputes import open_dispute
from bursar.billing.promises import make_promise
from bursar.billing.states import DisputeReason
from bursar.billing.tables import invoices
from bursar.chasing.campaigns import send_now
from bursar.chasing.exclusions import exclude
from bursar.chasing.sequences.ladders import TouchPlan
from bursar.chasing.sequences.sequences import reorder
from bursar.chasing.states import GroupBy
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.work import Work
from bursar.outbox.suppressions import suppress
from bursar.tenancy.customers import suspend_customer
from tests.makers.billing import an_overdue_invoice, pay
from tests.makers.sequences import Firm, a_firm, a_sequence, left_out_of, messages_of, rungs_in
from tests.makers.story import a_campaign
from tests.makers.tenancy import a_customer
from tests.makers.tills import money_under_way

pytestmark = pytest.mark.anyio


@pytest.fixture
async def firm(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Firm]:
    """It is Wednesday noon in Dubai: tomorrow is a working day."""
    async with a_firm(addresses, clock, keyring) as firm:
        async with firm.work() as work:
            await a_sequence(work)
        yield firm


async def late(firm: Firm, *days: int, customer: UUID | None = None, **given: Any) -> list[UUID]:
    """Invoices of one customer that will have been due for so many days tomorrow; below zero, due in so many."""
    async with firm.work() as work:
        customer = customer or await a_customer(work, **given)
        return [await an_overdue_invoice(work, of=customer, days=each - 1) for each in days]


@pytest.mark.parametrize(
    ("days", "touch"),
    [
        (-6, None),
        (-5, "-5"),
        (0, "-5"),
        (1, "+1"),
        (6, "+1"),
        (7, "+7"),
        (14, "+14"),
        (29, "+14"),
        (400, "+30"),
    ],
)
async def test_an_invoice_has_the_latest_touch_that_it_will_have_reached_tomorrow(
    firm: Firm, days: int, touch: str | None
) -> None:
    [invoice] = await late(firm, days)

    shown = await firm.the_list()

    assert await rungs_in(firm, shown.run_id) == ([{invoice: touch}] if touch else [])
    assert (shown.state, shown.complete, str(shown.on_date)) == ("held", True, "2026-11-19")


async def test_one_message_speaks_of_all_that_is_open_in_the_gravest_words(firm: Firm) -> None:
    soon, gentle, grave = await late(firm, -20, 2, 15)

    shown = await firm.the_list()

    [rungs] = await rungs_in(firm, shown.run_id)
    assert rungs == {soon: None, gentle: "+1", grave: "+14"}
    assert shown.messages == 1
    assert [str(one) for one in shown.totals] == ["AED 300.00"]


async def test_staging_twice_is_once_and_what_came_since_is_added_while_the_list_is_held(firm: Firm) -> None:
    [first] = await late(firm, 1)
    run_id = (await firm.the_list()).run_id
    [second] = await late(firm, 7)

    again = await firm.the_list()

    assert again.run_id == run_id
    assert await rungs_in(firm, run_id) == [{first: "+1"}, {second: "+7"}]


async def test_a_rung_is_told_once_ever(firm: Firm) -> None:
    await late(firm, 1)
    await firm.release((await firm.the_list()).run_id)
    await firm.a_day_passes()
    await firm.drain()

    shown = await firm.the_list()

    assert shown.messages == 0
    assert len(firm.story.messages()) == 1
    async with firm.work() as work:
        assert await left_out_of(work, shown.run_id) == {}


async def test_the_next_touch_waits_until_the_gap_is_over(firm: Firm) -> None:
    """Due on the 19th at +1 and on the 21st (a Saturday) at +7: of which Monday's list speaks, three days later."""
    first, second = await late(firm, 1, 5)
    async with firm.work() as work:
        customer = (await messages_of(work, (await firm.the_list()).run_id))[0].customer_id
    await firm.release((await firm.the_list()).run_id)
    await firm.a_day_passes()
    await firm.drain()
    [third] = await late(firm, 1, customer=customer)

    friday = await firm.the_list()
    await firm.a_day_passes()
    monday = await firm.the_list()

    async with firm.work() as work:
        assert await left_out_of(work, friday.run_id) == {third: "too_soon"}
    assert (str(friday.on_date), friday.messages) == ("2026-11-20", 0)
    assert str(monday.on_date) == "2026-11-23"
    assert await rungs_in(firm, monday.run_id) == [{first: None, second: "+7", third: "+1"}]


@pytest.mark.parametrize(
    "step", ["promise", "dispute", "processing", "suppress", "exclude", "suspend", "no_address", "pay"]
)
async def test_who_must_not_be_written_to_is_left_out_with_the_reason(firm: Firm, step: str) -> None:
    [invoice] = await late(firm, 7, email=None if step == "no_address" else "huda@example.com")
    async with firm.work() as work:
        await silence(work, step, invoice)

    shown = await firm.the_list()

    reasons = {"suppress": "suppressed", "exclude": "excluded", "suspend": "customer_suspended"}
    async with firm.work() as work:
        expected = {} if step == "pay" else {invoice: reasons.get(step, step)}
        assert await left_out_of(work, shown.run_id) == expected
    assert shown.messages == 0


async def silence(work: Work, step: str, invoice: UUID) -> None:
    customer = await customer_of(work, invoice)
    if step == "promise":
        await make_promise(work, invoice, promised_for=work.today + timedelta(days=1))
    elif step == "dispute":
        await open_dispute(work, invoice, reason=DisputeReason.OTHER, statement="Not ours")
    elif step == "processing":
        await money_under_way(work, invoice)
    elif step == "suppress":
        await suppress(work, "huda@example.com")
    elif step == "exclude":
        await exclude(work, customer, reason="our own branch")
    elif step == "suspend":
        await suspend_customer(work, customer, reason="fraud")
    elif step == "pay":
        await pay(work, invoice, 100_00)


async def customer_of(work: Work, invoice: UUID) -> UUID:
    found = sa.select(invoices.c.customer_id).where(invoices.c.id == invoice)
    return (await work.db.scalars(found)).one()


async def test_a_disputed_invoice_is_not_named_beside_the_others(firm: Firm) -> None:
    contested, open_one = await late(firm, 14, 1)
    async with firm.work() as work:
        await silence(work, "dispute", contested)

    shown = await firm.the_list()

    assert await rungs_in(firm, shown.run_id) == [{open_one: "+1"}]


async def test_an_invoice_of_which_a_campaign_has_just_written_waits_a_day(firm: Firm) -> None:
    [invoice] = await late(firm, 2)
    async with firm.work() as work:
        await send_now(work, await a_campaign(work))
    await firm.drain()
    assert len(firm.story.messages()) == 1

    shown = await firm.the_list()

    async with firm.work() as work:
        assert await left_out_of(work, shown.run_id) == {invoice: "recent_campaign"}


async def test_the_first_sequence_that_applies_chases(firm: Firm) -> None:
    async with firm.work() as work:
        vip = await a_sequence(
            work, name="VIP", applies_to={"tags": ["vip"]}, touches=[TouchPlan(10, "overdue_gentle", 0)]
        )
        await reorder(work, [vip])
    [important] = await late(firm, 12, tags=["vip"])
    [other] = await late(firm, 12)

    runs = await firm.stage()

    assert [await rungs_in(firm, run) for run in runs] == [[{important: "+10"}], [{other: "+7"}]]


async def test_by_invoice_a_customer_has_one_letter_a_day_the_gravest_first(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring) as firm:
        async with firm.work() as work:
            await a_sequence(work, group_by=GroupBy.INVOICE)
        gentle, grave = await late(firm, 2, 15)

        shown = await firm.the_list()

        assert await rungs_in(firm, shown.run_id) == [{grave: "+14"}]
        async with firm.work() as work:
            assert await left_out_of(work, shown.run_id) == {gentle: "too_soon"}


async def test_a_readers_language_is_that_of_the_message(firm: Firm) -> None:
    await late(firm, 1, locale="ar")
    await late(firm, 1, locale="ta")

    shown = await firm.the_list()

    async with firm.work() as work:
        assert [one.locale for one in await messages_of(work, shown.run_id)] == ["ar", "en"]
