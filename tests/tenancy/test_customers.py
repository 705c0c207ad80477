"""Customers one at a time: made, changed, found, tagged, their links revoked."""

from uuid import uuid4

import pytest

from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound, StaleVersion
from bursar.core.kinds import AgentRole
from bursar.core.work import Office, Work
from bursar.tenancy.customer_sets import tag_customers
from bursar.tenancy.customers import (
    CustomerFilter,
    count_customers,
    create_customer,
    edit_customer,
    get_customer,
    ids_of_customers,
    list_customers,
    revoke_links,
)
from bursar.tenancy.states import CustomerKind, CustomerState
from tests.makers.tenancy import a_customer, a_tenant, acting, events_of, personal_of

pytestmark = pytest.mark.anyio


async def test_a_new_customer_is_active_and_cleaned_up(work: Work) -> None:
    made = await create_customer(
        work,
        {
            "company_name": "  Al  Noor Trading ",
            "email": "Accounts@AlNoor.example",
            "phone": "050 123 4567",
            "tax_number": "100-1234-5678-9103",
            "tags": "vip, dubai, vip",
            "locale": "Arabic",
            "country": "ae",
        },
    )

    customer = await get_customer(work, made)
    assert (customer.state, customer.kind, customer.name) == (
        CustomerState.ACTIVE,
        CustomerKind.FIRM,
        "Al Noor Trading",
    )
    assert (customer.email, customer.phone) == ("Accounts@alnoor.example", "+971501234567")
    assert (customer.tax_number, customer.locale, customer.country) == ("100123456789103", "ar", "AE")
    assert customer.tags == ["vip", "dubai"]
    assert await events_of(work, made) == ["customer.active"]


async def test_a_person_is_a_person_unless_a_firm_is_named(work: Work) -> None:
    made = await create_customer(work, {"full_name": "Layla Haddad"})

    assert (await get_customer(work, made)).kind == CustomerKind.PERSON


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "a@example.com"}, "full_name"),
        ({"full_name": "A", "email": "a@b@example.com"}, "email"),
        ({"full_name": "A\nBcc: x@example.com"}, "full_name"),
        ({"full_name": "=HYPERLINK(1)"}, "full_name"),
        ({"full_name": "A", "phone": "12"}, "phone"),
        ({"full_name": "A", "country": "XX"}, "country"),
        ({"full_name": "A", "time_zone": "GMT+4"}, "time_zone"),
        ({"full_name": "A", "locale": "tlh"}, "locale"),
        ({"full_name": "A", "kind": ""}, "kind"),
        ({"full_name": "A", "tax_number": "123"}, "tax_number"),
        ({"full_name": "A", "custom_fields": {"nested": {"deep": 1}}}, "custom_fields"),
        ({"full_name": "A", "shoe_size": "43"}, "shoe_size"),
    ],
)
async def test_what_cannot_be_used_is_refused_with_its_field(work: Work, given, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await create_customer(work, given)

    assert refusal.value.field == field
    assert await count_customers(work) == 0


async def test_a_code_is_given_once_in_a_tenant(work: Work) -> None:
    await a_customer(work, external_code="C-1")
    other = await a_customer(work, external_code="C-2")

    with pytest.raises(Conflict, match="Another customer has this code"):
        await create_customer(work, {"full_name": "A", "external_code": "C-1"})
    with pytest.raises(Conflict):
        await edit_customer(work, other, {"external_code": "C-1"})


async def test_an_edit_changes_what_is_given_and_raises_the_version(work: Work) -> None:
    made = await create_customer(work, {"full_name": "Layla", "email": "l@example.com", "city": "Dubai"})

    version = await edit_customer(work, made, {"email": "layla@example.com", "city": None}, version=1)

    customer = await get_customer(work, made)
    assert (customer.version, version) == (2, 2)
    assert (customer.full_name, customer.email, customer.city) == ("Layla", "layla@example.com", None)


async def test_an_edit_that_changes_nothing_leaves_no_trace(work: Work) -> None:
    made = await create_customer(work, {"full_name": "Layla", "email": "l@example.com"})

    assert await edit_customer(work, made, {"full_name": " Layla ", "email": "L@example.com".lower()}) == 1
    assert await events_of(work, made) == ["customer.active"]


async def test_an_edit_of_what_somebody_else_changed_is_refused(work: Work) -> None:
    made = await a_customer(work)
    await edit_customer(work, made, {"city": "Ajman"}, version=1)

    with pytest.raises(StaleVersion):
        await edit_customer(work, made, {"city": "Sharjah"}, version=1)
    assert (await get_customer(work, made)).city == "Ajman"


async def test_a_tax_number_is_held_to_the_rules_of_the_customers_own_country(work: Work) -> None:
    abroad = await create_customer(work, {"company_name": "Martin SARL", "country": "FR"})

    await edit_customer(work, abroad, {"tax_number": "FR 40 303 265 045"})

    assert (await get_customer(work, abroad)).tax_number == "FR 40 303 265 045"


async def test_the_last_name_cannot_be_taken_away(work: Work) -> None:
    made = await create_customer(work, {"full_name": "Layla"})

    with pytest.raises(Invalid) as refusal:
        await edit_customer(work, made, {"full_name": ""})
    assert refusal.value.code == "name_missing"


async def test_an_edits_event_holds_personal_data_only_under_the_customers_key(work: Work) -> None:
    made = await create_customer(work, {"full_name": "Canary Name", "email": "canary@example.com"})

    await edit_customer(work, made, {"full_name": "Other Canary", "locale": "fr", "tags": ["canary-tag"]})

    changes, private = await personal_of(work, made, "customer.edit")
    assert changes == {
        "before": {"locale": None},
        "after": {"locale": "fr"},
        "fields": ["full_name", "locale", "tags"],
    }
    assert private == {
        "before": {"full_name": "Canary Name", "tags": []},
        "after": {"full_name": "Other Canary", "tags": ["canary-tag"]},
    }


async def test_text_is_found_in_names_addresses_codes_and_phones_and_means_itself(work: Work) -> None:
    first = await a_customer(work, company_name="100% Dates LLC", email="dates@example.com")
    second = await a_customer(
        work, full_name="Omar", company_name=None, external_code="DX-9", phone="+971501"
    )

    async def found(text: str) -> list:
        return [one.id for one in (await list_customers(work, CustomerFilter(text=text))).rows]

    assert await found("0% dat") == [first]
    assert await found("DATES@") == [first]
    assert await found("dx-9") == [second]
    assert await found("+97150") == [second]
    assert await found("_") == []


async def test_filters_join(work: Work) -> None:
    wanted = await a_customer(work, tags=["vip", "dubai"], country="AE", kind="person", full_name="A")
    await a_customer(work, tags=["vip"], country="AE", kind="person", full_name="B")
    await a_customer(work, tags=["vip", "dubai"], country="FR", email=None)
    asked = CustomerFilter(tags=["vip", "dubai"], country="AE", kind=CustomerKind.PERSON, has_email=True)

    assert await ids_of_customers(work, asked) == [wanted]
    assert await count_customers(work, asked) == 1
    assert await count_customers(work, CustomerFilter(has_email=False)) == 1


async def test_pages_follow_one_another_whatever_is_added_meanwhile(work: Work) -> None:
    made = [await a_customer(work) for _ in range(5)]
    seen, cursor = [], None
    while True:
        page = await list_customers(work, cursor=cursor, limit=2)
        seen += [one.id for one in page.rows]
        await a_customer(work)
        if (cursor := page.next) is None:
            break

    assert seen == made[::-1]


async def test_tags_are_given_and_taken_for_a_set_and_only_changes_leave_events(work: Work) -> None:
    first, second = await a_customer(work, tags=["old"]), await a_customer(work, tags=["new"])

    assert await tag_customers(work, [first, second], add=["new"], remove=["old"]) == 1

    assert [one.tags for one in (await list_customers(work)).rows] == [["new"], ["new"]]
    assert await events_of(work, first) == ["customer.active", "customer.edit"]
    assert await events_of(work, second) == ["customer.active"]


async def test_revoking_links_raises_their_number(work: Work) -> None:
    made = await a_customer(work)

    assert await revoke_links(work, made) == 2
    assert (await events_of(work, made))[-1] == "customer.revoke_links"
    with pytest.raises(NotFound):
        await revoke_links(work, uuid4())


async def test_another_tenants_customer_is_not_there(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        made = await a_customer(work)

    async with office.work(theirs, actor=acting(AgentRole.OWNER)) as work:
        for act in (
            get_customer(work, made),
            edit_customer(work, made, {"city": "Dubai"}),
            revoke_links(work, made),
        ):
            with pytest.raises(NotFound):
                await act
        assert await tag_customers(work, [made], add=["x"]) == 0
        assert (await list_customers(work)).rows == []


async def test_a_viewer_changes_nothing(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        made = await a_customer(work)

    async with office.work(tenant, actor=acting(AgentRole.VIEWER)) as work:
        assert (await get_customer(work, made)).id == made
        for act in (
            create_customer(work, {"full_name": "A"}),
            edit_customer(work, made, {"city": "Dubai"}),
            tag_customers(work, [made], add=["x"]),
            revoke_links(work, made),
        ):
            with pytest.raises(NotAllowed):
                await act
