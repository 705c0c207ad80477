"""An order's public page: what it is, how it stands and where it is paid, for whoever has its link (R126).

The link is the whole right, as an invoice's is (`billing/hosted.py`): it names the order and the version of the
customer's links. Reading changes nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from bursar.billing.links import invoice_token
from bursar.core.kinds import ActorType
from bursar.core.money import Money
from bursar.core.tokens import BadToken
from bursar.core.work import Actor, Office, Origin, Role, Work
from bursar.onboarding.addresses import order_token, read_order_token
from bursar.onboarding.queries import order_page as queries
from bursar.onboarding.settings import OnboardingSettings
from bursar.onboarding.standing import Standing, standing_of
from bursar.onboarding.states import HoldReason, OrderState
from bursar.tenancy.states import CustomerState, SuspendedReason


@dataclass(frozen=True, slots=True)
class OpenedOrder:
    """An order's link that counts. `may_pay` unless the firm has ended its dealings with the customer."""

    tenant_id: UUID
    order_id: UUID
    customer_id: UUID
    may_pay: bool

    @property
    def actor(self) -> Actor:
        return Actor(ActorType.CUSTOMER, self.customer_id)

    def work(
        self, office: Office, *, origin: Origin = Origin(), read_only: bool = False
    ) -> AbstractAsyncContextManager[Work]:
        """One act of the customer."""
        return office.work(self.tenant_id, actor=self.actor, origin=origin, read_only=read_only)


@dataclass(frozen=True, slots=True)
class Firm:
    """Who sells, as a page of theirs shows it."""

    slug: str
    name: str
    branding: Mapping[str, Any]
    locale: str
    settings: OnboardingSettings


@dataclass(frozen=True, slots=True)
class Bought:
    """What was ordered. The `local` ones are in the firm's second language, where it wrote them."""

    name: str
    name_local: str | None
    included: Sequence[str]
    included_local: Sequence[str]


@dataclass(frozen=True, slots=True)
class OrderShown:
    """Everything that the page says. `invoice` is what opens its invoice's page."""

    order_id: UUID
    standing: Standing
    bought: Bought
    net: Money
    tax: Money
    total: Money
    refunded: Money
    paid_on: date | None
    invoice: str | None
    locale: str | None
    firm: Firm
    may_pay: bool


async def open_order(office: Office, token: str) -> OpenedOrder:
    """Raises `BadToken`, whatever is wrong. Changes nothing."""
    signed = read_order_token(office.keyring, token)
    async with office.work(signed.tenant_id, read_only=True, must_exist=False) as work:
        owner = (await work.db.execute(queries.owner(work, signed.id))).one_or_none()
    if owner is None or owner.link_version != signed.extra:
        raise BadToken
    async with office.work(
        signed.tenant_id, role=Role.CUSTOMER, customer_id=owner.id, read_only=True
    ) as work:
        if (await work.db.execute(queries.seen(work, signed.id))).first() is None:
            raise BadToken
    ended = owner.state == CustomerState.SUSPENDED and owner.suspended_reason == SuspendedReason.ADMIN
    return OpenedOrder(signed.tenant_id, signed.id, owner.id, not ended)


async def show_order(work: Work, opened: OpenedOrder) -> OrderShown:
    row = (await work.db.execute(queries.shown(work, opened.order_id))).one()
    hold = HoldReason(row.hold_reason) if row.hold_reason else None
    standing = standing_of(OrderState(row.state), hold, money_on_its_way=row.money_on_its_way)
    net, tax, total, refunded = (
        Money(minor, row.currency)
        for minor in (row.net_minor, row.tax_minor, row.amount_minor, row.refunded_minor)
    )
    return OrderShown(
        order_id=row.id,
        standing=standing,
        bought=Bought(
            row.line["description"], row.line["description_local"], row.included, row.included_local
        ),
        net=net,
        tax=tax,
        total=total,
        refunded=refunded,
        paid_on=row.paid_at.astimezone(work.zone).date() if row.paid_at else None,
        invoice=invoice_token(work.keyring, work.tenant_id, row.invoice_id, row.link_version)
        if row.invoice_id
        else None,
        locale=row.locale,
        firm=await firm_of(work),
        may_pay=opened.may_pay and standing is Standing.WAITING,
    )


async def token_of(work: Work, opened: OpenedOrder) -> str:
    """What stands behind `ORDER_PATH` of this order now."""
    owner = (await work.db.execute(queries.owner(work, opened.order_id))).one()
    return order_token(work.keyring, work.tenant_id, opened.order_id, link_version=owner.link_version)


async def firm_of(work: Work) -> Firm:
    row = (await work.db.execute(queries.firm(work))).one()
    return Firm(row.slug, row.name, row.branding, row.locale, OnboardingSettings.of(row.settings))
