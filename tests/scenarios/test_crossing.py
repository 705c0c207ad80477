"""A payment races the claim of a mail about it: either it is not written, or it was already on its way (T50)."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.tables import invoices
from bursar.chasing.campaigns import send_now
from bursar.chasing.why import why
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.outbox.claiming import claim
from bursar.outbox.tables import sends
from tests.makers.billing import pay
from tests.makers.story import Story, a_campaign, a_crowd, a_story

pytestmark = pytest.mark.anyio


async def due_alone(story: Story, send_id: UUID) -> None:
    """Of all queued sends only this one is due, so that a claim races for it or for nothing."""
    async with story.house.office.work(story.tenant_id) as work:
        ours = sa.and_(sends.c.tenant_id == work.tenant_id, sends.c.state == "queued")
        later = work.now + timedelta(days=1)
        when = sa.case((sends.c.id == send_id, work.now), else_=later)
        await work.db.execute(sa.update(sends).where(ours).values(queue_at=when))


async def race(story: Story, rounds: int, chance: random.Random) -> Counter[str]:
    """Pay each customer's only invoice while its mail is being claimed; asserts the promise each time."""
    office, ends = story.house.office, Counter[str]()
    async with office.work(story.tenant_id) as work:
        await a_crowd(work, rounds)
        await send_now(work, await a_campaign(work))
        in_order = (
            await work.db.execute(
                sa.select(sends.c.id, invoices.c.id.label("invoice_id"))
                .join(invoices, invoices.c.customer_id == sends.c.customer_id)
                .where(sends.c.tenant_id == work.tenant_id)
                .order_by(sends.c.id)
            )
        ).all()

    async def pay_it(invoice_id, written: asyncio.Event) -> None:
        await asyncio.sleep(chance.random() * 0.02)
        async with office.work(story.tenant_id) as work:
            await pay(work, invoice_id, 100_01)
            written.set()
            await asyncio.sleep(chance.random() * 0.01)  # still open: the claim may come now

    async def claim_it(written: asyncio.Event):
        if chance.random() < 0.3:  # however slow the machine, some come while the payment is open
            await written.wait()
        await asyncio.sleep(chance.random() * 0.02)
        house = story.house
        return await claim(office, story.tenant_id, story.account_id, house.letters, house.composers)

    for send_id, invoice_id in in_order:
        await due_alone(story, send_id)
        written = asyncio.Event()
        await asyncio.gather(claim_it(written), pay_it(invoice_id, written))
        async with office.work(story.tenant_id) as work:
            answer = await why(work, "send", str(send_id))
        if answer.state == "sending":
            # Marked by the payment's own transaction: the claim had committed before it did.
            assert answer.sends[0].crossed, "claimed, and the payment did not see it on the wire"
            ends["crossed"] += 1
        else:
            assert (answer.state, answer.stopped_by) == ("suppressed", ("paid",))
            assert not answer.sends[0].crossed
            ends["stopped"] += 1
    return ends


async def test_no_mail_about_a_paid_invoice_is_claimed_after_the_payment_in_200_interleavings(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring, batch_size=1) as story:
        ends = await race(story, 200, random.Random(50))

    assert sum(ends.values()) == 200
    assert min(ends.values()) > 10, f"the race was no race: {ends}"


@pytest.mark.proof
async def test_no_mail_about_a_paid_invoice_is_claimed_after_the_payment_in_1000_interleavings(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, counted: Callable[..., None]
) -> None:
    async with a_story(addresses, clock, keyring, batch_size=1) as story:
        ends = await race(story, 1_000, random.Random(1_000))

    counted("payments racing a claim", ends)
    assert sum(ends.values()) == 1_000
    assert min(ends.values()) > 50
