"""What becomes of a checkout at Stripe's simulator: paid, declined, later, given back, disputed."""

import pytest

from tests.payments import refused


def test_paid_it_is_complete_and_has_no_address_any_more(stripe):
    session = stripe.open(
        customer_email="amal@prospect.example", metadata={"order": "o-1"}, customer_creation="always"
    )

    stripe.pay(session["id"], name="Amal Haddad")

    told = stripe.get(
        f"/v1/checkout/sessions/{session['id']}", expand=["payment_intent.latest_charge", "customer"]
    )
    assert (told["status"], told["payment_status"], told["url"]) == ("complete", "paid", None)
    assert told["customer_details"]["email"] == "amal@prospect.example"
    assert told["customer"]["name"] == "Amal Haddad"
    intent = told["payment_intent"]
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 450_000)
    assert intent["metadata"] == {}  # a session's metadata are its own
    assert intent["latest_charge"]["paid"] is True
    listed = stripe.get("/v1/checkout/sessions", payment_intent=intent["id"])
    assert [one["id"] for one in listed["data"]] == [session["id"]]


def test_what_the_intent_is_to_know_is_said_for_it(stripe):
    session = stripe.open(payment_intent_data={"metadata": {"order": "o-1"}})

    told = stripe.pay(session["id"])

    assert told["intent"]["metadata"] == {"order": "o-1"}


def test_a_declined_card_leaves_it_open_for_another_try(stripe):
    session = stripe.open()

    declined = stripe.pay(session["id"], "insufficient_funds")

    assert (declined["session"]["status"], declined["session"]["payment_status"]) == ("open", "unpaid")
    error = declined["intent"]["last_payment_error"]
    assert (error["type"], error["code"], error["decline_code"]) == (
        "card_error",
        "card_declined",
        "insufficient_funds",
    )
    paid = stripe.pay(session["id"])
    assert paid["session"]["payment_status"] == "paid"
    assert paid["intent"]["id"] == declined["intent"]["id"]
    assert paid["intent"]["last_payment_error"] is None


@pytest.mark.parametrize(("came", "ends"), [(True, "paid"), (False, "unpaid")])
def test_a_bank_debit_is_complete_before_anybody_knows_whether_it_is_paid(stripe, came, ends):
    session = stripe.open()

    later = stripe.pay(session["id"], "later")
    assert (later["session"]["status"], later["session"]["payment_status"]) == ("complete", "unpaid")
    assert later["intent"]["status"] == "processing"

    settled = stripe.act(f"/sessions/{session['id']}/settlement", came=came)
    assert (settled["session"]["status"], settled["session"]["payment_status"]) == ("complete", ends)
    assert (
        stripe.control.post(f"/sessions/{session['id']}/settlement", json={"came": True}).status_code == 409
    )


def test_a_bank_asks_its_customer_before_it_pays(stripe):
    session = stripe.open()

    asked = stripe.pay(session["id"], "authentication")
    assert asked["intent"]["status"] == "requires_action"
    no = stripe.act(f"/sessions/{session['id']}/confirmation", agreed=False)
    assert no["session"]["status"] == "open"
    assert no["intent"]["last_payment_error"]["code"] == "payment_intent_authentication_failure"

    stripe.pay(session["id"], "authentication")
    yes = stripe.act(f"/sessions/{session['id']}/confirmation", agreed=True)
    assert yes["session"]["payment_status"] == "paid"


def test_what_was_paid_goes_back_once_and_no_more_than_it(stripe):
    paid = stripe.pay(stripe.open()["id"])
    intent = paid["intent"]["id"]

    part = stripe.call("POST", "/v1/refunds", {"payment_intent": intent, "amount": 50_000}, once="r1").json()
    assert (part["status"], part["amount"], part["currency"]) == ("succeeded", 50_000, "aed")
    too_much = stripe.call("POST", "/v1/refunds", {"payment_intent": intent, "amount": 400_001})
    assert refused(too_much) == (400, None, "amount")
    rest = stripe.call("POST", "/v1/refunds", {"payment_intent": intent}).json()
    assert rest["amount"] == 400_000
    assert refused(stripe.call("POST", "/v1/refunds", {"payment_intent": intent}))[:2] == (
        400,
        "charge_already_refunded",
    )
    told = stripe.get(f"/v1/payment_intents/{intent}", expand=["latest_charge.refunds"])
    charge = told["latest_charge"]
    assert (charge["amount_refunded"], charge["refunded"]) == (450_000, True)
    assert [one["id"] for one in charge["refunds"]["data"]] == [rest["id"], part["id"]]
    assert stripe.get("/v1/refunds", payment_intent=intent)["data"] == charge["refunds"]["data"]


def test_a_refund_may_fail_after_it_was_promised(stripe):
    paid = stripe.pay(stripe.open()["id"])
    made = stripe.act(f"/payments/{paid['intent']['id']}/refunds", status="pending")

    stripe.act(f"/refunds/{made['id']}/outcome", status="failed")

    assert stripe.get(f"/v1/refunds/{made['id']}")["status"] == "failed"
    assert stripe.get(f"/v1/charges/{paid['charge']['id']}")["amount_refunded"] == 0
    again = stripe.control.post(f"/refunds/{made['id']}/outcome", json={"status": "succeeded"})
    assert again.status_code == 409


def test_a_payer_who_disputes_takes_the_money_and_the_refund_away(stripe):
    paid = stripe.pay(stripe.open()["id"], "disputed")
    intent = paid["intent"]["id"]

    [dispute] = stripe.get("/v1/disputes", payment_intent=intent)["data"]
    assert (dispute["status"], dispute["amount"]) == ("needs_response", 450_000)
    assert refused(stripe.call("POST", "/v1/refunds", {"payment_intent": intent}))[:2] == (
        400,
        "charge_disputed",
    )
    stripe.act(f"/disputes/{dispute['id']}/outcome", status="lost")
    assert stripe.get(f"/v1/disputes/{dispute['id']}")["status"] == "lost"
