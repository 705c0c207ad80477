"""Catalog's calculations: tax that fits, raised prices, prices that follow each other."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.catalog.kinds import TaxCategory
from bursar.catalog.rules import Span, Timeline, check_tax, check_unit, raised_by_percent
from bursar.core.errors import Invalid, Refusal
from bursar.core.money import Money

pytestmark = pytest.mark.pure
FIRST = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("before", "percent", "after"),
    [
        (190_00, "5", 199_50),
        (10, "5", 11),
        (50, "1", 51),
        (49, "1", 49),
        (200_00, "-10", 180_00),
        (1, "50", 2),
    ],
)
def test_a_percent_of_a_price_is_rounded_half_up(before: int, percent: str, after: int) -> None:
    assert raised_by_percent(Money(before, "AED"), Decimal(percent)) == Money(after, "AED")


@pytest.mark.parametrize(
    ("category", "rate"), [("Z", "5"), ("O", "0.01"), ("S", "101"), ("S", "-1"), ("S", "5.005"), ("E", "5")]
)
def test_a_rate_that_does_not_fit_its_category_is_refused(category: str, rate: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_tax(TaxCategory(category), Decimal(rate))
    assert (refused.value.code, refused.value.field) == ("tax_rate", "tax_rate")


@pytest.mark.parametrize("code", ["", "c62", "C", "HOUR", "C 6", "C6-"])
def test_what_is_no_unit_code_is_refused(code: str) -> None:
    with pytest.raises(Invalid, match="two or three capitals"):
        check_unit(code)


def aed(minor: int) -> Money:
    return Money(minor, "AED")


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.one_of(st.none(), st.integers(1, 30)), st.integers(1, 3)),
        max_size=15,
    )
)
def test_whatever_is_entered_no_two_prices_hold_on_one_day(
    entries: list[tuple[int, int | None, int]],
) -> None:
    timeline = Timeline()
    for start, days, minor in entries:
        first = FIRST + timedelta(days=start)
        before = list(timeline.spans)
        try:
            timeline.enter(first, first + timedelta(days=days) if days else None, aed(minor))
        except Refusal:
            assert timeline.spans == before
        else:
            assert timeline.on(first) is not None
            assert timeline.on(first).price == aed(minor)  # pyright: ignore[reportOptionalMemberAccess]  # seen above
    for day in (FIRST + timedelta(days=each) for each in range(100)):
        assert sum(span.holds_on(day) for span in timeline.spans) <= 1


def test_a_price_entered_before_a_later_one_ends_where_that_begins() -> None:
    timeline = Timeline([Span(date(2027, 1, 1), None, aed(3))])

    entered = timeline.enter(date(2026, 6, 1), None, aed(2))

    assert entered.span.end == date(2027, 1, 1)
    assert entered.closed is None
