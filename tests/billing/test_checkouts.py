"""What is seen of checkouts, applied: money for invoices, in sets, once, and never another amount (R76)."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.ageing import credit_of
from bursar.billing.ledger import discrepancies
from bursar.billing.states import CheckoutState, PaidFor, PaymentStatus
from bursar.billing.tables import invoices, payments
from bursar.billing.tills import checkouts
from bursar.billing.tills.checkout_list import get_checkout, list_checkouts
from bursar.core.errors import NotFound
from bursar.core.work import Office, Work
from tests.makers.billing import aed, pay, statements, told_of
from tests.makers.tenancy import a_customer, a_tenant
from tests.makers.tills import a_checkout, a_till, the_checkout, told

pytestmark = pytest.mark.anyio


async def money(work: Work) -> list[tuple[int, str, str]]:
    rows = await work.db.execute(
        sa.select(payments).where(payments.c.tenant_id == work.tenant_id).order_by(payments.c.id)
    )
    return [(row.amount_minor, row.source, row.external_id) for row in rows]


async def state_of(work: Work, invoice: UUID) -> tuple[str, int]:
    row = (
        await work.db.execute(
            sa.select(invoices).where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice)
        )
    ).one()
    return row.state, row.balance_minor


async def see(work: Work, checkout_id: UUID, what: str, **given: object) -> None:
    await checkouts.see(work, [(checkout_id, told(await the_checkout(work, checkout_id), what, **given))])


async def test_a_paid_checkout_settles_its_invoice_and_names_the_payment(work: Work) -> None:
    checkout_id = await a_checkout(work, minor=250_00)

    await see(work, checkout_id, "paid")

    row = await the_checkout(work, checkout_id)
    assert await money(work) == [(250_00, "stripe", f"pi_{checkout_id.hex}")]
    assert await state_of(work, row.about_id) == ("paid", 0)
    assert row.payment_id is not None
    assert row.url is None
    assert await discrepancies(work) == []


async def test_told_ten_times_it_is_paid_once(work: Work) -> None:
    checkout_id = await a_checkout(work)
    row = await the_checkout(work, checkout_id)

    await checkouts.see(work, [(checkout_id, told(row, "paid"))] * 5)
    for _ in range(5):
        await see(work, checkout_id, "paid")

    assert len(await money(work)) == 1
    assert (await told_of(work, checkout_id)).count("checkout_session.paid") == 1


async def test_without_a_payment_intent_the_session_names_the_money(work: Work) -> None:
    checkout_id = await a_checkout(work)

    await see(work, checkout_id, "paid", payment_intent=None)

    assert await money(work) == [(100_00, "stripe", (await the_checkout(work, checkout_id)).session_id)]


async def test_paid_from_two_tabs_the_second_money_is_the_customers_credit(work: Work) -> None:
    first = await a_checkout(work)
    row = await the_checkout(work, first)
    second = await a_checkout(
        work, row.till_id, about_id=row.about_id, customer_id=row.customer_id, attempt=2
    )

    await see(work, first, "paid")
    await see(work, second, "paid")

    assert len(await money(work)) == 2
    assert await state_of(work, row.about_id) == ("paid", 0)
    assert "invoice.payment_arrives" in await told_of(work, row.about_id)
    assert await discrepancies(work) == []


async def test_what_was_paid_meanwhile_by_bank_leaves_the_rest_as_credit(work: Work) -> None:
    checkout_id = await a_checkout(work, minor=100_00)
    invoice = (await the_checkout(work, checkout_id)).about_id
    await pay(work, invoice, 60_00)

    await see(work, checkout_id, "paid")

    assert await state_of(work, invoice) == ("paid", 0)
    assert [amount for amount, _, _ in await money(work)] == [60_00, 100_00]
    assert await credit_of(work, (await the_checkout(work, checkout_id)).customer_id) == [aed(60_00)]
    assert await discrepancies(work) == []


@pytest.mark.parametrize("amount", [aed(99_99), aed(100_01), None])
async def test_another_amount_is_held_and_told_and_pays_nothing(work: Work, amount: object) -> None:
    checkout_id = await a_checkout(work)

    await see(work, checkout_id, "paid", amount=amount)
    await see(work, checkout_id, "paid", amount=amount)

    row = await the_checkout(work, checkout_id)
    assert await money(work) == []
    assert await state_of(work, row.about_id) == ("issued", 100_00)
    assert (row.state, row.payment_status, row.last_error) == ("complete", "unpaid", "mismatch")
    assert (await told_of(work, checkout_id)).count("checkout_session.mismatch") == 1
    assert (await get_checkout(work, checkout_id)).standing == "mismatched"
    assert not await checkouts.is_processing(work, PaidFor.INVOICE, row.about_id)


async def test_test_money_pays_nothing_at_a_till_that_takes_real_money(work: Work) -> None:
    checkout_id = await a_checkout(work, await a_till(work, live=True))

    await see(work, checkout_id, "paid", live=False)

    assert await money(work) == []
    assert (await the_checkout(work, checkout_id)).state == "open"


async def test_money_that_failed_stays_failed_when_the_provider_shows_the_session_unpaid(work: Work) -> None:
    checkout_id = await a_checkout(work)
    for what in ("unpaid", "failed", "unpaid"):
        await see(work, checkout_id, what)

    assert (await the_checkout(work, checkout_id)).payment_status == "failed"
    assert (await told_of(work, checkout_id))[1:] == [
        "checkout_session.complete",
        "checkout_session.processing",
        "checkout_session.failed",
    ]


async def test_a_set_takes_as_many_statements_as_one(work: Work) -> None:
    """A webhook's crowd is applied in sets: what grows is rows, not questions."""
    till = await a_till(work)
    customer = await a_customer(work)
    ids = [await a_checkout(work, till, customer_id=customer, minor=10_00 + n) for n in range(12)]
    rows = [await the_checkout(work, one) for one in ids]

    with statements(work) as one:
        await checkouts.see(work, [(rows[0].id, told(rows[0], "paid"))])
    with statements(work) as many:
        await checkouts.see(work, [(row.id, told(row, "paid")) for row in rows[1:]])

    assert len(many) == len(one)
    assert len(await money(work)) == 12


async def test_a_declined_try_leaves_the_page_open_and_is_told(work: Work) -> None:
    still_open, gone = (
        await a_checkout(work),
        await a_checkout(work, await a_till(work, is_primary=False), state=CheckoutState.EXPIRED),
    )

    await checkouts.declined(work, [still_open, gone])

    assert (await told_of(work, still_open))[-1] == "checkout_session.declined"
    assert (await told_of(work, gone))[-1] == "checkout_session.expired"
    assert (await the_checkout(work, still_open)).state == "open"


async def test_attempts_are_listed_by_thing_and_by_customer_the_newest_first(work: Work) -> None:
    first = await a_checkout(work)
    row = await the_checkout(work, first)
    second = await a_checkout(
        work,
        row.till_id,
        about_id=row.about_id,
        customer_id=row.customer_id,
        attempt=2,
        state=CheckoutState.COMPLETE,
        payment_status=PaymentStatus.FAILED,
    )
    other = await a_checkout(work, row.till_id)

    by_thing = await list_checkouts(work, about=PaidFor.INVOICE, about_id=row.about_id)
    by_customer = await list_checkouts(work, customer_id=row.customer_id, limit=1)

    assert [(one.id, one.standing) for one in by_thing] == [(second, "failed"), (first, "open")]
    assert [one.id for one in by_customer] == [second]
    assert [one.id for one in await list_checkouts(work, before=other)] == [second, first]


async def test_another_tenants_checkouts_are_not_there(work: Work, office: Office) -> None:
    async with office.work(await a_tenant(office)) as theirs:
        checkout_id = await a_checkout(theirs)

    with pytest.raises(NotFound):
        await get_checkout(work, checkout_id)
    assert await list_checkouts(work) == []


async def test_a_new_attempt_calls_off_those_that_are_still_open(work: Work) -> None:
    first = await a_checkout(work)
    row = await the_checkout(work, first)
    new = checkouts.NewCheckout(
        about=PaidFor.INVOICE,
        about_id=row.about_id,
        customer_id=row.customer_id,
        amount=aed(100_00),
        description="Invoice",
        locale="en",
        email=None,
        success_url="https://firm.example/back",
        cancel_url="https://firm.example/back",
    )

    begun = await checkouts.begin(work, new, row.till_id)

    assert (begun.attempt, begun.expires_at) == (2, work.now + timedelta(hours=23))
    assert [one.ids for one in work.happened if one.type == "checkout_session.call_off"] == [(first,)]
    assert (await the_checkout(work, first)).state == "open"  # until the provider has closed it


async def test_what_is_settled_another_way_is_called_off(work: Work) -> None:
    checkout_id, paid = await a_checkout(work), await a_checkout(work, await a_till(work, is_primary=False))
    await see(work, paid, "paid")
    things = [(await the_checkout(work, one)).about_id for one in (checkout_id, paid)]

    await checkouts.call_off(work, PaidFor.INVOICE, things, because="settled")
    await checkouts.call_off(work, PaidFor.ORDER, things, because="settled")

    assert [one.ids for one in work.happened if one.type == "checkout_session.call_off"] == [(checkout_id,)]


async def test_what_nobody_answers_for_runs_out_and_money_of_it_still_counts(work: Work) -> None:
    checkout_id = await a_checkout(work)

    await checkouts.run_out(work, [checkout_id], because="no_answer")
    assert (await the_checkout(work, checkout_id)).state == "expired"

    await see(work, checkout_id, "paid")
    assert len(await money(work)) == 1
