"""What Stripe tells us, read as R128 says: what it is about, and whether its text alone is enough."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bursar.billing.states import CheckoutState, PaymentStatus, RefundState
from bursar.billing.tills.ports import (
    ChargebackState,
    SeenChargeback,
    SeenCheckout,
    SeenRefund,
    TillEventKind,
)
from bursar.core.money import Money
from bursar.integrations.stripe.desk import StripeDesk

pytestmark = pytest.mark.pure

K = TillEventKind
T = 1_760_000_000
THEN = datetime.fromtimestamp(T, UTC)

SESSION = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "status": "complete",
    "payment_status": "paid",
    "amount_total": 11_900,
    "currency": "ils",
    "livemode": False,
    "client_reference_id": "0190",
    "url": None,
    "expires_at": 1_760_086_400,
    "payment_intent": "pi_1",
    "customer": "cus_1",
}
REFUND = {
    "id": "re_1",
    "object": "refund",
    "amount": 500,
    "currency": "ils",
    "payment_intent": "pi_1",
    "status": "succeeded",
    "reason": "duplicate",
    "metadata": {"bursar_key": "refund/1"},
}
DISPUTE = {
    "id": "du_1",
    "object": "dispute",
    "amount": 11_900,
    "currency": "ils",
    "payment_intent": "pi_1",
    "charge": "ch_1",
    "status": "needs_response",
    "reason": "fraudulent",
    "livemode": False,
}
CHARGE = {
    "id": "ch_1",
    "object": "charge",
    "payment_intent": "pi_1",
    "amount_refunded": 500,
    "livemode": False,
}
INTENT = {"id": "pi_1", "object": "payment_intent", "status": "requires_payment_method", "livemode": False}


def event(type: str, about: dict[str, Any], **changed: Any) -> dict[str, Any]:
    told = {"id": "evt_1", "object": "event", "type": type, "created": T, "livemode": False}
    return {**told, "data": {"object": about}, **changed}


PAID = SeenCheckout(
    session_id="cs_test_1",
    state=CheckoutState.COMPLETE,
    payment_status=PaymentStatus.PAID,
    amount=Money(11_900, "ILS"),
    live=False,
    reference="0190",
    expires_at=datetime(2025, 10, 10, 8, 53, 20, tzinfo=UTC),
    payment_intent="pi_1",
    provider_customer="cus_1",
)
BACK = SeenRefund("re_1", "pi_1", Money(500, "ILS"), RefundState.SUCCEEDED, False, "duplicate", "refund/1")
FOUGHT = SeenChargeback("du_1", "pi_1", Money(11_900, "ILS"), ChargebackState.OPENED, False, "fraudulent")


def test_a_checkout_that_was_paid_is_told_whole() -> None:
    read = StripeDesk().read(event("checkout.session.completed", SESSION, account="acct_1"))

    assert read.told == PAID
    assert (read.event_id, read.kind, read.type) == (
        "evt_1",
        K.CHECKOUT_COMPLETED,
        "checkout.session.completed",
    )
    assert (read.live, read.created, read.account_id) == (False, THEN, "acct_1")
    assert (read.payment_intent, read.is_decisive) == ("pi_1", True)


# fmt: off
KINDS = [
    #  type                                        about                                               kind                    decisive
    ("checkout.session.completed",               SESSION,                                            K.CHECKOUT_COMPLETED,   True),
    ("checkout.session.completed",               {**SESSION, "payment_status": "no_payment_required"}, K.CHECKOUT_COMPLETED, True),
    ("checkout.session.completed",               {**SESSION, "payment_status": "unpaid"},            K.CHECKOUT_COMPLETED,   False),
    ("checkout.session.completed",               {**SESSION, "status": "open"},                      K.CHECKOUT_COMPLETED,   False),
    ("checkout.session.completed",               {**SESSION, "livemode": True},                      K.CHECKOUT_COMPLETED,   False),
    ("checkout.session.async_payment_succeeded", SESSION,                                            K.ASYNC_SUCCEEDED,      True),
    ("checkout.session.async_payment_failed",    {**SESSION, "payment_status": "unpaid"},            K.ASYNC_FAILED,         False),
    ("checkout.session.expired",                 {**SESSION, "status": "expired", "payment_status": "unpaid"}, K.CHECKOUT_EXPIRED, False),
    ("payment_intent.payment_failed",            INTENT,                                             K.PAYMENT_FAILED,       False),
    ("charge.refunded",                          CHARGE,                                             K.REFUND,               False),
    ("charge.refund.updated",                    REFUND,                                             K.REFUND,               True),
    ("refund.created",                           {**REFUND, "status": "pending"},                    K.REFUND,               False),
    ("refund.updated",                           REFUND,                                             K.REFUND,               True),
    ("refund.failed",                            {**REFUND, "status": "failed"},                     K.REFUND,               False),
    ("charge.dispute.created",                   DISPUTE,                                            K.CHARGEBACK,           False),
    ("charge.dispute.updated",                   DISPUTE,                                            K.CHARGEBACK,           False),
    ("charge.dispute.funds_withdrawn",           DISPUTE,                                            K.CHARGEBACK,           False),
    ("charge.dispute.funds_reinstated",          DISPUTE,                                            K.CHARGEBACK,           False),
    ("charge.dispute.closed",                    {**DISPUTE, "status": "won"},                       K.CHARGEBACK,           False),
    ("charge.dispute.closed",                    {**DISPUTE, "status": "lost"},                      K.CHARGEBACK,           True),
    ("charge.dispute.closed",                    {**DISPUTE, "status": "lost", "livemode": True},    K.CHARGEBACK,           False),
]
# fmt: on


@pytest.mark.parametrize(("name", "about", "kind", "decisive"), KINDS)
def test_each_kind_is_known_and_says_whether_it_needs_another_look(
    name: str, about: dict[str, Any], kind: TillEventKind, *, decisive: bool
) -> None:
    read = StripeDesk().read(event(name, about))

    assert (read.kind, read.is_decisive, read.payment_intent) == (kind, decisive, "pi_1")


def test_a_delayed_payment_that_did_not_come_is_told_by_the_events_name() -> None:
    waiting = {**SESSION, "payment_status": "unpaid"}

    under_way = StripeDesk().read(event("checkout.session.completed", waiting)).told
    failed = StripeDesk().read(event("checkout.session.async_payment_failed", waiting)).told

    assert isinstance(under_way, SeenCheckout)
    assert isinstance(failed, SeenCheckout)
    assert (under_way.payment_status, failed.payment_status) == (PaymentStatus.UNPAID, PaymentStatus.FAILED)
    assert failed.payment_intent == "pi_1"


def test_refunds_and_chargebacks_are_told_whole() -> None:
    desk = StripeDesk()

    assert desk.read(event("refund.updated", REFUND)).told == BACK
    assert desk.read(event("charge.dispute.created", DISPUTE)).told == FOUGHT
    assert desk.read(event("charge.refunded", CHARGE)).told is None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("needs_response", ChargebackState.OPENED),
        ("under_review", ChargebackState.OPENED),
        ("warning_needs_response", ChargebackState.OPENED),
        ("warning_under_review", ChargebackState.OPENED),
        ("appeal_under_review", ChargebackState.OPENED),
        ("a_word_of_next_year", ChargebackState.OPENED),
        ("warning_closed", ChargebackState.WON),
        ("prevented", ChargebackState.WON),
        ("won", ChargebackState.WON),
        ("lost", ChargebackState.LOST),
    ],
)
def test_each_word_for_a_dispute_has_its_state(status: str, state: ChargebackState) -> None:
    told = StripeDesk().read(event("charge.dispute.updated", {**DISPUTE, "status": status})).told

    assert isinstance(told, SeenChargeback)
    assert told.state is state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", RefundState.PENDING),
        ("requires_action", RefundState.PENDING),
        (None, RefundState.PENDING),
        ("succeeded", RefundState.SUCCEEDED),
        ("failed", RefundState.FAILED),
        ("canceled", RefundState.FAILED),
    ],
)
def test_each_word_for_a_refund_has_its_state(status: str | None, state: RefundState) -> None:
    told = StripeDesk().read(event("refund.updated", {**REFUND, "status": status})).told

    assert isinstance(told, SeenRefund)
    assert told.state is state


@pytest.mark.parametrize("name", ["plan.created", "payment_intent.succeeded", "checkout.session.dreamt", "x"])
def test_what_we_do_not_follow_is_kept_and_says_nothing(name: str) -> None:
    read = StripeDesk().read(event(name, SESSION))

    assert (read.kind, read.told, read.payment_intent, read.is_decisive) == (K.OTHER, None, None, False)


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "half open"},
        {"status": None},
        {"payment_status": "failed"},
        {"payment_status": None},
        {"currency": "zzz"},
        {"currency": 5},
        {"amount_total": "11900"},
        {"amount_total": 119.0},
        {"amount_total": True},
        {"amount_total": 2**70},
        {"id": None},
        {"livemode": "false"},
        {"object": "charge"},
        {"expires_at": "soon"},
    ],
)
def test_a_session_that_cannot_be_read_is_retrieved_instead(broken: dict[str, Any]) -> None:
    read = StripeDesk().read(event("checkout.session.completed", {**SESSION, **broken}))

    assert (read.kind, read.told, read.is_decisive) == (K.CHECKOUT_COMPLETED, None, False)


@pytest.mark.parametrize(
    "broken",
    [
        {"object": "list"},
        {"id": None},
        {"id": ""},
        {"type": None},
        {"created": None},
        {"created": "now"},
        {"livemode": None},
        {"data": None},
        {"data": {}},
        {"data": {"object": "cs_test_1"}},
    ],
)
def test_what_is_no_event_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^no "):
        StripeDesk().read({**event("checkout.session.completed", SESSION), **broken})
