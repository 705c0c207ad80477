"""Money back through the till's port, and all that is known of a payment."""

import pytest

from bursar.billing.states import CheckoutState, PaymentStatus, RefundState
from bursar.billing.tills.ports import (
    ChargebackState,
    TillRefused,
    TillUnsure,
)
from bursar.core.money import Money
from bursar.integrations.stripe.adapter import StripeTill
from tests.makers.stripe_tills import AMOUNT, Opening
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio


async def test_part_of_a_payment_goes_back_once_under_one_key(till: StripeTill, paid: str) -> None:
    back = Money(50_000, "AED")

    first = await till.refund(paid, back, key="refund/1", reason="They moved away")
    second = await till.refund(paid, back, key="refund/1", reason="They moved away")

    assert first == second
    assert (first.amount, first.state, first.payment_intent, first.key) == (
        back,
        RefundState.SUCCEEDED,
        paid,
        "refund/1",
    )
    assert (await till.money_of(paid)).refunds == [first]


async def test_no_more_goes_back_than_came(till: StripeTill, paid: str) -> None:
    await till.refund(paid, AMOUNT, key="refund/1")

    with pytest.raises(TillRefused) as refused:
        await till.refund(paid, Money(100, "AED"), key="refund/2")

    assert refused.value.code == "charge_already_refunded"


async def test_a_refund_whose_answer_was_lost_is_made_once(
    till: StripeTill, stripe: StripeProcess, paid: str
) -> None:
    stripe.trouble("lost", operation="refunds.create", times=1, accepted=True)

    with pytest.raises(TillUnsure):
        await till.refund(paid, AMOUNT, key="refund/1")
    [known] = (await till.money_of(paid)).refunds
    again = await till.refund(paid, AMOUNT, key="refund/1")

    assert again == known
    assert known.key == "refund/1"


async def test_all_that_is_known_of_a_payment(till: StripeTill, stripe: StripeProcess, paid: str) -> None:
    stripe.act(f"/payments/{paid}/refunds", amount=1_000, status="pending")
    dispute = stripe.act(f"/payments/{paid}/disputes", reason="product_not_received")

    money = await till.money_of(paid)

    assert (money.payment_intent, money.received) == (paid, AMOUNT)
    [refund] = money.refunds
    assert (refund.amount, refund.state, refund.key) == (Money(1_000, "AED"), RefundState.PENDING, None)
    [chargeback] = money.chargebacks
    assert (chargeback.state, chargeback.reason) == (ChargebackState.OPENED, "product_not_received")
    assert money.checkout is not None
    assert (money.checkout.reference, money.checkout.payment_status) == ("0190aa", PaymentStatus.PAID)

    stripe.act(f"/disputes/{chargeback.chargeback_id}/outcome", status="lost")
    [chargeback] = (await till.money_of(paid)).chargebacks
    assert chargeback.state is ChargebackState.LOST
    assert dispute


async def test_a_declined_try_leads_to_its_checkout(
    till: StripeTill, stripe: StripeProcess, asked: Opening
) -> None:
    session = (await till.open(asked())).session_id
    stripe.pay(session, "declined")
    intent = stripe.seen(session)["intent"]["id"]

    money = await till.money_of(intent)

    assert money.received is None
    assert money.checkout is not None
    assert (money.checkout.session_id, money.checkout.reference) == (session, "0190aa")
    assert money.checkout.state is CheckoutState.OPEN
