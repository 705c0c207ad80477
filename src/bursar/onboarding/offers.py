"""An offer as whoever has its link sees it. Reading it changes nothing, so scanners and previews may (T46)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.catalog.kinds import TaxCategory
from bursar.core.money import Money
from bursar.core.tokens import BadToken, hash_of, same_token
from bursar.core.work import Work
from bursar.onboarding.link_mail import last_day, price_of
from bursar.onboarding.pricing import Priced
from bursar.onboarding.queries import payment_links as queries
from bursar.onboarding.spoken import in_language, lines_in_language
from bursar.onboarding.states import OrderState, PaymentLinkState


class OfferStanding(StrEnum):
    """`OPEN`: somebody can register now. `UNAVAILABLE`: the product is sold no more, or has no price any more."""

    OPEN = "open"
    UNAVAILABLE = "unavailable"
    CLAIMED = "claimed"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link offers. `price` as it is now: the agreed one, else the product's; None where there is none.

    `agreed` is what was agreed in place of the product's price, net; it goes into the order. `customer_id` and the
    order are there once somebody has registered.
    """

    link_id: UUID
    standing: OfferStanding
    product_id: UUID
    product_code: str
    name: str
    name_local: str | None
    description: str | None
    description_local: str | None
    included: tuple[str, ...]
    included_local: tuple[str, ...]
    price: Priced | None
    agreed: Money | None
    tax_category: TaxCategory
    tax_rate: Decimal
    email: str
    email_key: str
    prospect_name: str | None
    locale: str
    note: str | None
    until: date
    expires_at: datetime
    customer_id: UUID | None
    order_id: UUID | None
    order_state: OrderState | None

    @property
    def is_open(self) -> bool:
        return self.standing is OfferStanding.OPEN

    def name_in(self, locale: str) -> str:
        return in_language(locale, self.name, self.name_local) or self.name

    def description_in(self, locale: str) -> str | None:
        return in_language(locale, self.description, self.description_local)

    def included_in(self, locale: str) -> list[str]:
        return lines_in_language(locale, self.included, self.included_local)


async def find_offer(work: Work, token: str) -> Offer:
    """What the token opens in this tenant. Raises `BadToken`, one 404 for unknown, tampered and foreign ones."""
    row = (await work.db.execute(queries.by_hash(work, hash_of(token)))).one_or_none()
    if row is None:
        raise BadToken
    return offer_of(work, row)


async def offers_to(work: Work, customer_id: UUID, *, limit: int) -> list[tuple[Offer, str]]:
    """What is offered to this customer's address and not taken yet, the newest first, each with the token of its page.

    One whose address can no longer be made, since its key was dropped, is left out.
    """
    found = []
    for row in await work.db.execute(queries.made_to(work, customer_id, limit)):
        offer = offer_of(work, row)
        token = same_token(work.keyring, work.tenant_id, row.id, row.issue, row.token_hash)
        if offer.is_open and token is not None:
            found.append((offer, token))
    return found


def offer_of(work: Work, row: Row[Any]) -> Offer:
    price = price_of(row)
    return Offer(
        link_id=row.id,
        standing=_standing(work, row, price),
        product_id=row.product_id,
        product_code=row.product_code,
        name=row.product_name,
        name_local=row.product_name_local,
        description=row.product_description,
        description_local=row.product_description_local,
        included=tuple(row.product_included),
        included_local=tuple(row.product_included_local),
        price=price,
        agreed=Money(row.price_minor, row.currency) if row.price_minor is not None else None,
        tax_category=TaxCategory(row.product_tax_category),
        tax_rate=row.product_tax_rate,
        email=row.prospect_email,
        email_key=row.email_key,
        prospect_name=row.prospect_name,
        locale=row.locale,
        note=row.note,
        until=last_day(row.expires_at, work.zone),
        expires_at=row.expires_at,
        customer_id=row.claimed_by,
        order_id=row.order_id,
        order_state=OrderState(row.order_state) if row.order_state else None,
    )


def _standing(work: Work, row: Row[Any], price: Priced | None) -> OfferStanding:
    """The clock counts before its job has run: a link whose time is over has expired."""
    if row.state != PaymentLinkState.ACTIVE:
        return OfferStanding(row.state)
    if row.expires_at <= work.now:
        return OfferStanding.EXPIRED
    return OfferStanding.OPEN if row.product_active and price else OfferStanding.UNAVAILABLE
