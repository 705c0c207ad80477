"""What may stand in a payment link, said once for people, the API and sheets."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from bursar.catalog.products import Product
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.money import Money, exponent_of
from bursar.core.work import Work
from bursar.onboarding.pricing import priced
from bursar.outbox.template_words import LOCALES
from bursar.tenancy.cells import parse_email, parse_locale, parse_name, parse_text

HOLDS_FOR = timedelta(days=14)
LONGEST = timedelta(days=366)
LONGEST_NOTE = 1_000  # characters


@dataclass(frozen=True, slots=True)
class NewLink:
    """An offer of one product to one address. `price` is net, in place of the product's; `until` its last day, where
    the firm is. Without them: the product's price, and `HOLDS_FOR`. `note` is read by whoever is asked to pay.
    """

    product_id: UUID
    email: str
    name: str | None = None
    locale: str | None = None
    price: Money | None = None
    note: str | None = None
    until: date | None = None


def columns_of(work: Work, given: NewLink, product: Product | None, usual_locale: str) -> dict[str, Any]:
    """Raises `Invalid` by field, `NotFound` without a product, `Conflict` for one that is sold no more."""
    if product is None:
        raise NotFound("product")
    if not given.email.strip():
        raise Invalid(N_("Give the e-mail address."), code="address_missing", field="email")
    email, key = parse_email(given.email, field="email")
    if given.price is not None:
        exponent_of(given.price.currency)
        if given.price.minor <= 0:
            raise Invalid(N_("The price must be more than zero."), code="not_positive", field="price")
    agreed = given.price.minor if given.price else None
    check_offered(product, agreed)
    money = given.price or product.price
    if money is not None:
        priced(money, product.tax_category, product.tax_rate)
    return {
        "product_id": product.id,
        "prospect_email": email,
        "email_key": key,
        "prospect_name": parse_name(given.name, field="name") if given.name and given.name.strip() else None,
        "locale": spoken(given.locale, usual_locale),
        "price_minor": agreed,
        "currency": given.price.currency if given.price else product.currency,
        "note": _note(given.note),
        "expires_at": end_of(work, given.until),
    }


def check_offered(product: Product, agreed: int | None) -> None:
    """Raises `Conflict` for a product that is sold no more, `Invalid` where neither it nor the link has a price."""
    if not product.active:
        raise Conflict(N_("This product is not sold any more."), code="product_inactive", field="product_id")
    if agreed is None and product.price is None:
        raise Invalid(
            N_("This product has no price. Say what this person pays."), code="price_missing", field="price"
        )


def end_of(work: Work, until: date | None) -> datetime:
    """The end of that day where the firm is, or `HOLDS_FOR` from now. Raises `Invalid` about "until"."""
    if until is None:
        return work.now + HOLDS_FOR
    if until < work.today:
        raise Invalid(N_("The last day is over already."), code="until_past", field="until")
    if until > work.today + LONGEST:
        raise Invalid(N_("An offer holds for a year at most."), code="until_too_late", field="until")
    return datetime.combine(until + timedelta(days=1), time(), tzinfo=work.zone)


def spoken(wanted: str | None, usual: str) -> str:
    """The language of what the person reads: as asked, else the firm's own, else English. Raises `Invalid`."""
    if wanted and wanted.strip():
        return parse_locale(wanted, field="locale")
    language = usual.partition("-")[0].partition("_")[0]
    return language if language in LOCALES else "en"


def _note(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
    return parse_text(text.strip(), field="note", limit=LONGEST_NOTE)
