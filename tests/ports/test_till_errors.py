"""Every answer of Stripe's that is no object, and what it means for the row that waits: typed from the notes."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from bursar.billing.tills.ports import (
    CheckoutRequest,
    TillError,
    TillRefused,
    TillThrottled,
    TillUnauthorised,
    TillUnsure,
)
from bursar.core.money import Money
from bursar.integrations.stripe.adapter import StripeTill

pytestmark = [pytest.mark.anyio, pytest.mark.pure]

KEY = b"sk_test_0123456789abcdef"
LATE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def answering(status: int, body: Any = None, **headers: str) -> httpx2.MockTransport:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.MockTransport(lambda _: httpx2.Response(status, content=content, headers=named))


def an_error(type: str, code: str | None = None, message: str = "No.") -> dict[str, Any]:
    return {"error": {"type": type, "message": message, **({"code": code} if code else {})}}


def a_till(transport: httpx2.BaseTransport, key: bytes = KEY) -> StripeTill:
    return StripeTill(key, "https://stripe.example", transport=transport)


async def refused(transport: httpx2.BaseTransport) -> TillError:
    """What asking for one checkout raises."""
    till = a_till(transport)
    try:
        with pytest.raises(TillError) as raised:
            await till.retrieve("cs_test_1")
    finally:
        await till.close()
    assert raised.value.text
    return raised.value


# fmt: off
ANSWERS = [
    #  HTTP type                     code                       means             code as it is kept
    (400, "invalid_request_error", "parameter_invalid_integer", TillRefused,      "parameter_invalid_integer"),
    (400, "invalid_request_error", "amount_too_small",          TillRefused,      "amount_too_small"),
    (400, "invalid_request_error", "charge_already_refunded",   TillRefused,      "charge_already_refunded"),
    (400, "invalid_request_error", None,                        TillRefused,      "invalid_request_error"),
    (400, "idempotency_error",     None,                        TillRefused,      "idempotency_error"),
    (400, "invalid_request_error", "rate_limit",                TillThrottled,    "rate_limit"),
    (401, "invalid_request_error", None,                        TillUnauthorised, "invalid_request_error"),
    (401, "invalid_request_error", "api_key_expired",           TillUnauthorised, "api_key_expired"),
    (402, "card_error",            "card_declined",             TillRefused,      "card_declined"),
    (403, "invalid_request_error", "secret_key_required",       TillUnauthorised, "secret_key_required"),
    (403, "invalid_request_error", None,                        TillUnauthorised, "invalid_request_error"),
    (404, "invalid_request_error", "resource_missing",          TillRefused,      "resource_missing"),
    (409, "invalid_request_error", "idempotency_key_in_use",    TillUnsure,       "idempotency_key_in_use"),
    (409, "idempotency_error",     None,                        TillUnsure,       "idempotency_error"),
    (424, "api_error",             None,                        TillUnsure,       "api_error"),
    (429, "invalid_request_error", "rate_limit",                TillThrottled,    "rate_limit"),
    (429, "invalid_request_error", "lock_timeout",              TillThrottled,    "lock_timeout"),
    (500, "api_error",             None,                        TillUnsure,       "api_error"),
    (502, "api_error",             None,                        TillUnsure,       "api_error"),
    (503, "api_error",             None,                        TillUnsure,       "api_error"),
    (504, "api_error",             None,                        TillUnsure,       "api_error"),
]
# fmt: on


@pytest.mark.parametrize(("status", "kind", "code", "means", "kept"), ANSWERS)
async def test_each_answer_of_the_list_has_its_meaning(
    status: int, kind: str, code: str | None, means: type[TillError], kept: str
) -> None:
    error = await refused(answering(status, an_error(kind, code)))

    assert (type(error), error.code) == (means, kept)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>a proxy's greeting</html>"),
        (200, b"[]"),
        (200, b"[{}]"),
        (200, b'"cs_test_1"'),
        (200, b"[" * 100_000),
        (200, b"\xff\xfe"),
        (200, b"{}"),
        (200, b'{"object": "checkout.session", "id": "cs_test_1"}'),
        (302, b""),
        (304, b""),
        (500, b"Internal Server Error"),
        (503, b""),
    ],
)
async def test_an_answer_that_cannot_be_read_leaves_everything_open(status: int, body: bytes) -> None:
    error = await refused(answering(status, body, location="http://169.254.169.254/"))

    assert type(error) is TillUnsure


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    session = {"object": "checkout.session", "id": "cs_test_1", "status": "open", "payment_status": "unpaid"}

    error = await refused(answering(200, {**session, "livemode": False, "pad": "x" * 5 * 1024 * 1024}))

    assert (type(error), error.code) == (TillUnsure, "no_answer")


async def test_nobody_is_followed_elsewhere_with_a_key() -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return httpx2.Response(307, headers={"location": "https://stripe.evil.example/"})

    error = await refused(httpx2.MockTransport(answer))

    assert type(error) is TillUnsure
    assert asked == ["stripe.example"]


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_refusal_in_no_words_is_one_all_the_same(status: int) -> None:
    error = await refused(answering(status, {"error": {}}))

    assert (type(error), error.code) == (TillRefused, f"http_{status}")


async def test_stripes_words_are_told_without_the_key_and_without_end() -> None:
    said = f"No such key: sk_live_verysecret, and\n  {'so on ' * 200}"
    error = await refused(answering(400, an_error("invalid_request_error", message=said)))

    assert error.text.startswith("No such key: …, and so on so on")
    assert len(error.text) <= 300
    assert "verysecret" not in repr(error)
    assert error.__cause__ is None  # the library's own error holds the whole answer


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 1.0), ("0.5", 1.0), ("999999", 86_400.0), ("soon", None), ("-3", None), ("", None)],
)
async def test_stripe_says_how_long_to_wait(header: str, seconds: float | None) -> None:
    error = await refused(answering(429, an_error("invalid_request_error"), retry_after=header))

    assert isinstance(error, TillThrottled)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    "lost",
    [
        httpx2.ConnectError,
        httpx2.ConnectTimeout,
        httpx2.ReadTimeout,
        httpx2.ReadError,
        httpx2.RemoteProtocolError,
    ],
)
async def test_no_answer_leaves_everything_open_and_nothing_is_tried_twice(
    lost: type[httpx2.HTTPError],
) -> None:
    asked = []

    def fail(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        raise lost("gone")

    error = await refused(httpx2.MockTransport(fail))

    assert (type(error), error.code) == (TillUnsure, "no_answer")
    assert asked == ["/v1/checkout/sessions/cs_test_1"]


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"pk_test_0123456789",
        b"whsec_0123456789",
        b"sk_test_",
        b"sk_test_0123\r\nX: y",
        b"sk_test_\xc3\xa9\xc3\xa9\xc3\xa9",
    ],
)
async def test_what_can_be_no_secret_key_never_travels(key: bytes) -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    till = a_till(httpx2.MockTransport(fail), key)
    for asked in (till.who, lambda: till.retrieve("cs_test_1")):
        with pytest.raises(TillUnauthorised) as raised:
            await asked()
        assert raised.value.code == "not_a_secret_key"
    await till.close()


async def test_a_key_pasted_with_its_blanks_is_good() -> None:
    till = a_till(
        answering(200, {"object": "account", "id": "acct_1", "email": "firm@example.com"}), KEY + b" \n"
    )

    told = await till.who()
    await till.close()

    assert (told.account_id, told.live, told.name) == ("acct_1", False, "firm@example.com")


async def test_a_notice_of_stripes_is_no_trouble_of_ours() -> None:
    """The library warns about it, and a warning of a test is an error."""
    till = a_till(answering(200, {"object": "account", "id": "acct_1"}, stripe_notice="Upgrade!"))

    assert (await till.who()).account_id == "acct_1"
    await till.close()


async def test_what_stands_in_the_environment_is_told_to_nobody(monkeypatch) -> None:
    for name, value in {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "CODEX_CI": "1",
        "STRIPE_API_KEY": "sk_live_x",
    }.items():
        monkeypatch.setenv(name, value)
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(
            200, json={"object": "account", "id": "acct_1"}, headers={"request-id": "req_1"}
        )

    till = a_till(httpx2.MockTransport(answer))
    await till.who()
    await till.who()
    await till.close()

    for request in seen:
        assert request.headers["user-agent"].startswith("Bursar stripe-python/")
        assert request.headers["authorization"] == f"Bearer {KEY.decode()}"
        assert not [name for name in request.headers if name.startswith("x-stripe")]


async def test_an_amount_that_stripe_cannot_take_is_refused_before_anything_is_sent() -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    till = a_till(httpx2.MockTransport(fail))
    request = CheckoutRequest(
        key="k",
        reference="0190",
        amount=Money(5_124, "KWD"),
        description="A thing",
        success_url="https://firm.example/s",
        cancel_url="https://firm.example/c",
        expires_at=LATE,
        locale="en",
    )
    with pytest.raises(TillRefused):
        await till.open(request)
    with pytest.raises(TillRefused):
        await till.refund("pi_1", Money(1, "KWD"), key="k")
    await till.close()


async def test_an_answer_to_another_question_is_not_believed() -> None:
    """Whatever stands between us and Stripe: an answer names its checkout."""
    session = {
        "id": "cs_test_2",
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "amount_total": 100,
        "currency": "ils",
        "livemode": False,
    }
    error = await refused(answering(200, session))

    assert type(error) is TillUnsure
