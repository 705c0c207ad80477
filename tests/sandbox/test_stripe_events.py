"""What Stripe's simulator says has happened, in the order in which it did."""

import pytest


def test_what_a_program_asked_for_names_its_request(stripe, listener):
    stripe.listen(listener.url)
    paid = stripe.pay(stripe.open()["id"])
    answer = stripe.call("POST", "/v1/refunds", {"payment_intent": paid["intent"]["id"]}, once="r1")
    stripe.idle()

    [event] = stripe.events(type="refund.created")
    assert event["request"] == {"id": answer.headers["request-id"], "idempotency_key": "r1"}
    [event] = stripe.events(type="checkout.session.completed")
    assert event["request"] == {"id": None, "idempotency_key": None}


@pytest.mark.parametrize(
    ("story", "types"),
    [
        ("declined", ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]),
        (
            "later",
            [
                "payment_intent.created",
                "charge.pending",
                "payment_intent.processing",
                "checkout.session.completed",
            ],
        ),
        (
            "disputed",
            [
                "payment_intent.created",
                "charge.succeeded",
                "payment_intent.succeeded",
                "checkout.session.completed",
                "charge.dispute.created",
                "charge.dispute.funds_withdrawn",
            ],
        ),
    ],
)
def test_each_end_of_a_try_has_its_events(stripe, story, types):
    stripe.pay(stripe.open()["id"], story)

    assert [event["type"] for event in stripe.events()][::-1] == types


def test_what_comes_after_has_its_events_too(stripe):
    later = stripe.open()
    stripe.pay(later["id"], "later")
    stripe.act(f"/sessions/{later['id']}/settlement", came=True)
    bounced = stripe.open()
    stripe.pay(bounced["id"], "later")
    stripe.act(f"/sessions/{bounced['id']}/settlement", came=False)
    expired = stripe.open()
    stripe.pay(expired["id"], "declined")
    stripe.act(f"/sessions/{expired['id']}/expiry")
    paid = stripe.pay(stripe.open()["id"])
    refund = stripe.act(f"/payments/{paid['intent']['id']}/refunds", amount=100)
    stripe.act(f"/refunds/{refund['id']}/outcome", status="failed")
    dispute = stripe.act(f"/payments/{paid['intent']['id']}/disputes")
    stripe.act(f"/disputes/{dispute['id']}/outcome", status="won")

    def told(about: str) -> list[str]:
        return [event["type"] for event in stripe.events(object=about)][::-1]

    assert told(later["id"]) == ["checkout.session.completed", "checkout.session.async_payment_succeeded"]
    assert told(bounced["id"]) == ["checkout.session.completed", "checkout.session.async_payment_failed"]
    assert told(expired["id"]) == ["checkout.session.expired"]
    [failed] = stripe.events(type="charge.refunded")
    assert failed["data"]["previous_attributes"] == {"amount_refunded": 0, "refunded": False}
    assert told(refund["id"]) == [
        "refund.created",
        "refund.updated",
        "charge.refund.updated",
        "refund.failed",
    ]
    assert told(dispute["id"]) == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    [canceled] = stripe.events(type="payment_intent.canceled")
    assert canceled["data"]["object"]["cancellation_reason"] == "expired"


def test_it_says_another_amount_when_it_is_told_to(stripe):
    session = stripe.open()

    distorted = stripe.control.patch(f"/sessions/{session['id']}", json={"amount_total": 1})
    assert distorted.status_code == 200
    paid = stripe.pay(session["id"])

    assert paid["session"]["amount_total"] == 1
    refused = stripe.control.patch(f"/sessions/{session['id']}", json={"status": "sold"})
    assert refused.status_code == 422
