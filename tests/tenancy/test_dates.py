"""Days of a column, exact or refused (T28)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.tenancy.dates import DateStyle, guess_date_style, parse_date
from bursar.tenancy.grids import Flaw

pytestmark = pytest.mark.pure

DAY_FIRST, MONTH_FIRST, UNKNOWN = DateStyle.DAY_FIRST, DateStyle.MONTH_FIRST, DateStyle.UNKNOWN


def code_of(value, style=UNKNOWN):
    with pytest.raises(Invalid) as refused:
        parse_date(value, style)
    return refused.value.code


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20",
        "2026/11/20",
        "2026.11.20",
        "20261120",
        "20/11/2026",
        "20-11-2026",
        "20.11.2026",
        "20 11 2026",
        "11/20/2026",
        "٢٠/١١/٢٠٢٦",
        "۲۰۲۶-۱۱-۲۰",
        "\u200f20/11/2026\u200f",
        "20 Nov 2026",
        "20-Nov-2026",
        "20th November, 2026",
        "Nov 20, 2026",
        "November 20th 2026",
        "20 novembre 2026",
        "20 nov. 2026",
        "20 NOVEMBRE 2026",
        "20 نوفمبر 2026",
        "٢٠ نوفمبر ٢٠٢٦",
        "20 تشرين الثاني 2026",
        "20 نوفمبر، 2026",
        "2026-11-20T00:00:00",
        "2026-11-20 23:59",
        "20/11/2026 11:30:00 PM",
        date(2026, 11, 20),
    ],
)
def test_days_that_can_be_read_in_one_way_only(text):
    assert parse_date(text) == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "month"),
    [("1er janvier 2026", 1), ("1 févr. 2026", 2), ("1 Fevrier 2026", 2), ("1 آذار 2026", 3), ("1 أفريل 2026", 4),
     ("1 mai 2026", 5), ("1 June 2026", 6), ("1 juil. 2026", 7), ("1 août 2026", 8), ("1 ايلول 2026", 9),
     ("1 تشرين الأول 2026", 10), ("1 تشرين الثاني 2026", 11), ("1 كانون الأول 2026", 12), ("1 كانون الثاني 2026", 1)],
)  # fmt: skip
def test_months_are_known_by_name(text, month):
    assert parse_date(text) == date(2026, month, 1)


def test_the_column_decides_what_stands_first():
    assert parse_date("03/04/2026", DAY_FIRST) == date(2026, 4, 3)
    assert parse_date("03/04/2026", MONTH_FIRST) == date(2026, 3, 4)
    assert parse_date("04/04/2026") == date(2026, 4, 4)
    assert code_of("03/04/2026") == "date_ambiguous"


@pytest.mark.parametrize(
    ("value", "style", "code"),
    [
        ("31/02/2026", UNKNOWN, "date_no_such_day"),
        ("2026-02-31", UNKNOWN, "date_no_such_day"),
        ("29/02/2026", DAY_FIRST, "date_no_such_day"),
        ("31 April 2026", UNKNOWN, "date_no_such_day"),
        ("2026-13-01", UNKNOWN, "date_no_such_day"),
        ("2026-00-10", UNKNOWN, "date_no_such_day"),
        ("05/13/2026", DAY_FIRST, "date_no_such_day"),
        ("20261345", UNKNOWN, "date_no_such_day"),
        ("1989-12-31", UNKNOWN, "date_out_of_range"),
        ("2101-01-01", UNKNOWN, "date_out_of_range"),
        (date(1899, 12, 30), UNKNOWN, "date_out_of_range"),
        ("20/11/26", UNKNOWN, "date_short_year"),
        ("20-Nov-26", UNKNOWN, "date_short_year"),
        ("2026-11-20T20:00:00Z", UNKNOWN, "date_with_zone"),
        ("2026-11-20 20:00+04:00", UNKNOWN, "date_with_zone"),
        ("46346", UNKNOWN, "date_unreadable"),
        (Decimal(46346), UNKNOWN, "date_unreadable"),
        (True, UNKNOWN, "date_unreadable"),
        ("", UNKNOWN, "date_unreadable"),
        ("soon", UNKNOWN, "date_unreadable"),
        ("20 Brumaire 2026", UNKNOWN, "date_unreadable"),
        ("=TODAY()", UNKNOWN, "date_unreadable"),
        ("20/11-2026", UNKNOWN, "date_unreadable"),
        (Flaw("Cell %(cell)s holds a formula.", "cell_formula", "D7"), UNKNOWN, "cell_formula"),
    ],
)
def test_what_is_no_day_is_refused(value, style, code):
    assert code_of(value, style) == code


@pytest.mark.parametrize(
    ("cells", "country", "style"),
    [
        (["03/04/2026", "20/04/2026"], None, DAY_FIRST),
        (["03/04/2026", "04/20/2026"], "AE", MONTH_FIRST),
        (["03/04/2026"], None, UNKNOWN),
        (["03/04/2026"], "AE", DAY_FIRST),
        (["03/04/2026"], "US", MONTH_FIRST),
        (["2026-04-20", date(2026, 4, 20), "soon", "31/31/2026"], None, UNKNOWN),
    ],
)
def test_a_column_says_what_stands_first(cells, country, style):
    assert guess_date_style(cells, country) is style


def test_a_column_that_contradicts_itself_is_refused_with_both_witnesses():
    with pytest.raises(Invalid) as refused:
        guess_date_style(["20/04/2026", "04/21/2026"])

    assert refused.value.code == "date_style_mixed"
    assert refused.value.params == {"day": "20/04/2026", "month": "04/21/2026"}


_DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
_ALWAYS = ("%Y-%m-%d", "%d %B %Y", "%b %d, %Y", "%Y%m%d")


@given(
    _DAYS,
    st.sampled_from(
        [*((form, UNKNOWN) for form in _ALWAYS), ("%d/%m/%Y", DAY_FIRST), ("%m/%d/%Y", MONTH_FIRST)]
    ),
)
def test_every_day_comes_back(day, form):
    written, style = form
    assert parse_date(day.strftime(written), style) == day


@given(_DAYS)
def test_a_column_of_consecutive_days_is_never_misread(first):
    cells = [(first + timedelta(days=after)).strftime("%d/%m/%Y") for after in range(31)]

    assert guess_date_style(cells) is DAY_FIRST


@given(st.text(max_size=30) | st.text("0123456789/-. TZ:", max_size=20), st.sampled_from(list(DateStyle)))
def test_any_text_is_a_day_or_refused(text, style):
    try:
        assert 1990 <= parse_date(text, style).year <= 2100
    except Invalid as refused:
        assert refused.field == "date"  # noqa: PT017  either outcome is right, nothing else is
