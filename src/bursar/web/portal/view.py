"""What the portal's pages show, written in their reader's language."""

from typing import Any

from bursar.billing.hosted_customer import OpenInvoice, OpenTotal
from bursar.billing.portal import InvoiceLine, InvoiceSeen, PaymentSeen
from bursar.billing.states import DisputeReason
from bursar.billing.tills.checkouts import CARD
from bursar.core.formats import format_day, format_money, format_number
from bursar.core.money import Money
from bursar.onboarding.addresses import OFFER_PATH
from bursar.onboarding.offers import Offer
from bursar.onboarding.portal import OrderSeen
from bursar.onboarding.standing import Standing
from bursar.web.portal.words import words
from bursar.web.public.invoice_view import TONES

STANDING_TONES = {
    Standing.WAITING: "busy",
    Standing.ON_ITS_WAY: "busy",
    Standing.LOOKED_AT: "bad",
    Standing.PAID: "good",
    Standing.CANCELLED: "calm",
    Standing.REFUNDED: "calm",
}
BANK = ("account_name", "iban", "bic", "bank")


def offer(one: Offer, token: str, code: str) -> dict[str, Any]:
    """What was offered to them, with the page that takes it."""
    return {
        "path": f"{OFFER_PATH}{token}",
        "name": one.name_in(code),
        "total": format_money(one.price.total, code) if one.price else "",
        "until": words(code)["offer_until"].format(day=format_day(one.until, code)),
    }


def order(one: OrderSeen, code: str) -> dict[str, Any]:
    """A line of a list."""
    t = words(code)
    return {
        "id": one.id,
        "name": (one.name_local if code == "ar" else None) or one.name,
        "total": format_money(one.total, code),
        "sign": t[f"sign_{one.standing}"],
        "tone": STANDING_TONES[one.standing],
        "ordered": t["ordered_on"].format(day=format_day(one.ordered_on, code)),
        "may_pay": one.standing is Standing.WAITING,
    }


def order_page(one: OrderSeen, code: str) -> dict[str, Any]:
    t, local = words(code), code == "ar"
    refunded = format_money(one.refunded, code)
    partly = one.refunded.minor > 0 and one.standing is not Standing.REFUNDED
    return {
        **order(one, code),
        "text": t[f"text_{one.standing}"].format(amount=refunded),
        "description": (one.description_local if local else None) or one.description,
        "included": (one.included_local if local else None) or one.included,
        "amounts": [
            (t[name], format_money(amount, code))
            for name, amount in (("net", one.net), ("tax", one.tax), ("total", one.total))
        ],
        "partly": t["partly_refunded"].format(amount=refunded) if partly else None,
        "paid_on": format_day(one.paid_on, code) if one.paid_on else None,
        "invoice_id": one.invoice_id,
    }


def open_total(one: OpenTotal, code: str) -> dict[str, Any]:
    t = words(code)
    count = t["one"] if one.count == 1 else t["many"].format(count=format_number(one.count, code))
    late = t["late"].format(amount=format_money(one.late, code)) if one.late.minor else None
    return {"open": format_money(one.open, code), "count": count, "late": late}


def open_invoice(one: OpenInvoice, code: str) -> dict[str, Any]:
    """One that is still to be paid, in words of what was said about it."""
    t = words(code)
    return {
        "id": one.id,
        "number": one.number,
        "amount": format_money(one.balance, code),
        "when": t["due"].format(day=format_day(one.due_date, code)),
        "is_late": one.is_late,
        "told": _told(one.contested, one.promised_for, code),
    }


def invoice(one: InvoiceLine, code: str) -> dict[str, Any]:
    """A line of the list."""
    t = words(code)
    return {
        "id": one.id,
        "number": one.number,
        "amount": format_money(one.total, code),
        "sign": t[f"status_{one.status}"],
        "tone": TONES.get(one.status, "calm"),
        "when": t["issued"].format(day=format_day(one.issue_date, code)),
    }


def invoice_page(one: InvoiceSeen, code: str) -> dict[str, Any]:
    t = words(code)
    sums = [("net", one.subtotal), ("tax", one.tax)] if one.lines else []
    return {
        "id": one.id,
        "number": one.number,
        "sign": t[f"status_{one.status}"],
        "tone": TONES.get(one.status, "calm"),
        "open": format_money(one.balance, code) if one.is_open else None,
        "facts": [
            (t["issued_on"], format_day(one.issue_date, code)),
            (t["due_on"], format_day(one.due_date, code)),
            *((t[name], format_money(amount, code)) for name, amount in (*sums, ("total", one.total))),
        ],
        "lines": [_line(one, line, code) for line in one.lines],
        "moves": [
            *((t["payment"], format_day(day, code), format_money(amount, code)) for day, amount in one.paid),
            *(
                (
                    f"{t['credit_note']} {each.number}",
                    format_day(each.issue_date, code),
                    format_money(each.amount, code),
                )
                for each in one.credited
            ),
        ],
        "bank": [(t[name], getattr(one.bank, name)) for name in BANK if getattr(one.bank, name)],
        "instructions": one.payment_instructions,
        "has_pdf": one.has_pdf,
        "being_paid": one.is_open and one.being_paid,
        "told": _told(one.contested, one.promised_for, code) if one.is_open else None,
        "promised": one.promised_for is not None,
        "offers": one.offers,
        "currency": one.balance.currency,
        "today": one.today.isoformat(),
        "until": one.promise_until.isoformat(),
    }


def payment(one: PaymentSeen, code: str) -> dict[str, Any]:
    t = words(code)
    return {
        "amount": format_money(one.amount, code),
        "when": format_day(one.received_on, code),
        "how": one.reference or (t["by_card"] if one.method == CARD else one.method),
        "taken_back": one.taken_back,
        "pays": [
            (invoice_id, t["paid_for"], number, format_money(share, code))
            for invoice_id, number, share in one.pays
        ],
    }


def _told(contested: DisputeReason | None, promised_for: Any, code: str) -> str | None:
    t = words(code)
    if contested is not None:
        return t["said_paid" if contested is DisputeReason.ALREADY_PAID else "contested"]
    return t["promised"].format(day=format_day(promised_for, code)) if promised_for else None


def _line(one: InvoiceSeen, line: Any, code: str) -> dict[str, Any]:
    currency = one.total.currency
    local = line["description_local"] if code == "ar" else None
    quantity = format_number(line["quantity"].normalize(), code)
    price = format_money(Money(line["unit_price_minor"], currency), code)
    return {
        "text": local or line["description"],
        "count": f"{quantity} × {price}",
        "amount": format_money(Money(line["net_minor"], currency), code),
    }
