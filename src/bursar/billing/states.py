"""Lifecycles of an invoice (7), a recurring invoice (8), a promise (15), a dispute (16), and the small machines."""

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


class RecurringState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class QuantitySource(StrEnum):
    """Where a recurring invoice's quantity comes from: itself, or the units counted on the billing day."""

    FIXED = "fixed"
    UNITS = "units"


class Proration(StrEnum):
    """Whether a part of a month is charged as a month, or by its days (R87)."""

    NONE = "none"
    DAILY = "daily"


class RefundState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class BankLineState(StrEnum):
    UNMATCHED = "unmatched"
    MATCHED = "matched"
    SET_ASIDE = "set_aside"


class EinvoiceState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class TillProvider(StrEnum):
    STRIPE = "stripe"


class TillState(StrEnum):
    CONNECTING = "connecting"
    ACTIVE = "active"
    NEEDS_REAUTH = "needs_reauth"
    DISABLED = "disabled"


class CheckoutState(StrEnum):
    """What the provider says of a checkout; *processing* is complete and unpaid."""

    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class PaymentStatus(StrEnum):
    """Of a checkout, in Stripe's words; `failed` is ours for a delayed payment that did not come (R129)."""

    UNPAID = "unpaid"
    PAID = "paid"
    NO_PAYMENT_REQUIRED = "no_payment_required"
    FAILED = "failed"


class PaidFor(StrEnum):
    """What a checkout is about."""

    ORDER = "order"
    INVOICE = "invoice"


R, F, B, E = RecurringState, RefundState, BankLineState, EinvoiceState
T, C = TillState, CheckoutState
I, P, D = InvoiceState, PromiseState, DisputeState  # noqa: E741  short letters keep the table readable
# fmt: off
#                           table       noun       event                  from                                        to
ISSUE              = Move("invoices", "invoice", "issue",              frozenset({I.DRAFT}),                       I.ISSUED)
SETTLE             = Move("invoices", "invoice", "settle",             frozenset({I.ISSUED}),                      I.PAID)
REVERSE_ALLOCATION = Move("invoices", "invoice", "reverse_allocation", frozenset({I.PAID, I.ISSUED}),              I.ISSUED)
CANCEL             = Move("invoices", "invoice", "cancel",             frozenset({I.ISSUED}),                      I.CANCELLED)
REFUND             = Move("invoices", "invoice", "refund",             frozenset({I.PAID}),                        I.REFUNDED)

KEEP_PROMISE       = Move("promises", "promise", "paid_enough",        frozenset({P.ACTIVE}),                      P.KEPT)
BREAK_PROMISE      = Move("promises", "promise", "date_passed",        frozenset({P.ACTIVE}),                      P.BROKEN)
WITHDRAW_PROMISE   = Move("promises", "promise", "withdraw",           frozenset({P.ACTIVE}),                      P.WITHDRAWN)
REVIVE_PROMISE     = Move("promises", "promise", "allocation_reversed", frozenset({P.KEPT}),                       P.ACTIVE)
UNKEEP_PROMISE     = Move("promises", "promise", "allocation_reversed", frozenset({P.KEPT}),                       P.BROKEN)

ACCEPT_DISPUTE     = Move("disputes", "dispute", "accept",             frozenset({D.OPEN}),                        D.ACCEPTED)
REJECT_DISPUTE     = Move("disputes", "dispute", "reject",             frozenset({D.OPEN}),                        D.REJECTED)
WITHDRAW_DISPUTE   = Move("disputes", "dispute", "withdraw",           frozenset({D.OPEN}),                        D.WITHDRAWN)
SETTLE_DISPUTE     = Move("disputes", "dispute", "invoice_settled",    frozenset({D.OPEN}),                        D.WITHDRAWN)

PAUSE_RECURRING    = Move("recurring_invoices", "recurring_invoice", "pause",  frozenset({R.ACTIVE}),              R.PAUSED)
RESUME_RECURRING   = Move("recurring_invoices", "recurring_invoice", "resume", frozenset({R.PAUSED}),              R.ACTIVE)
END_RECURRING      = Move("recurring_invoices", "recurring_invoice", "end",    frozenset({R.ACTIVE, R.PAUSED}),    R.ENDED)

SUCCEED_REFUND     = Move("refunds",    "refund",  "succeed",            frozenset({F.PENDING}),                     F.SUCCEEDED)
FAIL_REFUND        = Move("refunds",    "refund",  "fail",               frozenset({F.PENDING}),                     F.FAILED)

MATCH_BANK_LINE    = Move("bank_lines", "bank_line", "match",            frozenset({B.UNMATCHED}),                   B.MATCHED)
UNMATCH_BANK_LINE  = Move("bank_lines", "bank_line", "unmatch",          frozenset({B.MATCHED}),                     B.UNMATCHED)
SET_ASIDE          = Move("bank_lines", "bank_line", "set_aside",        frozenset({B.UNMATCHED}),                   B.SET_ASIDE)
TAKE_UP            = Move("bank_lines", "bank_line", "take_up",          frozenset({B.SET_ASIDE}),                   B.UNMATCHED)

SEND_EINVOICE      = Move("einvoice_documents", "einvoice_document", "send",   frozenset({E.QUEUED}),              E.SENT)
ACCEPT_EINVOICE    = Move("einvoice_documents", "einvoice_document", "accept", frozenset({E.SENT}),                E.ACCEPTED)
REJECT_EINVOICE    = Move("einvoice_documents", "einvoice_document", "reject", frozenset({E.SENT}),                E.REJECTED)

CONNECT_TILL       = Move("tills", "till", "connected",   frozenset({T.CONNECTING, T.NEEDS_REAUTH}),        T.ACTIVE)
REFUSE_TILL        = Move("tills", "till", "auth_failed", frozenset({T.ACTIVE}),                            T.NEEDS_REAUTH)
DISABLE_TILL       = Move("tills", "till", "disable",     frozenset({T.CONNECTING, T.ACTIVE, T.NEEDS_REAUTH}), T.DISABLED)
RECONNECT_TILL     = Move("tills", "till", "begin_connect", frozenset({T.DISABLED}),                        T.CONNECTING)

# Money wins: what arrives after a checkout ran out is honoured, so `complete` follows `expired` too.
COMPLETE_CHECKOUT  = Move("checkout_sessions", "checkout_session", "complete", frozenset({C.OPEN, C.EXPIRED}), C.COMPLETE)
EXPIRE_CHECKOUT    = Move("checkout_sessions", "checkout_session", "expire",   frozenset({C.OPEN}),         C.EXPIRED)
# fmt: on

INVOICE_MOVES = (ISSUE, SETTLE, REVERSE_ALLOCATION, CANCEL, REFUND)
PROMISE_MOVES = (KEEP_PROMISE, BREAK_PROMISE, WITHDRAW_PROMISE, REVIVE_PROMISE, UNKEEP_PROMISE)
DISPUTE_MOVES = (ACCEPT_DISPUTE, REJECT_DISPUTE, WITHDRAW_DISPUTE, SETTLE_DISPUTE)
RECURRING_MOVES = (PAUSE_RECURRING, RESUME_RECURRING, END_RECURRING)
REFUND_MOVES = (SUCCEED_REFUND, FAIL_REFUND)
BANK_LINE_MOVES = (MATCH_BANK_LINE, UNMATCH_BANK_LINE, SET_ASIDE, TAKE_UP)
EINVOICE_MOVES = (SEND_EINVOICE, ACCEPT_EINVOICE, REJECT_EINVOICE)
TILL_MOVES = (CONNECT_TILL, REFUSE_TILL, DISABLE_TILL, RECONNECT_TILL)
CHECKOUT_MOVES = (COMPLETE_CHECKOUT, EXPIRE_CHECKOUT)
