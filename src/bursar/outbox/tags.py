"""The merge tags: what a template of a category may name, with a value to show beside the editor.

Values reach a template as people read them: money and days are written in the recipient's language by whoever
composes. Only what conditions compare (`days_overdue`, `oldest_days_overdue`, counts) is a bare number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bursar.core.errors import N_


class Category(StrEnum):
    INVOICE_ISSUED = "invoice_issued"
    INVOICE_REMINDER = "invoice_reminder"
    OVERDUE_NOTICE = "overdue_notice"
    PAYMENT_FOLLOW_UP = "payment_follow_up"
    THANKS = "thanks"
    STATEMENT = "statement"
    RECEIPT = "receipt"
    PAYMENT_LINK = "payment_link"
    SIGN_IN = "sign_in"
    WELCOME = "welcome"
    PAYMENT_REMINDER = "payment_reminder"


class TagKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    ADDRESS = "address"  # of the web; belongs into a link, and in plain writing becomes one
    LIST = "list"


@dataclass(frozen=True, slots=True)
class MergeTag:
    """`path` is as `liquid.used_tags` finds it. `may_be_empty`: the value can be nothing, ask with {% if %}."""

    path: str
    kind: TagKind
    label: str
    samples: Mapping[str, Any]
    may_be_empty: bool = False

    def sample(self, locale: str) -> Any:
        return self.samples.get(locale.partition("-")[0].partition("_")[0], self.samples["en"])


SAMPLE_PRIVATE_LINK = "https://pay.example/their-own"
"""In the place of an address that only the letter itself may hold."""


def _text(path: str, label: str, en: str, ar: str | None = None, *, may_be_empty: bool = False) -> MergeTag:
    return MergeTag(path, TagKind.TEXT, label, {"en": en, "ar": ar or en}, may_be_empty)


def _number(path: str, label: str, sample: int) -> MergeTag:
    return MergeTag(path, TagKind.NUMBER, label, {"en": sample})


def _address(path: str, label: str, sample: str) -> MergeTag:
    return MergeTag(path, TagKind.ADDRESS, label, {"en": sample}, may_be_empty=True)


def _list(path: str, label: str) -> MergeTag:
    return MergeTag(path, TagKind.LIST, label, {"en": []})


_ALWAYS = (
    _text("customer.name", N_("The person or firm we write to"), "Huda Salem", "هدى سالم"),
    _text(
        "customer.company", N_("Their firm"), "Noor Trading LLC", "نور للتجارة ذ.م.م", may_be_empty=True
    ),
    _text("customer.code", N_("Their number in your books"), "C-1042", may_be_empty=True),
    _text("tenant.name", N_("Your firm"), "Al Safa Accounting", "الصفا للمحاسبة"),
    _text("tenant.address", N_("Your firm's address"), "Office 12, Al Wasl Road, Dubai",
          "مكتب 12، شارع الوصل، دبي", may_be_empty=True),
    _text("sender.name", N_("Who signs"), "Omar Haddad", "عمر حداد"),
    _text("sender.email", N_("The address it is sent from"), "billing@alsafa.example"),
    _text("reply_to", N_("Where answers go"), "billing@alsafa.example"),
    _text("today", N_("The day of sending"), "20 November 2026", "20 نوفمبر 2026"),
    _address("unsubscribe_link", N_("Ends reminders; only as the address of a link"), "https://pay.example/u/1"),
)  # fmt: skip
_OPEN_INVOICES = (
    _list("invoices", N_("Every open invoice this message is about")),
    _text("invoices[].number", N_("Its number"), "INV-2041"),
    _text("invoices[].issue_date", N_("The day it was issued"), "1 October 2026", "1 أكتوبر 2026"),
    _text("invoices[].due_date", N_("The day it is due"), "31 October 2026", "31 أكتوبر 2026"),
    _number("invoices[].days_overdue", N_("Days since then, 0 if not yet due"), 20),
    _text("invoices[].total", N_("Its total"), "AED 2,625.00", "2,625.00 AED"),
    _text("invoices[].balance", N_("What is still open"), "AED 1,625.00", "1,625.00 AED"),
    _text("invoices[].currency", N_("Its currency"), "AED"),
    _address("invoices[].link", N_("Where it can be seen and paid"), "https://pay.example/i/2041"),
    _list("totals", N_("What is open, one line a currency")),
    _text("totals[].currency", N_("The currency"), "AED"),
    _text("totals[].balance", N_("What is open in it"), "AED 1,625.00", "1,625.00 AED"),
    _number("totals[].count", N_("How many invoices"), 1),
    _number("oldest_days_overdue", N_("Days overdue of the oldest"), 20),
    _address("pay_link", N_("Where all of it can be paid"), "https://pay.example/p/77"),
)
_PAYMENT = (
    _text("payment.amount", N_("What was paid"), "AED 1,000.00", "1,000.00 AED"),
    _text("payment.date", N_("The day it arrived"), "19 November 2026", "19 نوفمبر 2026"),
    _text("payment.reference", N_("Its reference"), "TRF-88120", may_be_empty=True),
)
_PAID = (
    *(tag for tag in _OPEN_INVOICES if tag.path.startswith("invoices")),
    _text("invoices[].paid", N_("What this payment paid of it"), "AED 1,000.00", "1,000.00 AED"),
)
_PRIVATE = _address("private_link", N_("The page that only this message leads to"), SAMPLE_PRIVATE_LINK)
_OFFER = (
    _text("offer.product", N_("What is offered"), "Company formation", "تأسيس شركة"),
    _text("offer.description", N_("What it is, in a sentence or two"), "Everything to open for business.",
          "كل ما يلزم لبدء العمل.", may_be_empty=True),
    _text("offer.price", N_("What it costs, tax included"), "AED 5,250.00", "5,250.00 AED"),
    _text("offer.tax", N_("The tax in it"), "AED 250.00", "250.00 AED", may_be_empty=True),
    _text("offer.until", N_("The last day of the offer"), "4 December 2026", "4 ديسمبر 2026"),
    _text("offer.note", N_("What you wrote to this person"), "As we agreed on the phone.",
          "كما اتفقنا هاتفيًا.", may_be_empty=True),
    _list("included", N_("What the price covers, one line each")),
    _text("included[].text", N_("The line"), "Registration fees", "رسوم التسجيل"),
    _PRIVATE,
)  # fmt: skip
_SIGN_IN = (_number("minutes", N_("How many minutes the link works"), 15), _PRIVATE)
_ORDER = (
    _text("order.product", N_("What was ordered"), "Company formation", "تأسيس شركة"),
    _text("order.amount", N_("What it costs, tax included"), "AED 5,250.00", "5,250.00 AED"),
    _text("order.tax", N_("The tax in it"), "AED 250.00", "250.00 AED", may_be_empty=True),
    _text("order.date", N_("The day it was ordered"), "19 November 2026", "19 نوفمبر 2026"),
)
_SETS: dict[Category, tuple[MergeTag, ...]] = {
    Category.INVOICE_ISSUED: (*_ALWAYS, *_OPEN_INVOICES),
    Category.INVOICE_REMINDER: (*_ALWAYS, *_OPEN_INVOICES),
    Category.OVERDUE_NOTICE: (*_ALWAYS, *_OPEN_INVOICES),
    Category.PAYMENT_FOLLOW_UP: (*_ALWAYS, *_OPEN_INVOICES),
    Category.THANKS: (*_ALWAYS, *_OPEN_INVOICES, *_PAYMENT),
    Category.STATEMENT: (*_ALWAYS, *_OPEN_INVOICES),
    Category.RECEIPT: (*_ALWAYS, *_PAID, *_PAYMENT),
    Category.PAYMENT_LINK: (*_ALWAYS, *_OFFER),
    Category.SIGN_IN: (*_ALWAYS, *_SIGN_IN),
    Category.WELCOME: (
        *_ALWAYS,
        *_ORDER,
        _address("portal_link", N_("Where they see all that is theirs"), "https://pay.example/portal/alsafa"),
    ),
    Category.PAYMENT_REMINDER: (
        *_ALWAYS,
        *_ORDER,
        _address("pay_link", N_("Where the order is paid"), "https://pay.example/pay/77"),
    ),
}
_TOLD = frozenset({"invoices[].number", "invoices[].balance"})
_REQUIRED: dict[Category, frozenset[str]] = {
    Category.INVOICE_ISSUED: frozenset({"invoices[].number", "invoices[].total"}),
    Category.INVOICE_REMINDER: _TOLD,
    Category.OVERDUE_NOTICE: _TOLD,
    Category.PAYMENT_FOLLOW_UP: _TOLD,
    Category.THANKS: frozenset({"payment.amount"}),
    Category.STATEMENT: _TOLD,
    Category.RECEIPT: frozenset({"payment.amount"}),
    Category.PAYMENT_LINK: frozenset({"offer.price", "private_link"}),
    Category.SIGN_IN: frozenset({"private_link"}),
    Category.WELCOME: frozenset({"order.product"}),
    Category.PAYMENT_REMINDER: frozenset({"order.amount", "pay_link"}),
}
ROOTS_ALWAYS_GIVEN = frozenset(tag.path.partition(".")[0].partition("[")[0] for tag in _ALWAYS)


def tags_of(category: Category) -> dict[str, MergeTag]:
    """By path, in the order in which the editor shows them."""
    return {tag.path: tag for tag in _SETS[category]}


def required_tags(category: Category) -> frozenset[str]:
    """Without these a message of the category would not say what it is about."""
    return _REQUIRED[category]


def sample_values(category: Category, locale: str) -> dict[str, Any]:
    """Values as the composer hands them over, one row in each list: for previews, tests and mails to oneself."""
    values: dict[str, Any] = {}
    for tag in _SETS[category]:
        *way, last = tag.path.split(".")
        place: Any = values
        for step in way:
            name = step.removesuffix("[]")
            place = place[name][0] if step.endswith("[]") else place.setdefault(name, {})
        place[last] = [{}] if tag.kind is TagKind.LIST else tag.sample(locale)
    return values


def emptied(category: Category) -> dict[str, Any]:
    """The shape of the values with nothing in it: a composer fills it in, and no tag is ever undefined."""
    values = sample_values(category, "en")
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = []
        else:
            values[name] = dict.fromkeys(value) if isinstance(value, dict) else None
    return values
