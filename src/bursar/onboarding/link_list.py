"""Payment links as agents see them: found, counted, and what happened to each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.onboarding.link_mail import last_day, price_of
from bursar.onboarding.payment_links import NOUN
from bursar.onboarding.pricing import Priced
from bursar.onboarding.queries import payment_links as queries
from bursar.onboarding.states import OrderState, PaymentLinkState
from bursar.outbox import reading
from bursar.outbox.reading import Send

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class LinkFilter:
    """What is None does not matter. `text` is a part of an address, a name or a product."""

    state: PaymentLinkState | None = None
    product_id: UUID | None = None
    mailed: bool | None = None
    text: str | None = None

    def wanted(self) -> Mapping[str, Any]:
        return {
            "state": self.state,
            "product_id": self.product_id,
            "mailed": self.mailed,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class LastMail:
    """The newest message that carries the link: ordered at `at`, and what became of it."""

    send_id: UUID
    state: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """One link. `price` as it is now; `agreed` was said in place of the product's, net. `is_over`: its time has run
    out though the clock's job has not been there yet. Whether its page was opened is not known: reading leaves no
    trace.
    """

    id: UUID
    version: int
    state: PaymentLinkState
    is_over: bool
    product_id: UUID
    product_code: str
    product_name: str
    product_active: bool
    email: str
    name: str | None
    locale: str
    price: Priced | None
    agreed: Money | None
    note: str | None
    until: date
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

    @property
    def is_open(self) -> bool:
        """Whether somebody can register with it now."""
        return self.state is PaymentLinkState.ACTIVE and not self.is_over

    @property
    def may_be_revoked(self) -> bool:
        return self.state in {PaymentLinkState.ACTIVE, PaymentLinkState.CLAIMED}


@dataclass(frozen=True, slots=True)
class LinkPage:
    """`next` is the cursor of the page after, or None at the end."""

    rows: list[PaymentLink]
    next: UUID | None


async def list_links(
    work: Work, wanted: LinkFilter = LinkFilter(), *, cursor: UUID | None = None, limit: int = 50
) -> LinkPage:
    """The newest first, after `cursor`."""
    size = max(1, min(limit, LARGEST_PAGE))
    found = await work.db.execute(queries.listed(work, wanted.wanted(), cursor, size + 1))
    rows = [_link(work, row) for row in found]
    return LinkPage(rows[:size], rows[size - 1].id if len(rows) > size else None)


async def count_links(work: Work, wanted: LinkFilter = LinkFilter()) -> dict[PaymentLinkState, int]:
    """How many there are in each state of those that meet the rest of `wanted`."""
    rows = await work.db.execute(queries.counted(work, wanted.wanted()))
    found = {row.state: row.many for row in rows}
    return {state: found.get(state, 0) for state in PaymentLinkState}


async def get_link(work: Work, link_id: UUID) -> PaymentLink:
    """Raises `NotFound`, for another tenant's too."""
    row = (await work.db.execute(queries.one(work, link_id))).one_or_none()
    if row is None:
        raise NotFound(NOUN)
    return _link(work, row)


async def mails_of(work: Work, link_id: UUID) -> list[Send]:
    """The messages that carried it, or will; the newest first."""
    return await reading.these(work, list(await work.db.scalars(queries.sends_about(work, link_id))))


def _link(work: Work, row: Row[Any]) -> PaymentLink:
    return PaymentLink(
        id=row.id,
        version=row.version,
        state=PaymentLinkState(row.state),
        is_over=row.state == PaymentLinkState.ACTIVE and row.expires_at <= work.now,
        product_id=row.product_id,
        product_code=row.product_code,
        product_name=row.product_name,
        product_active=row.product_active,
        email=row.prospect_email,
        name=row.prospect_name,
        locale=row.locale,
        price=price_of(row),
        agreed=Money(row.price_minor, row.currency) if row.price_minor is not None else None,
        note=row.note,
        until=last_day(row.expires_at, work.zone),
        expires_at=row.expires_at,
        mailed_at=row.mailed_at,
        last_mail=LastMail(row.send_id, row.send_state, row.send_reason, row.send_at)
        if row.send_id
        else None,
        claimed_at=row.claimed_at,
        customer_id=row.claimed_by,
        customer_name=row.customer_name,
        order_id=row.order_id,
        order_state=OrderState(row.order_state) if row.order_state else None,
        used_at=row.used_at,
        created_at=row.created_at,
        created_by_name=row.agent_name,
    )
