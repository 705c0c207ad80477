"""The cashier looks: what is heard of a checkout late, twice, never, or by ten at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest

from bursar.billing.tables import checkout_sessions, payments, tills
from bursar.billing.tills.jobs import look_at_checkouts
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, NotFound
from bursar.core.keys import Keyring
from bursar.worker.main import run_worker
from tests.makers.billing import told_of
from tests.makers.tills import Firm, a_checkout, a_firm
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio


@pytest.fixture
async def firm(
    addresses: Addresses, keyring: Keyring, stripe: StripeProcess, tmp_path: Path
) -> AsyncIterator[Firm]:
    async with a_firm(addresses, keyring, stripe, tmp_path) as made:
        await made.connect()
        yield made


async def look(firm: Firm) -> None:
    for row in await firm.checkouts():
        await firm.house.cashier.look(firm.tenant, row.id)


async def test_delayed_money_is_under_way_until_it_comes(firm: Firm) -> None:
    await firm.open(await firm.invoice())
    [row] = await firm.checkouts()
    firm.stripe.pay(row.session_id, "later")
    await look(firm)
    [row] = await firm.checkouts()
    assert (row.state, row.payment_status) == ("complete", "unpaid")

    firm.stripe.act(f"/sessions/{row.session_id}/settlement")
    await look(firm)

    [row] = await firm.checkouts()
    assert row.payment_status == "paid"
    assert len(await firm.rows(payments)) == 1


async def test_the_clock_asks_about_what_nobody_told_and_about_no_other(firm: Firm) -> None:
    await firm.open(await firm.invoice())
    [row] = await firm.checkouts()
    firm.stripe.pay(row.session_id)
    await firm.house.cashier.tend(firm.tenant)
    assert (await firm.checkouts())[0].state == "open"  # a report of it is still on its way

    firm.later(minutes=31)
    await firm.house.cashier.tend(firm.tenant)

    assert (await firm.checkouts())[0].payment_status == "paid"
    assert await firm.house.cashier.tenants_waiting() == []


async def test_a_page_that_ran_out_is_closed_by_what_the_provider_says(firm: Firm) -> None:
    await firm.open(await firm.invoice())
    [row] = await firm.checkouts()
    assert firm.tenant in await firm.house.cashier.tenants_waiting()
    firm.stripe.act(f"/sessions/{row.session_id}/expiry")

    firm.later(hours=24)
    await firm.house.cashier.tend(firm.tenant)

    [row] = await firm.checkouts()
    assert row.state == "expired"
    async with firm.work() as work:
        assert (await told_of(work, row.id))[-1] == "checkout_session.expire"


async def test_what_is_held_for_a_person_is_not_asked_about_for_ever(firm: Firm) -> None:
    await firm.open(await firm.invoice())
    [row] = await firm.checkouts()
    firm.stripe.pay(row.session_id)
    firm.stripe.control.patch(f"/sessions/{row.session_id}", json={"amount_total": 1}).raise_for_status()
    await look(firm)
    [row] = await firm.checkouts()
    assert (row.last_error, row.payment_id) == ("mismatch", None)
    asked = len(firm.stripe.calls())

    firm.later(days=9)
    await firm.house.cashier.tend(firm.tenant)

    assert len(firm.stripe.calls()) == asked


async def test_looking_at_nobodys_checkout_is_no_look(firm: Firm) -> None:
    with pytest.raises(NotFound):
        await firm.house.cashier.look(firm.tenant, UUID(int=3))
    async with firm.work() as work:
        unanswered = await a_checkout(work, (await firm.rows(tills))[0].id, session_id=None)
    asked = len(firm.stripe.calls())

    await firm.house.cashier.look(firm.tenant, unanswered)

    assert len(firm.stripe.calls()) == asked


async def test_a_provider_that_does_not_answer_a_look_changes_nothing(firm: Firm) -> None:
    await firm.open(await firm.invoice())
    before = await firm.rows(checkout_sessions)
    firm.stripe.trouble("unavailable", times=None)

    await look(firm)

    assert await firm.rows(checkout_sessions) == before


async def test_ten_looks_at_once_record_one_payment(firm: Firm) -> None:
    """The page that customers come back to, the webhook and the clock, all at the same moment."""
    await firm.open(await firm.invoice())
    [row] = await firm.checkouts()
    firm.stripe.pay(row.session_id)
    cashier = firm.house.cashier

    async def glance() -> None:
        with suppress(Conflict):  # somebody else is writing it down
            await cashier.look(firm.tenant, row.id)

    await asyncio.gather(*(glance() for _ in range(10)))

    assert len(await firm.rows(payments)) == 1
    async with firm.work() as work:
        assert (await told_of(work, row.id)).count("checkout_session.paid") == 1


async def test_the_clocks_job_finds_whose_checkouts_wait(firm: Firm) -> None:
    await firm.open(await firm.invoice())
    [row] = await firm.checkouts()
    firm.stripe.pay(row.session_id)
    firm.later(minutes=31)
    async with firm.work() as work:
        await work.defer(look_at_checkouts)

    await run_worker(firm.house, until_idle=True)

    assert (await firm.checkouts())[0].payment_status == "paid"
