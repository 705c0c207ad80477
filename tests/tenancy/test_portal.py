"""What customers say of themselves, and as whom they come in: the verbs behind the portal's pages."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from bursar.core.errors import Invalid, NotFound, NotSignedIn
from bursar.core.kinds import ActorType
from bursar.core.work import Actor, Office, Role, Work
from bursar.tenancy import portal, portal_links, portal_sign_in
from bursar.tenancy.consents import consents_of
from bursar.tenancy.contacts import add_contact, edit_contact, remove_contact
from bursar.tenancy.customer_fields import clean_customer
from bursar.tenancy.customer_sets import upsert_customers
from bursar.tenancy.customers import edit_customer
from bursar.tenancy.states import ConsentPurpose, ConsentState
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

NEWS = (ConsentPurpose.MARKETING, "email")
YES, NO = ConsentState.GRANTED, ConsentState.DENIED


@pytest.fixture
async def customer_work(office: Office) -> AsyncIterator[Work]:
    """A Work that begins as a customer, as an act of the portal does."""
    tenant_id = await a_tenant(office)
    async with office.work(tenant_id) as work:
        customer = await a_customer(work, full_name="Huda", phone="+971501234567")
    actor = Actor(ActorType.CUSTOMER, customer)
    async with office.work(tenant_id, actor=actor, role=Role.CUSTOMER, customer_id=customer) as work:
        yield work


async def test_a_box_that_was_left_empty_is_no_statement(customer_work: Work) -> None:
    customer = customer_work.actor.id
    assert customer is not None
    assert await portal.answer(customer_work, customer, {NEWS: NO}, proof="portal") == 0
    assert {one.consent for one in await portal.answers_of(customer_work, customer)} == {None}


async def test_an_answer_is_kept_once_and_the_last_one_counts(customer_work: Work) -> None:
    customer = customer_work.actor.id
    assert customer is not None
    assert await portal.answer(customer_work, customer, {NEWS: YES}, proof="portal") == 1
    assert await portal.answer(customer_work, customer, {NEWS: YES}, proof="portal") == 0
    assert await portal.answer(customer_work, customer, {NEWS: NO}, proof="portal") == 1
    [said] = await consents_of(customer_work, customer)
    assert (said.consent, said.text_version) == (NO, portal.TEXT_VERSION)


async def test_nobody_answers_what_was_not_asked(customer_work: Work) -> None:
    customer = customer_work.actor.id
    assert customer is not None
    asked = {(ConsentPurpose.TRACKING, "email"): YES, (ConsentPurpose.MARKETING, "push"): YES}
    assert await portal.answer(customer_work, customer, asked, proof="portal") == 0


@pytest.mark.parametrize("field", ["email", "company_name", "tax_number", "tags", "external_code", "kind"])
async def test_what_is_the_firms_to_say_is_not_a_customers_to_change(customer_work: Work, field: str) -> None:
    customer = customer_work.actor.id
    assert customer is not None
    with pytest.raises(Invalid, match=field):
        await portal.edit_profile(customer_work, customer, {field: "x"})  # pyright: ignore[reportArgumentType]  a field that people made up


async def test_a_customer_finds_no_other_customer(office: Office) -> None:
    tenant_id = await a_tenant(office)
    async with office.work(tenant_id) as work:
        huda, omar = await a_customer(work), await a_customer(work)
    actor = Actor(ActorType.CUSTOMER, huda)
    async with office.work(tenant_id, actor=actor, role=Role.CUSTOMER, customer_id=huda) as work:
        for act in (portal.profile_of(work, omar), portal.edit_profile(work, omar, {"city": "Doha"})):
            with pytest.raises(NotFound):
                await act


async def test_who_shares_an_address_changes_between_its_customers_alone(office: Office) -> None:
    tenant_id = await a_tenant(office)
    async with office.work(tenant_id) as work:
        first = await a_customer(work, email="huda@noor.example")
        second = await a_customer(work, email="huda@noor.example")
        stranger = await a_customer(work)
        link = uuid4()
        await portal_links.add_link(work, link, first)
        text = (await portal_links.texts_of(work, [link]))[link]
    firm = portal_sign_in.Presented(tenant_id, "t", "T", {}, "en")
    token = (await portal_sign_in.enter(office, firm, text)).token
    guest = await portal_sign_in.guest_of(office, token)
    assert guest.customer_id == first
    with pytest.raises(NotFound):
        await portal_sign_in.switch(office, guest, token, stranger)

    other = (await portal_sign_in.switch(office, guest, token, second)).token

    assert (await portal_sign_in.guest_of(office, other)).customer_id == second


@pytest.mark.parametrize("how", ["by hand", "by a sheet", "contact edited", "contact removed"])
async def test_whoever_came_in_by_an_address_that_is_not_theirs_any_more_is_out(
    office: Office, how: str
) -> None:
    tenant_id = await a_tenant(office)
    async with office.work(tenant_id) as work:
        own = None if how.startswith("contact") else "huda@noor.example"
        customer = await a_customer(work, external_code="C-1", email=own)
        contact = await add_contact(work, customer, {"name": "Huda", "email": "huda@noor.example"})
        link, unused = uuid4(), uuid4()
        await portal_links.add_link(work, link, customer)
        text = (await portal_links.texts_of(work, [link]))[link]
    firm = portal_sign_in.Presented(tenant_id, "t", "T", {}, "en")
    token = (await portal_sign_in.enter(office, firm, text)).token
    async with office.work(tenant_id) as work:
        await portal_links.add_link(work, unused, customer)
        late = (await portal_links.texts_of(work, [unused]))[unused]
        match how:
            case "by hand":
                await edit_customer(work, customer, {"email": "omar@noor.example"})
            case "by a sheet":
                row = clean_customer({"external_code": "C-1", "email": "omar@noor.example"}, "AE")
                await upsert_customers(work, [row])
            case "contact edited":
                await edit_contact(work, contact, {"email": "omar@noor.example"})
            case _:
                await remove_contact(work, contact)

    with pytest.raises(NotSignedIn):
        await portal_sign_in.guest_of(office, token)
    with pytest.raises(NotFound):
        await portal_sign_in.enter(office, firm, late)


async def test_what_has_nothing_to_do_with_the_address_leaves_everybody_in(office: Office) -> None:
    tenant_id = await a_tenant(office)
    async with office.work(tenant_id) as work:
        customer = await a_customer(work, external_code="C-1")
        link = uuid4()
        await portal_links.add_link(work, link, customer)
        text = (await portal_links.texts_of(work, [link]))[link]
    firm = portal_sign_in.Presented(tenant_id, "t", "T", {}, "en")
    token = (await portal_sign_in.enter(office, firm, text)).token
    async with office.work(tenant_id) as work:
        await edit_customer(work, customer, {"city": "Doha"})
        await upsert_customers(work, [{"external_code": "C-1", "city": "Sharjah"}])
    assert (await portal_sign_in.guest_of(office, token)).customer_id == customer
