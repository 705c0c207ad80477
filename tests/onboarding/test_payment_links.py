"""Payment links: what may be offered to whom, the address that is said once, and who may still use it."""

from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import anyio
import pytest

from bursar.catalog.products import archive_product, edit_product
from bursar.core.clock import FixedClock
from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, StaleVersion
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.tokens import BadToken
from bursar.core.work import Office, Work
from bursar.onboarding.link_clock import expire, tenants_with_past
from bursar.onboarding.link_fields import NewLink
from bursar.onboarding.link_list import get_link, list_links
from bursar.onboarding.offers import OfferStanding, find_offer
from bursar.onboarding.payment_links import (
    Issued,
    claim_link,
    create_link,
    create_links,
    extend_link,
    reissue_link,
    revoke_link,
)
from bursar.onboarding.states import PaymentLinkState
from tests.makers.catalog import a_product
from tests.makers.payment_links import OVER, a_link, footprint, the_link
from tests.makers.tenancy import a_customer, a_tenant, acting, events_of

pytestmark = pytest.mark.anyio


async def test_a_link_is_an_offer_of_one_product_to_one_address(work: Work) -> None:
    product = await a_product(work, name="Formation", minor=1_000_00)
    issued = await create_link(
        work,
        NewLink(
            product,
            " Lina@Prospect.example ",
            "  Lina  Haddad ",
            "ar",
            Money(900_00, "AED"),
            " As agreed. ",
            date(2026, 12, 1),
        ),
    )

    link = await get_link(work, issued.link_id)

    assert (link.email, link.name, link.locale, link.note) == (
        "Lina@prospect.example",
        "Lina Haddad",
        "ar",
        "As agreed.",
    )
    assert (link.agreed, link.price and link.price.total) == (Money(900_00, "AED"), Money(945_00, "AED"))
    assert (link.until, link.expires_at.isoformat()) == (date(2026, 12, 1), "2026-12-01T20:00:00+00:00")
    assert link.state is PaymentLinkState.ACTIVE
    assert link.is_open
    assert await events_of(work, issued.link_id) == ["payment_link.active"]


async def test_without_more_words_it_costs_what_the_product_costs_and_holds_a_fortnight(work: Work) -> None:
    link = await get_link(work, (await a_link(work)).link_id)

    assert link.price is not None
    assert (link.price.net, link.price.tax) == (Money(200_00, "AED"), Money(10_00, "AED"))
    assert (link.agreed, link.expires_at, link.locale) == (None, work.now + timedelta(days=14), "en")


async def test_of_the_address_only_the_hash_is_kept_and_it_names_its_tenant(work: Work) -> None:
    issued = await a_link(work)
    row = await the_link(work, issued.link_id)

    assert row.token_hash == sha256(issued.token.encode()).digest()
    assert len(issued.token) == 64
    assert issued.token not in repr(issued)
    assert issued.token not in str(await footprint(work))


async def test_no_two_links_share_an_address(work: Work) -> None:
    product = await a_product(work)
    made = await create_links(work, [NewLink(product, f"p{n}@x.example") for n in range(50)])

    assert len({one.token for one in made if isinstance(one, Issued)}) == 50


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"email": ""}, "email", "address_missing"),
        ({"email": "nobody"}, "email", "email_invalid"),
        ({"email": "a@x.example, b@x.example"}, "email", "email_not_one"),
        ({"price": Money(0, "AED")}, "price", "not_positive"),
        ({"price": Money(-1, "AED")}, "price", "not_positive"),
        ({"until": date(2026, 11, 17)}, "until", "until_past"),
        ({"until": date(2028, 1, 1)}, "until", "until_too_late"),
        ({"locale": "klingon"}, "locale", "locale_unknown"),
        ({"name": "x" * 5_000}, "name", "text_too_long"),
        ({"note": "x" * 1_001}, "note", "text_too_long"),
        ({"name": "Lina\u202e"}, "name", "text_direction_override"),
    ],
)
async def test_what_cannot_be_offered_is_refused_by_its_field(
    work: Work, given: dict[str, Any], field: str, code: str
) -> None:
    product = await a_product(work)
    before = await footprint(work)

    with pytest.raises(Invalid) as refused:
        await create_link(work, NewLink(**{"product_id": product, "email": "a@x.example", **given}))

    assert (refused.value.field, refused.value.code) == (field, code)
    assert await footprint(work) == before


async def test_a_product_without_a_price_needs_one_in_the_link(work: Work) -> None:
    product = await a_product(work, minor=None)

    with pytest.raises(Invalid, match="Say what this person pays"):
        await create_link(work, NewLink(product, "a@x.example"))

    issued = await create_link(work, NewLink(product, "a@x.example", price=Money(10_00, "EUR")))
    assert (await get_link(work, issued.link_id)).agreed == Money(10_00, "EUR")


async def test_what_is_sold_no_more_or_does_not_exist_cannot_be_offered(work: Work) -> None:
    product = await a_product(work)
    await archive_product(work, product)

    with pytest.raises(Conflict, match="not sold any more"):
        await create_link(work, NewLink(product, "a@x.example"))
    with pytest.raises(NotFound):
        await create_link(work, NewLink(uuid4(), "a@x.example"))


async def test_of_many_links_each_is_made_or_refused_by_itself(work: Work) -> None:
    product = await a_product(work)
    made = await create_links(work, [NewLink(product, "a@x.example"), NewLink(product, "no address")])

    assert isinstance(made[0], Issued)
    assert isinstance(made[1], Refusal)
    assert len((await list_links(work)).rows) == 1


async def test_a_viewer_makes_and_changes_no_link(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        product, issued = await a_product(work), await a_link(work)
    actor = acting(AgentRole.VIEWER)
    async with office.work(tenant, actor=actor) as work:
        before = await footprint(work)
        for refused in (
            create_link(work, NewLink(product, "a@x.example")),
            extend_link(work, issued.link_id, work.today + timedelta(days=30)),
            revoke_link(work, issued.link_id),
            reissue_link(work, issued.link_id),
        ):
            with pytest.raises(NotAllowed):
                await refused
        assert await footprint(work) == before
        assert len((await list_links(work)).rows) == 1  # looking is free


async def test_an_extended_link_keeps_its_address_and_holds_to_the_end_of_the_day(work: Work) -> None:
    issued = await a_link(work)
    await extend_link(work, issued.link_id, date(2026, 12, 31))
    await extend_link(work, issued.link_id, date(2026, 12, 31))

    assert (await find_offer(work, issued.token)).until == date(2026, 12, 31)
    assert await events_of(work, issued.link_id) == ["payment_link.active", "payment_link.extend"]
    work.now += OVER
    assert (await find_offer(work, issued.token)).is_open


async def test_a_day_that_is_over_extends_nothing(work: Work) -> None:
    issued = await a_link(work)

    with pytest.raises(Invalid, match="over already"):
        await extend_link(work, issued.link_id, work.today - timedelta(days=1))


async def test_a_reissued_link_has_another_address_and_the_old_one_opens_nothing(work: Work) -> None:
    first = await a_link(work, "expired")
    second = await reissue_link(work, first.link_id)

    assert second.token != first.token
    assert (await find_offer(work, second.token)).is_open
    with pytest.raises(BadToken):
        await find_offer(work, first.token)


async def test_a_link_of_a_product_that_is_sold_no_more_is_not_made_valid_again(work: Work) -> None:
    product = await a_product(work)
    issued = await a_link(work, "expired", product_id=product)
    await archive_product(work, product)

    with pytest.raises(Conflict, match="not sold any more"):
        await reissue_link(work, issued.link_id)


async def test_a_change_from_an_older_version_is_refused(work: Work) -> None:
    issued = await a_link(work)
    await extend_link(work, issued.link_id, work.today + timedelta(days=20), version=1)

    for late in (
        extend_link(work, issued.link_id, work.today + timedelta(days=30), version=1),
        revoke_link(work, issued.link_id, version=1),
    ):
        with pytest.raises(StaleVersion):
            await late


async def test_why_it_was_taken_back_stands_in_the_journal(work: Work) -> None:
    issued = await a_link(work)
    await revoke_link(work, issued.link_id, because="  The wrong price ")

    assert work.happened[-1].type == "payment_link.revoke"
    assert work.happened[-1].because == "The wrong price"


async def test_nobody_registers_after_its_time_though_no_clock_has_looked(work: Work) -> None:
    issued, customer = await a_link(work), await a_customer(work)
    work.now += OVER

    with pytest.raises(NotFound):
        await claim_link(work, issued.link_id, customer)
    assert (await the_link(work, issued.link_id)).state == "active"
    assert (await find_offer(work, issued.token)).standing is OfferStanding.EXPIRED
    assert (await get_link(work, issued.link_id)).is_over


async def test_of_two_who_register_at_once_one_does(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        issued = await a_link(work)
    outcomes: list[str] = []

    async def register() -> None:
        try:
            async with office.work(tenant) as work:
                await claim_link(work, issued.link_id, await a_customer(work))
            outcomes.append("claimed")
        except NotFound:
            outcomes.append("refused")

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(register)

    assert sorted(outcomes) == ["claimed", "refused", "refused", "refused"]
    async with office.work(tenant) as work:
        assert await events_of(work, issued.link_id) == ["payment_link.active", "payment_link.register"]


async def test_two_workers_whose_clock_strikes_at_once_end_a_link_once(
    office: Office, clock: FixedClock
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        issued = await a_link(work)
    assert await tenants_with_past(office) == []
    clock.advance(OVER)
    assert await tenants_with_past(office) == [tenant]

    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(expire, office, tenant)

    async with office.work(tenant) as work:
        assert await events_of(work, issued.link_id) == ["payment_link.active", "payment_link.expire"]
    assert await tenants_with_past(office) == []


async def test_a_changed_price_of_the_product_changes_what_is_not_agreed(work: Work) -> None:
    product = await a_product(work)
    usual, agreed = (
        await a_link(work, product_id=product),
        await a_link(work, product_id=product, price=Money(150_00, "AED")),
    )
    await edit_product(work, product, {"price": Money(300_00, "AED")})

    totals = [(await get_link(work, one.link_id)).price for one in (usual, agreed)]

    assert [price.total if price else None for price in totals] == [
        Money(315_00, "AED"),
        Money(157_50, "AED"),
    ]
