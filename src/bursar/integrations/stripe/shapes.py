"""Stripe's objects in our words, and amounts as Stripe counts them.

Stripe counts like ISO 4217 but for three currencies: ISK and UGX lost their cents and are still written with two, MGA
has two and is written with none. Where ISO has three decimals the last must be 0: cards have no more. Source: Stripe,
"Supported currencies", special cases.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from bursar.billing.states import CheckoutState, PaymentStatus, RefundState
from bursar.billing.tills.ports import ChargebackState, SeenChargeback, SeenCheckout, SeenRefund, TillRefused
from bursar.core.money import LARGEST_MINOR, Money, exponent_of, is_currency
from bursar.integrations.stripe.errors import WORDS

DECIMALS = {"ISK": 2, "UGX": 2, "MGA": 0}
PAYMENT = {
    "unpaid": PaymentStatus.UNPAID,
    "paid": PaymentStatus.PAID,
    "no_payment_required": PaymentStatus.NO_PAYMENT_REQUIRED,
}
DID_NOT_COME = frozenset({"requires_payment_method", "canceled"})
REFUNDS = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
# An inquiry ("warning") takes no money yet; it is one that somebody must answer all the same.
CHARGEBACKS = {
    "lost": ChargebackState.LOST,
    "won": ChargebackState.WON,
    "warning_closed": ChargebackState.WON,
    "prevented": ChargebackState.WON,
}
LOCALES = frozenset({"en", "fr"})
"""Of ours, those that Stripe's page has. It has no Arabic and no Hebrew: the browser's language decides there."""

OUR_KEY = "bursar_key"
"""In a refund's metadata: the key it was ordered under."""

Told = Mapping[str, Any]
Each = TypeVar("Each", bound=StrEnum)


class Unreadable(ValueError):
    """Not what Stripe's contract promises."""


def to_stripe(amount: Money) -> int:
    """What Stripe calls this amount. Raises `TillRefused` for what falls between its units; nothing is rounded."""
    exponent = exponent_of(amount.currency)
    decimals = DECIMALS.get(amount.currency, exponent)
    minor, between = divmod(amount.minor * 10**decimals, 10**exponent)
    if between or (exponent == 3 and minor % 10):
        raise TillRefused(WORDS["between_units"], code="amount_between_units")
    return minor


def from_stripe(minor: object, currency: object) -> Money | None:
    """An amount of Stripe's; None where it names none. Raises `Unreadable`, `TillRefused` for what we cannot hold."""
    if minor is None or currency is None:
        return None
    if type(minor) is not int or not isinstance(currency, str) or abs(minor) > LARGEST_MINOR:
        raise Unreadable("amount")
    code = currency.upper()
    if not is_currency(code):
        raise TillRefused(WORDS["unknown_currency"], code="unknown_currency")
    exponent = exponent_of(code)
    decimals = DECIMALS.get(code, exponent)
    ours, between = divmod(minor * 10**exponent, 10**decimals)
    if between:
        raise TillRefused(WORDS["between_units"], code="amount_between_units")
    return Money(ours, code)


def checkout(told: Told) -> SeenCheckout:
    """A checkout session. Raises `Unreadable`, `TillRefused`."""
    state = one_of({state.value: state for state in CheckoutState}, told.get("status"))
    return SeenCheckout(
        session_id=text(told.get("id")),
        state=state,
        payment_status=_paid(told, state),
        amount=from_stripe(told.get("amount_total"), told.get("currency")),
        live=boolean(told.get("livemode")),
        reference=maybe_text(told.get("client_reference_id")),
        url=maybe_text(told.get("url")),
        expires_at=instant(told.get("expires_at")),
        payment_intent=id_of(told.get("payment_intent")),
        provider_customer=id_of(told.get("customer")),
    )


def refund(told: Told, *, live: bool) -> SeenRefund:
    """A refund; it does not say itself whether it is live. Raises `Unreadable`, `TillRefused`."""
    metadata = told.get("metadata")
    return SeenRefund(
        refund_id=text(told.get("id")),
        payment_intent=id_of(told.get("payment_intent")),
        amount=_amount(told),
        state=one_of(REFUNDS, told.get("status") or "pending"),
        live=live,
        reason=maybe_text(told.get("failure_reason")) or maybe_text(told.get("reason")),
        key=maybe_text(metadata.get(OUR_KEY)) if isinstance(metadata, Mapping) else None,
    )


def chargeback(told: Told) -> SeenChargeback:
    """A dispute. What is neither won nor lost is open, whatever Stripe will call it. Raises as `refund` does."""
    return SeenChargeback(
        chargeback_id=text(told.get("id")),
        payment_intent=id_of(told.get("payment_intent")),
        amount=_amount(told),
        state=CHARGEBACKS.get(text(told.get("status")), ChargebackState.OPENED),
        live=boolean(told.get("livemode")),
        reason=maybe_text(told.get("reason")),
    )


def _paid(told: Told, state: CheckoutState) -> PaymentStatus:
    """A delayed payment that did not come leaves its session complete and unpaid; only its intent tells (R129)."""
    status = one_of(PAYMENT, told.get("payment_status"))
    intent = told.get("payment_intent")
    if status is PaymentStatus.UNPAID and state is CheckoutState.COMPLETE and isinstance(intent, Mapping):
        return PaymentStatus.FAILED if intent.get("status") in DID_NOT_COME else status
    return status


def _amount(told: Told) -> Money:
    amount = from_stripe(told.get("amount"), told.get("currency"))
    if amount is None:
        raise Unreadable("amount")
    return amount


# Small change


def one_of(known: Mapping[str, Each], value: object) -> Each:
    if not isinstance(value, str) or value not in known:
        raise Unreadable(f"unknown word {str(value)[:40]!r}")
    return known[value]


def text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise Unreadable("no text")
    return value


def maybe_text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def id_of(value: object) -> str | None:
    """Of another object, expanded or not."""
    return maybe_text(value.get("id") if isinstance(value, Mapping) else value)


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unreadable("no boolean")
    return value


def instant(value: object) -> datetime | None:
    """Seconds since 1970."""
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < 2**40:
        raise Unreadable("no instant")
    return datetime.fromtimestamp(value, UTC)
