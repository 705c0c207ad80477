"""What months come to: by SQL as by `billing.rules`, and parts that add up."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bursar.billing.lines import Line, price
from bursar.billing.recurring.schedule import month_of, parts_of_month, share_of_month
from bursar.billing.states import Proration
from bursar.core.money import Money
from bursar.core.work import Work
from tests.makers.recurring import a_price, a_product, a_recurring, lines_of, made_of, run_once
from tests.makers.tenancy import a_customer


@pytest.mark.pure
@pytest.mark.parametrize(
    ("amount", "days", "month_days", "expected"),
    [
        (1_900_00, 15, 30, 950_00),
        (1_900_00, 14, 28, 950_00),
        (1, 15, 30, 1),
        (1, 14, 30, 0),
        (100_00, 16, 31, 51_61),
        (190_01, 15, 30, 95_01),
    ],
)
def test_days_cost_their_share_of_the_month_half_a_unit_going_up(
    amount: int, days: int, month_days: int, expected: int
) -> None:
    assert share_of_month(amount, days, month_days) == expected


@pytest.mark.pure
@given(st.integers(1, 10**15), st.sampled_from([28, 29, 30, 31]), st.sets(st.integers(1, 27), max_size=6))
def test_the_parts_of_a_month_are_the_month(amount: int, month_days: int, cuts: set[int]) -> None:
    days = [after - before for before, after in pairwise([0, *sorted(cuts), month_days])]

    parts = parts_of_month(amount, days, month_days)

    assert sum(parts) == amount
    assert all(part >= 0 for part in parts)
    assert parts[0] == share_of_month(amount, days[0], month_days)


CASES = st.fixed_dictionaries(
    {
        "currency": st.sampled_from(["AED", "JPY", "KWD"]),
        "rate": st.sampled_from([Decimal(0), Decimal(5), Decimal("5.5"), Decimal(20), Decimal("8.88")]),
        "month": st.integers(1, 12),
        "price": st.integers(1, 10**9),
        "prices": st.lists(st.integers(1, 10**9) | st.integers(1, 30), min_size=5, max_size=5),
        "bounds": st.sets(st.integers(0, 27), max_size=10),
        "quantity": st.decimals("0.000001", "5000", places=6),
        "start": st.integers(0, 27),
    }
)


@pytest.mark.anyio
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=CASES)
async def test_sql_and_rules_come_to_the_same(work: Work, case: dict[str, Any]) -> None:
    """Random prices over a month by the day, priced by SQL; then by `lines.price` from what SQL says was served."""
    currency, rate, quantity = case["currency"], case["rate"], case["quantity"]
    first, last = month_of(date(2027, case["month"], 1))
    product = await a_product(work, case["price"], currency=currency, tax_rate=rate)
    customer, bounds = await a_customer(work), sorted(case["bounds"])
    for begins, ends, minor in zip(bounds[::2], bounds[1::2], case["prices"], strict=False):
        days = {
            "effective_from": first + timedelta(days=begins),
            "effective_to": first + timedelta(days=ends),
        }
        await a_price(work, customer, product, minor, currency=currency, **days)
    start = first + timedelta(days=case["start"])
    recurring = await a_recurring(
        work,
        customer_id=customer,
        product_id=product,
        quantity=quantity,
        start_date=start,
        day_of_month=28,
        currency=currency,
        proration=Proration.DAILY,
    )

    done = await run_once(work, recurring, as_of=last)

    made = await made_of(work, recurring)
    if not made:
        assert done.refused == 1  # nothing but zeros
        return
    lines = await lines_of(work, made[0].id)
    asked = []
    for line in lines:
        whole = quantity * line.unit_price_minor
        served = (line.service_to - line.service_from).days + 1
        net = share_of_month(whole, served, last.day)
        assert line.net_minor == net
        asked.append(
            Line(
                "Hosting",
                Money(line.unit_price_minor, currency),
                quantity,
                discount=Money(line.discount_minor, currency),
                tax_rate=rate,
            )
        )
    expected = price(asked, currency)
    assert [(line.net_minor, line.tax_minor) for line in lines] == [
        (row["net_minor"], row["tax_minor"]) for row in expected.rows
    ]
    sums = ("subtotal_minor", "tax_minor", "total_minor", "rounding_mode")
    assert {name: getattr(made[0], name) for name in sums} == expected.totals
    assert (lines[0].service_from, lines[-1].service_to) == (start, last)
    assert all(one.service_to + timedelta(days=1) == after.service_from for one, after in pairwise(lines))


@pytest.mark.anyio
async def test_tax_that_drifts_from_the_documents_is_spread_over_the_lines(work: Work) -> None:
    """Yen know no drift: three lines of 5 at 10 % are 0.5 each, 1.5 together, 2 on the document."""
    product, customer = (
        await a_product(work, 15, currency="JPY", tax_rate=Decimal(10)),
        await a_customer(work),
    )
    for first, last, minor in ((11, 21, 16), (21, None, 15)):
        until = {"effective_to": date(2026, 11, last)} if last else {}
        await a_price(
            work, customer, product, minor, currency="JPY", effective_from=date(2026, 11, first), **until
        )
    recurring = await a_recurring(
        work, customer_id=customer, product_id=product, proration=Proration.DAILY, currency="JPY"
    )

    await run_once(work, recurring)

    [made] = await made_of(work, recurring)
    lines = await lines_of(work, made.id)
    assert [(one.net_minor, one.tax_minor) for one in lines] == [(5, 1), (5, 1), (5, 0)]
    assert (made.tax_minor, made.rounding_mode) == (2, "spread")
