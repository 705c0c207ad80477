"""Lifecycles of a campaign (9) and of a chase (18)."""

from enum import StrEnum

from bursar.core.states import Move


class CampaignState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CampaignKind(StrEnum):
    INVOICE_REMINDER = "invoice_reminder"
    PAYMENT_FOLLOW_UP = "payment_follow_up"
    OVERDUE_NOTICE = "overdue_notice"
    BULK_REMINDER = "bulk_reminder"


class GroupBy(StrEnum):
    CUSTOMER = "customer"
    INVOICE = "invoice"


class Covers(StrEnum):
    """How far a standing exclusion reaches: campaigns alone, or sequences too."""

    CAMPAIGNS = "campaigns"
    EVERYTHING = "everything"


class ExcludedReason(StrEnum):
    """Why an invoice that was asked for is not in the frozen list."""

    PAID = "paid"
    DRAFT = "draft"
    CANCELLED = "cancelled"
    NOT_DUE = "not_due"
    PROMISE = "promise"
    DISPUTE = "dispute"
    PROCESSING = "processing"
    REPLIED = "replied"
    NO_ADDRESS = "no_address"
    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    SUPPRESSED = "suppressed"
    CUSTOMER_SUSPENDED = "customer_suspended"
    UNKNOWN = "unknown"
    BY_HAND = "by_hand"
    EXCLUDED = "excluded"
    HOLDOUT = "holdout"


class ChaseState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


class PauseReason(StrEnum):
    """Who made a chase wait: an agent, or the customer by answering."""

    AGENT = "agent"
    REPLY = "reply"


class LeftOut(StrEnum):
    """Why an invoice that had reached a touch is not in the day's list of its sequence."""

    PROMISE = "promise"
    DISPUTE = "dispute"
    PROCESSING = "processing"
    REPLIED = "replied"
    PAUSED = "chase_paused"
    STOPPED = "chase_stopped"
    EXCLUDED = "excluded"
    CUSTOMER_SUSPENDED = "customer_suspended"
    NO_ADDRESS = "no_address"
    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    SUPPRESSED = "suppressed"
    TOO_SOON = "too_soon"
    CAMPAIGN = "recent_campaign"


C = CampaignState
OPEN_STATES = frozenset({C.DRAFT, C.SCHEDULED, C.SENDING, C.PAUSED})
# fmt: off
#                     table        noun        event             from                                to
SCHEDULE     = Move("campaigns", "campaign", "schedule",       frozenset({C.DRAFT}),               C.SCHEDULED)
SEND_NOW     = Move("campaigns", "campaign", "send_now",       frozenset({C.DRAFT}),               C.SENDING)
UNSCHEDULE   = Move("campaigns", "campaign", "unschedule",     frozenset({C.SCHEDULED}),           C.DRAFT)
DUE          = Move("campaigns", "campaign", "due",            frozenset({C.SCHEDULED}),           C.SENDING)
DUE_EMPTY    = Move("campaigns", "campaign", "due",            frozenset({C.SCHEDULED}),           C.COMPLETED)
PAUSE        = Move("campaigns", "campaign", "pause",          frozenset({C.SENDING}),             C.PAUSED)
PROVIDER_ERR = Move("campaigns", "campaign", "provider_error", frozenset({C.SENDING}),             C.PAUSED)
RESUME       = Move("campaigns", "campaign", "resume",         frozenset({C.PAUSED}),              C.SENDING)
ALL_FINAL    = Move("campaigns", "campaign", "all_final",      frozenset({C.SENDING, C.PAUSED}),   C.COMPLETED)
ALL_FAILED   = Move("campaigns", "campaign", "all_failed",     frozenset({C.SENDING, C.PAUSED}),   C.FAILED)
RETRY_FAILED = Move("campaigns", "campaign", "retry_failed",   frozenset({C.FAILED, C.COMPLETED}), C.SENDING)
CANCEL       = Move("campaigns", "campaign", "cancel",         OPEN_STATES,                        C.CANCELLED)
# fmt: on

H = ChaseState
UNDER_WAY = frozenset({H.RUNNING, H.PAUSED})
# fmt: off
#                      table     noun     event            from                            to
PAUSE_CHASE   = Move("chases", "chase", "pause",         frozenset({H.RUNNING}),         H.PAUSED)
RESUME_CHASE  = Move("chases", "chase", "resume",        frozenset({H.PAUSED}),          H.RUNNING)
STOP_CHASE    = Move("chases", "chase", "stop",          UNDER_WAY,                      H.STOPPED)
NOTHING_OPEN  = Move("chases", "chase", "nothing_open",  UNDER_WAY,                      H.DONE)
START_CHASE   = Move("chases", "chase", "start",         frozenset({H.DONE, H.STOPPED}), H.RUNNING)
# fmt: on
