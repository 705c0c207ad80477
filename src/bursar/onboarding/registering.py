"""Registration: a prospect takes an offer, and is a customer with an order that waits for its money (lifecycles 1-3).

Whoever holds the link's token may register with it once. It all happens or none of it.
"""

import hashlib
import hmac
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from uuid import UUID

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import ActorType
from bursar.core.money import Money
from bursar.core.tokens import BadToken, tenant_of
from bursar.core.work import Actor, Office, Origin, Record, Work
from bursar.onboarding import orders, payment_links
from bursar.onboarding.offers import Offer, OfferStanding, find_offer
from bursar.onboarding.orders import NewOrder
from bursar.onboarding.preferences import onboarding_settings
from bursar.onboarding.pricing import Priced
from bursar.onboarding.queries import registering as queries
from bursar.tenancy import cells, prospects
from bursar.tenancy.consents import record_consent
from bursar.tenancy.customer_fields import CustomerInput
from bursar.tenancy.portal_sign_in import order_sign_in_link
from bursar.tenancy.states import ConsentPurpose, ConsentState


@dataclass(frozen=True, slots=True)
class Prospect:
    """Whoever holds a link, and the id that they have if they register with it now."""

    tenant_id: UUID
    customer_id: UUID

    @property
    def actor(self) -> Actor:
        return Actor(ActorType.CUSTOMER, self.customer_id)

    def work(self, office: Office, *, origin: Origin = Origin()) -> AbstractAsyncContextManager[Work]:
        """One act of theirs."""
        return office.work(self.tenant_id, actor=self.actor, origin=origin)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the page said when it was answered. `price` is the total that stood there, `terms` the version whose box
    was ticked, None without a tick. `resume` is the page's own secret, by which a second click finds the first one's
    order; the database keeps its hash.
    """

    price: Money | None
    terms: str | None
    resume: str = ""


@dataclass(frozen=True, slots=True)
class Registration:
    """Texts as they were typed. `consents`: for each channel on which they want to hear more, the words they ticked.

    Nobody is turned away for want of an address; but their invoice stays a draft until it has one (R3).
    """

    agreed: Agreed
    full_name: str
    company_name: str
    phone: str
    locale: str
    consents: Mapping[str, str] = field(default_factory=dict)
    consent_version: str | None = None
    address_lines: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    customer_id: UUID
    order_id: UUID


@dataclass(frozen=True, slots=True)
class MailSent:
    """Whoever wants to go on has to come in by a link in their mail first. Nobody is told why."""


def firm_named_by(token: str) -> UUID:
    """In which firm to look for an offer. Raises `BadToken`."""
    tenant_id = tenant_of(token)
    if tenant_id is None:
        raise BadToken
    return tenant_id


async def prospect_of(office: Office, token: str) -> Prospect:
    """Raises `BadToken` for a link that opens nothing. Changes nothing."""
    tenant_id = firm_named_by(token)
    async with office.work(tenant_id, read_only=True, must_exist=False) as work:
        await find_offer(work, token)
        return Prospect(tenant_id, await prospects.draw_id(work))


async def is_made_to(work: Work, offer: Offer, customer_id: UUID) -> bool:
    """Whether this customer is written to at the address that the offer was made to."""
    return customer_id in await prospects.customers_at(work, offer.email_key)


async def register(work: Work, token: str, given: Registration) -> Registered | MailSent:
    """The actor becomes a pending customer with a pending order, and the link is claimed.

    An address that is a customer's already is asked to sign in first: a message with a way in is ordered, and nothing
    else happens. Raises `BadToken` for a link that nobody registers with, `Conflict`: "claimed" for one that
    somebody has registered with, unless they show the secret of that page, "offer_closed", "price_changed",
    "terms_changed"; `Invalid` by field.
    """
    offer, known = await _held(work, token)
    if offer.standing is OfferStanding.CLAIMED:
        return await _begun(work, offer, given.agreed)
    price, terms = await _agreed(work, offer, given.agreed)
    details = await prospects.clean(work, _details(offer, given))
    if known:
        await order_sign_in_link(work, offer.email_key)
        return MailSent()
    customer_id = work.actor.id
    if customer_id is None:
        raise BadToken
    await prospects.add_pending(work, customer_id, details)
    order_id = await _order(work, offer, customer_id, price, terms, given.agreed)
    for channel, words in given.consents.items():
        await record_consent(
            work,
            customer_id,
            channel=channel,
            purpose=ConsentPurpose.MARKETING,
            consent=ConsentState.GRANTED,
            proof=words,
            text_version=given.consent_version,
        )
    return Registered(customer_id, order_id)


async def order_as_customer(work: Work, token: str, agreed: Agreed) -> Registered:
    """The same for a customer who is signed in and whose address the offer was made to: the actor.

    Raises what `register` raises, and `BadToken` for anybody else's offer.
    """
    offer, known = await _held(work, token)
    customer_id = work.actor.id
    if customer_id is None or customer_id not in known:
        raise BadToken
    if offer.standing is OfferStanding.CLAIMED:
        return await _begun(work, offer, agreed, customer_id)
    price, terms = await _agreed(work, offer, agreed)
    return Registered(customer_id, await _order(work, offer, customer_id, price, terms, agreed))


async def mail_a_way_in(work: Work, token: str) -> None:
    """For an offer that somebody registered with: a message to the address that it was made to.

    Raises `BadToken` for any other.
    """
    offer = await find_offer(work, token)
    if offer.standing is not OfferStanding.CLAIMED:
        raise BadToken
    await order_sign_in_link(work, offer.email_key)


async def ask_again(office: Office, token: str, *, origin: Origin = Origin()) -> None:
    """Whoever held an offer until it ran out would like it again: the firm's people are told.

    Nothing tells a stranger whether there was such an offer, or to whom.
    """
    try:
        async with office.work(firm_named_by(token), origin=origin, must_exist=False) as work:
            offer = await find_offer(work, token)
            if offer.standing is OfferStanding.EXPIRED:
                await work.record("payment_link.ask_again", Record(offer.link_id))
    except BadToken:
        return


async def _held(work: Work, token: str) -> tuple[Offer, list[UUID]]:
    """The offer, and who is a customer at its address, as they are when nobody else is registering with that."""
    known = await prospects.hold_address(work, (await find_offer(work, token)).email_key)
    return await find_offer(work, token), known


async def _order(
    work: Work, offer: Offer, customer_id: UUID, price: Priced, terms: str | None, agreed: Agreed
) -> UUID:
    """The link is claimed first, so that of two who press at once one finds it taken before an order is made."""
    await payment_links.claim_link(work, offer.link_id, customer_id)
    return await orders.create_order(
        work,
        NewOrder(
            customer_id,
            offer.product_id,
            payment_link_id=offer.link_id,
            price=price.net,
            terms_version=terms,
            metadata={"resume": _hash(agreed.resume)} if agreed.resume else {},
        ),
    )


async def _begun(work: Work, offer: Offer, agreed: Agreed, customer_id: UUID | None = None) -> Registered:
    """The order of whoever registered with it: of this page, or of this customer. Raises `Conflict` for others."""
    row = (await work.db.execute(queries.order_begun(work, offer.link_id))).one_or_none()
    ours = row is not None and (
        row.customer_id == customer_id
        or (agreed.resume and hmac.compare_digest(row.resume or "", _hash(agreed.resume)))
    )
    if row is None or not ours:
        raise Conflict(N_("Somebody has registered with this link already."), code="claimed")
    return Registered(row.customer_id, row.id)


async def _agreed(work: Work, offer: Offer, agreed: Agreed) -> tuple[Priced, str | None]:
    """What is paid, and to which terms they agreed. Raises where that is not what the page said."""
    if offer.standing is OfferStanding.UNAVAILABLE or (offer.is_open and offer.price is None):
        raise Conflict(N_("This product is not sold any more."), code="offer_closed")
    if not offer.is_open or offer.price is None:
        raise BadToken
    if agreed.price != offer.price.total:
        raise Conflict(N_("The price has changed meanwhile. Look at it again."), code="price_changed")
    settings = await onboarding_settings(work)
    if not settings.has_terms:
        return offer.price, None
    if agreed.terms is None:
        raise Invalid(N_("Agree to the terms first."), code="terms_missing", field="terms")
    if agreed.terms != settings.terms_version:
        raise Conflict(
            N_("The terms have changed meanwhile. Read them again."), code="terms_changed", field="terms"
        )
    return offer.price, settings.terms_version


def _details(offer: Offer, given: Registration) -> CustomerInput:
    """Raises `Invalid` for what is missing."""
    if cells.says_nothing(given.full_name):
        raise Invalid(N_("Give your name."), code="full_name_missing", field="full_name")
    if cells.says_nothing(given.phone):
        raise Invalid(N_("Give a phone number."), code="phone_missing", field="phone")
    return CustomerInput(
        full_name=given.full_name,
        company_name=given.company_name,
        phone=given.phone,
        address_lines=given.address_lines,
        city=given.city,
        email=offer.email,
        locale=given.locale,
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
