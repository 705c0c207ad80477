"""What an order's public page shows, written in its reader's language."""

from collections.abc import Mapping
from typing import Any

from bursar.billing.documents.page import colour_of
from bursar.billing.links import PATH as INVOICE_PATH
from bursar.core.formats import format_day, format_money
from bursar.onboarding.order_page import Firm, OrderShown
from bursar.onboarding.spoken import in_language, lines_in_language
from bursar.onboarding.standing import Standing
from bursar.web.languages import Language
from bursar.web.public.invoice_view import embedded
from bursar.web.public.order_words import words
from bursar.web.public.wording import LANGUAGES

PORTAL_PATH = "/portal/"
TONES = {
    Standing.WAITING: "busy",
    Standing.ON_ITS_WAY: "busy",
    Standing.LOOKED_AT: "watch",
    Standing.PAID: "good",
}


def frame(firm: Firm, language: Language, logo: str | None) -> dict[str, Any]:
    """What the layout of a customer's page wants, and whom they may ask."""
    return {
        "language": language,
        "languages": tuple(LANGUAGES.values()),
        "lang": f"?lang={language.code}",
        "firm": firm.name,
        "colour": colour_of(firm.branding),
        "logo": embedded(logo) if logo else None,
        "contact_email": firm.settings.contact_email,
        "contact_phone": firm.settings.contact_phone,
    }


def shown(told: OrderShown, language: Language, path: str, logo: str | None) -> dict[str, Any]:
    """The values of the template."""
    code, t = language.code, words(language.code)
    bought = told.bought
    return {
        **frame(told.firm, language, logo),
        "t": t,
        "path": path,
        "name": in_language(code, bought.name, bought.name_local) or bought.name,
        "included": lines_in_language(code, bought.included, bought.included_local),
        "standing": told.standing,
        "tone": TONES.get(told.standing, "calm"),
        "text": _text(told, t, code),
        "amounts": [(t["net"], format_money(told.net, code)), (t["tax"], format_money(told.tax, code))]
        if told.tax.minor
        else [],
        "total": format_money(told.total, code),
        "may_pay": told.may_pay,
        "paid": [(t["paid_on"], format_day(told.paid_on, code))] if told.paid_on else [],
        "invoice": f"{INVOICE_PATH}{told.invoice}" if told.invoice else None,
        "portal": f"{PORTAL_PATH}{told.firm.slug}",
    }


def _text(told: OrderShown, t: Mapping[str, str], code: str) -> str:
    if told.standing is Standing.PAID and told.refunded.minor:
        return t["partly_refunded"].format(amount=format_money(told.refunded, code))
    return t[f"text_{told.standing}"].format(amount=format_money(told.refunded, code))
