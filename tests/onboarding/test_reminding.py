"""Who does not pay is reminded politely, and given up after a month; late money counts all the same."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.core.work import Office
from bursar.onboarding.ending import cancel_order
from bursar.onboarding.mails import OrderComposer
from bursar.onboarding.orders import pay_url
from bursar.onboarding.reminding import look, look_at_orders, tenants_with_work
from bursar.onboarding.tables import orders
from bursar.outbox import screening
from bursar.outbox.batches import Batch
from bursar.outbox.composing import Queued, Say, Silent, Verdict
from bursar.outbox.queries import claims
from bursar.outbox.queries.claims import Taken
from bursar.outbox.states import Purpose
from bursar.outbox.tables import sending_accounts, sends
from bursar.tenancy.customers import suspend_customer
from bursar.tenancy.tables import tenants
from tests.makers.orders import Shop

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
BASE = "https://pay.example"


async def days_pass(shop: Shop, days: int) -> None:
    """An hour at a time would do the same: the clock of the product looks each minute."""
    for _ in range(days):
        shop.clock.advance(DAY)
        await look_at_orders(shop.office, shop.tenant_id)


async def verdict(shop: Shop, send: sa.Row) -> Verdict:
    """What would be said of a send if it were claimed now."""
    names = (
        "id",
        "customer_id",
        "run_id",
        "locale",
        "to_address",
        "to_name",
        "template_version_id",
        "reviewed",
    )
    queued = Queued(**{name: getattr(send, name) for name in names}, purpose=Purpose(send.purpose))
    async with shop.work() as work:
        return (await OrderComposer(BASE).compose(work, [queued]))[send.id]


async def reminders(shop: Shop, order: UUID) -> list[str]:
    return [send.touch_key.removeprefix(f"order/{order}/") for send in await shop.mails("payment_reminder")]


async def test_reminders_are_three_days_apart_and_five_at_most(shop: Shop) -> None:
    order = await shop.order()
    came = {}
    for day in range(1, 30):
        await days_pass(shop, 1)
        came[day] = len(await reminders(shop, order))

    assert [day for day in came if came[day] != came.get(day - 1, 0)] == [1, 4, 7, 10, 13]
    assert await reminders(shop, order) == ["1", "2", "3", "4", "5"]
    sent = await shop.mails("payment_reminder")
    assert {(send.stream, send.to_address is not None) for send in sent} == {("reminder", True)}


async def test_after_a_day_without_money_whoever_registered_is_suspended_as_unpaid(shop: Shop) -> None:
    order = await shop.order()

    shop.clock.advance(timedelta(hours=23, minutes=59))
    await look_at_orders(shop.office, shop.tenant_id)
    assert await shop.customer_of(order) == ("pending", None)

    shop.clock.advance(timedelta(minutes=1))
    await look_at_orders(shop.office, shop.tenant_id)
    assert await shop.customer_of(order) == ("suspended", "unpaid")


async def test_after_a_month_an_order_is_given_up_and_its_link_taken_back(shop: Shop) -> None:
    order = await shop.order()

    await days_pass(shop, 31)

    row = await shop.row(orders, order)
    assert (row.state, row.look_at) == ("failed", None)
    assert (await shop.link_of(order)).state == "revoked"
    assert (await shop.told_of(order)).count("order.give_up") == 1


async def test_late_money_is_honoured(shop: Shop) -> None:
    order = await shop.order()
    attempt = await shop.checkout(order)
    await days_pass(shop, 31)

    await shop.paid(attempt)

    assert (await shop.row(orders, order)).state == "paid"
    assert await shop.customer_of(order) == ("active", None)
    assert (await shop.link_of(order)).state == "revoked"


async def test_who_failed_too_often_is_given_up_before(shop: Shop) -> None:
    order = await shop.order()
    attempt = await shop.checkout(order)
    for _ in range(20):
        await shop.declined(attempt)

    await days_pass(shop, 1)

    row = await shop.row(orders, order)
    assert (row.state, row.attempts) == ("failed", 20)


async def test_nobody_is_reminded_while_money_is_under_way_and_nothing_is_given_up(shop: Shop) -> None:
    order = await shop.order()
    attempt = await shop.checkout(order)
    await shop.processing(attempt)

    await days_pass(shop, 40)
    assert await reminders(shop, order) == []
    assert (await shop.row(orders, order)).state == "pending"
    assert await shop.customer_of(order) == ("pending", None)

    await shop.failed(attempt)
    await days_pass(shop, 1)
    assert (await shop.row(orders, order)).state == "failed"


async def test_a_payment_drops_the_reminder_that_waits(shop: Shop) -> None:
    order = await shop.order()
    await days_pass(shop, 1)
    [waiting] = await shop.mails("payment_reminder")
    assert waiting.state == "queued"

    await shop.paid(await shop.checkout(order))

    [dropped] = await shop.mails("payment_reminder")
    assert (dropped.state, dropped.reason) == ("suppressed", "paid")
    await days_pass(shop, 10)
    assert await reminders(shop, order) == ["1"]


async def test_a_reminder_leads_to_the_orders_page_and_says_what_it_costs(shop: Shop) -> None:
    order = await shop.order()
    await days_pass(shop, 1)
    [send] = await shop.mails("payment_reminder")

    said = await verdict(shop, send)

    assert isinstance(said, Say)
    assert said.values["order"]["product"] == "Company formation"
    assert "210.00" in said.values["order"]["amount"]
    address = pay_url(shop.office.keyring, BASE, shop.tenant_id, order, link_version=1)
    assert said.values["pay_link"] == address


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        ("paid", "no_subject"),
        ("processing", "processing"),
        ("cancel", "no_subject"),
        ("admin", "customer_suspended"),
    ],
)
async def test_a_reminder_is_silent_about_what_is_settled(shop: Shop, happens: str, reason: str) -> None:
    """Facts are read again when it is claimed; what was dropped has no subject any more."""
    order = await shop.order(of=await shop.customer(state="active"))
    await days_pass(shop, 1)
    [send] = await shop.mails("payment_reminder")
    match happens:
        case "paid":
            await shop.paid(await shop.checkout(order))
        case "processing":
            await shop.processing(await shop.checkout(order))
        case "cancel":
            async with shop.work() as work:
                await cancel_order(work, order)
        case _:
            async with shop.work() as work:
                await suspend_customer(work, send.customer_id, reason="because")

    said = await verdict(shop, send)

    assert isinstance(said, Silent)
    assert said.reason == reason


async def test_a_firm_without_a_mailbox_reminds_nobody_and_counts_nothing(shop: Shop) -> None:
    order = await shop.order()
    async with shop.work() as work:
        await work.db.execute(
            sa.update(sending_accounts)
            .where(sending_accounts.c.tenant_id == work.tenant_id)
            .values(is_primary=False)
        )

    await days_pass(shop, 3)

    row = await shop.row(orders, order)
    assert (row.reminders, row.reminded_at) == (0, None)
    assert await shop.mails("payment_reminder") == []


async def test_no_firm_reminds_more_often_than_is_polite(shop: Shop) -> None:
    async with shop.work() as work:
        await work.db.execute(
            sa.update(tenants)
            .where(tenants.c.tenant_id == work.tenant_id)
            .values(settings={"orders": {"reminder_gap_days": 0, "reminders": 50}})
        )
    order = await shop.order()

    await days_pass(shop, 3)
    assert await reminders(shop, order) == ["1"]
    await days_pass(shop, 26)
    assert await reminders(shop, order) == ["1", "2", "3", "4", "5"]


async def test_a_look_passes_over_whoever_is_paying_right_now(shop: Shop) -> None:
    busy, free = await shop.order(), await shop.order()
    shop.clock.advance(DAY)

    async with shop.work() as work:
        customer = (await shop.row(orders, busy)).customer_id
        await work.db.execute(
            sa.text("select 1 from customers where tenant_id = :t and id = :c for no key update"),
            {"t": shop.tenant_id, "c": customer},
        )
        async with shop.work(cause="clock") as other:
            assert await look(other) == 1

    assert [(await shop.row(orders, one)).reminders for one in (busy, free)] == [0, 1]


async def test_two_workers_that_look_at_once_remind_once(shop: Shop) -> None:
    order = await shop.order()
    shop.clock.advance(DAY)

    await asyncio.gather(*(look_at_orders(shop.office, shop.tenant_id) for _ in range(4)))

    assert await reminders(shop, order) == ["1"]
    assert (await shop.row(orders, order)).reminders == 1


async def test_a_scan_finds_whose_orders_wait(shop: Shop, office: Office) -> None:
    await shop.order()

    assert await tenants_with_work(office) == []
    shop.clock.advance(DAY)
    assert await tenants_with_work(office) == [shop.tenant_id]


async def test_a_reminder_of_who_is_suspended_as_unpaid_is_not_held_back(shop: Shop) -> None:
    """They are suspended for just that; the outbox leaves their reminder to its room."""
    order = await shop.order()
    await days_pass(shop, 1)
    assert await shop.customer_of(order) == ("suspended", "unpaid")
    async with shop.work() as work:
        account = (
            await work.db.scalars(
                sa.select(sends.c.sending_account_id).where(sends.c.tenant_id == work.tenant_id)
            )
        ).one()
        named = {
            "tenant_id": work.tenant_id,
            "account_id": account,
            "now": work.now,
            "open_runs": "{}",
            "many": 10,
        }
        batch = Batch(
            {
                one.id: one
                for one in (Taken(*row) for row in await work.db.execute(claims.next_sends(), named))
            }
        )
        screening.drop_suppressed(batch)

    assert len(batch.rows) == 1
