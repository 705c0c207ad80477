"""What an offer's public page shows, written in its reader's language."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bursar.core.formats import format_day, format_money, format_percent
from bursar.core.money import Money
from bursar.onboarding.offers import Offer
from bursar.onboarding.order_page import Firm
from bursar.web.forms import Form
from bursar.web.languages import Language
from bursar.web.public.offer_words import words
from bursar.web.public.order_view import frame

CHANNELS = ("email", "whatsapp", "sms")
"""On which they may want to hear more."""


def shown(offer: Offer, firm: Firm, language: Language, path: str, logo: str | None) -> dict[str, Any]:
    """The values of the template."""
    code, t = language.code, words(language.code)
    return {
        **frame(firm, language, logo),
        "t": t,
        "path": path,
        "name": offer.name_in(code),
        "description": offer.description_in(code),
        "included": offer.included_in(code),
        "to": offer.prospect_name,
        "address": offer.email,
        "note": offer.note,
        "until": t["until"].format(day=format_day(offer.until, code)),
        "amounts": _amounts(offer, t, code),
        "total": format_money(offer.price.total, code) if offer.price else None,
        "terms": firm.settings if firm.settings.has_terms else None,
        "channels": [(channel, t[f"by_{channel}"]) for channel in CHANNELS],
        "news": t["news"].format(firm=firm.name),
    }


def hidden(offer: Offer, firm: Firm, form: Form) -> dict[str, str]:
    """What the page says of itself when it is answered: the price that stands there, the terms, and its secret."""
    return {
        "price": price_said(offer.price.total) if offer.price else "",
        "terms_version": firm.settings.terms_version or "",
        "resume": str(form.value("resume"))[:100] or secrets.token_urlsafe(16),
    }


def filled(offer: Offer, form: Form) -> Form:
    """What was typed; before that, whom the offer was made to. Other terms want another tick."""
    typed = {"full_name": offer.prospect_name or "", **form.values}
    if any(one.code == "terms_changed" for one in form.refusals):
        typed.pop("terms", None)
    return replace(form, values=typed)


def price_said(price: Money) -> str:
    return f"{price.minor} {price.currency}"


def price_read(text: str) -> Money | None:
    """What `price_said` wrote; None for anything else."""
    minor, _, currency = text.partition(" ")
    sound = minor.isascii() and minor.isdigit() and len(minor) <= 18 and len(currency) == 3
    return Money(int(minor), currency) if sound and currency.isascii() and currency.isupper() else None


def consent_said(code: str, firm: str, channel: str) -> str:
    """The words of a box that was ticked, as its proof (R51)."""
    t = words(code)
    return f"{t['news'].format(firm=firm)} {t['news_text']} [x] {t[f'by_{channel}']}"


def _amounts(offer: Offer, t: Mapping[str, str], code: str) -> list[tuple[str, str]]:
    """Net and tax, where there is a tax."""
    if offer.price is None or not offer.price.tax.minor:
        return []
    rate = format_percent(offer.tax_rate / 100, code)
    return [
        (t["net"], format_money(offer.price.net, code)),
        (t["tax_of"].format(rate=rate), format_money(offer.price.tax, code)),
    ]
