"""What the calendar wants said: before an invoice is due, and when it is late."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing import disputes, promises
from bursar.billing.states import DisputeReason, InvoiceState
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.tenancy.customers import suspend_customer
from tests.makers.billing import an_invoice, an_overdue_invoice, pay
from tests.makers.notices import a_firm, about, body, drain, notices, tend
from tests.makers.tenancy import a_customer
from tests.makers.tills import money_under_way

pytestmark = pytest.mark.anyio


async def test_each_firm_says_which_notices_it_wants(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    none = {"issued": False, "reminder_days_before": None, "overdue_days_after": None, "receipt": False}
    async with a_firm(addresses, clock, keyring, **none) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await an_invoice(work, state=InvoiceState.PAID)
            await an_invoice(work)
        clock.advance(timedelta(days=40))
        await tend(story)
        assert await notices(story) == []


async def test_a_reminder_speaks_of_all_that_comes_due_for_a_customer_once(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring, issued=False) as story:
        async with story.house.office.work(story.tenant_id) as work:
            customer = await a_customer(work)
            due = work.today + timedelta(days=22)
            first, second = [await an_invoice(work, of=customer, due_date=due) for _ in range(2)]
            later = await an_invoice(work, of=customer, due_date=due + timedelta(days=5))
        clock.advance(timedelta(days=18))
        await tend(story)
        assert await notices(story) == []

        clock.advance(timedelta(days=1))
        await tend(story)
        await tend(story)

        [reminder] = await notices(story)
        assert (reminder.touch_key, reminder.stream) == (f"invoice/{first}/reminder", "reminder")
        assert await about(story, reminder.id) == {first, second}
        await drain(story)
        [message] = story.messages()
        assert list(message.iter_attachments()) == []
        assert message["List-Unsubscribe"] is None  # plain http in tests: one-click needs https
        async with story.house.office.work(story.tenant_id) as work:
            number = await work.db.scalar(
                sa.text("select number from invoices where tenant_id = :t and id = :i"),
                {"t": story.tenant_id, "i": later},
            )
        assert number not in body(message)


async def test_who_has_just_been_sent_an_invoice_needs_no_reminder(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring, issued=False) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await an_invoice(work, due_date=work.today + timedelta(days=2))
        await tend(story)
        assert await notices(story) == []


async def test_late_is_from_midnight_of_the_firms_own_day(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring, issued=False, reminder_days_before=None) as story:
        async with story.house.office.work(story.tenant_id) as work:
            late = await an_invoice(work, due_date=work.today + timedelta(days=4))
        clock.move_to(datetime(2026, 11, 22, 19, 59, tzinfo=clock.now().tzinfo))  # 23:59 in Dubai, due today
        await tend(story)
        assert await notices(story) == []
        clock.advance(timedelta(minutes=1))
        await tend(story)
        [notice] = await notices(story)
        assert notice.touch_key == f"invoice/{late}/overdue"


async def test_old_debts_and_what_others_wrote_are_left_to_the_chase(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring, issued=False, reminder_days_before=None) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await an_overdue_invoice(work, days=2)
            await an_invoice(work, due_date=work.today + timedelta(days=1))
        clock.advance(timedelta(days=30))
        await tend(story)
        assert await notices(story) == []


async def test_reminders_fall_silent_for_whoever_paid_promised_or_contests(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(
        addresses, clock, keyring, issued=False, receipt=False, reminder_days_before=None
    ) as story:
        async with story.house.office.work(story.tenant_id) as work:
            due = work.today
            paid, promised, contested, under_way, stopped, open_ = [
                await an_invoice(work, due_date=due) for _ in range(6)
            ]
            owner = await work.db.scalar(
                sa.text("select customer_id from invoices where tenant_id = :t and id = :i"),
                {"t": story.tenant_id, "i": stopped},
            )
        clock.advance(timedelta(days=1))
        await tend(story)
        assert len(await notices(story)) == 6
        async with story.house.office.work(story.tenant_id) as work:
            await money_under_way(work, under_way)
            await pay(work, paid, 100_00)
            await promises.make_promise(work, promised, promised_for=work.today)
            await disputes.open_dispute(work, contested, reason=DisputeReason.QUALITY, statement="No.")
            await suspend_customer(work, owner, reason="x")

        await drain(story)

        ended = {UUID(one.touch_key.split("/")[1]): (one.state, one.reason) for one in await notices(story)}
        assert ended == {
            paid: ("suppressed", "paid"),
            promised: ("suppressed", "promise"),
            contested: ("suppressed", "dispute"),
            under_way: ("suppressed", "processing"),
            stopped: ("suppressed", "customer_suspended"),
            open_: ("sent", None),
        }
