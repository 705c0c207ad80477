"""What an invoice's public page shows, written in its reader's language."""

import base64
from typing import Any

from bursar.billing.documents.page import colour_of
from bursar.billing.hosted import Hosted
from bursar.billing.states import DisputeReason
from bursar.core.formats import format_day, format_money, format_number
from bursar.core.money import Money
from bursar.web.languages import Language
from bursar.web.public.invoice_words import words
from bursar.web.public.wording import LANGUAGES

TONES = {"issued": "busy", "partially_paid": "busy", "overdue": "bad", "paid": "good"}


def offers(told: Hosted) -> tuple[str, ...]:
    """Which answers the page takes at present."""
    if not told.is_open or not told.may_act:
        return ()
    promise = told.contested is None and (told.promised_for is None or told.moves_left > 0)
    return (*(("promise",) if promise else ()), "paid", "dispute")


def shown(told: Hosted, language: Language, path: str, logo: str | None) -> dict[str, Any]:
    """The values of the template."""
    code, invoice = language.code, told.invoice
    written = told.document.document if told.document else None
    t = words(code)
    return {
        "t": t,
        "language": language,
        "languages": tuple(LANGUAGES.values()),
        "path": path,
        "lang": f"?lang={code}",
        "firm": written.seller.trade_name or written.seller.name if written else told.firm,
        "colour": colour_of(told.branding),
        "logo": embedded(logo) if logo else None,
        "number": invoice.number,
        "status": t[f"status_{invoice.status}"],
        "tone": TONES.get(invoice.status, "calm"),
        "open": format_money(invoice.balance, code),
        "is_open": told.is_open,
        "amounts": [(t[name], format_money(amount, code)) for name, amount in _sums(told)],
        "days": [
            (t[name], format_day(day, code))
            for name, day in (("issued_on", invoice.issue_date), ("due_on", invoice.due_date))
            if day
        ],
        "lines": [_line(told, line, code) for line in told.lines],
        "moves": _moves(told, t, code),
        "bank": [
            (t[name], getattr(told.bank, name))
            for name in ("account_name", "iban", "bic", "bank")
            if getattr(told.bank, name)
        ],
        "instructions": told.payment_instructions,
        "has_pdf": told.document is not None and told.document.pdf_file_id is not None,
        "promised": t["promised"].format(day=format_day(told.promised_for, code))
        if told.promised_for
        else None,
        "told": None
        if told.contested is None
        else t["said_paid" if told.contested is DisputeReason.ALREADY_PAID else "contested"],
        "offers": offers(told),
        "may_pay": told.may_pay,
        "live": told.paying.live,
        "being_paid": told.is_open and told.paying.is_under_way,
        "currency": invoice.balance.currency,
        "today": told.today.isoformat(),
        "until": told.promise_until.isoformat(),
    }


def _sums(told: Hosted) -> list[tuple[str, Money]]:
    invoice = told.invoice
    parts = [("net", invoice.subtotal), ("tax", invoice.tax)] if told.lines else []
    return [*parts, ("total", invoice.total)]


def _line(told: Hosted, line: Any, code: str) -> dict[str, Any]:
    currency = told.invoice.total.currency
    local = line["description_local"] if code == "ar" else None  # the second language of a bilingual invoice
    quantity = format_number(line["quantity"].normalize(), code)
    price = format_money(Money(line["unit_price_minor"], currency), code)
    return {
        "text": local or line["description"],
        "count": f"{quantity} × {price}",
        "amount": format_money(Money(line["net_minor"], currency), code),
    }


def _moves(told: Hosted, t: Any, code: str) -> list[dict[str, Any]]:
    """What was paid and credited."""
    paid = [
        {
            "text": t["payment"],
            "when": format_day(one.received_on, code),
            "amount": format_money(one.amount, code),
            "off": t["taken_back"] if one.taken_back else None,
        }
        for one in told.payments
    ]
    credited = [
        {
            "text": f"{t['credit_note']} {one.number}",
            "when": format_day(one.issue_date, code),
            "amount": format_money(one.amount, code),
            "off": None,
        }
        for one in told.credit_notes
    ]
    return [*paid, *credited]


def embedded(picture: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode("ascii")
