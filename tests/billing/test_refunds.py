"""Refunds: their lifecycle, and that no payment gives back more than it has (R74)."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from bursar.billing.ageing import credit_of
from bursar.billing.allocations import apply_credit
from bursar.billing.finding import get_invoice
from bursar.billing.payments import NewPayment, record_payment, reverse_payment
from bursar.billing.refunds import (
    NewRefund,
    Refund,
    fail_refund,
    get_refund,
    list_refunds,
    refund_payment,
    succeed_refund,
)
from bursar.core.errors import Conflict, IllegalMove, Invalid, NotAllowed, NotFound, Refusal, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.money import Money
from bursar.core.work import Actor, Office, Work
from tests.billing.test_payment_races import in_turn_or_at_once
from tests.makers.billing import aed, an_invoice, footprint, told_of
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

REFUSED = "refused"
# fmt: off
MATRIX: dict[tuple[str, str], tuple[str, str | None]] = {
    ("pending", "succeed"):   ("succeeded", "refund.succeed"),
    ("pending", "fail"):      ("failed", "refund.fail"),
    ("succeeded", "succeed"): (REFUSED, None),
    ("succeeded", "fail"):    (REFUSED, None),
    ("failed", "succeed"):    (REFUSED, None),
    ("failed", "fail"):       (REFUSED, None),
}
# fmt: on


async def a_credit(work: Work, minor: int = 100_00, *, of: UUID | None = None, **given: Any) -> UUID:
    """A payment that pays nothing yet."""
    customer = of or await a_customer(work)
    row = {"received_on": work.today, "customer_id": customer, **given}
    return (await record_payment(work, NewPayment(aed(minor), **row))).payment_id


async def a_refund(work: Work, payment: UUID, minor: int = 40_00, **given: Any) -> Refund:
    row = {"refunded_on": work.today, "reason": "paid twice", **given}
    return await refund_payment(work, NewRefund(payment, aed(minor), **row))


async def stand_in(work: Work, state: str) -> UUID:
    refund = await a_refund(work, await a_credit(work), done=state == "succeeded")
    if state == "failed":
        await fail_refund(work, refund.id, because="wrong IBAN")
    return refund.id


async def do(work: Work, event: str, refund: UUID, **more: Any) -> None:
    if event == "succeed":
        await succeed_refund(work, refund, **more)
    else:
        await fail_refund(work, refund, because="wrong IBAN", **more)


@pytest.mark.parametrize(("state", "event"), MATRIX)
async def test_an_event_in_a_state(work: Work, state: str, event: str) -> None:
    target, told = MATRIX[state, event]
    refund = await stand_in(work, state)
    before, events = await footprint(work), await told_of(work, refund)

    if target is REFUSED:
        with pytest.raises(IllegalMove) as refusal:
            await do(work, event, refund)
        assert refusal.value.allowed == ()
        assert await footprint(work) == before
        return

    await do(work, event, refund)
    assert (await get_refund(work, refund)).state == target
    assert await told_of(work, refund) == [*events, told]


async def test_a_new_refund_is_pending_or_if_the_money_left_already_succeeded(work: Work) -> None:
    payment = await a_credit(work)

    waiting, done = await a_refund(work, payment, done=False), await a_refund(work, payment)

    assert (waiting.state, done.state) == ("pending", "succeeded")
    assert await told_of(work, waiting.id) == ["refund.pending"]
    assert await told_of(work, done.id) == ["refund.pending", "refund.succeed"]


async def test_a_refund_takes_from_the_customers_credit_and_a_failed_one_gives_it_back(work: Work) -> None:
    customer = await a_customer(work)
    payment = await a_credit(work, of=customer)

    refund = await a_refund(work, payment, 30_00, done=False)
    assert await credit_of(work, customer) == [aed(70_00)]
    await fail_refund(work, refund.id, because="account closed")

    assert await credit_of(work, customer) == [aed(100_00)]


async def test_what_was_refunded_pays_no_invoice_and_what_pays_one_is_not_refunded(work: Work) -> None:
    customer = await a_customer(work)
    payment = await a_credit(work, of=customer)
    await a_refund(work, payment, 60_00, done=False)
    invoice = await an_invoice(work, of=customer)

    assert await apply_credit(work, invoice) == aed(40_00)
    with pytest.raises(Invalid) as refused:
        await a_refund(work, payment, 1)

    assert (refused.value.code, refused.value.field) == ("refund_above_payment", "amount")


async def test_a_payment_of_which_money_went_back_did_arrive(work: Work) -> None:
    payment = await a_credit(work)
    refund = await a_refund(work, payment, done=False)

    with pytest.raises(Conflict) as refused:
        await reverse_payment(work, payment, because="bounced")
    assert refused.value.code == "payment_was_refunded"
    await fail_refund(work, refund.id, because="account closed")
    await reverse_payment(work, payment, because="bounced")
    with pytest.raises(Invalid):
        await a_refund(work, payment, 1)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"amount": aed(0)}, "amount_not_positive"),
        ({"amount": aed(100_01)}, "refund_above_payment"),
        ({"amount": Money(1_00, "USD")}, "mixed_currencies"),
        ({"reason": " "}, "reason_missing"),
        ({"days": 1}, "refunded_on_does_not_fit"),
        ({"days": -1}, "refunded_on_does_not_fit"),
        ({"credit_note_id": uuid4()}, "not_found"),
        ({"payment_id": uuid4()}, "not_found"),
    ],
)
async def test_bad_input_is_refused_by_name_and_writes_nothing(
    work: Work, given: dict[str, Any], code: str
) -> None:
    payment = await a_credit(work)
    before = await footprint(work)
    day = work.today + timedelta(days=given.pop("days", 0))
    row = {"payment_id": payment, "amount": aed(1_00), "refunded_on": day, "reason": "paid twice", **given}

    with pytest.raises(Refusal) as refused:
        await refund_payment(work, NewRefund(**row))

    assert refused.value.code == code
    assert await footprint(work) == before


async def test_the_same_external_id_is_the_same_refund_and_never_another(work: Work) -> None:
    payment = await a_credit(work)
    first = await a_refund(work, payment, external_id="re_1")

    assert (await a_refund(work, payment, external_id="re_1")).id == first.id
    with pytest.raises(Conflict) as refused:
        await a_refund(work, payment, 41_00, external_id="re_1")
    assert refused.value.code == "duplicate_external_id"


async def test_a_reversal_has_nothing_to_refund(work: Work) -> None:
    reversal = await reverse_payment(work, await a_credit(work), because="bounced")
    with pytest.raises(NotFound):
        await a_refund(work, reversal, 1)


async def test_a_stale_version_is_refused(work: Work) -> None:
    refund = await a_refund(work, await a_credit(work), done=False)
    for act in (succeed_refund, partial(fail_refund, because="gone")):
        with pytest.raises(StaleVersion):
            await act(work, refund.id, version=7)


async def test_viewers_and_customers_refund_nothing(work: Work) -> None:
    payment = await a_credit(work)
    refund = await a_refund(work, payment, done=False)
    for actor in (Actor(ActorType.AGENT, None, AgentRole.VIEWER), Actor(ActorType.CUSTOMER, uuid4())):
        work.actor = actor
        for act in (
            a_refund(work, payment),
            succeed_refund(work, refund.id),
            fail_refund(work, refund.id, because="no"),
        ):
            with pytest.raises(NotAllowed):
                await act


async def test_another_tenant_finds_no_refund(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        payment = await a_credit(work)
        refund = await a_refund(work, payment, done=False)
    async with office.work(theirs) as work:
        for act in (
            a_refund(work, payment),
            succeed_refund(work, refund.id),
            fail_refund(work, refund.id, because="no"),
            get_refund(work, refund.id),
        ):
            with pytest.raises(NotFound):
                await act


async def test_two_refunds_racing_for_one_credit_are_one_refund(office: Office) -> None:
    tenant = await a_tenant(office)
    for _ in range(5):
        async with office.work(tenant) as work:
            customer = await a_customer(work)
            payment = await a_credit(work, of=customer)

        outcomes = await in_turn_or_at_once(
            office, tenant, *[partial(a_refund, payment=payment, minor=60_00)] * 2
        )

        assert outcomes == ["done", "refund_above_payment"]
        async with office.work(tenant) as work:
            assert await credit_of(work, customer) == [aed(40_00)]


async def test_a_refund_racing_a_use_of_the_same_credit_never_spends_it_twice(office: Office) -> None:
    tenant = await a_tenant(office)
    for _ in range(5):
        async with office.work(tenant) as work:
            customer = await a_customer(work)
            payment = await a_credit(work, of=customer)
            invoice = await an_invoice(work, of=customer)

        await in_turn_or_at_once(
            office,
            tenant,
            partial(a_refund, payment=payment, minor=60_00),
            partial(apply_credit, invoice_id=invoice),
        )

        async with office.work(tenant) as work:
            assert await credit_of(work, customer) == []
            paid = 100_00 - (await get_invoice(work, invoice)).balance.minor
            refunded = sum(one.amount.minor for one in await list_refunds(work, customer_id=customer))
            assert (paid, refunded) in ((40_00, 60_00), (100_00, 0))
