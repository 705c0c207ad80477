"""Products: made, changed, archived; what cannot be sold is refused by name."""

from decimal import Decimal
from typing import Any

import pytest

from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.catalog.products import (
    LARGEST_PAGE,
    archive_product,
    create_product,
    create_products,
    edit_product,
    find_product,
    get_product,
    list_products,
    offered_products,
    restore_product,
)
from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Office, Work
from tests.makers.catalog import a_product, priced
from tests.makers.tenancy import a_customer, a_tenant, acting, events_of, personal_of

pytestmark = pytest.mark.anyio


async def test_a_product_is_what_was_said_of_it(work: Work) -> None:
    product_id = await create_product(
        work,
        {
            "code": "HOST",
            "name": "  Hosting  of a machine ",
            "name_local": "استضافة جهاز",
            "price": Money(190_00, "USD"),
            "tax_category": TaxCategory.ZERO,
            "unit_code": "MON",
            "item_kind": ItemKind.SERVICES,
            "classification_code": "998315",
        },
    )

    product = await get_product(work, product_id)

    assert (product.code, product.name, product.name_local) == (
        "HOST",
        "Hosting of a machine",
        "استضافة جهاز",
    )
    assert (product.price, product.currency, product.tax_rate) == (Money(190_00, "USD"), "USD", Decimal(0))
    assert (product.unit_code, product.classification_code, product.active) == ("MON", "998315", True)
    assert await events_of(work, product_id) == ["product.create"]


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"code": ""}, "code", "code_missing"),
        ({"code": "x" * 51}, "code", "text_too_long"),
        ({"name": " "}, "name", "name_missing"),
        ({"name": "=SUM(A1)"}, "name", "text_formula"),
        ({"price": Money(0, "AED")}, "price", "price_not_positive"),
        ({"price": Money(-5, "AED")}, "price", "price_not_positive"),
        ({"price": None, "currency": "XXQ"}, "currency", "unknown_currency"),
        ({"tax_category": TaxCategory.EXEMPT, "tax_rate": Decimal(5)}, "tax_rate", "tax_rate"),
        ({"tax_rate": Decimal(101)}, "tax_rate", "tax_rate"),
        ({"unit_code": "hour"}, "unit_code", "unit_code"),
        ({"classification_code": "abc"}, "classification_code", "classification_code"),
    ],
)
async def test_what_cannot_be_sold_is_refused(
    work: Work, given: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await a_product(work, **{"code": "P", **given})

    assert (refused.value.field, refused.value.code) == (field, code)
    assert (await list_products(work)).rows == []


async def test_a_taxed_product_needs_its_rate_said(work: Work) -> None:
    with pytest.raises(Invalid, match="Give the tax rate"):
        await create_product(work, {"code": "P", "name": "Hosting"})


async def test_codes_are_given_once_and_one_bad_row_of_a_set_spoils_no_other(work: Work) -> None:
    await a_product(work, code="A")
    rate = Decimal(5)

    answers = await create_products(
        work,
        [
            {"code": "A", "name": "again", "tax_rate": rate},
            {"code": "B", "name": "new", "tax_rate": rate},
            {"code": "B", "name": "twice", "tax_rate": rate},
            {"code": "C", "name": "", "tax_rate": rate},
        ],
    )

    told = [answer.code if isinstance(answer, Refusal) else "made" for answer in answers]
    assert told == ["code_taken", "made", "code_taken", "name_missing"]
    assert {product.code for product in (await list_products(work)).rows} == {"A", "B"}


async def test_an_edit_tells_what_changed_and_nothing_when_nothing_did(work: Work) -> None:
    product_id = await a_product(work, code="A", minor=100_00)

    await edit_product(work, product_id, {"name": "Hosting", "price": Money(120_00, "AED")})
    await edit_product(work, product_id, {"price": Money(120_00, "AED")})

    changes, _ = await personal_of(work, product_id, "product.edit")
    assert changes == {"before": {"price_minor": 100_00}, "after": {"price_minor": 120_00}}


async def test_an_edit_is_refused_where_a_new_product_would_be(work: Work) -> None:
    await a_product(work, code="A")
    product_id = await a_product(work, code="B")
    with pytest.raises(Conflict, match="Another product has this code"):
        await edit_product(work, product_id, {"code": "A"})
    with pytest.raises(Invalid, match="does not fit the category"):
        await edit_product(work, product_id, {"tax_category": TaxCategory.EXEMPT})
    with pytest.raises(Invalid, match="more than zero"):
        await edit_product(work, product_id, {"price": Money(0, "AED")})
    assert (await get_product(work, product_id)).code == "B"


async def test_the_currency_stays_once_customers_have_prices_in_it(work: Work) -> None:
    product_id = await a_product(work)
    await priced(work, await a_customer(work), product_id, "2026-12-01")

    with pytest.raises(Conflict) as refused:
        await edit_product(work, product_id, {"price": Money(50_00, "USD")})

    assert (refused.value.code, refused.value.field) == ("currency_in_use", "currency")


async def test_an_archived_product_takes_no_price_until_it_is_restored(work: Work) -> None:
    product_id, customer = await a_product(work), await a_customer(work)
    await archive_product(work, product_id)
    await archive_product(work, product_id)
    with pytest.raises(Conflict, match="is archived"):
        await priced(work, customer, product_id, "2026-12-01")
    assert (await list_products(work, active=True)).rows == []

    await restore_product(work, product_id)

    await priced(work, customer, product_id, "2026-12-01")
    assert await events_of(work, product_id) == ["product.create", "product.archive", "product.restore"]


async def test_a_product_is_found_by_code_before_name(work: Work) -> None:
    by_code = await a_product(work, code="Hosting", name="Something")
    await a_product(work, code="X", name="Hosting")
    await a_product(work, code="Y", name="Twin")
    await a_product(work, code="Z", name="twin")

    assert (await find_product(work, "Hosting")).id == by_code
    assert (await find_product(work, "something")).id == by_code
    with pytest.raises(Conflict, match="Several products"):
        await find_product(work, "Twin")
    with pytest.raises(NotFound):
        await find_product(work, "nothing")


async def test_a_list_goes_on_where_it_stopped(work: Work) -> None:
    made = [await a_product(work) for _ in range(3)]

    first = await list_products(work, limit=2)
    rest = await list_products(work, limit=2, cursor=first.next)

    assert [row.id for row in (*first.rows, *rest.rows)] == made[::-1]
    assert rest.next is None


async def test_a_viewer_changes_nothing_and_another_firm_sees_nothing(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        product_id = await a_product(work)
    async with office.work(ours, actor=acting(AgentRole.VIEWER)) as work:
        assert (await get_product(work, product_id)).name == "Hosting"
        for act in (
            a_product(work),
            edit_product(work, product_id, {"name": "Mine"}),
            archive_product(work, product_id),
            restore_product(work, product_id),
        ):
            with pytest.raises(NotAllowed):
                await act
    async with office.work(theirs) as work:
        assert (await list_products(work)).rows == []
        for act in (
            get_product(work, product_id),
            edit_product(work, product_id, {"name": "Mine"}),
            archive_product(work, product_id),
        ):
            with pytest.raises(NotFound):
                await act


async def test_a_form_offers_all_products_by_name_and_not_a_page_of_them(work: Work) -> None:
    for number in range(LARGEST_PAGE + 1):
        await a_product(work, name=f"Rack {number:03}")
    await a_product(work, name="aisle")

    offered = await offered_products(work)

    assert len(offered) == LARGEST_PAGE + 2
    assert [one.name for one in offered[:2]] == ["aisle", "Rack 000"]
