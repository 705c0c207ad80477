"""Payment links as agents find them: their own firm's, narrowed, counted and page by page."""

from typing import Any

import pytest

from bursar.core.errors import NotFound
from bursar.core.work import Office, Work
from bursar.onboarding.link_fields import NewLink
from bursar.onboarding.link_list import LinkFilter, count_links, get_link, list_links
from bursar.onboarding.offers import find_offer
from bursar.onboarding.payment_links import claim_link, create_links, extend_link, reissue_link, revoke_link
from bursar.onboarding.states import PaymentLinkState
from tests.makers.catalog import a_product
from tests.makers.payment_links import a_link, footprint
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


async def test_another_firms_link_is_not_there(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(theirs) as work:
        issued = await a_link(work)
    async with office.work(ours) as work:
        before = await footprint(work)
        customer = await a_customer(work)
        for refused in (
            get_link(work, issued.link_id),
            find_offer(work, issued.token),
            extend_link(work, issued.link_id, work.today),
            revoke_link(work, issued.link_id),
            reissue_link(work, issued.link_id),
            claim_link(work, issued.link_id, customer),
        ):
            with pytest.raises(NotFound):
                await refused
        assert (await list_links(work)).rows == []
        assert before["payment_links"] is None


async def test_the_list_is_narrowed_and_counted(work: Work) -> None:
    formation = await a_product(work, name="Formation", code="FORM")
    await a_link(work, product_id=formation, email="lina@x.example", name="Lina")
    await a_link(work, "claimed", product_id=formation, email="omar@x.example")
    await a_link(work, "revoked", email="sami@y.example")

    async def found(**wanted: Any) -> list[str]:
        return sorted(one.email for one in (await list_links(work, LinkFilter(**wanted))).rows)

    assert await found(state=PaymentLinkState.CLAIMED) == ["omar@x.example"]
    assert await found(product_id=formation) == ["lina@x.example", "omar@x.example"]
    assert await found(text="lin") == ["lina@x.example"]
    assert await found(text="formation") == ["lina@x.example", "omar@x.example"]
    assert await found(text="%") == []
    assert await found(mailed=True) == []
    counts = await count_links(work, LinkFilter(state=PaymentLinkState.USED, product_id=formation))
    assert {str(state): many for state, many in counts.items()} == {
        "active": 1,
        "claimed": 1,
        "used": 0,
        "expired": 0,
        "revoked": 0,
    }


async def test_a_long_list_is_read_page_by_page_the_newest_first(work: Work) -> None:
    product = await a_product(work)
    await create_links(work, [NewLink(product, f"p{n}@x.example") for n in range(5)])

    first = await list_links(work, limit=3)
    second = await list_links(work, cursor=first.next, limit=3)

    assert [one.email[:2] for one in (*first.rows, *second.rows)] == ["p4", "p3", "p2", "p1", "p0"]
    assert second.next is None
