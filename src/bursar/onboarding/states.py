"""Lifecycles of a payment link (2) and an order (3)."""

from enum import StrEnum

from bursar.core.states import Move


class PaymentLinkState(StrEnum):
    ACTIVE = "active"
    CLAIMED = "claimed"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


class OrderState(StrEnum):
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class HoldReason(StrEnum):
    """Why an order waits; it never changes the state."""

    AWAITING_FUNDS = "awaiting_funds"
    AMOUNT_MISMATCH = "amount_mismatch"
    PAID_AFTER_CANCEL = "paid_after_cancel"
    CHARGEBACK = "chargeback"


L, O = PaymentLinkState, OrderState  # noqa: E741  two letters keep the table readable
# fmt: off
#                     table            noun            event                from                                   to
REGISTER         = Move("payment_links", "payment_link", "register",          frozenset({L.ACTIVE}),               L.CLAIMED)
USE_LINK         = Move("payment_links", "payment_link", "payment_confirmed", frozenset({L.CLAIMED}),              L.USED)
EXPIRE_LINK      = Move("payment_links", "payment_link", "expire",            frozenset({L.ACTIVE}),               L.EXPIRED)
REVOKE_LINK      = Move("payment_links", "payment_link", "revoke",            frozenset({L.ACTIVE, L.CLAIMED}),    L.REVOKED)
REISSUE_LINK     = Move("payment_links", "payment_link", "reissue",           frozenset({L.EXPIRED}),              L.ACTIVE)

CONFIRM_PAYMENT  = Move("orders", "order", "payment_confirmed", frozenset({O.PENDING, O.FAILED}),                  O.PAID)
GIVE_UP          = Move("orders", "order", "give_up",           frozenset({O.PENDING}),                            O.FAILED)
CANCEL_ORDER     = Move("orders", "order", "cancel",            frozenset({O.PENDING, O.FAILED}),                  O.CANCELLED)
REFUND_ORDER     = Move("orders", "order", "refund_full",       frozenset({O.PAID}),                               O.REFUNDED)
LOSE_CHARGEBACK  = Move("orders", "order", "chargeback_lost",   frozenset({O.PAID}),                               O.REFUNDED)
# fmt: on

PAYMENT_LINK_MOVES = (REGISTER, USE_LINK, EXPIRE_LINK, REVOKE_LINK, REISSUE_LINK)
ORDER_MOVES = (CONFIRM_PAYMENT, GIVE_UP, CANCEL_ORDER, REFUND_ORDER, LOSE_CHARGEBACK)
