"""Merge tags of other systems, told apart from ordinary text and turned into ours.

Others write {{customer_name}}, {name}, [Client Name], %NAME%, *|FNAME|*, <<Name>>, ${name}. Braces and the doubled
signs are always tags; single brackets and percent signs only around a name that we know.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from bursar.outbox.tags import Category, tags_of

_CALLED: dict[str, str] = {
    "customer.name": (
        "name|full name|customer|customer name|client|client name|contact|contact name|"
        "contact person|first name|fname|recipient|recipient name|debtor name|اسم العميل|العميل|"
        "الاسم|nom|nom du client|prénom|client nom"
    ),
    "customer.company": (
        "company|company name|customer company|client company|organisation|organization|"
        "business name|اسم الشركة|الشركة|société|entreprise|raison sociale"
    ),
    "customer.code": (
        "customer code|customer id|customer number|client code|client id|account number|"
        "رقم العميل|code client"
    ),
    "tenant.name": (
        "our company|our company name|my company|sender company|from company|your company|"
        "your company name|business|firm name|اسم شركتنا|شركتنا|notre société"
    ),
    "tenant.address": "our address|company address|business address|sender address|عنوان الشركة|notre adresse",
    "sender.name": (
        "sender|sender name|from name|agent name|user name|signature|account manager|المرسل|"
        "اسم المرسل|expéditeur"
    ),
    "sender.email": "sender email|from email|our email|بريد المرسل|email expéditeur",
    "reply_to": "reply to|reply email|support email|contact email|company email|email",
    "today": "today|date|current date|todays date|التاريخ|تاريخ اليوم|aujourd'hui|date du jour",
    "invoices.first.number": (
        "invoice|invoice number|invoice no|invoice id|invoice ref|number|رقم الفاتورة|الفاتورة|"
        "numéro de facture|n° facture|facture"
    ),
    "invoices.first.issue_date": (
        "invoice date|issue date|issued on|تاريخ الفاتورة|تاريخ الإصدار|date de facture|date d'émission"
    ),
    "invoices.first.due_date": "due|due date|due on|payment due date|تاريخ الاستحقاق|échéance|date d'échéance",
    "invoices.first.days_overdue": "invoice days overdue",
    "oldest_days_overdue": (
        "days overdue|overdue days|days late|days past due|أيام التأخير|عدد أيام التأخير|jours de retard"
    ),
    "invoices.first.total": (
        "invoice total|total|total amount|invoice amount|إجمالي الفاتورة|قيمة الفاتورة|"
        "total facture|montant total"
    ),
    "invoices.first.balance": (
        "amount|amount due|balance|balance due|outstanding|outstanding amount|"
        "outstanding balance|open amount|المبلغ|المبلغ المستحق|الرصيد|montant|montant dû|solde|"
        "reste dû"
    ),
    "invoices.first.currency": "currency|العملة|devise",
    "invoices.first.link": "invoice link|invoice url|view invoice|view invoice link|رابط الفاتورة|lien facture",
    "pay_link": (
        "payment link|pay link|payment url|pay url|pay now|pay now link|portal link|portal url|"
        "رابط الدفع|رابط السداد|lien de paiement"
    ),
    "unsubscribe_link": (
        "unsubscribe|unsubscribe link|unsubscribe url|opt out|opt out link|إلغاء الاشتراك|"
        "se désabonner|lien de désabonnement"
    ),
    "payment.amount": "amount paid|paid amount|payment amount|amount received|المبلغ المدفوع|montant payé",
    "payment.date": "payment date|date paid|paid on|تاريخ الدفع|date de paiement",
    "payment.reference": "payment reference|payment ref|مرجع الدفع|référence de paiement",
}
_SURE = (
    r"\{\{\{?\s*([^{}]{1,60}?)\s*\}?\}\}",
    r"\*\|([^|*]{1,60})\|\*",
    r"\$\{([^{}]{1,60})\}",
    r"«([^»]{1,60})»",
    r"<<([^<>]{1,60})>>",
    r"&lt;&lt;([^<>&]{1,60})&gt;&gt;",
)  # fmt: skip
_MAYBE = (r"\{([^{}%\n]{1,60})\}", r"\[([^\[\]\n]{1,60})\]", r"%([^%\s<>]{2,40})%")
_FOREIGN = re.compile("|".join((*_SURE, *_MAYBE)))


@dataclass(frozen=True, slots=True)
class Recognised:
    """`text` with tags of ours. `known` are pairs of theirs and ours; `unknown` are theirs that stayed as they are.

    `of_one` says that it speaks of an invoice, not of several.
    """

    text: str
    known: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]

    @property
    def of_one(self) -> bool:
        return any(ours.startswith("invoices.first") for _, ours in self.known)


def recognise(text: str, category: Category) -> Recognised:
    """What is Liquid of ours already stays; a tag of theirs that nobody knows stays, and is named."""
    ours_here = {path.replace("[]", ".first") for path in tags_of(category)}
    known: dict[str, str] = {}
    unknown: dict[str, None] = {}

    def one(found: re.Match[str]) -> str:
        written = found.group()
        name = html.unescape(next(filter(None, found.groups())))
        if written.startswith("{{") and (name.partition("|")[0].strip() in ours_here or _is_ours(name)):
            return written
        meant = _meant().get(_plain(name))
        if meant in ours_here:
            known[written] = meant
            return f"{{{{ {meant} }}}}"
        if found.lastindex is not None and found.lastindex <= len(_SURE):
            unknown[written] = None
        return written

    return Recognised(_outside_liquid(text, one), tuple(known.items()), tuple(unknown))


def _outside_liquid(text: str, one: Callable[[re.Match[str]], str]) -> str:
    """Our own {% … %} is left alone."""
    parts = re.split(r"(\{%.*?%\})", text, flags=re.DOTALL)
    return "".join(part if index % 2 else _FOREIGN.sub(one, part) for index, part in enumerate(parts))


def _is_ours(name: str) -> bool:
    """A row of a loop has a name of its own: {{ invoice.number }}."""
    return bool(re.match(r"(?:invoice|total|forloop)\.\w+", name))


def _plain(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[_.\-:/]+", " ", spaced).casefold().split())


@cache
def _meant() -> dict[str, str]:
    """By name as `_plain` writes it; the first that claims a name has it."""
    names: dict[str, str] = {}
    for ours, called in _CALLED.items():
        for name in (ours, *called.split("|")):
            names.setdefault(_plain(name), ours)
    return names
