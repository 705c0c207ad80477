"""The cashier opens pages at Stripe, looks at them and closes them; whatever is lost on the way, once is paid once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bursar.billing.states import TillState
from bursar.billing.tables import payments, tills
from bursar.billing.tills import tills as till_verbs
from bursar.billing.tills.ports import TillUnsure
from bursar.core.database import Addresses
from bursar.core.errors import Conflict
from bursar.core.keys import Keyring
from bursar.core.tables import secrets
from bursar.worker.main import run_worker
from tests.makers.billing import pay, told_of
from tests.makers.tills import Firm, a_firm
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


async def test_a_page_is_opened_for_exactly_what_is_asked(firm: Firm) -> None:
    invoice = await firm.invoice(250_00)

    url = await firm.open(invoice, 250_00)

    [row] = await firm.checkouts()
    seen = firm.stripe.seen(row.session_id)
    assert row.url == url == seen["url"]
    assert (row.state, row.attempt, row.about_id) == ("open", 1, invoice)
    session = seen["session"]
    assert (session["amount_total"], session["currency"]) == (250_00, "aed")
    assert session["client_reference_id"] == row.id.hex
    named = {"about": "invoice", "about_id": str(invoice), "checkout": row.id.hex}
    assert named.items() <= session["metadata"].items()
    [call] = firm.stripe.calls("checkout.sessions.create")
    assert call["key"] == f"invoice-{invoice}-1"


async def test_without_a_till_nobody_pays_by_card_and_nothing_is_begun(firm: Firm) -> None:
    [till] = await firm.rows(tills)
    async with firm.work(firm.owner) as work:
        await till_verbs.disable(work, till.id)

    with pytest.raises(Conflict) as refused:
        await firm.open(await firm.invoice())
    assert refused.value.code == "no_till"
    assert await firm.checkouts() == []


async def test_what_is_paid_there_is_seen_by_looking_and_again_by_nobody(firm: Firm) -> None:
    invoice = await firm.invoice()
    await firm.open(invoice)
    [row] = await firm.checkouts()
    await look(firm)
    assert (await firm.checkouts())[0].version == row.version  # nothing new, nothing written

    firm.stripe.pay(row.session_id)
    await look(firm)
    asked = len(firm.stripe.calls())
    await look(firm)

    [row] = await firm.checkouts()
    assert (row.state, row.payment_status) == ("complete", "paid")
    assert [one.amount_minor for one in await firm.rows(payments)] == [100_00]
    assert len(firm.stripe.calls()) == asked  # what is paid is not asked about


async def test_a_second_attempt_closes_the_first_page_at_the_provider(firm: Firm) -> None:
    invoice = await firm.invoice()
    await firm.open(invoice)
    await firm.open(invoice)
    first, second = await firm.checkouts()

    await firm.house.cashier.expire(firm.tenant, [first.id])

    first, second = await firm.checkouts()
    assert (first.state, second.state) == ("expired", "open")
    assert firm.stripe.seen(first.session_id)["session"]["status"] == "expired"


async def test_a_page_that_was_paid_before_it_could_be_closed_is_paid(firm: Firm) -> None:
    await firm.open(await firm.invoice())
    [row] = await firm.checkouts()
    firm.stripe.pay(row.session_id)

    await firm.house.cashier.expire(firm.tenant, [row.id])

    [row] = await firm.checkouts()
    assert (row.state, row.payment_status) == ("complete", "paid")


@pytest.mark.parametrize("answer", ["lost", "rate_limit"])
async def test_an_answer_that_was_lost_is_asked_for_again_and_makes_one_page(firm: Firm, answer: str) -> None:
    firm.stripe.trouble(answer, operation="checkout.sessions.create")

    url = await firm.open(await firm.invoice())

    [row] = await firm.checkouts()
    assert row.url == url
    keys = {call["key"] for call in firm.stripe.calls("checkout.sessions.create")}
    assert len(keys) == 1
    assert len(firm.stripe.control.get("/sessions").json()) == 1


async def test_a_provider_that_stays_silent_leaves_an_attempt_that_ends_by_itself(firm: Firm) -> None:
    firm.stripe.trouble("unavailable", operation="checkout.sessions.create", times=None)

    with pytest.raises(Conflict) as refused:
        await firm.open(await firm.invoice())
    assert refused.value.code == "till_silent"
    [row] = await firm.checkouts()
    assert (row.state, row.session_id) == ("open", None)
    assert row.last_error

    firm.later(hours=25)
    await firm.house.cashier.tend(firm.tenant)
    [row] = await firm.checkouts()
    assert row.state == "expired"


async def test_after_trouble_of_the_provider_the_next_press_opens_a_page(firm: Firm) -> None:
    """What failed at Stripe is answered so again under its key: the next attempt has a key of its own."""
    invoice = await firm.invoice()
    firm.stripe.trouble("unavailable", operation="checkout.sessions.create")
    with pytest.raises(Conflict):
        await firm.open(invoice)

    await firm.open(invoice)

    assert [(row.attempt, row.session_id is None) for row in await firm.checkouts()] == [
        (1, True),
        (2, False),
    ]


async def test_a_revoked_key_stops_the_till_and_says_so_calmly(firm: Firm) -> None:
    account = firm.stripe.account["id"]
    firm.stripe.act(f"/accounts/{account}/revocation")
    try:
        with pytest.raises(Conflict) as refused:
            await firm.open(await firm.invoice())
        assert refused.value.code == "till_unavailable"
    finally:
        firm.stripe.control.delete(f"/accounts/{account}/revocation")

    [till] = await firm.rows(tills)
    assert till.state == TillState.NEEDS_REAUTH
    with pytest.raises(Conflict) as refused:
        await firm.open(await firm.invoice())
    assert refused.value.code == "no_till"


async def test_an_invoice_that_was_paid_by_bank_has_its_page_closed_by_a_job(firm: Firm) -> None:
    invoice = await firm.invoice()
    await firm.open(invoice)
    async with firm.work(firm.owner) as work:
        await pay(work, invoice, 100_00)

    [row] = await firm.checkouts()
    async with firm.work() as work:
        assert (await told_of(work, row.id))[-1] == "checkout_session.call_off"
    await firm.house.cashier.expire(firm.tenant, [row.id])
    assert (await firm.checkouts())[0].state == "expired"


async def test_a_till_that_is_switched_off_closes_its_pages_before_its_secrets_go(firm: Firm) -> None:
    await firm.open(await firm.invoice())
    await firm.open(await firm.invoice())
    shut, paid = await firm.checkouts()
    firm.stripe.pay(paid.session_id)
    [till] = await firm.rows(tills)
    async with firm.work(firm.owner) as work:
        await till_verbs.disable(work, till.id)
    assert len(await firm.rows(secrets)) == 2

    await firm.house.cashier.close_till(firm.tenant, till.id, is_last_try=False)
    await firm.house.cashier.close_till(firm.tenant, till.id, is_last_try=False)

    shut, paid = await firm.checkouts()
    assert (shut.state, paid.payment_status) == ("expired", "paid")
    assert firm.stripe.seen(shut.session_id)["session"]["status"] == "expired"
    assert await firm.rows(secrets) == []


async def test_a_silent_provider_keeps_a_switched_off_tills_secrets_only_until_the_last_try(
    firm: Firm,
) -> None:
    await firm.open(await firm.invoice())
    [till] = await firm.rows(tills)
    async with firm.work(firm.owner) as work:
        await till_verbs.disable(work, till.id)
    firm.stripe.trouble("unavailable", times=None)

    with pytest.raises(TillUnsure):
        await firm.house.cashier.close_till(firm.tenant, till.id, is_last_try=False)
    assert len(await firm.rows(secrets)) == 2

    await firm.house.cashier.close_till(firm.tenant, till.id, is_last_try=True)
    assert await firm.rows(secrets) == []
    assert [row.state for row in await firm.checkouts()] == ["expired"]


async def test_money_under_way_at_a_till_that_is_switched_off_is_nobodys_to_wait_for(firm: Firm) -> None:
    await firm.open(await firm.invoice())
    [row] = await firm.checkouts()
    firm.stripe.pay(row.session_id, "later")
    await look(firm)
    async with firm.work(firm.owner) as work:
        await till_verbs.disable(work, row.till_id)

    await firm.house.cashier.close_till(firm.tenant, row.till_id, is_last_try=False)

    assert (await firm.checkouts())[0].payment_status == "failed"


async def test_the_worker_closes_what_was_called_off_and_ends_a_till(firm: Firm) -> None:
    """Paid by bank, begun anew, switched off: each is told to Stripe by a job after its commit."""
    settled, begun_anew = await firm.invoice(), await firm.invoice()
    for invoice in (settled, begun_anew, begun_anew):
        await firm.open(invoice)
    async with firm.work(firm.owner) as work:
        await pay(work, settled, 100_00)
    await run_worker(firm.house, until_idle=True)
    assert [row.state for row in await firm.checkouts()] == ["expired", "expired", "open"]

    [till] = await firm.rows(tills)
    async with firm.work(firm.owner) as work:
        await till_verbs.disable(work, till.id)
    await run_worker(firm.house, until_idle=True)

    assert [row.state for row in await firm.checkouts()] == ["expired"] * 3
    assert await firm.rows(secrets) == []
    for row in await firm.checkouts():
        assert firm.stripe.seen(row.session_id)["session"]["status"] == "expired"
