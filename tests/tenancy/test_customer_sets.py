"""A sheet's customers: who is known (R140), who is new, what changes, and the same sheet a second time."""

from typing import Any

import pytest
import sqlalchemy as sa

from bursar.core.errors import NotAllowed
from bursar.core.kinds import AgentRole
from bursar.core.tables import events
from bursar.core.work import Office, Work
from bursar.tenancy.customer_fields import clean_customer
from bursar.tenancy.customer_sets import Same, find_same, plan_customers, upsert_customers
from bursar.tenancy.customers import count_customers, get_customer
from bursar.tenancy.states import RowOutcome
from tests.makers.tenancy import a_customer, a_tenant, acting, events_of, personal_of

pytestmark = pytest.mark.anyio

CREATED, UPDATED, UNCHANGED, REFUSED = (
    RowOutcome.CREATED,
    RowOutcome.UPDATED,
    RowOutcome.UNCHANGED,
    RowOutcome.REFUSED,
)
TRN = "100123456789103"


def row(**given: Any) -> dict[str, Any]:
    return clean_customer(given, "AE")


async def test_the_code_decides_before_anything_else(work: Work) -> None:
    known = await a_customer(work, external_code="A", tax_number=TRN)
    await a_customer(work, external_code="B", tax_number="100999999999903")

    found = await find_same(work, [row(external_code="A", tax_number="100999999999903")])

    assert found == [Same(known)]


async def test_without_a_known_code_the_tax_number_decides(work: Work) -> None:
    known = await a_customer(work, external_code=None, tax_number=TRN)

    assert await find_same(work, [row(external_code="new", tax_number=TRN)]) == [Same(known)]


async def test_whoever_has_another_code_is_somebody_else(work: Work) -> None:
    await a_customer(work, external_code="A", tax_number=TRN, email="x@example.com", company_name="X")

    found = await find_same(
        work, [row(external_code="B", tax_number=TRN, email="x@example.com", company_name="X")]
    )

    assert found == [Same()]


async def test_a_bookkeepers_address_alone_says_nothing_and_a_name_alone_means_the_only_one(
    work: Work,
) -> None:
    first = await a_customer(work, email="books@example.com", company_name="Noor")
    second = await a_customer(work, email="books@example.com", company_name="Amal")

    found = await find_same(
        work,
        [
            row(email="Books@Example.com", company_name="NOOR"),
            row(email="books@example.com", company_name="Amal"),
            row(email="books@example.com", company_name="Third"),
            row(company_name="Noor"),
        ],
    )

    assert found == [Same(first), Same(second), Same(), Same(first)]


async def test_branches_with_one_tax_number_are_told_apart_by_address_and_name_or_not_at_all(
    work: Work,
) -> None:
    first = await a_customer(work, tax_number=TRN, company_name="Deira", email="d@example.com")
    await a_customer(work, tax_number=TRN, company_name="Marina", email="m@example.com")

    found = await find_same(
        work,
        [
            row(tax_number=TRN, company_name="Deira", email="d@example.com"),
            row(tax_number=TRN, full_name="?"),
        ],
    )

    assert found == [Same(first), Same(ambiguous=True)]


async def test_nobody_is_known_by_another_tenants_customers(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        await a_customer(work, external_code="A")

    async with office.work(theirs) as work:
        assert await find_same(work, [row(external_code="A")]) == [Same()]


async def test_rows_are_made_changed_or_left_and_say_so(work: Work) -> None:
    changed = await a_customer(work, external_code="A", company_name="Noor", city="Dubai", tags=["vip"])
    same = await a_customer(work, external_code="B", company_name="Amal")

    outcome = await upsert_customers(
        work,
        [
            row(external_code="A", city="Sharjah", tags="dates", email=""),
            row(external_code="B", company_name="Amal"),
            row(external_code="C", company_name="Third", phone="0501234567"),
            row(external_code="D"),
        ],
    )

    assert [(one.outcome, one.fields) for one in outcome] == [
        (UPDATED, ("city", "tags")),
        (UNCHANGED, ()),
        (CREATED, ("company_name", "external_code", "kind", "phone")),
        (REFUSED, ()),
    ]
    after = await get_customer(work, changed)
    assert (after.city, after.tags, after.version, bool(after.email)) == (
        "Sharjah",
        ["vip", "dates"],
        2,
        True,
    )
    assert outcome[1].customer_id == same
    made = await get_customer(work, outcome[2].customer_id)  # pyright: ignore[reportArgumentType]  it was made
    assert (made.name, made.phone, made.kind, made.source) == ("Third", "+971501234567", "firm", "import")
    assert outcome[3].reason == "Give the name of the person or of the company."


async def test_the_same_rows_a_second_time_change_nothing_and_leave_no_event(work: Work) -> None:
    rows = [row(external_code=f"C-{n}", company_name=f"Firm {n}", tags="a;b") for n in range(20)]
    await upsert_customers(work, rows)
    before = await work.db.scalar(sa.select(sa.func.count()).select_from(events))

    again = await upsert_customers(work, rows)

    assert {one.outcome for one in again} == {UNCHANGED}
    assert await work.db.scalar(sa.select(sa.func.count()).select_from(events)) == before


async def test_several_rows_of_one_new_customer_make_one(work: Work) -> None:
    rows = [
        row(company_name="Noor", email="n@example.com"),
        row(company_name="Noor", email="n@example.com", tax_number=TRN),
        row(tax_number=TRN, external_code="N"),
        row(external_code="N", city="Dubai"),
    ]

    outcome = await upsert_customers(work, rows)

    assert [one.outcome for one in outcome] == [CREATED, UPDATED, UPDATED, UPDATED]
    assert len({one.customer_id for one in outcome}) == 1
    assert await count_customers(work) == 1
    assert {one.outcome for one in await upsert_customers(work, rows)} == {UNCHANGED}


async def test_a_dry_run_says_the_same_and_writes_nothing(work: Work) -> None:
    await a_customer(work, external_code="A", city="Dubai")
    rows = [row(external_code="A", city="Sharjah"), row(full_name="New"), row(external_code="X")]

    plan = await plan_customers(work, rows)

    assert [one.outcome for one in plan] == [UPDATED, CREATED, REFUSED]
    assert await count_customers(work) == 1
    assert [one.outcome for one in await upsert_customers(work, rows)] == [one.outcome for one in plan]


async def test_one_event_a_customer_however_many_rows_and_no_personal_data_in_clear(work: Work) -> None:
    known = await a_customer(work, external_code="A", email="canary-old@example.com", city=None)

    await upsert_customers(
        work, [row(external_code="A", email="canary-new@example.com"), row(external_code="A", city="Canary")]
    )

    assert await events_of(work, known) == ["customer.active", "customer.edit"]
    changes, private = await personal_of(work, known, "customer.edit")
    assert changes == {"fields": ["city", "email"]}
    assert private == {
        "before": {"city": None, "email": "canary-old@example.com"},
        "after": {"city": "Canary", "email": "canary-new@example.com"},
    }


async def test_ten_thousand_rows_fit_well_into_one_transaction(work: Work) -> None:
    rows = [
        {
            "external_code": f"C-{n}",
            "company_name": f"Firm {n}",
            "email": f"{n}@x.example",
            "email_key": f"{n}@x.example",
        }
        for n in range(10_000)
    ]
    await upsert_customers(work, rows)

    outcome = await upsert_customers(work, [{**each, "city": "Dubai"} for each in rows])

    assert {one.outcome for one in outcome} == {UPDATED}
    assert len({one.customer_id for one in outcome}) == len(rows)


async def test_a_viewer_brings_no_sheet_in(office: Office) -> None:
    async with office.work(await a_tenant(office), actor=acting(AgentRole.VIEWER)) as work:
        with pytest.raises(NotAllowed):
            await upsert_customers(work, [row(full_name="A")])
