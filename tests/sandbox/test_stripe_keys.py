"""Who may ask Stripe's simulator, how often, and what it says to the same question twice."""

import base64
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.payments import VERSION, asked_for, refused


def test_only_a_good_key_opens_the_account(stripe):
    account, path = stripe.account, "/v1/account"
    assert stripe.get(path)["id"] == account["id"]
    basic = base64.b64encode(f"{account['test_key']}:".encode()).decode()
    for headers, status in (
        ({"Authorization": f"Basic {basic}"}, 200),
        ({"Authorization": "Basic !!"}, 401),
        ({"Authorization": "Bearer sk_test_another"}, 401),
        ({}, 401),
    ):
        assert stripe.http.get(f"{stripe.told['url']}{path}", headers=headers).status_code == status

    stripe.act(f"/accounts/{account['id']}/revocation")
    assert refused(stripe.call("GET", path)) == (401, "api_key_expired", None)
    stripe.control.delete(f"/accounts/{account['id']}/revocation")
    assert stripe.call("GET", path).status_code == 200


def test_test_money_and_live_money_do_not_see_each_other(stripe):
    account = stripe.account
    live = stripe.open(key=account["live_key"])
    path = f"/v1/checkout/sessions/{live['id']}"

    assert live["livemode"] is True
    assert live["id"].startswith("cs_live_")
    assert stripe.call("GET", path, key=account["live_key"]).status_code == 200
    answer = stripe.call("GET", path)
    assert refused(answer) == (404, "resource_missing", "id")
    assert "exists in live mode" in answer.json()["error"]["message"]
    other = stripe.told["accounts"][1]["live_key"]
    assert refused(stripe.call("GET", path, key=other)) == (404, "resource_missing", "id")


def test_another_version_of_the_interface_is_not_spoken(stripe):
    told = stripe.call("GET", "/v1/account", headers={"Stripe-Version": VERSION})
    assert told.headers["stripe-version"] == VERSION
    assert told.headers["request-id"].startswith("req_")
    older = stripe.call("GET", "/v1/account", headers={"Stripe-Version": "2023-08-16"})
    assert refused(older) == (400, None, None)


def test_the_first_answer_to_a_key_is_every_answer_to_it(stripe):
    first = stripe.open(once="order-1-attempt-1")
    again = stripe.call("POST", "/v1/checkout/sessions", asked_for(), once="order-1-attempt-1")

    assert again.json() == first
    assert again.headers["idempotent-replayed"] == "true"
    assert len(stripe.get("/v1/checkout/sessions")["data"]) == 1
    other = stripe.call("POST", "/v1/checkout/sessions", asked_for(451_000), once="order-1-attempt-1")
    assert other.status_code == 400
    assert other.json()["error"]["type"] == "idempotency_error"
    assert stripe.open(key=stripe.told["accounts"][1]["test_key"], once="order-1-attempt-1") != first


def test_a_lost_answer_was_carried_out_and_is_had_again_under_its_key(stripe):
    stripe.trouble("lost", operation="checkout.sessions.create")

    with pytest.raises(httpx2.RemoteProtocolError):
        stripe.call("POST", "/v1/checkout/sessions", asked_for(), once="k")

    [opened] = stripe.get("/v1/checkout/sessions")["data"]
    assert stripe.open(once="k")["id"] == opened["id"]
    assert [call["status"] for call in stripe.calls("checkout.sessions.create")] == [599, 200]


def test_a_failure_is_kept_under_its_key_and_a_limit_is_not(stripe):
    stripe.trouble("rate_limit", retry_after=3)
    limited = stripe.call("POST", "/v1/checkout/sessions", asked_for(), once="k")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "3")

    stripe.trouble("api_error", accepted=True)
    broken = stripe.call("POST", "/v1/checkout/sessions", asked_for(), once="k")
    assert (broken.status_code, broken.json()["error"]["type"]) == (500, "api_error")
    again = stripe.call("POST", "/v1/checkout/sessions", asked_for(), once="k")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (500, "true")
    assert len(stripe.get("/v1/checkout/sessions")["data"]) == 1


def test_a_wrong_parameter_leaves_the_key_as_good_as_new(stripe):
    wrong = stripe.call("POST", "/v1/checkout/sessions", asked_for(colour="red"), once="k")

    assert wrong.status_code == 400
    assert stripe.open(once="k")["status"] == "open"


def test_a_twin_in_hand_is_told_to_wait(stripe):
    stripe.trouble("late", seconds=0.6, operation="checkout.sessions.create")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(stripe.call, "POST", "/v1/checkout/sessions", asked_for(), once="k")
        time.sleep(0.2)  # until it is in hand
        twin = stripe.call("POST", "/v1/checkout/sessions", asked_for(), once="k")
        assert refused(twin) == (409, "idempotency_key_in_use", None)

    assert stripe.open(once="k")["id"] == first.result().json()["id"]


def test_so_many_requests_a_second_and_no_more(stripe):
    stripe.set(test_requests_per_second=3)

    answers = [stripe.call("GET", "/v1/account").status_code for _ in range(5)]

    assert answers.count(429) >= 1
    assert refused(stripe.call("GET", "/v1/account")) == (429, "rate_limit", None)
