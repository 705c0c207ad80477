"""What Stripe tells us: believed if it signed these bytes just now, and read as R128 says. Needs no library."""

import hmac
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from bursar.billing.states import CheckoutState, PaymentStatus, RefundState
from bursar.billing.tills.ports import (
    ChargebackState,
    Forged,
    SeenChargeback,
    SeenCheckout,
    SeenRefund,
    TillEvent,
    TillEventKind,
    TillRefused,
)
from bursar.integrations.stripe import shapes

TOLERANCE = timedelta(seconds=300)  # both ways; Stripe's own check lets any future pass
MOST_SIGNATURES = 20
K = TillEventKind

KINDS = {
    "checkout.session.completed": K.CHECKOUT_COMPLETED,
    "checkout.session.async_payment_succeeded": K.ASYNC_SUCCEEDED,
    "checkout.session.async_payment_failed": K.ASYNC_FAILED,
    "checkout.session.expired": K.CHECKOUT_EXPIRED,
    "payment_intent.payment_failed": K.PAYMENT_FAILED,
    "charge.refunded": K.REFUND,
    "charge.refund.updated": K.REFUND,
    "refund.created": K.REFUND,
    "refund.updated": K.REFUND,
    "refund.failed": K.REFUND,
    "charge.dispute.created": K.CHARGEBACK,
    "charge.dispute.updated": K.CHARGEBACK,
    "charge.dispute.closed": K.CHARGEBACK,
    "charge.dispute.funds_withdrawn": K.CHARGEBACK,
    "charge.dispute.funds_reinstated": K.CHARGEBACK,
}
SETTLED = frozenset({PaymentStatus.PAID, PaymentStatus.NO_PAYMENT_REQUIRED})

Seen = SeenCheckout | SeenRefund | SeenChargeback


class Signed(NamedTuple):
    """A `Stripe-Signature`: the instant as it was signed, and each `v1`."""

    t: str
    v1: Sequence[bytes]


class StripeDesk:
    """`billing.tills.ports.TillDesk`."""

    def verify(self, body: bytes, signature: str, secrets: Sequence[bytes], now: datetime) -> None:
        """By hand: the library's check can be switched off by a wrong tolerance and lets the future pass (R127)."""
        signed = _parse(signature)
        usable = [good for secret in secrets if (good := secret.strip())]  # anybody can sign with no secret
        text = signed.t.encode() + b"." + body
        ours = [hmac.new(secret, text, sha256).hexdigest().encode() for secret in usable]
        # All are compared, so that the time it takes does not say which one was near.
        matches = [hmac.compare_digest(one, other) for one in ours for other in signed.v1]
        if not any(matches):
            raise Forged("signature")
        if abs(now - datetime.fromtimestamp(int(signed.t), UTC)) > TOLERANCE:
            raise Forged("timestamp")

    def read(self, payload: Mapping[str, Any]) -> TillEvent:
        kind = KINDS.get(shapes.text(payload.get("type")), K.OTHER)
        about = _about(payload)
        live = shapes.boolean(payload.get("livemode"))
        told = _told(kind, about, live=live)
        return TillEvent(
            event_id=shapes.text(payload.get("id")),
            kind=kind,
            type=shapes.text(payload.get("type")),
            live=live,
            created=_created(payload.get("created")),
            account_id=shapes.maybe_text(payload.get("account")),
            told=told,
            payment_intent=_intent(kind, about),
            is_decisive=told is not None and told.live == live and _is_decisive(told),
        )


def _parse(signature: str) -> Signed:
    """Raises `Forged` for what Stripe would not write."""
    parts = [part.strip().partition("=") for part in signature.split(",", MOST_SIGNATURES)]
    instants = [value for name, _, value in parts if name == "t"]
    v1 = [value.encode(errors="replace") for name, _, value in parts if name == "v1"]
    if len(instants) != 1 or not v1:
        raise Forged("header")
    [t] = instants
    if not (t.isascii() and t.isdigit() and len(t) <= 11):
        raise Forged("timestamp")
    return Signed(t, v1)


def _about(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object that changed. Raises `ValueError` for what is no event."""
    data = payload.get("data")
    about = data.get("object") if isinstance(data, Mapping) else None
    if payload.get("object") != "event" or not isinstance(about, Mapping):
        raise shapes.Unreadable("no event")
    return about


def _created(value: object) -> datetime:
    created = shapes.instant(value)
    if created is None:
        raise shapes.Unreadable("no instant")
    return created


def _told(kind: TillEventKind, about: Mapping[str, Any], *, live: bool) -> Seen | None:
    """None for what we do not follow, and for what cannot be read: it is retrieved instead."""
    with suppress(shapes.Unreadable, TillRefused):
        match kind, about.get("object"):
            case K.ASYNC_FAILED, "checkout.session":
                return shapes.checkout(_without_money(about))
            case ((K.CHECKOUT_COMPLETED | K.ASYNC_SUCCEEDED | K.CHECKOUT_EXPIRED), "checkout.session"):
                return shapes.checkout(about)
            case K.REFUND, "refund":
                return shapes.refund(about, live=live)
            case K.CHARGEBACK, "dispute":
                return shapes.chargeback(about)
    return None


def _without_money(session: Mapping[str, Any]) -> Mapping[str, Any]:
    """It says complete and unpaid as it did before; that the money did not come only the event's name says."""
    return {**session, "payment_intent": {"id": session.get("payment_intent"), "status": "canceled"}}


def _intent(kind: TillEventKind, about: Mapping[str, Any]) -> str | None:
    """Which payment to look at; a try that was declined is told of the payment itself."""
    if kind is K.PAYMENT_FAILED:
        return shapes.id_of(about.get("id"))
    return shapes.id_of(about.get("payment_intent")) if kind is not K.OTHER else None


def _is_decisive(told: Seen) -> bool:
    if isinstance(told, SeenCheckout):
        return told.state is CheckoutState.COMPLETE and told.payment_status in SETTLED
    if isinstance(told, SeenRefund):
        return told.state is RefundState.SUCCEEDED
    return told.state is ChargebackState.LOST
