"""Billable units: in service from a day, counted on a day, retired; no unit twice on one day."""

from datetime import date
from typing import Any
from uuid import UUID

import anyio
import pytest

from bursar.catalog.products import archive_product
from bursar.catalog.unit_book import NewUnit
from bursar.catalog.units import (
    add_unit,
    add_units,
    clean_label,
    count_units,
    list_units,
    plan_units,
    remove_unit,
    retire_units,
)
from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.work import Office, Work
from tests.makers.billing import statements
from tests.makers.catalog import a_product
from tests.makers.tenancy import a_customer, a_tenant, acting, events_of

pytestmark = pytest.mark.anyio
DAY = date.fromisoformat


def a_unit(
    customer: UUID, product: UUID, label: str = "M-1", start: str = "2026-11-01", end: Any = None
) -> NewUnit:
    return NewUnit(customer, product, label, DAY(start), DAY(end) if end else None)


async def test_a_unit_is_counted_from_its_first_day_until_the_day_before_it_is_retired(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    unit = await add_unit(work, a_unit(customer, product, start="2026-11-05"))
    assert await retire_units(work, [unit], DAY("2026-12-20")) == 1

    counted = [
        (await count_units(work, DAY(day))).get((customer, product), 0)
        for day in ("2026-11-04", "2026-11-05", "2026-12-19", "2026-12-20")
    ]

    assert counted == [0, 1, 1, 0]
    assert await events_of(work, unit) == ["billable_unit.add", "billable_unit.retire"]


async def test_units_are_counted_for_each_customer_and_product(work: Work) -> None:
    noor, blue = await a_customer(work, company_name="Atelier Noor"), await a_customer(work)
    hosting, power = await a_product(work), await a_product(work)
    await add_units(work, [a_unit(noor, hosting, f"M-{at}") for at in range(12)])
    await add_units(work, [a_unit(noor, power, "M-1"), a_unit(blue, hosting, "M-1")])

    assert await count_units(work, work.today) == {(noor, hosting): 12, (noor, power): 1, (blue, hosting): 1}
    assert await count_units(work, work.today, customer_id=noor, product_id=power) == {(noor, power): 1}
    assert (await count_units(work, work.today, text="atelier"))[noor, hosting] == 12


async def test_no_unit_is_counted_twice_on_one_day_and_the_others_of_a_set_are_added(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    await add_unit(work, a_unit(customer, product, "M-1", "2026-11-01", "2026-12-01"))
    given = [
        a_unit(customer, product, "M-1", "2026-11-30"),
        a_unit(customer, product, "M-1", "2026-12-01"),
        a_unit(customer, product, "M-1", "2026-12-15"),
        a_unit(customer, product, "M-2", "2026-12-01", "2026-12-01"),
        a_unit(customer, product, "M-3"),
        a_unit(customer, product, "M-3"),
    ]

    planned = await plan_units(work, given)
    answers = await add_units(work, given)

    def codes(told: list[Any]) -> list[str]:
        return [one.code if isinstance(one, Refusal) else "same" if one.same else "added" for one in told]

    assert codes(answers) == codes(planned)
    assert codes(answers) == ["unit_twice", "added", "unit_twice", "end_before_start", "added", "same"]
    assert await count_units(work, DAY("2026-12-20")) == {(customer, product): 2}


async def test_a_row_that_is_there_and_now_has_an_end_retires_the_unit(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    unit = await add_unit(work, a_unit(customer, product))

    [answer] = await add_units(work, [a_unit(customer, product, end="2026-12-01")])

    assert not isinstance(answer, Refusal)
    assert (answer.unit_id, answer.retired) == (unit, True)
    assert await events_of(work, unit) == ["billable_unit.add", "billable_unit.retire"]


async def test_a_thousand_units_cost_as_many_statements_as_one(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)

    with statements(work) as sent:
        await add_units(work, [a_unit(customer, product, f"M-{at}") for at in range(1_000)])

    assert len(sent) <= 5, sent
    assert await count_units(work, work.today) == {(customer, product): 1_000}


async def test_retiring_takes_all_or_none(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    early = await add_unit(work, a_unit(customer, product, "M-1", "2026-11-01"))
    late = await add_unit(work, a_unit(customer, product, "M-2", "2026-12-01"))

    with pytest.raises(Invalid) as refused:
        await retire_units(work, [early, late], DAY("2026-12-01"))
    assert (refused.value.code, refused.value.field) == ("end_before_start", "active_to")
    with pytest.raises(NotFound):
        await retire_units(work, [early, UUID(int=5)], DAY("2027-01-01"))
    assert await events_of(work, early) == ["billable_unit.add"]

    assert await retire_units(work, [early, late], DAY("2027-01-01")) == 2
    assert await retire_units(work, [early, late], DAY("2027-01-01")) == 0
    assert await retire_units(work, [early], DAY("2026-12-15")) == 1
    with pytest.raises(Conflict) as again:
        await retire_units(work, [early], DAY("2027-02-01"))
    assert again.value.code == "unit_retired"


async def test_a_mistaken_unit_is_taken_out(work: Work) -> None:
    unit = await add_unit(work, a_unit(await a_customer(work), await a_product(work)))

    await remove_unit(work, unit)

    assert (await list_units(work)).rows == []
    assert await events_of(work, unit) == ["billable_unit.add", "billable_unit.remove"]


async def test_a_list_is_narrowed_by_day_customer_and_label(work: Work) -> None:
    noor, product = await a_customer(work, company_name="Atelier Noor"), await a_product(work)
    await add_units(work, [a_unit(noor, product, "M-1"), a_unit(noor, product, "X-2", "2027-01-01")])

    async def labels(**wanted: Any) -> list[str]:
        return [unit.label for unit in (await list_units(work, **wanted)).rows]

    assert await labels() == ["X-2", "M-1"]
    assert await labels(on=work.today) == ["M-1"]
    assert await labels(text="x-") == ["X-2"]
    assert await labels(text="noor", customer_id=noor, product_id=product, limit=1) == ["X-2"]


@pytest.mark.parametrize("text", ["", "=A1", "x" * 101, "a\nb", "1.5E+11"])
def test_a_label_is_one_short_line(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_label(text)
    assert refused.value.field == "label"


async def test_what_is_not_there_or_not_sold_is_not_counted(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    with pytest.raises(NotFound, match="customer"):
        await add_unit(work, a_unit(UUID(int=5), product))
    with pytest.raises(NotFound, match="product"):
        await add_unit(work, a_unit(customer, UUID(int=5)))
    await archive_product(work, product)
    with pytest.raises(Conflict, match="archived"):
        await add_unit(work, a_unit(customer, product))


async def test_one_unit_added_ten_times_at_once_is_one(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        customer, product = await a_customer(work), await a_product(work)

    async def adding(start: str) -> None:
        async with office.work(tenant) as work:
            await add_units(work, [a_unit(customer, product, start=start)])

    async with anyio.create_task_group() as group:
        for at in range(10):
            group.start_soon(adding, f"2026-11-{at % 2 + 1:02}")

    async with office.work(tenant) as work:
        assert await count_units(work, DAY("2026-11-10")) == {(customer, product): 1}


async def test_a_viewer_changes_nothing_and_another_firm_finds_nothing(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        customer, product = await a_customer(work), await a_product(work)
        unit = await add_unit(work, a_unit(customer, product))
    for tenant, role, expected in (
        (ours, AgentRole.VIEWER, NotAllowed),
        (theirs, AgentRole.OWNER, NotFound),
    ):
        async with office.work(tenant, actor=acting(role)) as work:
            for act in (
                add_unit(work, a_unit(customer, product, "M-2")),
                retire_units(work, [unit], DAY("2027-01-01")),
                remove_unit(work, unit),
            ):
                with pytest.raises(expected):
                    await act
    async with office.work(theirs) as work:
        assert (await list_units(work)).rows == []
        assert await count_units(work, DAY("2026-11-10")) == {}
