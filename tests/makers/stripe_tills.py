"""Tills at Stripe: as it answered once, and as a process of its own plays it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx2

from bursar.billing.states import CheckoutState, PaymentStatus
from bursar.billing.tills.ports import CheckoutRequest, SeenCheckout
from bursar.core.money import Money
from bursar.integrations.stripe.adapter import StripeTill
from tests.contracts import WatchingThreads
from tests.payments import StripeProcess

Opening = Callable[..., CheckoutRequest]
AMOUNT = Money(450_000, "AED")


def a_till(stripe: StripeProcess, key: str | None = None, url: str | None = None) -> StripeTill:
    secret = (key or stripe.account["test_key"]).encode()
    return StripeTill(
        secret, url or stripe.settings["BURSAR_STRIPE_URL"], transport=WatchingThreads("stripe")
    )


# As it answered once

KEY = b"sk_test_0123456789abcdef"
SESSION: dict[str, Any] = {
    "id": "cs_test_a1",
    "object": "checkout.session",
    "status": "open",
    "payment_status": "unpaid",
    "amount_total": 119_000,
    "currency": "ils",
    "livemode": False,
    "client_reference_id": "0190aa",
    "url": "https://checkout.stripe.com/c/pay/cs_test_a1",
    "expires_at": 1_795_190_400,
    "payment_intent": None,
    "customer": None,
}
INTENT: dict[str, Any] = {
    "id": "pi_1",
    "object": "payment_intent",
    "status": "succeeded",
    "amount_received": 119_000,
    "currency": "ils",
    "livemode": False,
}
REFUND: dict[str, Any] = {
    "id": "re_1",
    "object": "refund",
    "amount": 19_000,
    "currency": "ils",
    "payment_intent": "pi_1",
    "status": "pending",
    "metadata": {"bursar_key": "refund/0190"},
}
DISPUTE: dict[str, Any] = {
    "id": "du_1",
    "object": "dispute",
    "amount": 119_000,
    "currency": "ils",
    "payment_intent": "pi_1",
    "status": "lost",
    "reason": "fraudulent",
    "livemode": False,
}
ASKED = CheckoutRequest(
    key="0190aa/1",
    reference="0190aa",
    amount=Money(119_000, "ILS"),
    description="Société à Paris, création",
    success_url="https://firm.example/pay/t/return?session={CHECKOUT_SESSION_ID}",
    cancel_url="https://firm.example/pay/t/cancel",
    expires_at=datetime(2026, 11, 20, 20, 0, tzinfo=UTC),
    locale="fr",
    email="lina@example.com",
    metadata={"order": "0190bb"},
)
OPEN = SeenCheckout(
    session_id="cs_test_a1",
    state=CheckoutState.OPEN,
    payment_status=PaymentStatus.UNPAID,
    amount=Money(119_000, "ILS"),
    live=False,
    reference="0190aa",
    url="https://checkout.stripe.com/c/pay/cs_test_a1",
    expires_at=datetime(2026, 11, 20, 16, 0, tzinfo=UTC),
)


class Recorded(httpx2.MockTransport):
    """Stripe as it answered once: by method and path. What it was asked is kept."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[httpx2.Request] = []
        self.answers = answers
        super().__init__(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        path = request.url.path.removeprefix("/v1/")
        told = self.answers[f"{request.method} {path}"]
        status, body = told if isinstance(told, tuple) else (200, told)
        return httpx2.Response(status, json=body)

    def form(self) -> dict[str, str]:
        """What was posted last, in Stripe's brackets."""
        return dict(parse_qsl(self.asked[-1].content.decode(), keep_blank_values=True))


def recorded(**answers: Any) -> tuple[StripeTill, Recorded]:
    stripe = Recorded(**answers)
    return StripeTill(KEY, "https://stripe.example", transport=WatchingThreads("stripe", stripe)), stripe


def listed(*found: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "data": list(found), "has_more": False, "url": "/v1/things"}
