"""The run: which months are billed, at which price, in which words, once."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from bursar.billing.recurring.planning import edit_recurring
from bursar.billing.recurring.showing import get_recurring
from bursar.billing.states import QuantitySource
from bursar.billing.tables import invoices
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.tenancy.tables import customers
from tests.makers.billing import told_of
from tests.makers.recurring import (
    a_price,
    a_product,
    a_recurring,
    lines_of,
    made_of,
    run_once,
    some_units,
    the_recurring,
)
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio
UNITS = QuantitySource.UNITS


async def test_a_due_month_becomes_a_draft_of_one_line_in_the_words_of_its_product(work: Work) -> None:
    product = await a_product(
        work, name="Hosting", name_local="استضافة", unit_code="MON", classification_code="998315"
    )
    recurring = await a_recurring(
        work, product_id=product, quantity=Decimal(3), purchase_order="PO-7", notes="Thanks"
    )

    done = await run_once(work, recurring)

    assert (done.drafted, done.issued, done.refused, done.passed) == (1, 0, 0, 0)
    [made] = await made_of(work, recurring)
    assert (made.state, made.period, made.number) == ("draft", "2026-11", None)
    assert (made.subtotal_minor, made.tax_minor, made.total_minor) == (570_00, 28_50, 598_50)
    assert (made.purchase_order, made.notes, made.rounding_mode) == ("PO-7", "Thanks", "line")
    [line] = await lines_of(work, made.id)
    assert (line.description, line.description_local, line.unit_code) == ("Hosting", "استضافة", "MON")
    assert (line.quantity, line.unit_price_minor, line.discount_minor) == (3, 190_00, 0)
    assert (line.service_from, line.service_to) == (date(2026, 11, 1), date(2026, 11, 30))
    assert (line.classification_code, line.product_id) == ("998315", product)
    assert await told_of(work, made.id) == ["invoice.draft"]
    assert await told_of(work, recurring) == ["recurring_invoice.active", "recurring_invoice.run"]


async def test_a_month_is_billed_once_and_the_next_one_waits_for_its_day(work: Work) -> None:
    recurring = await a_recurring(work, day_of_month=18)

    first, second = await run_once(work, recurring), await run_once(work, recurring)

    assert (first.drafted, second.drafted, second.passed) == (1, 0, 1)
    standing = await the_recurring(work, recurring)
    assert (standing.next_run_on, standing.last_generated_on) == (date(2026, 12, 18), date(2026, 11, 18))
    assert await run_once(work, recurring, as_of=date(2026, 12, 17)) == replace(second)
    assert (await run_once(work, recurring, as_of=date(2026, 12, 18))).drafted == 1


async def test_the_price_is_the_agreements_else_the_customers_else_the_products(work: Work) -> None:
    product, customer = await a_product(work, 190_00), await a_customer(work)
    own = await a_price(work, customer, product, 170_00)
    by_override = await a_recurring(
        work, customer_id=customer, product_id=product, unit_price=Money(150_00, "AED")
    )
    by_customer = await a_recurring(work, customer_id=customer, product_id=product)
    by_product = await a_recurring(work, product_id=product)

    await run_once(work, by_override, by_customer, by_product)

    priced = []
    for recurring in (by_override, by_customer, by_product):
        [made] = await made_of(work, recurring)
        [line] = await lines_of(work, made.id)
        priced.append((line.unit_price_minor, line.customer_price_id))
    assert priced == [(150_00, None), (170_00, own), (190_00, None)]


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        (date(2026, 10, 31), None, 170_00),
        (date(2026, 11, 1), None, 170_00),
        (date(2026, 11, 2), None, 190_00),
        (date(2020, 1, 1), date(2026, 11, 1), 190_00),
        (date(2020, 1, 1), date(2026, 11, 2), 170_00),
    ],
)
async def test_what_counts_is_the_price_on_the_first_day_of_the_month(
    work: Work, starts: date, ends: date | None, expected: int
) -> None:
    product, customer = await a_product(work), await a_customer(work)
    await a_price(work, customer, product, 170_00, effective_from=starts, effective_to=ends)
    recurring = await a_recurring(work, customer_id=customer, product_id=product, day_of_month=15)

    await run_once(work, recurring)

    assert [made.subtotal_minor for made in await made_of(work, recurring)] == [expected]


async def test_without_a_price_the_month_stays_due_and_is_billed_once_there_is_one(work: Work) -> None:
    product, customer = await a_product(work, None), await a_customer(work)
    recurring = await a_recurring(work, customer_id=customer, product_id=product)

    refused = [await run_once(work, recurring) for _ in range(2)]

    assert [one.refused for one in refused] == [1, 1]
    standing = await the_recurring(work, recurring)
    assert (standing.refusal, standing.next_run_on) == ("no_price", date(2026, 11, 1))
    assert await made_of(work, recurring) == []
    assert await told_of(work, recurring) == [
        "recurring_invoice.active",
        "recurring_invoice.run_without_price",
    ]

    await a_price(work, customer, product, 100_00)
    assert (await run_once(work, recurring)).drafted == 1
    standing = await the_recurring(work, recurring)
    assert (standing.refusal, standing.next_run_on) == (None, date(2026, 12, 1))


async def test_a_suspended_customer_is_not_billed_and_the_month_stays_due(work: Work) -> None:
    customer = await a_customer(work)
    recurring = await a_recurring(work, customer_id=customer)
    await work.db.execute(sa.text("select announce('customer.admin_suspend', 'x')"))
    theirs = (customers.c.tenant_id == work.tenant_id) & (customers.c.id == customer)
    await work.db.execute(
        sa.update(customers).where(theirs).values(state="suspended", suspended_reason="admin")
    )

    assert (await run_once(work, recurring)).refused == 1

    standing = await the_recurring(work, recurring)
    assert (standing.refusal, standing.next_run_on) == ("customer_suspended", date(2026, 11, 1))
    assert (await told_of(work, recurring))[-1] == "recurring_invoice.run_refused"


async def test_a_price_in_another_currency_is_refused_and_never_converted(work: Work) -> None:
    product, customer = await a_product(work, None), await a_customer(work)
    recurring = await a_recurring(work, customer_id=customer, product_id=product)
    await a_price(work, customer, product, 100_00, currency="USD")

    assert (await run_once(work, recurring)).refused == 1
    assert (await the_recurring(work, recurring)).refusal == "mixed_currencies"


async def test_units_are_those_counted_on_the_billing_day(work: Work) -> None:
    product, customer = await a_product(work), await a_customer(work)
    await some_units(work, customer, product, 2)
    await some_units(work, customer, product, 1, active_from=date(2026, 11, 15))
    await some_units(work, customer, product, 1, active_from=date(2026, 11, 16))
    await some_units(work, customer, product, 1, active_to=date(2026, 11, 15))
    await some_units(work, customer, product, 1, active_to=date(2026, 11, 16))
    await some_units(work, await a_customer(work), product, 1)
    recurring = await a_recurring(
        work, customer_id=customer, product_id=product, day_of_month=15, quantity_source=UNITS
    )

    await run_once(work, recurring)

    [made] = await made_of(work, recurring)
    assert [(line.quantity, line.net_minor) for line in await lines_of(work, made.id)] == [(4, 760_00)]


async def test_no_unit_means_no_invoice_which_is_said_and_the_month_is_over(work: Work) -> None:
    """Nothing was served, so nothing is owed: a month that stayed due would bill units of a later day."""
    recurring = await a_recurring(work, quantity_source=UNITS)

    done = await run_once(work, recurring)

    assert (done.drafted, done.refused, done.passed) == (0, 0, 1)
    standing = await the_recurring(work, recurring)
    assert (standing.next_run_on, standing.last_generated_on) == (date(2026, 12, 1), None)
    assert (await told_of(work, recurring))[-1] == "recurring_invoice.run_without_units"


async def test_it_runs_on_its_last_day_and_not_after_it(work: Work) -> None:
    on_it = await a_recurring(work, day_of_month=18, end_date=date(2026, 11, 18))
    await run_once(work, on_it)
    assert len(await made_of(work, on_it)) == 1
    assert (await run_once(work, on_it, as_of=date(2027, 5, 1))).drafted == 0


async def test_auto_issue_numbers_the_invoices_of_a_slice_without_a_gap(work: Work) -> None:
    product = await a_product(work)
    some = [await a_recurring(work, product_id=product, auto_issue=auto) for auto in (True, False, True)]

    done = await run_once(work, *some)

    assert (done.drafted, done.issued) == (1, 2)
    found = sa.select(invoices.c.number, invoices.c.issue_date, invoices.c.balance_minor).where(
        invoices.c.tenant_id == work.tenant_id, invoices.c.state == "issued"
    )
    rows = (await work.db.execute(found.order_by(invoices.c.serial))).all()
    assert [row.number for row in rows] == ["202611180001", "202611180002"]
    assert {(row.issue_date, row.balance_minor) for row in rows} == {(work.today, 199_50)}


async def test_an_amount_that_no_column_holds_is_refused_and_stops_nobody_else(work: Work) -> None:
    large = await a_recurring(work, unit_price=Money(2**62, "AED"), quantity=Decimal(10**9))
    usual = await a_recurring(work)

    done = await run_once(work, large, usual)

    assert (done.drafted, done.refused) == (1, 1)
    assert (await the_recurring(work, large)).refusal == "amount_too_large"


async def test_another_billing_day_bills_no_month_twice_and_leaves_none_out(work: Work) -> None:
    recurring = await a_recurring(work, day_of_month=5)
    await run_once(work, recurring)
    plan = (await get_recurring(work, recurring)).plan()

    await edit_recurring(work, recurring, replace(plan, day_of_month=25))
    assert (await the_recurring(work, recurring)).next_run_on == date(2026, 12, 25)
    await run_once(work, recurring, as_of=date(2026, 11, 30))
    await edit_recurring(work, recurring, replace(plan, day_of_month=1))
    await run_once(work, recurring, as_of=date(2026, 12, 1))
    await run_once(work, recurring, as_of=date(2026, 12, 1) + timedelta(days=30))

    assert [made.period for made in await made_of(work, recurring)] == ["2026-11", "2026-12"]
