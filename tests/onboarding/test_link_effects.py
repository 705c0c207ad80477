"""What follows when an offer is taken back or runs out: checkouts are called off, people are told."""

import pytest
import sqlalchemy as sa

from bursar.billing.tables import checkout_sessions
from bursar.core.errors import IllegalMove
from bursar.notifications.notifications import list_notifications
from bursar.onboarding.link_clock import expire
from bursar.onboarding.offers import OfferStanding, find_offer
from bursar.onboarding.payment_links import revoke_link, revoke_links
from bursar.onboarding.tables import orders
from tests.makers.orders import Shop
from tests.makers.payment_links import OVER, a_link
from tests.makers.tenancy import an_agent

pytestmark = pytest.mark.anyio


async def jobs(shop: Shop, name: str) -> list[dict[str, object]]:
    async with shop.work() as work:
        found = sa.text("select args from procrastinate_jobs where task_name = :name order by id")
        return list(await work.db.scalars(found, {"name": name}))


async def test_a_checkout_that_is_open_for_it_is_closed_at_the_provider_once(shop: Shop) -> None:
    order_id = await shop.order()
    attempt = await shop.checkout(order_id)
    link = await shop.link_of(order_id)

    async with shop.work() as work:
        await revoke_link(work, link.id, because="The wrong price")

    assert "checkout_session.call_off" in await shop.told_of(attempt.id)
    [job] = await jobs(shop, "billing.expire_checkout")
    assert job["checkout_ids"] == [str(attempt.id)]
    assert (await shop.row(checkout_sessions, attempt.id)).state == "open"  # only the provider says otherwise
    assert (await shop.row(orders, order_id)).state == "pending"


async def test_money_that_comes_all_the_same_counts_and_the_link_stays_taken_back(shop: Shop) -> None:
    order_id = await shop.order()
    attempt = await shop.checkout(order_id)
    link = await shop.link_of(order_id)
    async with shop.work() as work:
        await revoke_link(work, link.id)

    await shop.paid(attempt)

    assert (await shop.row(orders, order_id)).state == "paid"
    assert (await shop.link_of(order_id)).state == "revoked"


async def test_an_offer_that_was_paid_is_not_taken_back(shop: Shop) -> None:
    order_id = await shop.paid_order()
    link = await shop.link_of(order_id)
    assert (link.state, link.used_by) == ("used", (await shop.row(orders, order_id)).customer_id)

    async with shop.work() as work:
        with pytest.raises(IllegalMove):
            await revoke_link(work, link.id)


async def test_of_several_those_that_can_be_are_taken_back(shop: Shop) -> None:
    paid, open_ = await shop.paid_order(), await shop.order()
    links = [(await shop.link_of(one)).id for one in (paid, open_)]

    async with shop.work() as work:
        assert await revoke_links(work, links, because="given_up") == [links[1]]


async def test_the_offers_page_leads_to_its_order(shop: Shop) -> None:
    async with shop.work() as work:
        fresh = await a_link(work, product_id=shop.product_id)
        assert (await find_offer(work, fresh.token)).order_id is None
    order_id = await shop.order()
    async with shop.work() as work:
        link = await shop.link_of(order_id)
        again = await a_link(work, product_id=shop.product_id)
        await work.db.execute(sa.text("update orders set payment_link_id = :link"), {"link": again.link_id})
        offer = await find_offer(work, again.token)

    assert link.state == "claimed"
    assert (offer.order_id, offer.standing) == (order_id, OfferStanding.OPEN)


async def test_whoever_works_here_is_told_once_that_an_offer_ran_out_unused(shop: Shop) -> None:
    agent = await an_agent(shop.office, shop.tenant_id)
    async with shop.work() as work:
        unused = await a_link(work, product_id=shop.product_id)
    await shop.order()  # whose link is registered with: it does not run out
    shop.clock.advance(OVER)

    await expire(shop.office, shop.tenant_id)
    await expire(shop.office, shop.tenant_id)

    async with shop.office.work(shop.tenant_id, actor=agent) as work:
        told = await list_notifications(work)
    assert [(one.kind, one.about_id) for one in told] == [("payment_link.expire", unused.link_id)]
