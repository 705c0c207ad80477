"""What is agreed: what can be, what is refused by name, what an edit changes and what it tells."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.billing.recurring.ending import end_recurring
from bursar.billing.recurring.planning import (
    create_recurring,
    edit_recurring,
    pause_recurring,
    resume_recurring,
)
from bursar.billing.recurring.showing import get_recurring, list_recurring
from bursar.billing.states import Proration, QuantitySource, RecurringState
from bursar.catalog.tables import products
from bursar.core.errors import Conflict, Invalid, NotAllowed, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.tenancy.tables import tenants
from tests.makers.billing import footprint
from tests.makers.recurring import a_plan, a_price, a_product, a_recurring, made_of, run_once, the_recurring
from tests.makers.tenancy import a_customer, acting, personal_of

pytestmark = pytest.mark.anyio
UNITS = QuantitySource.UNITS


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"day_of_month": 31}, "day_of_month", "day_of_month"),
        ({"day_of_month": 29}, "day_of_month", "day_of_month"),
        ({"day_of_month": 0}, "day_of_month", "day_of_month"),
        ({"end_date": date(2026, 10, 31)}, "end_before_start", "end_date"),
        (
            {"day_of_month": 28, "start_date": date(2026, 11, 1), "end_date": date(2026, 11, 27)},
            "never_runs",
            "end_date",
        ),
        ({"quantity": Decimal(0)}, "quantity", "quantity"),
        ({"quantity": Decimal(-1)}, "quantity", "quantity"),
        ({"quantity": Decimal("NaN")}, "quantity", "quantity"),
        ({"quantity": Decimal("0.0000001")}, "quantity", "quantity"),
        ({"quantity": Decimal(10**9 + 1)}, "quantity", "quantity"),
        ({"quantity": None}, "quantity", "quantity"),
        ({"quantity_source": UNITS, "quantity": Decimal(1)}, "quantity_counted", "quantity"),
        ({"unit_price": Money(0, "AED")}, "price_not_positive", "unit_price"),
        ({"unit_price": Money(-1, "AED")}, "price_not_positive", "unit_price"),
        ({"unit_price": Money(1_00, "USD")}, "mixed_currencies", "unit_price"),
        ({"currency": "USD"}, "mixed_currencies", "currency"),
        ({"currency": "XXX"}, "unknown_currency", "currency"),
    ],
)
async def test_what_cannot_be_is_refused_by_name_and_nothing_is_written(
    work: Work, given: dict[str, Any], code: str, field: str
) -> None:
    standing = await a_recurring(work)
    agreed = (await get_recurring(work, standing)).plan()
    plan = await a_plan(work, **given)
    before = await footprint(work)

    with pytest.raises(Invalid) as refused:
        await create_recurring(work, plan)
    assert (refused.value.code, refused.value.field) == (code, field)
    if code != "never_runs":
        with pytest.raises(Invalid) as refused:
            await edit_recurring(work, standing, replace(agreed, **given))
        assert refused.value.code == code
    assert await footprint(work) == before


async def test_a_customers_price_in_another_currency_is_refused_unless_the_agreement_is_in_it(
    work: Work,
) -> None:
    product, customer = await a_product(work), await a_customer(work)
    await a_price(work, customer, product, 50_00, currency="USD")
    plan = await a_plan(work, product_id=product, customer_id=customer)

    with pytest.raises(Invalid) as refused:
        await create_recurring(work, plan)
    assert refused.value.code == "mixed_currencies"

    recurring = await create_recurring(work, replace(plan, currency="USD"))
    await run_once(work, recurring)
    assert [(made.currency, made.subtotal_minor) for made in await made_of(work, recurring)] == [
        ("USD", 50_00)
    ]


async def test_nobodys_customer_or_product_and_an_archived_one_are_refused(work: Work) -> None:
    plan = await a_plan(work)
    archived = await a_product(work, active=False)
    for given, code in (
        ({"customer_id": uuid4()}, "not_found"),
        ({"product_id": uuid4()}, "not_found"),
        ({"product_id": archived}, "product_archived"),
    ):
        with pytest.raises(Refusal) as refused:
            await create_recurring(work, replace(plan, **given))
        assert refused.value.code == code


async def test_a_product_archived_later_does_not_stop_an_edit(work: Work) -> None:
    product = await a_product(work)
    recurring = await a_recurring(work, product_id=product)
    ours = (products.c.tenant_id == work.tenant_id) & (products.c.id == product)
    await work.db.execute(sa.update(products).where(ours).values(active=False))

    plan = (await get_recurring(work, recurring)).plan()
    await edit_recurring(work, recurring, replace(plan, quantity=Decimal(2)))

    assert (await the_recurring(work, recurring)).quantity == 2


async def test_a_viewer_agrees_nothing(work: Work) -> None:
    plan = await a_plan(work)
    work.actor = acting(AgentRole.VIEWER)
    with pytest.raises(NotAllowed):
        await create_recurring(work, plan)


async def test_whether_it_is_issued_at_once_is_the_firms_setting_unless_said(work: Work) -> None:
    usual = await a_recurring(work)
    await work.db.execute(
        sa.update(tenants)
        .where(tenants.c.tenant_id == work.tenant_id)
        .values(settings={"billing": {"auto_issue": True}})
    )
    after, said = await a_recurring(work), await a_recurring(work, auto_issue=False)

    assert [(await the_recurring(work, one)).auto_issue for one in (usual, after, said)] == [
        False,
        True,
        False,
    ]


async def test_an_edit_tells_before_and_after_and_keeps_words_about_people_under_the_customers_key(
    work: Work,
) -> None:
    recurring = await a_recurring(work)
    plan = (await get_recurring(work, recurring)).plan()

    await edit_recurring(
        work, recurring, replace(plan, day_of_month=5, unit_price=Money(99_00, "AED"), notes="For Layla")
    )
    await edit_recurring(work, recurring, (await get_recurring(work, recurring)).plan())

    changes, private = await personal_of(work, recurring, "recurring_invoice.edit")
    assert changes["before"] == {"day_of_month": 1, "unit_price_minor": None, "next_run_on": "2026-11-01"}
    assert changes["after"] == {"day_of_month": 5, "unit_price_minor": 9900, "next_run_on": "2026-11-05"}
    assert private == {"before": {"notes": None}, "after": {"notes": "For Layla"}}


async def test_it_stays_with_its_customer_and_once_begun_with_its_start(work: Work) -> None:
    recurring = await a_recurring(work)
    plan = (await get_recurring(work, recurring)).plan()
    with pytest.raises(Invalid) as other:
        await edit_recurring(work, recurring, replace(plan, customer_id=await a_customer(work)))
    assert other.value.code == "other_customer"

    await edit_recurring(work, recurring, replace(plan, start_date=date(2026, 11, 16)))
    assert (await the_recurring(work, recurring)).next_run_on == date(2026, 12, 1)

    await run_once(work, recurring, as_of=date(2026, 12, 1))
    with pytest.raises(Conflict) as begun:
        await edit_recurring(work, recurring, plan)
    assert begun.value.code == "already_started"


@pytest.mark.parametrize(
    ("day", "resumed", "expected"),
    [
        (18, date(2027, 1, 17), date(2027, 1, 18)),
        (18, date(2027, 1, 18), date(2027, 1, 18)),
        (18, date(2027, 1, 19), date(2027, 2, 18)),
        (28, date(2027, 2, 28), date(2027, 2, 28)),
        (28, date(2027, 3, 1), date(2027, 3, 28)),
    ],
)
async def test_a_pause_is_not_billed_later_and_ends_with_the_next_billing_day(
    work: Work, day: int, resumed: date, expected: date
) -> None:
    recurring = await a_recurring(work, day_of_month=day)
    await pause_recurring(work, recurring)
    work.now = work.now.replace(year=resumed.year, month=resumed.month, day=resumed.day)

    await resume_recurring(work, recurring)

    assert (await the_recurring(work, recurring)).next_run_on == expected


async def test_a_month_that_was_billed_before_the_pause_is_not_billed_again_after_it(work: Work) -> None:
    recurring = await a_recurring(work, day_of_month=18)
    await run_once(work, recurring)
    await pause_recurring(work, recurring)
    await resume_recurring(work, recurring)

    assert (await the_recurring(work, recurring)).next_run_on == date(2026, 12, 18)


async def test_after_its_last_day_it_is_not_resumed(work: Work) -> None:
    recurring = await a_recurring(work, day_of_month=5, end_date=date(2026, 11, 17))
    await pause_recurring(work, recurring)
    with pytest.raises(Conflict) as over:
        await resume_recurring(work, recurring)
    assert over.value.code == "end_passed"


async def test_what_it_billed_stays_when_it_ends(work: Work) -> None:
    recurring = await a_recurring(work, auto_issue=True)
    await run_once(work, recurring)
    await end_recurring(work, recurring, because="moved away")

    assert [made.state for made in await made_of(work, recurring)] == ["issued"]
    assert (await get_recurring(work, recurring)).state is RecurringState.ENDED


async def test_a_list_shows_the_chosen_ones_the_newest_first_in_pages(work: Work) -> None:
    customer = await a_customer(work, company_name="Nile Tiles")
    one = await a_recurring(work, customer_id=customer)
    two = await a_recurring(work, product_id=await a_product(work, None))
    three = await a_recurring(work, proration=Proration.DAILY)
    await pause_recurring(work, three)
    await run_once(work, two)

    async def ids(**chosen: Any) -> list[UUID]:
        return [row.id for row in await list_recurring(work, **chosen)]

    assert await ids() == [three, two, one]
    assert await ids(before=two) == [one]
    assert await ids(limit=1) == [three]
    assert await ids(state=RecurringState.PAUSED) == [three]
    assert await ids(refused=True) == [two]
    assert await ids(customer_id=customer) == await ids(text="nile") == [one]
