"""Lifecycles of a send (10), a sending account (11) and a run (17), and the outbox's closed lists."""

from enum import StrEnum

from bursar.core.states import Move


class SendState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


class AccountState(StrEnum):
    CONNECTING = "connecting"
    ACTIVE = "active"
    NEEDS_REAUTH = "needs_reauth"
    THROTTLED = "throttled"
    DISABLED = "disabled"


class RunState(StrEnum):
    HELD = "held"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class RunReason(StrEnum):
    """Why a run is paused (the first four) or closed (the others)."""

    AGENT = "agent"
    AUTH = "auth"
    QUOTA = "quota"
    ERRORS = "errors"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    UNSCHEDULED = "unscheduled"
    REFROZEN = "refrozen"


class Channel(StrEnum):
    EMAIL = "email"
    WHATSAPP = "whatsapp"
    SMS = "sms"
    PUSH = "push"
    WEBHOOK = "webhook"


class AccountKind(StrEnum):
    SMTP = "smtp"
    GMAIL = "gmail"
    OUTLOOK = "outlook"
    SES = "ses"
    WHATSAPP = "whatsapp"
    TWILIO = "twilio"
    WEBPUSH = "webpush"


SIGNS_IN_BY_CONSENT = frozenset({AccountKind.GMAIL, AccountKind.OUTLOOK})
"""Mailboxes whose owner lets us in at their provider, in a browser; we keep tokens, never a password (R132)."""


class Purpose(StrEnum):
    CAMPAIGN = "campaign"
    CHASE = "chase"
    NOTICE = "notice"
    WELCOME = "welcome"
    PAYMENT_LINK = "payment_link"
    PAYMENT_REMINDER = "payment_reminder"
    DOSSIER_REMINDER = "dossier_reminder"
    REVIEW_REQUEST = "review_request"
    NOTIFICATION = "notification"
    MESSAGE = "message"
    REPLY = "reply"
    STATEMENT = "statement"
    SIGN_IN = "sign_in"
    WEBHOOK = "webhook"
    TEST = "test"


NUDGES = frozenset(
    {
        Purpose.CAMPAIGN,
        Purpose.CHASE,
        Purpose.PAYMENT_REMINDER,
        Purpose.DOSSIER_REMINDER,
        Purpose.REVIEW_REQUEST,
    }
)
"""At most one of these a day to one person, over all rooms. A notice is one by its kind: see `sends.nudge`."""


class MailStream(StrEnum):
    """What an opt-out may stop (R91): a receipt never, a reminder per stream, marketing always."""

    TRANSACTIONAL = "transactional"
    REMINDER = "reminder"
    MARKETING = "marketing"


class Scope(StrEnum):
    ALL = "all"
    REMINDERS = "reminders"
    MARKETING = "marketing"
    REVIEWS = "reviews"


class SuppressionReason(StrEnum):
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    MANUAL = "manual"
    ERASURE = "erasure"


SUPPRESSED_AS = {
    SuppressionReason.HARD_BOUNCE: "hard_bounce",
    SuppressionReason.COMPLAINT: "complaint",
    SuppressionReason.ERASURE: "erased",
    SuppressionReason.UNSUBSCRIBE: "unsubscribed",
    SuppressionReason.MANUAL: "unsubscribed",
}
"""The reason of a send that is suppressed because of a suppression."""


class EngagementKind(StrEnum):
    OPEN = "open"
    CLICK = "click"
    READ = "read"
    REPLY = "reply"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    DELIVERED = "delivered"


class IncomingClass(StrEnum):
    """What came to a mailbox about a message of ours (R98-R102)."""

    HUMAN = "human"
    AUTO_REPLY = "auto_reply"
    REPORT = "report"
    COMPLAINT = "complaint"


class Verdict(StrEnum):
    """What a delivery report makes of a message (R98).

    HARD       the address does not exist
    SOFT       it exists, and could not take this one: full, or given up after days
    POLICY     they refuse us, not the person
    DELAYED    they are still trying
    DELIVERED  it arrived
    PASSED_ON  relayed to a system that does not report, or expanded to a list
    UNCLEAR    for a person to read
    """

    HARD = "hard"
    SOFT = "soft"
    POLICY = "policy"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    PASSED_ON = "passed_on"
    UNCLEAR = "unclear"


class HandledAs(StrEnum):
    """How what came in was dealt with. *Recorded* asked nothing of anybody; the others a person chose."""

    RECORDED = "recorded"
    SEEN = "seen"
    ANSWERED = "answered"
    PROMISE = "promise"
    DISPUTE = "dispute"
    ALREADY_PAID = "already_paid"
    AUTOMATIC = "automatic"


class TemplateSource(StrEnum):
    CUSTOM = "custom"
    SYSTEM = "system"
    IMPORTED = "imported"


class BodyFormat(StrEnum):
    HTML = "html"
    TEXT = "text"
    BLOCKS = "blocks"


A, R = AccountState, RunState
# fmt: off
#                        table               noun               event            from                                       to
CONNECT         = Move("sending_accounts", "sending_account", "connected",     frozenset({A.CONNECTING}),                 A.ACTIVE)
ABANDON         = Move("sending_accounts", "sending_account", "abandoned",     frozenset({A.CONNECTING}),                 A.DISABLED)
AUTH_FAIL       = Move("sending_accounts", "sending_account", "auth_failed",   frozenset({A.ACTIVE, A.THROTTLED}),        A.NEEDS_REAUTH)
RECONNECT       = Move("sending_accounts", "sending_account", "reconnect",     frozenset({A.NEEDS_REAUTH}),               A.ACTIVE)
CAP             = Move("sending_accounts", "sending_account", "capped",        frozenset({A.ACTIVE}),                     A.THROTTLED)
UNCAP           = Move("sending_accounts", "sending_account", "until_passed",  frozenset({A.THROTTLED}),                  A.ACTIVE)
DISABLE         = Move("sending_accounts", "sending_account", "disable",       frozenset({A.CONNECTING, A.ACTIVE, A.NEEDS_REAUTH, A.THROTTLED}), A.DISABLED)
CONNECT_AGAIN   = Move("sending_accounts", "sending_account", "begin_connect", frozenset({A.DISABLED}),                   A.CONNECTING)

RELEASE_RUN     = Move("runs",             "run",             "release",       frozenset({R.HELD}),                       R.OPEN)
PAUSE_RUN       = Move("runs",             "run",             "pause",         frozenset({R.OPEN}),                       R.PAUSED)
OPEN_RUN        = Move("runs",             "run",             "open",          frozenset({R.PAUSED}),                     R.OPEN)
FINISH_RUN      = Move("runs",             "run",             "finish",        frozenset({R.HELD, R.OPEN, R.PAUSED}),     R.CLOSED)
CLOSE_RUN       = Move("runs",             "run",             "close",         frozenset({R.HELD, R.OPEN, R.PAUSED}),     R.CLOSED)
REOPEN_RUN      = Move("runs",             "run",             "reopen",        frozenset({R.CLOSED}),                     R.OPEN)
# fmt: on
