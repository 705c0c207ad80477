"""Why: what comes next, what stands in the way, and what that stands on (promise 4)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.disputes import open_dispute
from bursar.billing.promises import make_promise
from bursar.billing.states import DisputeReason
from bursar.chasing.sequences import chases
from bursar.chasing.why import why
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import NotFound
from bursar.core.keys import Keyring
from bursar.outbox.states import Scope, SuppressionReason
from bursar.outbox.suppressions import suppress
from bursar.outbox.tables import incoming_messages
from bursar.tenancy.customers import suspend_customer
from tests.makers.billing import an_overdue_invoice, pay
from tests.makers.sequences import Firm, a_firm, a_sequence
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


async def late(firm: Firm, days: int = 10, **given: str | None) -> tuple[UUID, UUID]:
    """A customer and an invoice of theirs."""
    async with firm.work() as work:
        customer = await a_customer(work, **{"email": "huda@noor.example", **given})
        return customer, await an_overdue_invoice(work, of=customer, days=days)


async def asked(firm: Firm, kind: str, id_: UUID):
    async with firm.work() as work:
        return await why(work, kind, str(id_))


@pytest.mark.parametrize(
    ("days", "touch", "on"),
    [
        (-20, -5, "2026-12-03"),
        (-5, -5, "2026-11-19"),
        (0, 1, "2026-11-19"),
        (8, 7, "2026-11-19"),
        (1, 1, "2026-11-19"),
    ],
)
async def test_the_next_touch_of_an_invoice_is_named_with_its_day(
    firm: Firm, days: int, touch: int, on: str
) -> None:
    customer, invoice = await late(firm, days)
    for kind, id_ in (("invoice", invoice), ("customer", customer)):
        told = await asked(firm, kind, id_)
        assert told.next == "touch"
        assert told.upcoming is not None
        assert (told.upcoming.offset_days, str(told.upcoming.on_date), told.upcoming.invoice_id) == (
            touch,
            on,
            invoice,
        )
        assert told.next_at == told.upcoming.at


async def test_a_message_in_a_held_list_waits_for_somebody_and_leads_there(firm: Firm) -> None:
    customer, invoice = await late(firm)
    day = await firm.the_list()
    for kind, id_ in (("invoice", invoice), ("customer", customer)):
        told = await asked(firm, kind, id_)
        assert (told.next, told.run_id, told.upcoming) == ("list", day.run_id, None)
        assert told.sends[0].sequence == "Reminders"
        assert told.mailbox is not None


async def test_what_was_told_once_is_not_next_again(firm: Firm) -> None:
    _, invoice = await late(firm, 10)
    day = await firm.the_list()
    await firm.release(day.run_id)
    await firm.a_day_passes()
    await firm.drain()

    told = await asked(firm, "invoice", invoice)

    assert told.sends[0].state == "sent"
    assert told.upcoming is not None
    assert (told.upcoming.offset_days, str(told.upcoming.on_date)) == (14, "2026-11-23")


async def test_an_invoice_that_no_sequence_covers_has_nothing_next(firm: Firm) -> None:
    async with firm.work() as work:
        customer = await a_customer(work, email=None)
        invoice = await an_overdue_invoice(work, of=customer)
    told = await asked(firm, "invoice", invoice)
    assert (told.next, told.stopped_by) == ("nothing", ("no_address",))


async def test_each_silence_leads_to_what_it_stands_on(firm: Firm) -> None:
    made: dict[str, tuple[UUID, UUID]] = {}
    proof: dict[str, UUID] = {}
    async with firm.work() as work:
        for name in (
            "promise",
            "dispute",
            "processing",
            "paid",
            "replied",
            "unsubscribed",
            "hard_bounce",
            "customer_suspended",
        ):
            customer = await a_customer(work, email=f"{name}@noor.example")
            made[name] = customer, await an_overdue_invoice(work, of=customer)
        proof["promise"] = await make_promise(
            work, made["promise"][1], promised_for=work.today + timedelta(days=3)
        )
        proof["dispute"] = await open_dispute(
            work, made["dispute"][1], reason=DisputeReason.QUALITY, statement="It broke"
        )
        proof["processing"] = await money_under_way(work, made["processing"][1])
        proof["paid"] = (await pay(work, made["paid"][1], 100_00)).payment_id
        proof["unsubscribed"] = await suppress(
            work, "unsubscribed@noor.example", scope=Scope.REMINDERS, reason=SuppressionReason.UNSUBSCRIBE
        )
        await suspend_customer(work, made["customer_suspended"][0], reason="fraud")
        proof["customer_suspended"] = made["customer_suspended"][0]
    async with firm.story.house.office.work(firm.tenant_id) as work:
        proof["hard_bounce"] = await suppress(
            work, "hard_bounce@noor.example", reason=SuppressionReason.HARD_BOUNCE
        )
        row = {
            "channel": "email",
            "from_address": "replied@noor.example",
            "customer_id": made["replied"][0],
            "subject": "Next week",
            "class": "human",
            "provider_message_id": "m1",
            "received_at": work.now,
        }
        insert = sa.insert(incoming_messages).values(tenant_id=work.tenant_id, **row)
        proof["replied"] = (await work.db.scalars(insert.returning(incoming_messages.c.id))).one()

    for name, (_, invoice) in made.items():
        told = await asked(firm, "invoice", invoice)
        assert told.stopped_by == (name,)
        assert told.next == "nothing"
        assert [(one.reason, one.id) for one in told.evidence] == [(name, proof[name])], name
    for name in ("replied", "unsubscribed", "hard_bounce", "customer_suspended"):
        told = await asked(firm, "customer", made[name][0])
        assert (told.stopped_by, [one.id for one in told.evidence]) == ((name,), [proof[name]])


async def test_who_is_left_in_peace_by_an_agent_is_said_with_until_when(firm: Firm) -> None:
    customer, invoice = await late(firm)
    await firm.stage()
    async with firm.work() as work:
        [chase] = (await chases.list_chases(work, customer_id=customer)).rows
        await chases.pause(work, chase.id, until=work.today + timedelta(days=5), because="On holiday")
    for kind, id_ in (("invoice", invoice), ("customer", customer)):
        told = await asked(firm, kind, id_)
        assert told.stopped_by == ("chase_paused",)
        [one] = told.evidence
        assert (one.kind, one.id, one.text, str(one.on_date)) == (
            "chase",
            chase.id,
            "On holiday",
            "2026-11-23",
        )


async def test_a_send_that_did_not_go_leads_to_what_stopped_it(firm: Firm) -> None:
    _, invoice = await late(firm)
    await firm.the_list()
    async with firm.work() as work:
        paid = (await pay(work, invoice, 100_00)).payment_id
        [send] = (await why(work, "invoice", str(invoice))).sends
        told = await why(work, "send", str(send.id))
    assert (told.state, told.stopped_by) == ("suppressed", ("paid",))
    assert [(one.kind, one.id, one.about_id) for one in told.evidence] == [("payment", paid, invoice)]


async def test_another_firms_things_are_not_found(
    firm: Firm, addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    customer, invoice = await late(firm)
    async with a_firm(addresses, clock, keyring) as other:
        for kind, id_ in (("invoice", invoice), ("customer", customer)):
            with pytest.raises(NotFound):
                await asked(other, kind, id_)
