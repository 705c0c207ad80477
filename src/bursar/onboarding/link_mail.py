"""A payment link by mail: ordered for one or for many, and written from what is true when it leaves.

The letter carries the token, and nothing else does: it is made again from the link's row while the bytes are built
(docs/decisions/0015).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.catalog.kinds import TaxCategory
from bursar.core.errors import N_, Conflict
from bursar.core.formats import format_day, money_setter
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.schema import uuids_text
from bursar.core.tokens import same_token
from bursar.core.work import Record, Work
from bursar.onboarding import payment_links
from bursar.onboarding.addresses import OFFER_PATH, offer_address
from bursar.onboarding.pricing import Priced, priced
from bursar.onboarding.queries import link_mail as queries
from bursar.onboarding.queries.payment_links import SUBJECT
from bursar.onboarding.spoken import in_language, lines_in_language
from bursar.onboarding.states import PaymentLinkState
from bursar.outbox import template_library
from bursar.outbox.composing import Queued, Say, Silent, Verdict
from bursar.outbox.ordering import Order, order_many, primary_account
from bursar.outbox.states import MailStream, Purpose
from bursar.outbox.tags import Category

URGENT = 3
"""Before campaigns: somebody waits for it."""

_OVER = {
    PaymentLinkState.CLAIMED: "registered",
    PaymentLinkState.USED: "paid",
    PaymentLinkState.EXPIRED: "offer_over",
    PaymentLinkState.REVOKED: "revoked",
}


async def mail_link(work: Work, link_id: UUID) -> UUID:
    """Send a link to its prospect, however often it was sent before; the send's id.

    Raises `NotFound`, `IllegalMove` unless somebody can register with it, `Conflict` when its time is over, while it
    is on its way already, where nobody could carry it, or if its address can no longer be made.
    """
    work.allow(AgentRole.AGENT)
    link = await payment_links.lock_link(work, link_id)
    payment_links.must_be_open(work, link, "mail")
    if list(await work.db.scalars(queries.on_their_way(work, [link_id]))):
        raise Conflict(N_("This link is on its way already."), code="already_on_its_way")
    if _token(work, link) is None:
        raise Conflict(
            N_("Its address was made under a key that is no longer in use. Revoke it and make a new one."),
            code="key_dropped",
        )
    if not await mail_links(work, [link_id]):
        raise Conflict(
            N_("No mailbox is connected that could send it, or its template is switched off."),
            code="cannot_send",
        )
    send_id: UUID = (await work.db.execute(queries.last_of(work, link_id))).scalar_one()
    return send_id


async def mail_links(work: Work, ids: Sequence[UUID]) -> bool:
    """A message for each of these. False where none could be ordered: a firm without a mailbox, or without words."""
    work.allow(AgentRole.AGENT)
    account = await primary_account(work)
    words = await template_library.words_for(work, Category.PAYMENT_LINK)
    if account is None or words is None or not ids:
        return False
    order = Order(Purpose.PAYMENT_LINK, MailStream.TRANSACTIONAL, sending_account_id=account, priority=URGENT)
    await order_many(work, order, SUBJECT, queries.due(work, ids, *words))
    await work.db.execute(queries.stamp_mailed(work, ids))
    await work.record("payment_link.mail", *(Record(link_id) for link_id in ids))
    return True


class LinkComposer:
    """Speaks for sends that carry a payment link; `base_url` is where its page is."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    async def compose(self, work: Work, sends: Sequence[Queued]) -> Mapping[UUID, Verdict]:
        named = {"tenant_id": work.tenant_id, "ids": uuids_text([send.id for send in sends])}
        rows = {row.send_id: row for row in await work.db.execute(queries.told(), named)}
        return {send.id: self._verdict(work, send, rows.get(send.id)) for send in sends}

    def _verdict(self, work: Work, send: Queued, row: Row[Any] | None) -> Verdict:
        if row is None:
            return Silent("no_subject")
        price = price_of(row)
        if over := _OVER.get(row.state):
            return Silent(over)
        if row.expires_at <= work.now:
            return Silent("offer_over")
        token = _token(work, row)
        if not row.product_active or price is None or token is None:
            return Silent("not_offered")
        values = _values(work, send, row, price, f"{self._base_url.rstrip('/')}{OFFER_PATH}")
        return Say(values, private_link=offer_address(self._base_url, token))


def price_of(row: Row[Any]) -> Priced | None:
    """What a row of a link with its product comes to; None where nobody has said a price."""
    minor, currency = (
        (row.price_minor, row.currency)
        if row.price_minor is not None
        else (row.product_price_minor, row.product_currency)
    )
    if minor is None:
        return None
    return priced(Money(minor, currency), TaxCategory(row.product_tax_category), row.product_tax_rate)


def last_day(expires_at: Any, zone: tzinfo) -> Any:
    """The last whole or begun day of an offer where the firm is: one that ends at midnight ends the day before."""
    return (expires_at.astimezone(zone) - timedelta(microseconds=1)).date()


def _token(work: Work, link: Row[Any]) -> str | None:
    return same_token(work.keyring, work.tenant_id, link.id, link.issue, link.token_hash)


def _values(work: Work, send: Queued, row: Row[Any], price: Priced, place: str) -> dict[str, Any]:
    locale = send.locale
    money = money_setter(locale, price.total.currency)
    covers = lines_in_language(locale, row.product_included, row.product_included_local)
    return {
        "customer": {"name": send.to_name, "company": None, "code": None},
        "tenant": {
            "name": row.firm,
            "address": ", ".join([*row.address_lines, *([row.city] if row.city else [])]) or None,
        },
        "sender": {"name": row.account_name or row.firm, "email": row.account_address},
        "reply_to": row.account_reply_to or row.account_address,
        "today": format_day(work.today, locale),
        "unsubscribe_link": None,
        "offer": {
            "product": in_language(locale, row.product_name, row.product_name_local),
            "description": in_language(locale, row.product_description, row.product_description_local),
            "price": money(price.total.minor),
            "tax": money(price.tax.minor) if price.tax.minor else None,
            "until": format_day(last_day(row.expires_at, work.zone), locale),
            "note": row.note,
        },
        "included": [{"text": line} for line in covers],
        "private_link": place,
    }
