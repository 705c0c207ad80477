"""Words and colours of states.

A state's word depends on what it is a state of (Arabic and French give it a gender), so each machine
has its own context in the catalogue.
"""

from dataclasses import dataclass
from gettext import NullTranslations

CALM, GOOD, BUSY, WATCH, BAD = "calm", "good", "busy", "watch", "bad"
"""Tones: nothing to see; done well; under way; look at it some time; look at it now."""


@dataclass(frozen=True, slots=True)
class StateWord:
    context: str
    text: str
    tone: str


def pgettext(context: str, text: str, tone: str = CALM) -> StateWord:
    """Marks `text` in `context` for the catalogue; the words are looked up when a page is made."""
    return StateWord(context, text, tone)


STATES: dict[str, dict[str, StateWord]] = {
    "invoice": {
        "draft": pgettext("invoice", "Draft"),
        "issued": pgettext("invoice", "Open", BUSY),
        "overdue": pgettext("invoice", "Overdue", BAD),
        "partially_paid": pgettext("invoice", "Partly paid", BUSY),
        "paid": pgettext("invoice", "Paid", GOOD),
        "cancelled": pgettext("invoice", "Cancelled"),
        "refunded": pgettext("invoice", "Refunded"),
    },
    "customer": {
        "pending": pgettext("customer", "Pending", WATCH),
        "active": pgettext("customer", "Active", GOOD),
        "suspended": pgettext("customer", "Suspended", BAD),
    },
    "inbound": {
        "waiting": pgettext("inbound", "Waiting", BUSY),
        "failing": pgettext("inbound", "Tried again", WATCH),
        "stuck": pgettext("inbound", "Needs you", BAD),
        "applied": pgettext("inbound", "Applied", GOOD),
    },
    "campaign": {
        "draft": pgettext("campaign", "Draft"),
        "scheduled": pgettext("campaign", "Scheduled", BUSY),
        "sending": pgettext("campaign", "Sending", BUSY),
        "paused": pgettext("campaign", "Paused", WATCH),
        "completed": pgettext("campaign", "Completed", GOOD),
        "failed": pgettext("campaign", "Failed", BAD),
        "cancelled": pgettext("campaign", "Cancelled"),
    },
    "chase": {
        "running": pgettext("chase", "Being chased", BUSY),
        "paused": pgettext("chase", "Left in peace", WATCH),
        "stopped": pgettext("chase", "Stopped", BAD),
        "done": pgettext("chase", "Done", GOOD),
    },
    "run": {
        "held": pgettext("run", "Held for review", WATCH),
        "open": pgettext("run", "Released", BUSY),
        "paused": pgettext("run", "Paused", WATCH),
        "closed": pgettext("run", "Closed"),
    },
    "send": {
        "queued": pgettext("send", "Waiting"),
        "held": pgettext("send", "Needs a look", WATCH),
        "sending": pgettext("send", "Sending", BUSY),
        "sent": pgettext("send", "Sent", GOOD),
        "delivered": pgettext("send", "Delivered", GOOD),
        "bounced": pgettext("send", "Bounced", BAD),
        "failed": pgettext("send", "Failed", BAD),
        "suppressed": pgettext("send", "Not sent"),
        "cancelled": pgettext("send", "Cancelled"),
        "uncertain": pgettext("send", "Outcome unknown", WATCH),
    },
    "till": {
        "connecting": pgettext("till", "Connecting", BUSY),
        "active": pgettext("till", "Ready", GOOD),
        "needs_reauth": pgettext("till", "Needs a new key", BAD),
        "disabled": pgettext("till", "Switched off"),
    },
    "checkout_session": {
        "open": pgettext("checkout", "Open", BUSY),
        "complete": pgettext("checkout", "Complete", GOOD),
        "expired": pgettext("checkout", "Ran out"),
        "processing": pgettext("checkout", "Money on its way", WATCH),
        "failed": pgettext("checkout", "Money did not come", BAD),
        "mismatched": pgettext("checkout", "Another amount", BAD),
        "paid": pgettext("checkout", "Paid", GOOD),
    },
    "payment_link": {
        "active": pgettext("payment link", "Open", BUSY),
        "claimed": pgettext("payment link", "Registered", WATCH),
        "used": pgettext("payment link", "Paid", GOOD),
        "expired": pgettext("payment link", "Expired"),
        "revoked": pgettext("payment link", "Taken back", BAD),
    },
    "order": {
        "pending": pgettext("order", "Not paid yet", BUSY),
        "paid": pgettext("order", "Paid", GOOD),
        "failed": pgettext("order", "Given up", BAD),
        "cancelled": pgettext("order", "Cancelled"),
        "refunded": pgettext("order", "Refunded"),
    },
    "sending_account": {
        "connecting": pgettext("sending account", "Connecting", BUSY),
        "active": pgettext("sending account", "Ready", GOOD),
        "needs_reauth": pgettext("sending account", "Sign in again", BAD),
        "throttled": pgettext("sending account", "Slowed down", WATCH),
        "disabled": pgettext("sending account", "Switched off"),
    },
    "bank_line": {
        "unmatched": pgettext("bank_line", "Waiting", WATCH),
        "matched": pgettext("bank_line", "Matched", GOOD),
        "set_aside": pgettext("bank_line", "Set aside"),
    },
    "einvoice_document": {
        "queued": pgettext("e-invoice", "Waiting", BUSY),
        "sent": pgettext("e-invoice", "Handed over", BUSY),
        "accepted": pgettext("e-invoice", "Accepted", GOOD),
        "rejected": pgettext("e-invoice", "Rejected", BAD),
    },
    "refund": {
        "pending": pgettext("refund", "On its way", BUSY),
        "succeeded": pgettext("refund", "Given back", GOOD),
        "failed": pgettext("refund", "Failed", BAD),
    },
    "promise": {
        "active": pgettext("promise", "Promised", BUSY),
        "kept": pgettext("promise", "Kept", GOOD),
        "broken": pgettext("promise", "Broken", BAD),
        "withdrawn": pgettext("promise", "Withdrawn"),
    },
    "dispute": {
        "open": pgettext("dispute", "Disputed", WATCH),
        "accepted": pgettext("dispute", "Accepted", GOOD),
        "rejected": pgettext("dispute", "Rejected"),
        "withdrawn": pgettext("dispute", "Withdrawn"),
    },
    "recurring_invoice": {
        "active": pgettext("recurring invoice", "Active", GOOD),
        "paused": pgettext("recurring invoice", "Paused", WATCH),
        "ended": pgettext("recurring invoice", "Ended"),
    },
    "import_run": {
        "reading": pgettext("import", "Reading", BUSY),
        "ready": pgettext("import", "Ready to apply", WATCH),
        "applied": pgettext("import", "Applied", GOOD),
        "refused": pgettext("import", "Refused", BAD),
    },
    "import_row": {
        "created": pgettext("import row", "New", GOOD),
        "updated": pgettext("import row", "Updated", BUSY),
        "unchanged": pgettext("import row", "Unchanged"),
        "refused": pgettext("import row", "Refused", BAD),
    },
}


def state_word(words: NullTranslations, machine: str, state: str) -> tuple[str, str]:
    """The word and the tone. An unknown state shows its code: better a raw word than a broken page."""
    found = STATES.get(machine, {}).get(state)
    if found is None:
        return state.replace("_", " "), CALM
    return words.pgettext(found.context, found.text), found.tone
