"""Orders: what somebody agreed to buy, with price and line copied when it is made, and paid at a checkout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import locks
from bursar.billing.lines import Line, Priced, price
from bursar.billing.states import PaidFor
from bursar.billing.tills.checkouts import NewCheckout
from bursar.catalog import prices
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.catalog.products import Product, get_product
from bursar.core.errors import N_, Conflict, IllegalMove, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.states import allowed_from
from bursar.core.work import Work
from bursar.onboarding import addresses
from bursar.onboarding.patience import Patience
from bursar.onboarding.queries import orders as queries
from bursar.onboarding.states import CONFIRM_PAYMENT, ORDER_MOVES, OrderState
from bursar.tenancy import tenants

order_token = addresses.order_token
pay_url = addresses.order_address


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What is bought. `price` is net, in place of the customer's own or the product's.

    `terms_version` names what was agreed to, by whoever registered just now.
    """

    customer_id: UUID
    product_id: UUID
    payment_link_id: UUID | None = None
    price: Money | None = None
    terms_version: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


async def create_order(work: Work, given: NewOrder) -> UUID:
    """A pending order. Net, tax and what its invoice will say are copied now: no later price changes them.

    Raises `NotFound` for an unknown customer or product, `Conflict` for a product that is not sold any more,
    `Invalid` where there is no price.
    """
    work.allow(AgentRole.AGENT, customer=True)
    if not await locks.lock_customers(work, [given.customer_id]):
        raise NotFound("customer")
    product = await get_product(work, given.product_id)
    if not product.active:
        raise Conflict(N_("This product is not sold any more."), code="product_inactive", field="product_id")
    net = given.price or await _price_today(work, given)
    priced = price_of(product, net)
    patience = await patience_of(work)
    values = {
        "customer_id": given.customer_id,
        "product_id": product.id,
        "payment_link_id": given.payment_link_id,
        "net_minor": priced.totals["subtotal_minor"],
        "tax_minor": priced.totals["tax_minor"],
        "amount_minor": priced.totals["total_minor"],
        "currency": net.currency,
        "terms_version": given.terms_version,
        "terms_accepted_at": work.now if given.terms_version else None,
        "created_at": work.now,
        "look_at": work.now + patience.late_after,
        "metadata": {**given.metadata, "line": _line_told(product)},
        "created_by": work.actor.id,
        "state": OrderState.PENDING,
    }
    order_id: UUID = (await work.db.execute(queries.add_order(work, values))).scalar_one()
    return order_id


async def checkout_of(work: Work, order_id: UUID, *, base_url: str) -> NewCheckout:
    """What paying an order takes: `begin` of `Cashier.open`. The order is locked, so that it is paid at one place.

    Raises `NotFound`, `IllegalMove` unless it waits for money, `Conflict` while some is under way.
    """
    order = await lock_order(work, order_id)
    must_be_payable(order)
    payer = (await work.db.execute(queries.payer(work, order_id))).one()
    page = pay_url(work.keyring, base_url, work.tenant_id, order_id, link_version=payer.link_version)
    return NewCheckout(
        about=PaidFor.ORDER,
        about_id=order_id,
        customer_id=order.customer_id,
        amount=Money(order.amount_minor, order.currency),
        description=order.metadata["line"]["description"],
        locale=payer.locale,
        email=payer.email,
        success_url=f"{page}{addresses.RETURN}?session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{page}{addresses.CANCEL}",
    )


async def patience_of(work: Work) -> Patience:
    """How long this firm waits for money."""
    return Patience.of(await tenants.settings_of(work))


def price_of(product: Product, net: Money) -> Priced:
    """What `net` comes to with the product's tax, rounded as its invoice will be. Raises `Invalid` for nothing."""
    line = Line(
        product.name, net, tax_category=product.tax_category, tax_rate=product.tax_rate, product_id=product.id
    )
    return price([line], net.currency)


def line_of(order: sa.Row[Any]) -> Line:
    """What the order's invoice charges: the product as it was when the order was made."""
    told = order.metadata["line"]
    return Line(
        told["description"],
        Money(order.net_minor, order.currency),
        tax_category=TaxCategory(told["tax_category"]),
        tax_rate=Decimal(told["tax_rate"]),
        product_id=order.product_id,
        description_local=told["description_local"],
        unit_code=told["unit_code"],
        item_kind=ItemKind(told["item_kind"]),
        classification_code=told["classification_code"],
    )


async def lock_order(work: Work, order_id: UUID) -> sa.Row[Any]:
    """One order, locked after its customer. Raises `NotFound`."""
    customer_id = await work.db.scalar(queries.owner(work, order_id))
    if customer_id is None:
        raise NotFound("order")
    await locks.lock_customers(work, [customer_id])
    return (await lock_orders(work, [order_id]))[order_id]


async def lock_orders(work: Work, ids: Sequence[UUID]) -> dict[UUID, sa.Row[Any]]:
    """These orders by their ids, locked; the caller holds the locks of their customers."""
    wanted = sorted(set(ids))
    return {row.id: row for row in await work.db.execute(queries.lock_orders(work, wanted))} if wanted else {}


def refuse(order: sa.Row[Any], event: str) -> IllegalMove:
    """The answer to an event that this order's state does not know."""
    return IllegalMove("order", order.state, event, allowed_from(ORDER_MOVES, order.state))


def must_be_payable(order: sa.Row[Any]) -> None:
    """Raises `IllegalMove` unless it still waits for money, `Conflict` while some is under way."""
    if order.state not in CONFIRM_PAYMENT.sources:
        raise refuse(order, CONFIRM_PAYMENT.event)
    if order.hold_reason is not None:
        raise Conflict(
            N_("A payment for this order is being processed. You need not pay again."), code="money_under_way"
        )


async def _price_today(work: Work, given: NewOrder) -> Money:
    pair = (given.customer_id, given.product_id)
    found = (await prices.prices_on(work, {pair}, work.today)).get(pair)
    if found is None:
        raise Invalid(
            N_("This product has no price of its own. Say what it costs here."),
            code="no_price",
            field="price",
        )
    return found.price


def _line_told(product: Product) -> dict[str, Any]:
    return {
        "description": product.name,
        "description_local": product.name_local,
        "tax_category": product.tax_category,
        "tax_rate": str(product.tax_rate),
        "unit_code": product.unit_code,
        "item_kind": product.item_kind,
        "classification_code": product.classification_code,
    }
