"""What the adapter asks Stripe, word for word, and how it reads an answer of the recorded shape."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bursar.billing.states import CheckoutState, PaymentStatus, RefundState
from bursar.billing.tills.ports import (
    ChargebackState,
    Identity,
    SeenChargeback,
    SeenMoney,
    SeenRefund,
    TillRefused,
    TillUnsure,
)
from bursar.core.money import Money
from bursar.integrations.stripe.adapter import StripeTill
from tests.contracts import Reader, WatchingThreads
from tests.makers.stripe_tills import (
    ASKED,
    DISPUTE,
    INTENT,
    KEY,
    OPEN,
    REFUND,
    SESSION,
    Recorded,
    listed,
    recorded,
)

pytestmark = [pytest.mark.anyio, pytest.mark.pure]


@pytest.fixture(autouse=True)
def on_contract() -> Iterator[None]:
    """No request of any test here is off our contract."""
    Reader.broken.clear()
    yield
    assert Reader.broken == []


async def test_whose_key_it_is_says_the_account_and_whether_it_is_live_the_key() -> None:
    account = {"object": "account", "id": "acct_1", "settings": {"dashboard": {"display_name": "Partners"}}}
    for key, live in ((KEY, False), (b"rk_live_0123456789abcdef", True)):
        stripe = Recorded(**{"GET account": account})
        till = StripeTill(key, "https://stripe.example", transport=WatchingThreads("stripe", stripe))

        assert await till.who() == Identity("acct_1", live, "Partners")
        await till.close()


async def test_a_checkout_is_asked_for_by_its_price_and_nothing_that_could_change_it() -> None:
    till, stripe = recorded(**{"POST checkout/sessions": SESSION})

    assert await till.open(ASKED) == OPEN
    await till.close()

    assert stripe.asked[-1].headers["idempotency-key"] == "0190aa/1"
    assert stripe.asked[-1].headers["stripe-version"] == "2026-10-28.endive"
    assert stripe.form() == {
        "mode": "payment",
        "line_items[0][price_data][currency]": "ils",
        "line_items[0][price_data][unit_amount]": "119000",
        "line_items[0][price_data][product_data][name]": "Société à Paris, création",
        "line_items[0][quantity]": "1",
        "success_url": "https://firm.example/pay/t/return?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://firm.example/pay/t/cancel",
        "client_reference_id": "0190aa",
        "expires_at": "1795204800",
        "locale": "fr",
        "metadata[order]": "0190bb",
        "metadata[bursar_reference]": "0190aa",
        "payment_intent_data[description]": "Société à Paris, création",
        "payment_intent_data[metadata][order]": "0190bb",
        "payment_intent_data[metadata][bursar_reference]": "0190aa",
        "adaptive_pricing[enabled]": "false",
        "customer_email": "lina@example.com",
    }


async def test_asked_twice_under_one_key_it_is_the_same_request() -> None:
    """Stripe refuses a key that comes back with anything else, so nothing in it may depend on when it is sent."""
    till, stripe = recorded(**{"POST checkout/sessions": SESSION})
    await till.open(ASKED)
    await till.open(ASKED)
    await till.close()

    first, second = stripe.asked
    assert first.content == second.content


async def test_the_answer_to_another_checkout_is_not_taken_for_ours() -> None:
    till, _ = recorded(**{"POST checkout/sessions": {**SESSION, "client_reference_id": "0190cc"}})

    with pytest.raises(TillUnsure) as unsure:
        await till.open(ASKED)
    await till.close()
    assert unsure.value.code == "unreadable"


async def test_a_payer_whom_stripe_knows_is_named_and_their_address_not_typed_in() -> None:
    till, stripe = recorded(**{"POST checkout/sessions": SESSION})

    await till.open(replace(ASKED, provider_customer="cus_1"))
    await till.close()

    assert stripe.form()["customer"] == "cus_1"
    assert "customer_email" not in stripe.form()


@pytest.mark.parametrize(("ours", "stripes"), [("en", "en"), ("fr", "fr"), ("ar", "auto"), ("he", "auto")])
async def test_a_language_that_stripes_page_lacks_is_left_to_the_browser(ours: str, stripes: str) -> None:
    till, stripe = recorded(**{"POST checkout/sessions": SESSION})

    await till.open(replace(ASKED, locale=ours))
    await till.close()

    assert stripe.form()["locale"] == stripes


async def test_a_free_order_is_asked_for_like_any_other() -> None:
    free = SESSION | {"amount_total": 0, "status": "complete", "payment_status": "no_payment_required"}
    till, stripe = recorded(**{"POST checkout/sessions": free})

    seen = await till.open(replace(ASKED, amount=Money(0, "ILS")))
    await till.close()

    assert stripe.form()["line_items[0][price_data][unit_amount]"] == "0"
    assert (seen.payment_status, seen.amount) == (PaymentStatus.NO_PAYMENT_REQUIRED, Money(0, "ILS"))


WAITING = {**SESSION, "status": "complete", "url": None}
# fmt: off
RETRIEVED = [
    #  session                                      intent                                       state                  payment status
    (SESSION,                                       None,                                        CheckoutState.OPEN,     PaymentStatus.UNPAID),
    (SESSION,                                       {**INTENT, "status": "requires_payment_method"}, CheckoutState.OPEN, PaymentStatus.UNPAID),
    ({**WAITING, "payment_status": "paid"},         INTENT,                                      CheckoutState.COMPLETE, PaymentStatus.PAID),
    (WAITING,                                       {**INTENT, "status": "processing"},          CheckoutState.COMPLETE, PaymentStatus.UNPAID),
    (WAITING,                                       {**INTENT, "status": "requires_action"},     CheckoutState.COMPLETE, PaymentStatus.UNPAID),
    (WAITING,                                       {**INTENT, "status": "requires_payment_method"}, CheckoutState.COMPLETE, PaymentStatus.FAILED),
    (WAITING,                                       {**INTENT, "status": "canceled"},            CheckoutState.COMPLETE, PaymentStatus.FAILED),
    ({**SESSION, "status": "expired"},              None,                                        CheckoutState.EXPIRED,  PaymentStatus.UNPAID),
]
# fmt: on


@pytest.mark.parametrize(("session", "intent", "state", "status"), RETRIEVED)
async def test_a_delayed_payment_under_way_is_told_from_one_that_did_not_come(
    session: dict[str, Any], intent: dict[str, Any] | None, state: CheckoutState, status: PaymentStatus
) -> None:
    till, _ = recorded(**{"GET checkout/sessions/cs_test_a1": {**session, "payment_intent": intent}})

    seen = await till.retrieve("cs_test_a1")
    await till.close()

    assert (seen.state, seen.payment_status) == (state, status)
    assert seen.payment_intent == ("pi_1" if intent else None)


async def test_an_open_checkout_is_closed() -> None:
    till, stripe = recorded(
        **{"POST checkout/sessions/cs_test_a1/expire": {**SESSION, "status": "expired", "url": None}}
    )

    assert (await till.expire("cs_test_a1")).state is CheckoutState.EXPIRED
    await till.close()
    assert len(stripe.asked) == 1


async def test_one_that_was_paid_meanwhile_is_told_as_it_is() -> None:
    not_open = {"error": {"type": "invalid_request_error", "message": "Only open sessions can be expired."}}
    paid = {**SESSION, "status": "complete", "payment_status": "paid", "payment_intent": INTENT}
    till, _ = recorded(
        **{
            "POST checkout/sessions/cs_test_a1/expire": (400, not_open),
            "GET checkout/sessions/cs_test_a1": paid,
        }
    )

    assert (await till.expire("cs_test_a1")).payment_status is PaymentStatus.PAID
    await till.close()


async def test_one_that_stripe_does_not_have_cannot_be_closed() -> None:
    gone = {
        "error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such session."}
    }
    till, _ = recorded(
        **{
            "POST checkout/sessions/cs_test_a1/expire": (404, gone),
            "GET checkout/sessions/cs_test_a1": (404, gone),
        }
    )

    with pytest.raises(TillRefused) as refused:
        await till.expire("cs_test_a1")
    await till.close()
    assert refused.value.code == "resource_missing"


@pytest.mark.parametrize(
    ("reason", "further"),
    [
        (None, {}),
        ("duplicate", {"reason": "duplicate"}),
        ("requested_by_customer", {"reason": "requested_by_customer"}),
        ("The customer moved away", {"metadata[reason]": "The customer moved away"}),
    ],
)
async def test_money_goes_back_under_a_key_that_comes_with_it(
    reason: str | None, further: dict[str, str]
) -> None:
    till, stripe = recorded(**{"POST refunds": REFUND})

    seen = await till.refund("pi_1", Money(19_000, "ILS"), key="refund/0190", reason=reason)
    await till.close()

    assert seen == SeenRefund(
        "re_1", "pi_1", Money(19_000, "ILS"), RefundState.PENDING, live=False, reason=None, key="refund/0190"
    )
    assert stripe.asked[-1].headers["idempotency-key"] == "refund/0190"
    told = {"payment_intent": "pi_1", "amount": "19000", "metadata[bursar_key]": "refund/0190"}
    assert stripe.form() == {**told, **further}


async def test_everything_is_known_of_one_payment() -> None:
    session = {
        **SESSION,
        "status": "complete",
        "payment_status": "paid",
        "payment_intent": "pi_1",
        "url": None,
    }
    till, _ = recorded(
        **{
            "GET payment_intents/pi_1": INTENT,
            "GET refunds": listed(REFUND),
            "GET disputes": listed(DISPUTE),
            "GET checkout/sessions": listed(session),
        }
    )

    seen = await till.money_of("pi_1")
    await till.close()

    assert seen == SeenMoney(
        payment_intent="pi_1",
        received=Money(119_000, "ILS"),
        refunds=[
            SeenRefund(
                "re_1", "pi_1", Money(19_000, "ILS"), RefundState.PENDING, live=False, key="refund/0190"
            )
        ],
        chargebacks=[
            SeenChargeback(
                "du_1", "pi_1", Money(119_000, "ILS"), ChargebackState.LOST, live=False, reason="fraudulent"
            )
        ],
        checkout=replace(
            OPEN,
            state=CheckoutState.COMPLETE,
            payment_status=PaymentStatus.PAID,
            payment_intent="pi_1",
            url=None,
        ),
    )


NOTHING_BACK = {"GET refunds": listed(), "GET disputes": listed()}


async def test_a_payment_without_a_checkout_and_without_money_is_told_as_that() -> None:
    declined = {**INTENT, "status": "requires_payment_method", "amount_received": 0}
    till, _ = recorded(
        **{"GET payment_intents/pi_1": declined, "GET checkout/sessions": listed(), **NOTHING_BACK}
    )

    assert await till.money_of("pi_1") == SeenMoney("pi_1", received=None, refunds=[], chargebacks=[])
    await till.close()


async def test_a_delayed_payment_that_did_not_come_is_told_of_the_payment_too() -> None:
    failed = {**INTENT, "status": "requires_payment_method", "amount_received": 0}
    sessions = listed({**WAITING, "payment_intent": "pi_1"})
    till, _ = recorded(
        **{"GET payment_intents/pi_1": failed, "GET checkout/sessions": sessions, **NOTHING_BACK}
    )

    seen = (await till.money_of("pi_1")).checkout
    await till.close()

    assert seen is not None
    assert (seen.payment_status, seen.payment_intent) == (PaymentStatus.FAILED, "pi_1")
