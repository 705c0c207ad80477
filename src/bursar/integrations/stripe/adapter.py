"""`billing.tills.ports.Till` over Stripe: Checkout's page, what became of it, and money back."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import httpx2
import stripe

from bursar.billing.tills.ports import (
    CheckoutRequest,
    Identity,
    SeenCheckout,
    SeenMoney,
    SeenRefund,
    TillError,
    TillRefused,
    TillUnsure,
)
from bursar.core.money import Money
from bursar.integrations.stripe import shapes
from bursar.integrations.stripe.client import Lost, Nonsense, StripeApi
from bursar.integrations.stripe.errors import WORDS, judge

log = logging.getLogger(__name__)

REASONS = frozenset({"duplicate", "fraudulent", "requested_by_customer"})
LONGEST_METADATA = 500  # characters of one value
Seen = TypeVar("Seen")


class StripeTill:
    """One account. Close it."""

    def __init__(
        self, secret: bytes, base_url: str, *, transport: httpx2.BaseTransport | None = None
    ) -> None:
        key = secret.decode("ascii", errors="replace").strip()
        self._api = StripeApi(key, base_url, transport=transport)

    async def who(self) -> Identity:
        """Stripe's account does not say whether it is live; the key does."""

        async def ask() -> Identity:
            told = await self._api.account()
            return Identity(shapes.text(told.get("id")), self._api.live, _name(told))

        return await _asked(ask)

    async def open(self, request: CheckoutRequest) -> SeenCheckout:
        """`expires_at` goes as it stands: the same key must come with the same parameters, minutes later too.

        Stripe takes 30 minutes to 24 hours from when it gets it.
        """
        params = _session_params(request)

        async def ask() -> SeenCheckout:
            seen = shapes.checkout(await self._api.create_session(params, key=request.key))
            if seen.reference != request.reference:
                raise Nonsense("the answer to another request")
            return seen

        return await _asked(ask)

    async def retrieve(self, session_id: str) -> SeenCheckout:
        async def ask() -> SeenCheckout:
            return _this(session_id, shapes.checkout(await self._api.session(session_id)))

        return await _asked(ask)

    async def expire(self, session_id: str) -> SeenCheckout:
        async def ask() -> SeenCheckout:
            return _this(session_id, shapes.checkout(await self._api.expire_session(session_id)))

        try:
            return await _asked(ask)
        except TillRefused:
            return await self.retrieve(
                session_id
            )  # closed or paid already; one that is not there says so again

    async def refund(
        self, payment_intent: str, amount: Money, *, key: str, reason: str | None = None
    ) -> SeenRefund:
        """A reason that Stripe has no word for goes along as metadata; so does the key, which comes back with it."""
        metadata = {shapes.OUR_KEY: key}
        params: dict[str, Any] = {
            "payment_intent": payment_intent,
            "amount": shapes.to_stripe(amount),
            "metadata": metadata,
        }
        if reason in REASONS:
            params["reason"] = reason
        elif reason:
            metadata["reason"] = reason[:LONGEST_METADATA]

        async def ask() -> SeenRefund:
            told = await self._api.create_refund(params, key=key)
            return shapes.refund(told, live=self._api.live)

        return await _asked(ask)

    async def money_of(self, payment_intent: str) -> SeenMoney:
        """Four reads, one after the other: a burst of them would count against all of the firm's calls."""

        async def ask() -> SeenMoney:
            intent = await self._api.intent(payment_intent)
            live = shapes.boolean(intent.get("livemode"))
            refunds = await self._api.refunds_of(payment_intent)
            disputes = await self._api.disputes_of(payment_intent)
            sessions = await self._api.sessions_of(payment_intent)
            checkout = {**sessions[0], "payment_intent": intent} if sessions else None
            return SeenMoney(
                payment_intent=payment_intent,
                received=shapes.from_stripe(intent.get("amount_received") or None, intent.get("currency")),
                refunds=[shapes.refund(one, live=live) for one in refunds],
                chargebacks=[shapes.chargeback(one) for one in disputes],
                checkout=shapes.checkout(checkout) if checkout else None,
            )

        return await _asked(ask)

    async def close(self) -> None:
        await self._api.close()


async def _asked(ask: Callable[[], Awaitable[Seen]]) -> Seen:
    """What it says, or why not, in the port's words: whatever else goes wrong, nobody knows what Stripe did."""
    try:
        return await ask()
    except TillError:
        raise
    except Lost as error:
        raise TillUnsure(WORDS["lost"], code="no_answer") from error
    except (Nonsense, shapes.Unreadable) as error:
        log.warning("unreadable_answer", exc_info=error)
        raise TillUnsure(WORDS["nonsense"], code="unreadable") from error
    except stripe.StripeError as error:
        # Not chained: the library's error holds the whole answer, and a traceback would print it.
        raise judge(error.http_status, error.json_body, error.headers) from None
    except Exception as error:
        log.exception("stripe_not_asked")
        raise TillUnsure(WORDS["nonsense"], code="unreadable") from error


def _session_params(request: CheckoutRequest) -> dict[str, Any]:
    """Without promotion codes, tax or prices in the browser's currency: what is asked is what comes (R76)."""
    metadata = {**(request.metadata or {}), "bursar_reference": request.reference}
    item = {
        "currency": request.amount.currency.lower(),
        "unit_amount": shapes.to_stripe(request.amount),
        "product_data": {"name": request.description},
    }
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [{"price_data": item, "quantity": 1}],
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "client_reference_id": request.reference,
        "expires_at": int(request.expires_at.timestamp()),
        "locale": request.locale if request.locale in shapes.LOCALES else "auto",
        "metadata": metadata,
        "payment_intent_data": {"description": request.description[:1000], "metadata": metadata},
        "adaptive_pricing": {"enabled": False},
    }
    if request.provider_customer:
        params["customer"] = request.provider_customer
    elif request.email:
        params["customer_email"] = request.email
    return params


def _this(session_id: str, seen: SeenCheckout) -> SeenCheckout:
    if seen.session_id != session_id:
        raise Nonsense("another session")
    return seen


def _name(told: Mapping[str, Any]) -> str | None:
    """What the firm calls itself at Stripe, from where it is seen first."""
    places = (("settings", "dashboard", "display_name"), ("business_profile", "name"), ("email",))
    for place in places:
        found: Any = told
        for step in place:
            found = found.get(step) if isinstance(found, Mapping) else None
        if name := shapes.maybe_text(found):
            return name
    return None
