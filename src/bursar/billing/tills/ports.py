"""What billing needs of a payment provider, in its own words. Adapters in `integrations/` speak the provider's.

Three beats: a row is committed, the provider is asked without any Work open, and what it says is written down. Every
call that makes something carries a key of ours, so that asking again after a lost answer makes nothing twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bursar.billing.states import CheckoutState, PaymentStatus, RefundState
from bursar.core.money import Money


class TillError(Exception):
    """The provider did not do what was asked. `code` is its own word for why, `text` what it says to people."""

    def __init__(self, text: str = "", *, code: str | None = None) -> None:
        super().__init__(text)
        self.text, self.code = text, code


class TillRefused(TillError):
    """It will say the same again: a parameter it does not take, an object it does not have."""


class TillUnauthorised(TillError):
    """The key was revoked or may not do this: the till needs its owner."""


class TillThrottled(TillError):
    """Too many calls; nothing was done. `retry_after` is in seconds, if it said."""

    def __init__(self, text: str = "", *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(text, code=code)
        self.retry_after = retry_after


class TillUnsure(TillError):
    """No answer, or one that leaves open whether it was done: ask again under the same key."""


class Forged(Exception):
    """Not signed by the provider, or too old, or from the future."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose account a key opens."""

    account_id: str
    live: bool
    name: str | None = None


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """A page on which `amount` can be paid once. `key` makes asking twice the same as asking once.

    `reference` comes back with everything that is told of it: the hexadecimal id of our row. `success_url` may hold
    the provider's placeholder for its session; it proves nothing. `provider_customer` is who pays, if the provider
    knows them already, else `email` fills its form.
    """

    key: str
    reference: str
    amount: Money
    description: str
    success_url: str
    cancel_url: str
    expires_at: datetime
    locale: str
    email: str | None = None
    provider_customer: str | None = None
    metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SeenCheckout:
    """What the provider says of a checkout now. `amount` is None where it names none."""

    session_id: str
    state: CheckoutState
    payment_status: PaymentStatus
    amount: Money | None
    live: bool
    reference: str | None = None
    url: str | None = None
    expires_at: datetime | None = None
    payment_intent: str | None = None
    provider_customer: str | None = None


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """Money on its way back. Refunds that a firm makes at the provider itself are seen like our own.

    `key` is the one that `Till.refund` was given: with it a refund of ours is known also when its webhook is quicker
    than the answer. Without one it was made at the provider.
    """

    refund_id: str
    payment_intent: str | None
    amount: Money
    state: RefundState
    live: bool
    reason: str | None = None
    key: str | None = None


class ChargebackState(StrEnum):
    OPENED = "opened"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class SeenChargeback:
    """A payer told their bank that they did not owe this."""

    chargeback_id: str
    payment_intent: str | None
    amount: Money
    state: ChargebackState
    live: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SeenMoney:
    """Everything the provider knows of one payment intent: what came, what went back, what is fought over."""

    payment_intent: str
    received: Money | None
    refunds: Sequence[SeenRefund] = ()
    chargebacks: Sequence[SeenChargeback] = ()
    checkout: SeenCheckout | None = None


class TillEventKind(StrEnum):
    """What a webhook is about, in our words; what we do not know is kept and changes nothing."""

    CHECKOUT_COMPLETED = "checkout_completed"
    ASYNC_SUCCEEDED = "async_succeeded"
    ASYNC_FAILED = "async_failed"
    CHECKOUT_EXPIRED = "checkout_expired"
    PAYMENT_FAILED = "payment_failed"  # one declined try; the checkout stays open
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TillEvent:
    """One webhook, verified and read. `told` is what it says, as the provider says it when it is retrieved.

    `is_decisive`: the signed text alone proves something that nothing later takes back (complete and paid, a refund
    that succeeded, a chargeback lost). Anything else is retrieved before it is believed (R128).
    """

    event_id: str
    kind: TillEventKind
    type: str  # the provider's own name of it
    live: bool
    created: datetime
    account_id: str | None = None
    told: SeenCheckout | SeenRefund | SeenChargeback | None = None
    payment_intent: str | None = None
    is_decisive: bool = False


class Till(Protocol):
    """One account at a provider. Raises `TillError`s and nothing else; safe to call at once from several tasks."""

    async def who(self) -> Identity: ...

    async def open(self, request: CheckoutRequest) -> SeenCheckout: ...

    async def retrieve(self, session_id: str) -> SeenCheckout: ...

    async def expire(self, session_id: str) -> SeenCheckout:
        """Closes an open one; one that was closed or paid meanwhile is told as it is."""
        ...

    async def refund(
        self, payment_intent: str, amount: Money, *, key: str, reason: str | None = None
    ) -> SeenRefund: ...

    async def money_of(self, payment_intent: str) -> SeenMoney: ...

    async def close(self) -> None: ...


TillFactory = Callable[[str, bytes], Till]
"""Makes the way to a provider: its name, and the secret key that the vault keeps. Raises ValueError for another."""


class TillDesk(Protocol):
    """Reads what a provider tells us. Knows no tenant and no row."""

    def verify(self, body: bytes, signature: str, secrets: Sequence[bytes], now: datetime) -> None:
        """Raises `Forged` unless one of `secrets` signed these very bytes within 300 s of `now` (R127)."""
        ...

    def read(self, payload: Mapping[str, Any]) -> TillEvent:
        """A verified body, parsed. Raises ValueError for what is no event at all."""
        ...
