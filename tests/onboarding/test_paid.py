"""What a payment does, all of it or nothing: order, customer, link, invoice, receipt, welcome, reminders."""

import pytest
import sqlalchemy as sa

from bursar.billing.issuing import issue_invoice
from bursar.billing.payment_book import NewPayment
from bursar.billing.payments import record_payment
from bursar.billing.states import PaymentStatus
from bursar.billing.tables import checkout_sessions, invoice_lines, invoices, payments
from bursar.billing.tills.checkouts import see
from bursar.catalog.products import archive_product, edit_product
from bursar.core.errors import Conflict, Invalid
from bursar.core.money import Money
from bursar.notifications.tables import tasks
from bursar.onboarding.order_list import list_orders, stuck_orders
from bursar.onboarding.orders import NewOrder, checkout_of, create_order
from bursar.onboarding.payment_links import revoke_link
from bursar.onboarding.reminding import look
from bursar.onboarding.tables import orders
from bursar.tenancy.customers import suspend_customer
from bursar.tenancy.tables import customers
from tests.makers.billing import an_invoice, statements
from tests.makers.catalog import a_product, priced
from tests.makers.orders import NET, TAX, TOTAL, Shop
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


async def test_a_payment_does_all_that_follows_in_one_transaction(shop: Shop) -> None:
    order = await shop.order()
    attempt = await shop.checkout(order)

    await shop.paid(attempt, provider_customer="cus_1")

    row = await shop.row(orders, order)
    assert (row.state, row.hold_reason, row.look_at) == ("paid", None, None)
    assert row.paid_at == shop.clock.now()
    assert (row.stripe_payment_intent_id, row.stripe_customer_id) == (attempt.intent, "cus_1")
    assert await shop.customer_of(order) == ("active", None)
    link = await shop.link_of(order)
    assert (link.state, link.used_by) == ("used", row.customer_id)
    invoice = await shop.row(invoices, row.invoice_id)
    assert (invoice.state, invoice.subtotal_minor, invoice.tax_minor) == ("paid", NET, TAX)
    assert (invoice.total_minor, invoice.balance_minor) == (TOTAL, 0)
    [line] = await shop.rows(invoice_lines)
    assert (line.description, line.product_id) == ("Company formation", shop.product_id)
    payment = await shop.row(payments, row.payment_id)
    assert (payment.source, payment.external_id, payment.amount_minor) == ("stripe", attempt.intent, TOTAL)
    assert (await shop.row(checkout_sessions, attempt.id)).payment_id == row.payment_id
    [welcome] = await shop.mails("welcome")
    assert (welcome.stream, welcome.state) == ("transactional", "queued")
    [receipt] = await shop.mails("notice")
    assert receipt.touch_key == f"payment/{row.payment_id}/receipt"


async def test_many_payments_cost_as_many_statements_as_a_few(shop: Shop) -> None:
    few = [await shop.checkout(await shop.order()) for _ in range(2)]
    many = [await shop.checkout(await shop.order()) for _ in range(9)]
    counted = []

    for some in (few, many):
        async with shop.work() as work:
            with statements(work) as sent:
                await see(work, [(attempt.id, attempt.told()) for attempt in some])
                await shop.office._react(work)  # what a Work does at its end, counted
            counted.append(len(sent))
            work.happened.clear()

    assert counted[0] == counted[1]
    assert [row.state for row in await shop.rows(orders)] == ["paid"] * 11


async def test_a_price_that_changes_after_the_order_changes_nothing_of_it(shop: Shop) -> None:
    order = await shop.order()
    async with shop.work() as work:
        await edit_product(work, shop.product_id, {"price": Money(999_00, "AED"), "name": "Dearer"})

    await shop.paid(await shop.checkout(order))

    row = await shop.row(orders, order)
    assert row.amount_minor == TOTAL
    [line] = await shop.rows(invoice_lines)
    assert (line.description, line.net_minor, line.tax_minor) == ("Company formation", NET, TAX)


async def test_a_product_that_is_sold_no_more_can_still_be_paid_for(shop: Shop) -> None:
    order = await shop.order()
    async with shop.work() as work:
        await archive_product(work, shop.product_id)

    await shop.paid(await shop.checkout(order))

    assert (await shop.row(orders, order)).state == "paid"


async def test_nobody_orders_what_is_sold_no_more(shop: Shop) -> None:
    customer = await shop.customer()

    async with shop.work() as work:
        await archive_product(work, shop.product_id)
        with pytest.raises(Conflict) as refusal:
            await create_order(work, NewOrder(customer, shop.product_id))

    assert refusal.value.code == "product_inactive"


async def test_a_product_without_a_price_needs_one(shop: Shop) -> None:
    customer = await shop.customer()

    async with shop.work() as work:
        product = await a_product(work, minor=None)
        with pytest.raises(Invalid) as refusal:
            await create_order(work, NewOrder(customer, product))

    assert refusal.value.field == "price"


async def test_a_customers_own_price_is_what_their_order_costs(shop: Shop) -> None:
    customer = await shop.customer(state="active")
    async with shop.work() as work:
        await priced(work, customer, shop.product_id, "2026-11-01", 150_00)

    order = await shop.order(of=customer, by_link=False)

    row = await shop.row(orders, order)
    assert (row.net_minor, row.tax_minor, row.amount_minor) == (150_00, 7_50, 157_50)


async def test_the_price_of_a_link_stands_in_place_of_the_products(shop: Shop) -> None:
    order = await shop.order(price=Money(80_00, "AED"))

    row = await shop.row(orders, order)
    assert (row.net_minor, row.tax_minor, row.amount_minor) == (80_00, 4_00, 84_00)


async def test_a_link_that_was_taken_back_is_honoured_and_says_so(shop: Shop) -> None:
    order = await shop.order()
    attempt = await shop.checkout(order)
    link = await shop.link_of(order)
    async with shop.work() as work:
        await revoke_link(work, link.id)

    await shop.paid(attempt)

    assert (await shop.row(orders, order)).state == "paid"
    assert (await shop.link_of(order)).state == "revoked"
    assert (await shop.told_of(link.id))[-1] == "payment_link.payment_confirmed"


async def test_who_pays_a_second_order_is_not_welcomed_again(shop: Shop) -> None:
    first = await shop.paid_order()
    customer = (await shop.row(orders, first)).customer_id

    await shop.paid_order(of=customer, by_link=False)

    assert len(await shop.mails("welcome")) == 1
    assert await shop.books() == (["paid", "paid"], [TOTAL, TOTAL])


async def test_two_payments_of_one_order_at_once_pay_it_once(shop: Shop) -> None:
    order = await shop.order()
    tabs = [await shop.checkout(order) for _ in range(2)]

    await shop.see(*((tab, tab.told()) for tab in tabs))

    assert (await shop.told_of(order)).count("order.payment_confirmed") == 1
    assert (await shop.told_of(order)).count("order.second_payment") == 1
    assert await shop.books() == (["paid"], [TOTAL, TOTAL])
    assert [(task.kind, task.about_id) for task in await shop.rows(tasks)] == [("order_money", order)]


async def test_who_was_suspended_by_an_administrator_stays_so_though_they_pay(shop: Shop) -> None:
    customer = await shop.customer(state="active")
    order = await shop.order(of=customer)
    async with shop.work() as work:
        await suspend_customer(work, customer, reason="Asked by the court")

    await shop.paid(await shop.checkout(order))

    assert (await shop.row(orders, order)).state == "paid"
    assert await shop.customer_of(order) == ("suspended", "admin")
    assert await shop.mails("welcome") == []


async def test_money_of_whom_too_little_is_known_is_kept_until_their_invoice_is_issued(shop: Shop) -> None:
    customer = await shop.customer(address_lines=[])
    order = await shop.order(of=customer)
    await shop.paid(await shop.checkout(order))

    row = await shop.row(orders, order)
    assert row.state == "paid"
    assert await shop.customer_of(order) == ("active", None)
    assert (await shop.row(invoices, row.invoice_id)).state == "draft"
    assert [(task.kind, task.about_id) for task in await shop.rows(tasks)] == [("not_invoiced", order)]

    async with shop.work() as work:
        await work.db.execute(
            sa.update(customers)
            .where(customers.c.tenant_id == work.tenant_id, customers.c.id == customer)
            .values(address_lines=["12 Sheikh Zayed Road"])
        )
        await issue_invoice(work, row.invoice_id)

    assert (await shop.row(invoices, row.invoice_id)).state == "paid"
    [task] = await shop.rows(tasks)
    assert task.done_at is not None


async def test_a_payment_that_an_agent_typed_in_before_does_not_stand_in_its_way(shop: Shop) -> None:
    order = await shop.order()
    attempt = await shop.checkout(order)
    customer = (await shop.row(orders, order)).customer_id
    async with shop.work() as work:
        given = NewPayment(Money(TOTAL, "AED"), work.today, customer, external_id=attempt.intent)
        await record_payment(work, given)

    await shop.paid(attempt)

    assert (await shop.row(orders, order)).state == "paid"


async def test_what_is_free_is_paid_without_an_invoice(shop: Shop) -> None:
    order = await shop.order()
    async with shop.work() as work:
        free = {"net_minor": 0, "tax_minor": 0, "amount_minor": 0}
        await work.db.execute(
            sa.update(orders).where(orders.c.tenant_id == work.tenant_id, orders.c.id == order).values(**free)
        )
    attempt = await shop.checkout(order)

    await shop.paid(
        attempt, payment_status=PaymentStatus.NO_PAYMENT_REQUIRED, amount=Money(0, "AED"), payment_intent=None
    )

    row = await shop.row(orders, order)
    assert (row.state, row.invoice_id, row.payment_id) == ("paid", None, None)
    assert await shop.books() == ([], [])


async def test_a_checkout_says_what_is_paid_where_and_by_whom(shop: Shop) -> None:
    customer = await shop.customer(email="Huda@noor.example", email_key="huda@noor.example", locale="ar")
    order = await shop.order(of=customer)

    async with shop.work() as work:
        wanted = await checkout_of(work, order, base_url="https://pay.example/")

    assert (wanted.amount, wanted.description) == (Money(TOTAL, "AED"), "Company formation")
    assert (wanted.email, wanted.locale, wanted.customer_id) == ("Huda@noor.example", "ar", customer)
    assert wanted.success_url.startswith("https://pay.example/pay/")
    assert wanted.success_url.endswith("/return?session_id={CHECKOUT_SESSION_ID}")
    assert wanted.cancel_url.endswith("/cancel")


async def test_nobody_pays_again_while_money_is_under_way(shop: Shop) -> None:
    order = await shop.order()
    await shop.processing(await shop.checkout(order))

    with pytest.raises(Conflict) as refusal:
        async with shop.work() as work:
            await checkout_of(work, order, base_url="https://pay.example")

    assert refusal.value.code == "money_under_way"


async def test_an_invoice_that_is_issued_by_hand_is_still_told_of(shop: Shop) -> None:
    async with shop.work() as work:
        await an_invoice(work, of=await a_customer(work))

    [notice] = await shop.mails("notice")
    assert notice.touch_key.endswith("/issued")


async def test_stuck_money_is_what_waits_for_somebody(shop: Shop) -> None:
    fine, held, slow = await shop.paid_order(), await shop.order(), await shop.order()
    await shop.other_amount(await shop.checkout(held))
    await shop.processing(await shop.checkout(slow))

    async with shop.work() as work:
        assert [one.id for one in await stuck_orders(work)] == [held]
    async with shop.work() as work:
        await work.db.execute(
            sa.update(checkout_sessions)
            .where(checkout_sessions.c.tenant_id == work.tenant_id)
            .values(created_at=sa.text("created_at - interval '9 years'"))
        )
        assert [one.id for one in await stuck_orders(work)] == [held, slow]
        assert [one.id for one in (await list_orders(work)).rows] == [slow, held, fine]
        assert await look(work) == 0
