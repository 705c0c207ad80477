"""What a customer's own page shows, and their statement as a table, written in their language."""

from collections.abc import Mapping
from typing import Any

from bursar.billing.documents.page import colour_of
from bursar.billing.hosted_customer import CustomerPage, OpenInvoice, OpenTotal
from bursar.billing.statements import Statement
from bursar.billing.states import DisputeReason
from bursar.core.formats import format_day, format_money, format_number
from bursar.tenancy.reports import ReportValue
from bursar.web.languages import Language
from bursar.web.public.customer_words import words
from bursar.web.public.invoice_view import embedded
from bursar.web.public.wording import LANGUAGES

BANK = ("account_name", "iban", "bic", "bank")


def shown(told: CustomerPage, language: Language, path: str, logo: str | None) -> dict[str, Any]:
    """The values of the template."""
    code = language.code
    t = words(code)
    return {
        "t": t,
        "language": language,
        "languages": tuple(LANGUAGES.values()),
        "path": path,
        "lang": f"?lang={code}",
        "firm": told.firm,
        "name": told.name,
        "colour": colour_of(told.branding),
        "logo": embedded(logo) if logo else None,
        "totals": [_total(one, t, code) for one in told.totals],
        "invoices": [_invoice(one, t, code, being_paid=one.id in told.under_way) for one in told.invoices],
        "by_card": told.by_card,
        "live": told.live,
        "more": t["more"].format(shown=format_number(len(told.invoices), code)) if told.more else None,
        "may_act": told.may_act,
        "may_promise": told.may_promise,
        "bank": [(t[name], getattr(told.bank, name)) for name in BANK if getattr(told.bank, name)],
        "instructions": told.payment_instructions,
        "today": told.today.isoformat(),
        "until": told.promise_until.isoformat(),
    }


def statement_rows(told: Statement, code: str) -> tuple[list[str], list[list[ReportValue]]]:
    """A header and rows for a spreadsheet: currency after currency, from what was owed to what is."""
    t = words(code)
    names = ("day", "what", "number", "currency", "amount", "balance")
    rows: list[list[ReportValue]] = []
    for currency, account in told.accounts.items():
        rows.append([told.start, t["opening"], None, currency, None, account.opening.decimal])
        rows += [
            [one.on_day, t[f"entry_{one.kind}"], one.label, currency, one.amount.decimal, one.balance.decimal]
            for one in account.entries
        ]
        rows.append([told.end, t["closing"], None, currency, None, account.closing.decimal])
    return [t[f"column_{name}"] for name in names], rows


def _total(one: OpenTotal, t: Mapping[str, str], code: str) -> dict[str, Any]:
    count = t["one"] if one.count == 1 else t["many"].format(count=format_number(one.count, code))
    late = t["late"].format(amount=format_money(one.late, code)) if one.late.minor else None
    return {"open": format_money(one.open, code), "count": count, "late": late}


def _invoice(one: OpenInvoice, t: Mapping[str, str], code: str, *, being_paid: bool) -> dict[str, Any]:
    told = None
    if being_paid:
        told = t["being_paid"]
    elif one.contested is not None:
        told = t["said_paid" if one.contested is DisputeReason.ALREADY_PAID else "contested"]
    elif one.promised_for is not None:
        told = t["promised"].format(day=format_day(one.promised_for, code))
    return {
        "id": one.id,
        "number": one.number,
        "balance": format_money(one.balance, code),
        "due": t["due"].format(day=format_day(one.due_date, code)),
        "is_late": one.is_late,
        "told": told,
        "promised": one.promised_for is not None,
        "contested": one.contested is not None,
        "being_paid": being_paid,
    }
