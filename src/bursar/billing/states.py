"""Lifecycles of an invoice (7), a promise (15) and a dispute (16)."""

from enum import StrEnum

from bursar.core.states import Move


class InvoiceState(StrEnum):
    DRAFT = "draft"
    ISSUED = "issued"
    PAID = "paid"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class PromiseState(StrEnum):
    ACTIVE = "active"
    KEPT = "kept"
    BROKEN = "broken"
    WITHDRAWN = "withdrawn"


class DisputeState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class DisputeReason(StrEnum):
    ALREADY_PAID = "already_paid"
    WRONG_AMOUNT = "wrong_amount"
    NOT_ORDERED = "not_ordered"
    NOT_DELIVERED = "not_delivered"
    QUALITY = "quality"
    OTHER = "other"


class PaymentSource(StrEnum):
    STRIPE = "stripe"
    MANUAL = "manual"
    IMPORT = "import"
    BANK = "bank"


class TaxCategory(StrEnum):
    """Categories of PINT-AE (R11)."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    OUT_OF_SCOPE = "O"
    REVERSE_CHARGE = "AE"
    MARGIN = "N"


I, P, D = InvoiceState, PromiseState, DisputeState  # noqa: E741  short letters keep the table readable
# fmt: off
#                           table       noun       event                  from                                        to
ISSUE              = Move("invoices", "invoice", "issue",              frozenset({I.DRAFT}),                       I.ISSUED)
SETTLE             = Move("invoices", "invoice", "settle",             frozenset({I.ISSUED}),                      I.PAID)
REVERSE_ALLOCATION = Move("invoices", "invoice", "reverse_allocation", frozenset({I.PAID, I.ISSUED}),              I.ISSUED)
CANCEL             = Move("invoices", "invoice", "cancel",             frozenset({I.ISSUED}),                      I.CANCELLED)

KEEP_PROMISE       = Move("promises", "promise", "paid_enough",        frozenset({P.ACTIVE}),                      P.KEPT)
BREAK_PROMISE      = Move("promises", "promise", "date_passed",        frozenset({P.ACTIVE}),                      P.BROKEN)
WITHDRAW_PROMISE   = Move("promises", "promise", "withdraw",           frozenset({P.ACTIVE}),                      P.WITHDRAWN)
REVIVE_PROMISE     = Move("promises", "promise", "allocation_reversed", frozenset({P.KEPT}),                       P.ACTIVE)
UNKEEP_PROMISE     = Move("promises", "promise", "allocation_reversed", frozenset({P.KEPT}),                       P.BROKEN)

ACCEPT_DISPUTE     = Move("disputes", "dispute", "accept",             frozenset({D.OPEN}),                        D.ACCEPTED)
REJECT_DISPUTE     = Move("disputes", "dispute", "reject",             frozenset({D.OPEN}),                        D.REJECTED)
WITHDRAW_DISPUTE   = Move("disputes", "dispute", "withdraw",           frozenset({D.OPEN}),                        D.WITHDRAWN)
SETTLE_DISPUTE     = Move("disputes", "dispute", "invoice_settled",    frozenset({D.OPEN}),                        D.WITHDRAWN)
# fmt: on

INVOICE_MOVES = (ISSUE, SETTLE, REVERSE_ALLOCATION, CANCEL)
PROMISE_MOVES = (KEEP_PROMISE, BREAK_PROMISE, WITHDRAW_PROMISE, REVIVE_PROMISE, UNKEEP_PROMISE)
DISPUTE_MOVES = (ACCEPT_DISPUTE, REJECT_DISPUTE, WITHDRAW_DISPUTE, SETTLE_DISPUTE)
