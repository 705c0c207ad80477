"""Stripe's simulator, spoken to by its contract: what it takes, what it refuses, what it lists."""

import time

import pytest

from tests.payments import asked_for, refused


def test_a_checkout_opens_with_an_address_and_without_a_payment_intent(stripe):
    before = time.time()

    session = stripe.open(
        client_reference_id="4711",
        customer_email="amal@prospect.example",
        metadata={"order": "o-1"},
        payment_intent_data={"metadata": {"order": "o-1"}, "description": "Formation"},
    )

    assert session["id"].startswith("cs_test_")
    assert session["url"] == f"{stripe.told['pages_url']}/c/pay/{session['id']}"
    assert (session["status"], session["payment_status"]) == ("open", "unpaid")
    assert (session["amount_total"], session["currency"]) == (450_000, "aed")
    assert (session["client_reference_id"], session["metadata"]) == ("4711", {"order": "o-1"})
    assert session["payment_intent"] is None
    assert session["livemode"] is False
    assert abs(session["expires_at"] - before - 86_400) < 5


def test_it_can_be_closed_once_and_only_while_it_is_open(stripe):
    session = stripe.open()
    path = f"/v1/checkout/sessions/{session['id']}/expire"

    closed = stripe.call("POST", path)

    assert (closed.json()["status"], closed.json()["url"]) == ("expired", None)
    assert stripe.call("POST", path).status_code == 400
    paid = stripe.open()
    stripe.pay(paid["id"])
    assert stripe.call("POST", f"/v1/checkout/sessions/{paid['id']}/expire").status_code == 400
    assert stripe.seen(paid["id"])["session"]["payment_status"] == "paid"


def test_its_time_runs_out_by_the_clock(stripe):
    session = stripe.open(expires_at=int(time.time()) + 1900)

    assert stripe.clock(ahead_s=1800)["expired"] == 0
    assert stripe.clock(ahead_s=120)["expired"] == 1

    assert stripe.get(f"/v1/checkout/sessions/{session['id']}")["status"] == "expired"
    assert stripe.control.post(f"/sessions/{session['id']}/attempts", json={}).status_code == 409


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"colour": "red"}, (400, "parameter_unknown", "colour")),
        (
            {"payment_intent_data": {"metadata": {"a": "b"}, "tip": 1}},
            (400, "parameter_unknown", "payment_intent_data[tip]"),
        ),
        ({"payment_method_types": ["card"]}, (400, "parameter_unknown", "payment_method_types")),
        ({"mode": "donation"}, (400, None, "mode")),
        ({"locale": "ar"}, (400, None, "locale")),
        ({"expires_at": "soon"}, (400, "parameter_invalid_integer", "expires_at")),
        ({"expires_at": 1}, (400, None, "expires_at")),
        ({"expires_at": 4_000_000_000}, (400, None, "expires_at")),
        ({"success_url": "/paid"}, (400, "url_invalid", "success_url")),
        ({"customer_email": "nobody"}, (400, "email_invalid", "customer_email")),
        ({"customer_email": ""}, (400, "parameter_invalid_empty", "customer_email")),
        ({"customer": "cus_nobody"}, (404, "resource_missing", "customer")),
        ({"customer": "cus_1", "customer_email": "a@b.example"}, (400, "parameters_exclusive", None)),
        ({"client_reference_id": "x" * 201}, (400, None, "client_reference_id")),
        ({"metadata": {f"k{place}": "v" for place in range(51)}}, (400, None, "metadata")),
        ({"metadata": {"k": "v" * 501}}, (400, None, "metadata")),
        ({"line_items": []}, (400, "parameter_missing", "line_items")),
        ({"amount": 199}, (400, "amount_too_small", None)),
        ({"amount": 100_000_000}, (400, "amount_too_large", None)),
        (
            {"amount": -5},
            (400, "parameter_invalid_integer", "line_items[0][price_data][unit_amount]"),
        ),
        ({"currency": "xxx"}, (400, None, "line_items[0][price_data][currency]")),
        ({"currency": "kwd", "amount": 1234}, (400, "invalid_charge_amount", None)),
        ({"currency": "isk", "amount": 12_345}, (400, "invalid_charge_amount", None)),
    ],
)
def test_what_the_contract_has_not_is_refused_and_nothing_is_opened(stripe, given, expected):
    answer = stripe.call("POST", "/v1/checkout/sessions", asked_for(**given))

    assert refused(answer) == expected
    assert stripe.get("/v1/checkout/sessions")["data"] == []


@pytest.mark.parametrize(("amount", "currency"), [(50, "jpy"), (12_340, "kwd"), (500, "isk"), (200, "aed")])
def test_each_currency_has_its_own_minor_unit(stripe, amount, currency):
    assert stripe.open(amount=amount, currency=currency)["amount_total"] == amount


def test_a_price_that_was_made_before_is_named_by_its_id(stripe):
    product = stripe.call("POST", "/v1/products", {"name": "Formation"}).json()
    price = stripe.call(
        "POST", "/v1/prices", {"currency": "eur", "unit_amount": 90_000, "product": product["id"]}
    ).json()

    session = stripe.open(line_items=[{"price": price["id"], "quantity": 2}])

    assert (session["amount_total"], session["currency"]) == (180_000, "eur")
    [item] = stripe.get(f"/v1/checkout/sessions/{session['id']}/line_items")["data"]
    assert (item["description"], item["quantity"]) == ("Formation", 2)


def test_lists_come_in_pages_the_newest_first(stripe):
    opened = [stripe.open()["id"] for _ in range(5)]

    first = stripe.get("/v1/checkout/sessions", limit=2)
    assert [one["id"] for one in first["data"]] == [opened[4], opened[3]]
    assert first["has_more"] is True
    second = stripe.get("/v1/checkout/sessions", limit=3, starting_after=opened[3])
    assert [one["id"] for one in second["data"]] == [opened[2], opened[1], opened[0]]
    assert second["has_more"] is False
    assert refused(stripe.call("GET", "/v1/checkout/sessions", {"limit": 101})) == (
        400,
        "parameter_invalid_integer",
        "limit",
    )
    assert refused(stripe.call("GET", "/v1/checkout/sessions", {"expand": ["data.weather"]}))[0] == 400


def test_an_address_that_is_none_says_so_in_its_own_words(stripe):
    answer = stripe.call("GET", "/v1/weather")

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert stripe.call("DELETE", "/v1/account").status_code == 404
    body = stripe.call("POST", "/v1/refunds", headers={"Content-Type": "application/json"})
    assert body.status_code == 400
