"""How a checkout stands after something was seen of it: whatever the order, the same end (R128, R129).

What a provider tells comes late, twice and shuffled. Each thing it can say has a rank, a checkout stands at the
highest it has reached, and nothing takes it down again: money wins over a page that ran out, and over a payment
that was said to have failed.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from bursar.billing.states import CheckoutState, PaymentStatus
from bursar.billing.tills.ports import SeenCheckout
from bursar.core.money import Money

IS_PAID = frozenset({PaymentStatus.PAID, PaymentStatus.NO_PAYMENT_REQUIRED})


class Standing(IntEnum):
    """From what can still change to what cannot. `MISMATCHED`: gone through, for another amount or currency."""

    OPEN = 0
    EXPIRED = 1
    PROCESSING = 2
    FAILED = 3
    MISMATCHED = 4
    PAID = 5


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of a checkout. `asked` is what is to be paid."""

    standing: Standing
    asked: Money
    payment_status: PaymentStatus
    session_id: str | None
    url: str | None
    expires_at: datetime
    payment_intent: str | None
    provider_customer: str | None

    @property
    def state(self) -> CheckoutState:
        if self.standing is Standing.OPEN:
            return CheckoutState.OPEN
        return CheckoutState.EXPIRED if self.standing is Standing.EXPIRED else CheckoutState.COMPLETE


def standing_of(state: str, payment_status: str, *, mismatched: bool) -> Standing:
    """Where a row stands."""
    if state == CheckoutState.OPEN:
        return Standing.OPEN
    if state == CheckoutState.EXPIRED:
        return Standing.EXPIRED
    if payment_status in IS_PAID:
        return Standing.PAID
    if mismatched:
        return Standing.MISMATCHED
    return Standing.FAILED if payment_status == PaymentStatus.FAILED else Standing.PROCESSING


def said_by(seen: SeenCheckout, asked: Money) -> Standing:
    """Where the provider says it stands. What was gone through is compared with what was asked for (R76)."""
    told = standing_of(seen.state, seen.payment_status, mismatched=False)
    if told <= Standing.EXPIRED or seen.amount == asked:
        return told
    return Standing.MISMATCHED


def after(known: Known, seen: SeenCheckout) -> Known:
    """What is known once `seen` was seen; `known` itself where that tells nothing new."""
    told = said_by(seen, known.asked)
    if told < known.standing:
        return known
    rises = told > known.standing
    other = known.session_id is not None and seen.session_id != known.session_id
    if other and not rises:  # another page of the same attempt, on which nothing happened
        return known
    return replace(
        known,
        standing=told,
        payment_status=_status(told, seen) if rises else known.payment_status,
        session_id=seen.session_id,
        url=(seen.url or known.url) if told is Standing.OPEN else None,
        expires_at=seen.expires_at or known.expires_at,
        payment_intent=seen.payment_intent or known.payment_intent,
        provider_customer=seen.provider_customer or known.provider_customer,
    )


def _status(standing: Standing, seen: SeenCheckout) -> PaymentStatus:
    if standing is Standing.PAID or standing is Standing.FAILED:
        return seen.payment_status
    return PaymentStatus.UNPAID
