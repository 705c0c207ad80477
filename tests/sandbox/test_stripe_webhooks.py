"""What Stripe's simulator tells a firm: signed as the vendor signs, tried again, twice, late and in any order."""

import json
import time
from hashlib import sha256
from hmac import new as hmac

import pytest

from bursar.sandbox.stripe import signing

SECRET = "whsec_test_secret_0123456789abcdef"
VECTOR = {
    "timestamp": 1760000000,
    "body": b'{"id":"evt_test_1","object":"event","type":"checkout.session.completed","data":{"object":{"id":"cs_test_1"}}}',
    "v1": "fca77aecbaf11f64150df5b1ceb8f6f70aafa7d3a63902b24668a6ad596aa9c2",
}
"""Checked with the vendor's own library."""


def signatures(header: str) -> tuple[int, list[str]]:
    parts = [part.split("=", 1) for part in header.split(",")]
    return int(dict(parts)["t"]), [value for name, value in parts if name == "v1"]


def expected(secret: str, timestamp: int, body: bytes) -> str:
    return hmac(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()


@pytest.mark.pure
def test_it_signs_as_the_vendor_does():
    assert signing.digest(SECRET, VECTOR["timestamp"], VECTOR["body"]) == VECTOR["v1"]
    header = signing.header([SECRET, "whsec_newer"], VECTOR["timestamp"], VECTOR["body"])
    at, signed = signatures(header)
    assert at == VECTOR["timestamp"]
    assert signed == [VECTOR["v1"], expected("whsec_newer", at, VECTOR["body"])]


def test_a_payment_is_told_signed_over_the_very_bytes(stripe, listener):
    endpoint = stripe.listen(listener.url, secret=SECRET)
    session = stripe.open()
    stripe.pay(session["id"])
    stripe.idle()

    assert set(listener.types()) == {
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    }
    [came] = [one for one in listener.came if one.event["type"] == "checkout.session.completed"]
    at, signed = signatures(came.signature)
    assert signed == [expected(SECRET, at, came.body)]
    assert abs(at - time.time()) < 5
    assert came.body != json.dumps(came.event).encode()
    event = came.event
    assert event["data"]["object"]["id"] == session["id"]
    assert event["data"]["object"]["payment_status"] == "paid"
    assert (event["livemode"], event["pending_webhooks"]) == (False, 1)
    assert "account" not in event
    assert stripe.get(f"/v1/events/{event['id']}") == event
    assert {one["endpoint"] for one in stripe.deliveries()} == {endpoint["id"]}


def test_what_is_not_taken_comes_again_with_a_new_signature(stripe, listener):
    stripe.listen(listener.url, secret=SECRET, events=["checkout.session.completed"])
    stripe.behave(retry_s=0.6)
    listener.answers += [500, 302]

    stripe.pay(stripe.open()["id"])
    stripe.idle()

    [delivery] = stripe.deliveries()
    assert (delivery["statuses"], delivery["is_done"]) == ([500, 302, 200], True)
    assert len({one.body for one in listener.came}) == 1
    times = [signatures(one.signature)[0] for one in listener.came]
    assert times == sorted(times)
    assert times[0] < times[-1]


def test_in_the_end_it_gives_up(stripe, listener):
    stripe.listen(listener.url, events=["checkout.session.completed"])
    stripe.behave(retry_s=0.01, attempts=3)
    listener.answers += [503, 503, 503, 200]

    stripe.pay(stripe.open()["id"])
    stripe.idle()

    assert [one["statuses"] for one in stripe.deliveries()] == [[503, 503, 503]]


def test_the_same_may_come_twice_and_one_change_under_two_ids(stripe, listener):
    stripe.listen(listener.url, events=["checkout.session.completed"])
    stripe.behave(duplicates=2, twins=1)

    stripe.pay(stripe.open()["id"])
    stripe.idle()

    ids = [one.event["id"] for one in listener.came]
    assert len(ids) == 6
    assert len(set(ids)) == 2
    assert len({one.event["data"]["object"]["id"] for one in listener.came}) == 1


@pytest.mark.parametrize("order", ["as_is", "backwards", "shuffled"])
def test_what_was_held_leaves_in_the_order_that_is_asked_for(stripe, listener, order):
    stripe.listen(listener.url)
    stripe.behave(hold=True, seed=3)
    stripe.pay(stripe.open()["id"], "disputed")
    stripe.idle()
    assert listener.came == []

    assert stripe.act("/flush", order=order) == {"flushed": 6}
    stripe.idle()

    told = [event["type"] for event in stripe.events()][::-1]
    match order:
        case "as_is":
            assert listener.types() == told
        case "backwards":
            assert listener.types() == told[::-1]
        case _:
            assert listener.types() != told
            assert sorted(listener.types()) == sorted(told)


def test_while_a_secret_is_rotated_both_sign(stripe, listener):
    endpoint = stripe.listen(listener.url, secret=SECRET, events=["checkout.session.expired"])
    stripe.act(f"/endpoints/{endpoint['id']}/rotation", secret="whsec_newer")
    stripe.act(f"/sessions/{stripe.open()['id']}/expiry")
    stripe.idle()
    stripe.control.delete(f"/endpoints/{endpoint['id']}/rotation").raise_for_status()
    stripe.act(f"/sessions/{stripe.open()['id']}/expiry")
    stripe.idle()

    both, newest = listener.came
    at, signed = signatures(both.signature)
    assert signed == [expected(one, at, both.body) for one in (SECRET, "whsec_newer")]
    at, signed = signatures(newest.signature)
    assert signed == [expected("whsec_newer", at, newest.body)]


def test_it_lies_when_it_is_told_to(stripe, listener):
    endpoint = stripe.listen(listener.url, secret=SECRET, events=["checkout.session.expired"])
    for behaviour in ({"forge": "signature"}, {"forge": "body"}, {"forge": "unsigned"}, {"skew_s": -301}):
        stripe.behave(**{"forge": None, "skew_s": 0, **behaviour})
        stripe.act(f"/sessions/{stripe.open()['id']}/expiry")
        stripe.idle()
    stripe.behave(forge=None, skew_s=0)
    stripe.control.post(f"/endpoints/{endpoint['id']}/parcels", content=b"no event").raise_for_status()
    stripe.idle()

    signature, body, unsigned, old, parcel = listener.came
    for one in (signature, body):
        at, signed = signatures(one.signature)
        assert signed != [expected(SECRET, at, one.body)]
    assert "stripe-signature" not in unsigned.headers
    at, signed = signatures(old.signature)
    assert signed == [expected(SECRET, at, old.body)]
    assert -305 < at - time.time() < -300
    at, signed = signatures(parcel.signature)
    assert (parcel.body, signed) == (b"no event", [expected(SECRET, at, b"no event")])


def test_what_stripe_would_never_say_can_be_said(stripe, listener):
    stripe.listen(listener.url)
    session = stripe.open()
    told = {"livemode": True, "account": "acct_of_somebody"}
    stripe.act("/events", type="weather.changed", object={"id": "w_1", "object": "weather"})
    stripe.act("/events", type="checkout.session.completed", object=session["id"], instead=told)
    stripe.idle()

    unknown = next(one.event for one in listener.came if one.event["type"] == "weather.changed")
    foreign = next(one.event for one in listener.came if one.event["type"] != "weather.changed")
    assert unknown["data"]["object"] == {"id": "w_1", "object": "weather"}
    assert foreign | told == foreign
    assert foreign["data"]["object"]["payment_status"] == "unpaid"


def test_an_event_is_sent_again_when_somebody_asks(stripe, listener):
    stripe.listen(listener.url, events=["checkout.session.expired"])
    stripe.act(f"/sessions/{stripe.open()['id']}/expiry")
    [event] = stripe.events()

    assert stripe.act(f"/events/{event['id']}/resend", times=10) == {"sent": 10}
    assert stripe.act(f"/events/{event['id']}/resend", as_new=True) == {"sent": 1}
    stripe.idle()

    ids = [one.event["id"] for one in listener.came]
    assert ids.count(event["id"]) == 11
    assert len(set(ids)) == 2


def test_live_and_test_mode_and_other_accounts_have_endpoints_of_their_own(stripe, listener):
    another = stripe.told["accounts"][1]
    stripe.listen(f"{listener.url}/live", live=True)
    stripe.listen(f"{listener.url}/another", of=another["id"])

    live = stripe.open(key=stripe.account["live_key"])
    theirs = stripe.open(key=another["test_key"])
    for session in (stripe.open(), live, theirs):
        stripe.act(f"/sessions/{session['id']}/expiry")
    stripe.idle()

    heard = [(one.path, one.event["data"]["object"]["id"]) for one in listener.came]
    assert sorted(heard) == [("/hooks/another", theirs["id"]), ("/hooks/live", live["id"])]
