"""Everything that happened around one order: its link and who registered by it, the attempts to pay, itself."""

from bursar.core import journal
from bursar.core.journal import Page, Wanted
from bursar.core.registry import types_of
from bursar.core.work import Work
from bursar.onboarding.order_list import Order
from bursar.onboarding.queries import order_lists as queries

MOST = 100
"""Events of each kind of thing; an order lives for weeks, not for years."""


async def story(work: Work, order: Order) -> Page:
    """The newest first."""
    found = await journal.timeline(work, "order", order.id, limit=MOST)
    entries = list(found.entries)
    if order.payment_link_id is not None:
        link = await journal.timeline(work, "payment_link", order.payment_link_id, limit=MOST)
        entries += link.entries
    attempts = set(await work.db.scalars(queries.checkouts_about(work, order.id)))
    if attempts:
        wanted = Wanted(customer_id=order.customer_id, types=types_of("checkout_session"))
        around = await journal.find(work, wanted, limit=MOST)
        entries += [one for one in around.entries if one.entity_id in attempts]
    return Page(sorted(entries, key=lambda one: one.id, reverse=True), None)
