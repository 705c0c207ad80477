"""Words for what the database stores as codes: nouns, roles, reasons, and what one may do. States have their own."""

from collections.abc import Mapping
from gettext import NullTranslations

from bursar.chasing.why import NEXT
from bursar.core.errors import N_
from bursar.outbox.reasons import REASONS
from bursar.web.noun_words import EVENTS, NOUNS
from bursar.web.state_words import state_word

WORDS: dict[str, Mapping[str, str]] = {
    "role": {
        "owner": N_("Owner"),
        "admin": N_("Administrator"),
        "agent": N_("Agent"),
        "viewer": N_("Viewer"),
    },
    "channel": {
        "email": N_("E-mail"),
        "whatsapp": N_("WhatsApp"),
        "sms": N_("SMS"),
        "push": N_("Browser notification"),
        "webhook": N_("Webhook"),
    },
    "hold": {
        "awaiting_funds": N_("Money on its way"),
        "amount_mismatch": N_("Another amount came"),
        "paid_after_cancel": N_("Paid after it was cancelled"),
        "chargeback": N_("The payer's bank asks for it back"),
    },
    "till_provider": {"stripe": N_("Stripe")},
    "customer_kind": {"person": N_("Person"), "firm": N_("Firm")},
    "campaign_kind": {
        "invoice_reminder": N_("Invoice reminder"),
        "payment_follow_up": N_("Payment follow-up"),
        "overdue_notice": N_("Overdue notice"),
        "bulk_reminder": N_("Bulk reminder"),
    },
    "covers": {
        "campaigns": N_("Campaigns only"),
        "everything": N_("Campaigns and sequences"),
    },
    "tone": {"friendly": N_("friendly"), "plain": N_("plain"), "firm": N_("firm")},
    "group_by": {"customer": N_("One mail per customer"), "invoice": N_("One mail per invoice")},
    "statement_entry": {
        "invoice": N_("Invoice"),
        "credit_note": N_("Credit note"),
        "payment": N_("Payment"),
        "reversal": N_("Payment taken back"),
        "refund": N_("Refund"),
        "exchanged_to": N_("Paid with another currency"),
        "exchanged_from": N_("Used for another currency"),
    },
    "import_kind": {
        "customers": N_("Customers"),
        "contacts": N_("Contacts"),
        "invoices": N_("Invoices"),
        "payments": N_("Payments"),
        "bank_lines": N_("Bank lines"),
        "templates": N_("Templates"),
        "products": N_("Products"),
        "prices": N_("Prices"),
        "units": N_("Units"),
        "suppressions": N_("Suppressed addresses"),
        "payment_links": N_("Payment links"),
    },
    "proration": {"none": N_("Charged as a whole month"), "daily": N_("Charged by the day")},
    "price_source": {
        "override": N_("agreed here"),
        "customer": N_("the customer's price"),
        "product": N_("the product's price"),
    },
    # Why a month of a recurring invoice is not billed; generating says it by these codes.
    "verdict": {
        "no_price": N_("there is no price"),
        "no_units": N_("no unit was counted"),
        "customer_suspended": N_("the customer is suspended"),
        "mixed_currencies": N_("the price is in another currency"),
        "amount_too_large": N_("the amount is too large"),
        "total_not_positive": N_("it comes to nothing"),
        "incomplete": N_("the invoice lacks something and stays a draft"),
        "more_missed": N_("more than twelve months were missed; the next run goes on"),
    },
    "dispute_reason": {
        "already_paid": N_("Says it is paid"),
        "wrong_amount": N_("Amount is wrong"),
        "not_ordered": N_("Was not ordered"),
        "not_delivered": N_("Was not delivered"),
        "quality": N_("Unhappy with the work"),
        "other": N_("Another reason"),
    },
    "notice": {
        "issued": N_("The invoice"),
        "reminder": N_("Before the due date"),
        "overdue": N_("Past the due date"),
        "receipt": N_("Receipt"),
    },
    "payment_source": {
        "manual": N_("Recorded by hand"),
        "import": N_("Import"),
        "bank": N_("Bank"),
        "stripe": N_("Card"),
    },
    "consent_purpose": {
        "marketing": N_("Marketing"),
        "review": N_("Asking for a review"),
        "tracking": N_("Seeing opens and clicks"),
    },
    # What comes next for a send; chasing says it by these codes.
    "next": NEXT,
    "tax_category": {
        "S": N_("Standard"),
        "Z": N_("Zero rate"),
        "E": N_("Exempt"),
        "O": N_("Outside tax"),
        "AE": N_("Reverse charge"),
        "N": N_("Margin scheme"),
    },
    "unit_code": {
        "C62": N_("one"),
        "H87": N_("piece"),
        "HUR": N_("hour"),
        "DAY": N_("day"),
        "WEE": N_("week"),
        "MON": N_("month"),
        "ANN": N_("year"),
        "KWH": N_("kilowatt hour"),
        "KGM": N_("kilogram"),
        "MTR": N_("metre"),
        "LTR": N_("litre"),
    },
    "item_kind": {
        "goods": N_("Goods"),
        "services": N_("Services"),
        "both": N_("Goods and services"),
    },
    "credit_reason": {
        "DL8.61.1.A": N_("The supply was cancelled"),
        "DL8.61.1.B": N_("Its tax treatment changed"),
        "DL8.61.1.C": N_("The price was changed afterwards"),
        "DL8.61.1.D": N_("Goods came back"),
        "DL8.61.1.E": N_("Tax was charged in error"),
        "VD": N_("A volume discount"),
    },
    "einvoice_case": {
        "below_50m": N_("Revenue below AED 50 million"),
        "from_50m": N_("Revenue of AED 50 million or more"),
        "government": N_("Government"),
    },
    "series": {
        "daily": N_("begins again each day"),
        "yearly": N_("begins again each year"),
        "continuous": N_("never begins again"),
    },
    "reason": REASONS,
    "pause_reason": {"agent": N_("by an agent"), "reply": N_("they answered")},
    # Why an address is on the list; its states have other words than the sends that it stops.
    "suppression_reason": {
        "hard_bounce": N_("The address does not exist"),
        "complaint": N_("Marked as spam"),
        "unsubscribe": N_("Unsubscribed"),
        "manual": N_("By hand"),
        "erasure": N_("Erased on request"),
    },
    "incoming": {
        "human": N_("Answer"),
        "auto_reply": N_("Automatic answer"),
        "report": N_("Delivery report"),
        "complaint": N_("Called unwanted"),
    },
    "report_verdict": {
        "hard": N_("the address does not exist"),
        "soft": N_("not taken this time"),
        "policy": N_("they refuse your mailbox"),
        "delayed": N_("still being tried"),
        "delivered": N_("delivered"),
        "passed_on": N_("passed on"),
        "unclear": N_("to be read by you"),
    },
    "handled_as": {
        "recorded": N_("recorded"),
        "seen": N_("dealt with"),
        "answered": N_("answered"),
        "promise": N_("made a promise"),
        "dispute": N_("made a dispute"),
        "already_paid": N_("says it is paid"),
        "automatic": N_("a machine's"),
    },
    "suppression_scope": {
        "all": N_("Everything but what was asked for"),
        "reminders": N_("Reminders"),
        "marketing": N_("Newsletters"),
        "reviews": N_("Review requests"),
    },
    "scope": {
        "*": N_("Everything"),
        "customers:read": N_("See customers"),
        "customers:write": N_("Change customers"),
        "invoices:read": N_("See invoices"),
        "invoices:write": N_("Change invoices"),
        "payments:read": N_("See payments"),
        "payments:write": N_("Record payments"),
        "catalog:read": N_("See products, prices and units"),
        "catalog:write": N_("Change products, prices and units"),
        "orders:read": N_("See payment links and orders"),
        "orders:write": N_("Make payment links, change orders"),
        "campaigns:read": N_("See campaigns"),
        "campaigns:write": N_("Make and release campaigns"),
        "templates:read": N_("See templates"),
        "templates:write": N_("Change templates"),
        "sends:read": N_("See messages"),
        "sends:write": N_("Resolve messages"),
        "settings:read": N_("See settings"),
        "settings:write": N_("Change settings"),
    },
}


def word(words: NullTranslations, kind: str, value: str) -> str:
    """The word for a code of a small list; an unknown one shows itself, readably."""
    found = WORDS.get(kind, {}).get(value)
    return words.gettext(found) if found else str(value).replace("_", " ")


def move_words(words: NullTranslations, machine: str, state: str, event: str) -> dict[str, str]:
    """The places of `IllegalMove`, in words: the state's has the gender of its machine."""
    return {
        "machine": words.gettext(NOUNS.get(machine, machine)),
        "state": state_word(words, machine, state)[0],
        "event": words.gettext(EVENTS.get(event, event.replace("_", " "))),
    }
