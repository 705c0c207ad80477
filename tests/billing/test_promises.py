"""What may be promised, and what keeps or breaks a word."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import anyio
import pytest
import sqlalchemy as sa

from bursar.billing import allocations, disputes
from bursar.billing.credit_notes import issue_credit_note
from bursar.billing.finding import get_invoice
from bursar.billing.promises import break_promises, make_promise, move_promise, withdraw_promise
from bursar.billing.states import DisputeReason, InvoiceState
from bursar.billing.tables import invoice_payments
from bursar.core.clock import FixedClock
from bursar.core.errors import Conflict, IllegalMove, Invalid, NotAllowed, NotFound, Refusal, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.money import MixedCurrencies, Money
from bursar.core.work import Actor, Office, Work
from tests.makers.billing import aed, an_invoice, footprint, pay
from tests.makers.promises import a_promise, reverse_all, the_promise
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("state", ["draft", "paid", "cancelled"])
async def test_only_an_open_invoice_can_be_promised(work: Work, state: str) -> None:
    invoice = await an_invoice(work, state=InvoiceState(state))

    with pytest.raises(IllegalMove):
        await make_promise(work, invoice, promised_for=work.today)


async def test_a_promise_without_an_amount_is_for_all_that_is_open(work: Work) -> None:
    invoice = await an_invoice(work)
    await pay(work, invoice, 30_00)

    promise = await a_promise(work, invoice=invoice, amount=None)

    assert (await the_promise(work, promise)).amount_minor == 70_00


@pytest.mark.parametrize(
    ("amount", "days", "refusal", "code"),
    [
        (aed(0), 2, Invalid, "promise_does_not_fit"),
        (aed(-1), 2, Invalid, "promise_does_not_fit"),
        (aed(100_01), 2, Invalid, "promise_does_not_fit"),
        (Money(50_00, "USD"), 2, MixedCurrencies, "mixed_currencies"),
        (aed(50_00), -1, Invalid, "promise_date"),
        (aed(50_00), 31, Invalid, "promise_date"),
    ],
)
async def test_what_cannot_be_promised(
    work: Work, amount: Money, days: int, refusal: type, code: str
) -> None:
    invoice = await an_invoice(work)
    before = await footprint(work)

    with pytest.raises(refusal) as refused:
        await make_promise(work, invoice, amount=amount, promised_for=work.today + timedelta(days=days))

    assert refused.value.code == code
    assert await footprint(work) == before


@pytest.mark.parametrize("days", [0, 30])
async def test_the_first_and_the_last_day_can_be_promised(work: Work, days: int) -> None:
    await a_promise(work, promised_for=work.today + timedelta(days=days))


async def test_an_invoice_has_one_running_promise_and_none_while_it_is_contested(work: Work) -> None:
    promised, contested = await an_invoice(work), await an_invoice(work)
    await a_promise(work, invoice=promised)
    await disputes.open_dispute(work, contested, reason=DisputeReason.QUALITY, statement="Torn")

    for invoice, code in ((promised, "promise_exists"), (contested, "disputed")):
        with pytest.raises(Conflict) as refused:
            await a_promise(work, invoice=invoice)
        assert refused.value.code == code


async def later(work: Work, promise: UUID) -> None:
    await move_promise(work, promise, promised_for=work.today + timedelta(days=9))


async def test_a_customer_moves_a_promise_twice_and_an_agent_as_often_as_it_takes(work: Work) -> None:
    promise = await a_promise(work)
    work.actor = Actor(ActorType.CUSTOMER, uuid4())
    await later(work, promise)
    await later(work, promise)

    with pytest.raises(Conflict) as refused:
        await later(work, promise)
    assert refused.value.code == "no_moves_left"

    work.actor = Actor(ActorType.AGENT, None, AgentRole.AGENT)
    await later(work, promise)
    assert (await the_promise(work, promise)).moves == 2


async def test_a_move_cannot_leave_the_limit_and_keeps_the_old_date_in_its_event(work: Work) -> None:
    promise = await a_promise(work)

    with pytest.raises(Invalid):
        await move_promise(work, promise, promised_for=work.today + timedelta(days=31))
    with pytest.raises(StaleVersion):
        await move_promise(work, promise, promised_for=work.today, version=7)
    await move_promise(work, promise, promised_for=work.today, version=1)

    changes = await work.db.scalar(
        sa.text("select changes from events where tenant_id = :tenant and type = 'promise.move'"),
        {"tenant": work.tenant_id},
    )
    old = (work.today + timedelta(days=2)).isoformat()
    assert changes == {"before": {"promised_for": old}, "after": {"promised_for": work.today.isoformat()}}


async def test_a_viewer_promises_nothing_and_only_the_clock_breaks_promises(work: Work) -> None:
    promise = await a_promise(work)
    invoice = await an_invoice(work)

    work.actor = Actor(ActorType.AGENT, None, AgentRole.VIEWER)
    for act in (
        make_promise(work, invoice, promised_for=work.today),
        move_promise(work, promise, promised_for=work.today),
        withdraw_promise(work, promise),
    ):
        with pytest.raises(NotAllowed):
            await act
    work.actor = Actor(ActorType.CUSTOMER, uuid4())
    with pytest.raises(NotAllowed):
        await break_promises(work)


async def test_money_that_came_in_time_keeps_a_promise_though_it_is_recorded_later(work: Work) -> None:
    in_time, late = await a_promise(work), await a_promise(work)
    word = (await the_promise(work, in_time)).promised_for
    work.now += timedelta(days=5)

    await pay(work, (await the_promise(work, in_time)).invoice_id, 50_00, received_on=word)
    await pay(work, (await the_promise(work, late)).invoice_id, 50_00, received_on=word + timedelta(days=1))

    assert (await the_promise(work, in_time)).state == "kept"
    assert (await the_promise(work, late)).state == "broken"


async def test_money_from_before_the_promise_does_not_keep_it(work: Work) -> None:
    invoice = await an_invoice(work)
    await pay(work, invoice, 40_00)
    promise = await a_promise(work, invoice=invoice)

    await pay(work, invoice, 20_00)
    assert (await the_promise(work, promise)).state == "active"
    await pay(work, invoice, 30_00)
    assert (await the_promise(work, promise)).state == "kept"


async def test_reversing_money_from_before_the_promise_does_not_unkeep_it(work: Work) -> None:
    invoice = await an_invoice(work)
    await pay(work, invoice, 40_00)
    early = (
        await work.db.scalars(
            sa.select(invoice_payments.c.id).where(
                invoice_payments.c.tenant_id == work.tenant_id, invoice_payments.c.invoice_id == invoice
            )
        )
    ).one()
    promise = await a_promise(work, invoice=invoice)
    await pay(work, invoice, 50_00)

    await allocations.reverse_allocation(work, early, because="bounced")

    assert (await the_promise(work, promise)).state == "kept"


async def test_a_kept_promise_does_not_come_back_beside_a_newer_one(work: Work) -> None:
    invoice = await an_invoice(work)
    old = await a_promise(work, "kept", invoice=invoice)
    new = await a_promise(work, invoice=invoice)

    await reverse_all(work, invoice)

    assert ((await the_promise(work, old)).state, (await the_promise(work, new)).state) == (
        "broken",
        "active",
    )


async def test_a_credit_that_leaves_less_open_than_promised_still_lets_it_be_kept(work: Work) -> None:
    invoice = await an_invoice(work)
    promise = await a_promise(work, invoice=invoice)
    await issue_credit_note(work, invoice, aed(80_00), because="late")

    await pay(work, invoice, 20_00)

    assert (await the_promise(work, promise)).state == "kept"


async def test_a_promise_lasts_to_the_end_of_its_day_in_the_tenants_zone(
    office: Office, clock: FixedClock
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        promise = await a_promise(work, promised_for=date(2026, 11, 20))
        invoice = (await the_promise(work, promise)).invoice_id

    for hour, minute, broken in ((19, 59, False), (20, 0, True)):  # 23:59 and 00:00 in Dubai
        clock.move_to(clock.now().replace(day=20, hour=hour, minute=minute))
        async with office.work(tenant) as work:
            assert (await get_invoice(work, invoice)).promised is not broken
            assert bool(await break_promises(work)) is broken


async def test_a_promise_of_another_tenant_is_not_there(office: Office) -> None:
    async with office.work(await a_tenant(office)) as work:
        promise = await a_promise(work)
        invoice = (await the_promise(work, promise)).invoice_id
        before = await footprint(work)
        ours = work.tenant_id
    async with office.work(await a_tenant(office)) as work:
        for act in (
            make_promise(work, invoice, promised_for=work.today),
            move_promise(work, promise, promised_for=work.today),
            withdraw_promise(work, promise),
        ):
            with pytest.raises(NotFound):
                await act
    async with office.work(ours) as work:
        assert await footprint(work) == before


async def test_two_hands_that_promise_at_once_leave_one_promise(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        invoice = await an_invoice(work, of=await a_customer(work))
    outcomes: list[str] = []

    async def promise() -> None:
        try:
            async with office.work(tenant) as work:
                await a_promise(work, invoice=invoice)
                outcomes.append("promised")
        except Refusal as refusal:
            outcomes.append(refusal.code)

    async with anyio.create_task_group() as group:
        group.start_soon(promise)
        group.start_soon(promise)

    assert sorted(outcomes) == ["promise_exists", "promised"]
