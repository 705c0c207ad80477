"""What a till's provider told is applied in sets, and nothing is lost when something breaks in between (R128)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
import sqlalchemy as sa
from sqlalchemy import event as sa_event

from bursar.billing.ledger import discrepancies
from bursar.billing.tables import checkout_sessions, invoices, payments
from bursar.billing.tills import applying
from bursar.core import inbounds as kept_inbounds
from bursar.core.clock import FixedClock, SystemClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.core.kinds import AgentRole
from bursar.core.tables import events, inbounds
from tests.makers.hooks import Checkout, Counter, a_counter
from tests.makers.tenancy import acting
from tests.processes import Worker, environment, held

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Counter]:
    async with a_counter(addresses, clock, keyring) as made:
        yield made
        async with made.house.office.work(made.tenant_id) as work:
            assert await discrepancies(work) == []


async def waiting(counter: Counter) -> list[tuple[int, str | None]]:
    return [(row.attempts, row.error) for row in await counter.inbounds() if row.handled_at is None]


async def test_a_paid_checkout_pays_its_invoice(counter: Counter) -> None:
    checkout = await counter.checkout()
    await counter.completed(checkout)

    assert await counter.apply() == 1

    [payment] = await counter.rows(payments)
    assert (payment.amount_minor, payment.source, payment.external_id, payment.method) == (
        100_00,
        "stripe",
        checkout.intent,
        "card",
    )
    [row] = await counter.rows(checkout_sessions)
    assert (row.state, row.payment_status, row.payment_intent, row.payment_id) == (
        "complete",
        "paid",
        checkout.intent,
        payment.id,
    )
    [kept] = await counter.inbounds()
    assert (kept.attempts, kept.error, kept.handled_at is not None) == (1, None, True)


async def test_a_set_costs_no_more_statements_than_a_few(counter: Counter) -> None:
    """But for what each customer and invoice is locked for, which is one statement for all of them too."""

    async def statements(count: int) -> int:
        for checkout in [await counter.checkout() for _ in range(count)]:
            await counter.completed(checkout)
        sent: list[str] = []

        def hear(_c: object, _k: object, text: str, *_: object) -> None:
            sent.append(text)

        engine = counter.house.office.engine.sync_engine
        sa_event.listen(engine, "before_cursor_execute", hear)
        await counter.apply()
        sa_event.remove(engine, "before_cursor_execute", hear)
        # The inbox may announce what came at this very moment.
        return sum("set_context" not in text and "procrastinate_jobs" not in text for text in sent)

    few, many = await statements(2), await statements(30)
    assert many <= few
    assert len(await counter.rows(payments)) == 32


async def test_two_events_of_one_change_are_one_payment(counter: Counter) -> None:
    checkout = await counter.checkout()
    await counter.completed(checkout)
    await counter.completed(checkout)
    await counter.tell(counter.event("checkout.session.async_payment_succeeded", checkout.told()))

    await counter.apply()

    assert len(await counter.rows(payments)) == 1
    assert await waiting(counter) == []


async def test_what_comes_before_our_own_answer_is_written_down_finds_its_row(counter: Counter) -> None:
    """The customer was quicker than the settling of the request that opened the page."""
    checkout = await counter.checkout(session_id=None)
    await counter.completed(checkout)

    await counter.apply()

    [row] = await counter.rows(checkout_sessions)
    assert (row.session_id, row.payment_status) == (checkout.session, "paid")


@pytest.mark.parametrize("wrong", [{"amount_total": 99_99}, {"currency": "usd"}])
async def test_money_that_is_not_what_was_asked_for_pays_nothing(
    counter: Counter, wrong: dict[str, object]
) -> None:
    await counter.completed(await counter.checkout(), **wrong)

    await counter.apply()

    assert await counter.rows(payments) == []
    assert [row.state for row in await counter.rows(invoices)] == ["issued"]
    assert len(await counter.rows(events, events.c.type == "checkout_session.mismatch")) == 1
    assert await waiting(counter) == []


async def spoil(addresses: Addresses, checkout: Checkout) -> None:
    """The database refuses this one's money, whatever is tried."""
    with sa.create_engine(addresses.owner, poolclass=sa.NullPool).begin() as db:
        db.execute(
            sa.text(
                f"alter table payments add constraint no check (external_id <> '{checkout.intent}') not valid"
            )
        )


async def mend(addresses: Addresses) -> None:
    with sa.create_engine(addresses.owner, poolclass=sa.NullPool).begin() as db:
        db.execute(sa.text("alter table payments drop constraint no"))


async def test_one_that_cannot_be_applied_spoils_nobody_elses_and_is_tried_again(
    counter: Counter, addresses: Addresses, clock: FixedClock
) -> None:
    checkouts = [await counter.checkout() for _ in range(5)]
    for checkout in checkouts:
        await counter.completed(checkout)
    await spoil(addresses, checkouts[2])

    await counter.apply()

    assert len(await counter.rows(payments)) == 4
    [(attempts, error)] = await waiting(counter)
    assert attempts == 1
    assert "IntegrityError" in (error or "")
    await mend(addresses)
    assert await counter.apply() == 0  # not before its time
    clock.advance(timedelta(seconds=31))
    assert await counter.apply() == 1
    assert len(await counter.rows(payments)) == 5


async def test_what_fails_for_a_day_waits_for_a_person_and_is_applied_when_they_say_so(
    counter: Counter, addresses: Addresses, clock: FixedClock
) -> None:
    checkout = await counter.checkout()
    await counter.completed(checkout)
    await spoil(addresses, checkout)

    tries = 0
    while (await counter.inbounds())[0].attempts < kept_inbounds.MOST_ATTEMPTS:
        tries += await counter.apply()
        clock.advance(timedelta(minutes=10))
    clock.advance(timedelta(days=2))
    assert tries == 8
    assert await counter.apply() == 0
    async with counter.house.office.work(counter.tenant_id) as work:
        assert await kept_inbounds.count_stuck(work) == 1
        [shown] = await kept_inbounds.list_inbounds(work, waits=True)
    assert shown.status == "stuck"

    await mend(addresses)
    async with counter.house.office.work(counter.tenant_id, actor=acting(AgentRole.AGENT)) as work:
        await kept_inbounds.replay(work, shown.id)
    assert await counter.apply() == 1
    assert len(await counter.rows(payments)) == 1
    assert len(await counter.rows(events, events.c.type == "inbound.replay")) == 1


async def test_applying_again_what_was_applied_changes_nothing(counter: Counter) -> None:
    await counter.completed(await counter.checkout())
    await counter.apply()
    before = [row.version for row in await counter.rows(invoices)]
    [kept] = await counter.inbounds()

    async with counter.house.office.work(counter.tenant_id) as work:
        await kept_inbounds.replay(work, kept.id)
    await counter.apply()

    assert [row.version for row in await counter.rows(invoices)] == before
    assert len(await counter.rows(payments)) == 1


async def test_the_clock_finds_what_no_job_was_told_of(counter: Counter, clock: FixedClock) -> None:
    await counter.completed(await counter.checkout())
    office = counter.house.office
    assert await kept_inbounds.tenants_waiting(office, applying.STRIPE, for_=timedelta(seconds=30)) == []

    clock.advance(timedelta(seconds=31))

    found = await kept_inbounds.tenants_waiting(office, applying.STRIPE, for_=timedelta(seconds=30))
    assert found == [counter.tenant_id]


async def test_what_ses_tells_is_left_to_the_outbox(counter: Counter) -> None:
    async with counter.house.office.work(counter.tenant_id) as work:
        await kept_inbounds.keep(work, "ses", "n-1", "Notification", {"account_id": "x", "message": {}})

    assert await counter.apply() == 0
    [kept] = await counter.inbounds()
    assert kept.handled_at is None


async def test_a_worker_that_is_killed_in_between_loses_nothing(addresses: Addresses, tmp_path: Path) -> None:
    """SIGKILL while the payment is being written: the inbound stays, and whoever comes next applies it once."""
    keys = new_entry("k1")
    async with a_counter(addresses, SystemClock(), Keyring.parse(keys)) as counter:
        checkout = await counter.checkout()
        env = environment(addresses, keys)
        with held(addresses, "payments") as waited_for:
            await counter.completed(checkout)
            with Worker(env, tmp_path / "first.log") as worker:
                until = monotonic() + 30
                while "payments" not in waited_for():
                    assert monotonic() < until, "the worker never came to the payment"
                    await asyncio.sleep(0.05)
                worker.kill()
        [kept] = await counter.inbounds()
        assert (kept.handled_at, kept.attempts) == (None, 0)
        assert await counter.rows(payments) == []

        assert await counter.apply() == 1

        assert [row.amount_minor for row in await counter.rows(payments)] == [100_00]
        [row] = await counter.rows(inbounds)
        assert row.handled_at is not None
