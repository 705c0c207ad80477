"""Payment links: an offer to one person, by an address that is said once."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, Calling, door
from bursar.api.etags import Version
from bursar.api.idempotency import SAID_ONCE
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import AmountIn, Day, Line, Made, Shown, ShownMoney, Strict, Whole
from bursar.core.work import Work
from bursar.onboarding import link_list, link_mail, payment_links
from bursar.onboarding.addresses import offer_address
from bursar.onboarding.link_fields import LONGEST_NOTE, NewLink
from bursar.onboarding.link_list import LinkFilter
from bursar.onboarding.payment_links import Issued
from bursar.onboarding.states import OrderState, PaymentLinkState

router = door("/payment-links", "orders", tag="payment links")


class PaymentLinkIn(Strict):
    """Without a price: the product's. Without a last day: fourteen days. `mail` sends it at once."""

    product_id: UUID
    email: Line
    name: Line | None = None
    locale: Literal["en", "ar", "he", "fr"] | None = Field(
        default=None, description="What the person reads; the firm's own language if left out."
    )
    price: AmountIn | None = Field(default=None, description="Net, in place of the product's.")
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] | None = Field(
        default=None, description="For whoever is asked to pay."
    )
    until: Day | None = Field(default=None, description="The last day of the offer, where the firm is.")
    mail: bool = False

    def wanted(self) -> NewLink:
        price = self.price.money("price") if self.price else None
        return NewLink(self.product_id, self.email, self.name, self.locale, price, self.note, self.until)


class Extension(Strict):
    until: Day = Field(description="The last day of the offer, where the firm is.")


class Reissue(Strict):
    """Without a last day: fourteen days. `mail` sends it at once."""

    until: Day | None = None
    mail: bool = False


class Revocation(Strict):
    reason: Line | None = None


class Price(Shown):
    """`total` is what is paid."""

    net: ShownMoney
    tax: ShownMoney
    total: ShownMoney


class LastMail(Shown):
    """The newest message that carries the link."""

    send_id: UUID
    state: str
    reason: str | None
    at: datetime


class PaymentLink(Shown):
    """`price` as it is now; `agreed` was said in place of the product's, net. `is_over`: its time has run out."""

    id: UUID
    version: Whole
    state: PaymentLinkState
    is_over: bool
    product_id: UUID
    product_code: str
    product_name: str
    product_active: bool
    email: str
    name: str | None
    locale: str
    price: Price | None
    agreed: ShownMoney | None
    note: str | None
    until: Day
    expires_at: datetime
    mailed_at: datetime | None
    last_mail: LastMail | None
    claimed_at: datetime | None
    customer_id: UUID | None
    customer_name: str | None
    order_id: UUID | None
    order_state: OrderState | None
    used_at: datetime | None
    created_at: datetime
    created_by_name: str | None


class IssuedLink(PaymentLink):
    address: str | None = Field(
        description="Of the offer's page: said in this answer and never again; null when the answer is repeated."
    )


class PaymentLinkQuery(Paging):
    state: PaymentLinkState | None = None
    product_id: UUID | None = None
    mailed: bool | None = Field(default=None, description="Those that were sent, or were not.")
    text: Line | None = Field(default=None, description="A part of the address, the name or the product.")


@router.get("")
async def list_payment_links(
    work: Acting, asked: Annotated[PaymentLinkQuery, Query()]
) -> Listed[PaymentLink]:
    """The newest first."""
    wanted = LinkFilter(asked.state, asked.product_id, asked.mailed, asked.text)
    page = await link_list.list_links(work, wanted, cursor=asked.after, limit=asked.limit)
    items = [PaymentLink.model_validate(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)


@router.post("", status_code=201)
async def create_payment_link(
    work: Acting, call: Calling, request: Request, given: PaymentLinkIn, response: Response
) -> IssuedLink:
    """An offer of one product to one address, with what the person pays and until when."""
    issued = await payment_links.create_link(work, given.wanted())
    response.headers["Location"] = f"/api/v1/payment-links/{issued.link_id}"
    return await _issued(work, call, request, issued, response, mail=given.mail)


@router.get("/{link_id}")
async def get_payment_link(work: Acting, link_id: UUID, response: Response) -> PaymentLink:
    return await _one(work, link_id, response)


@router.patch("/{link_id}")
async def extend_payment_link(
    work: Acting, link_id: UUID, given: Extension, version: Version, response: Response
) -> PaymentLink:
    """Its offer holds to another day; the address stays."""
    await payment_links.extend_link(work, link_id, given.until, version=version)
    return await _one(work, link_id, response)


@router.post("/{link_id}/mail", status_code=201)
async def mail_payment_link(work: Acting, link_id: UUID) -> Made:
    """Sends it to its prospect, however often it was sent before; answers the message's id."""
    return Made(id=await link_mail.mail_link(work, link_id))


@router.post("/{link_id}/revocation", status_code=201)
async def revoke_payment_link(
    work: Acting, link_id: UUID, given: Revocation, version: Version, response: Response
) -> PaymentLink:
    """The offer is taken back, and a checkout that is open for it is closed."""
    await payment_links.revoke_link(work, link_id, because=given.reason, version=version)
    return await _one(work, link_id, response)


@router.post("/{link_id}/reissue", status_code=201)
async def reissue_payment_link(
    work: Acting,
    call: Calling,
    request: Request,
    link_id: UUID,
    given: Reissue,
    version: Version,
    response: Response,
) -> IssuedLink:
    """One that ran out holds again, under a new address; the old one opens nothing."""
    issued = await payment_links.reissue_link(work, link_id, given.until, version=version)
    return await _issued(work, call, request, issued, response, mail=given.mail)


async def _issued(
    work: Work, call: Calling, request: Request, issued: Issued, response: Response, *, mail: bool
) -> IssuedLink:
    if mail:
        await link_mail.mail_link(work, issued.link_id)
    setattr(request.state, SAID_ONCE, "address")
    link = await _one(work, issued.link_id, response)
    told: dict[str, Any] = {name: getattr(link, name) for name in PaymentLink.model_fields}
    return IssuedLink(**told, address=offer_address(call.house.settings.base_url, issued.token))


async def _one(work: Work, link_id: UUID, response: Response) -> PaymentLink:
    link = await link_list.get_link(work, link_id)
    etags.tag(response, link.version)
    return PaymentLink.model_validate(link)
