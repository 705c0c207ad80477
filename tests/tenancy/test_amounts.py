"""Amounts of a column, exact or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.tenancy.amounts import (
    NumberStyle,
    currencies_in,
    currencies_named,
    guess_number_style,
    parse_amount,
)
from bursar.tenancy.grids import Flaw

pytestmark = pytest.mark.pure

POINT, COMMA, UNKNOWN = NumberStyle.POINT, NumberStyle.COMMA, NumberStyle.UNKNOWN


def code_of(value, exponent=2, style=UNKNOWN, **more):
    with pytest.raises(Invalid) as refused:
        parse_amount(value, exponent, style, **more)
    return refused.value.code


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1050", 105000),
        ("0", 0),
        ("1,234.50", 123450),
        ("1.234,50", 123450),
        ("1 234,50", 123450),
        ("1\u00a0234,50", 123450),
        ("1\u202f234,50", 123450),
        ("1'234.50", 123450),
        ("1’234.50", 123450),
        ("1,234,567.8", 123456780),
        ("1.234.567,8", 123456780),
        ("12,34,567.80", 123456780),
        ("1,234,567", 123456700),
        ("12.5", 1250),
        ("12,5", 1250),
        ("1234.50", 123450),
        ("0,5", 50),
        ("١٬٢٣٤٫٥٠", 123450),
        ("١٢٣٤٫٥", 123450),
        ("۱٬۲۳۴٫۵۰", 123450),
        ("١٬٢٣٤", 123400),
        ("١٢٣٤", 123400),
        ("1،234.50", 123450),
        ("(1,234.50)", -123450),
        ("-5", -500),
        ("−5", -500),
        ("5-", -500),
        ("'-5", -500),
        ("+5", 500),
        ("AED 1,050.00", 105000),
        ("1,050.00 AED", 105000),
        ("aed1050", 105000),
        ("-AED 5", -500),
        ("AED -5", -500),
        ("(AED 5)", -500),
        ("1 050,00 €", 105000),
        ("€1,050.00", 105000),
        ("$ 7", 700),
        ("US$ 7", 700),
        ("Dhs. 7", 700),
        ("1,050.00 د.إ", 105000),
        ("د.إ. ١٬٠٥٠٫٠٠\u200f", 105000),
        ("1050.50 درهم", 105050),
        ("7 دولار أمريكي", 700),
        ("  7\u00a0", 700),
    ],
)
def test_amounts_that_can_be_read_in_one_way_only(text, minor):
    assert parse_amount(text, 2) == minor


@pytest.mark.parametrize(
    ("text", "exponent", "style", "minor"),
    [
        ("1,234", 2, POINT, 123400),
        ("1.234", 2, COMMA, 123400),
        ("1,234", 3, COMMA, 1234),
        ("1.234", 3, POINT, 1234),
        ("1.234", 0, COMMA, 1234),
        ("12345,678", 3, UNKNOWN, 12345678),
        ("0.500", 3, UNKNOWN, 500),
        ("1050.00", 0, UNKNOWN, 1050),
        ("100.", 2, POINT, 10000),
    ],
)
def test_the_column_and_the_currency_decide_what_a_mark_is(text, exponent, style, minor):
    assert parse_amount(text, exponent, style) == minor


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1,234", "amount_ambiguous"),
        ("1.234", "amount_ambiguous"),
        ("12.345 AED", "amount_ambiguous"),
        ("12.345,678", "amount_too_precise"),
        ("0.005", "amount_too_precise"),
        ("1.5551", "amount_too_precise"),
        (Decimal("0.005"), "amount_too_precise"),
        (Decimal("NaN"), "amount_unreadable"),
        (Decimal("Infinity"), "amount_unreadable"),
        ("9" * 30, "amount_too_large"),
        (Decimal("1E+30"), "amount_too_large"),
        ("92233720368547758.08", "amount_too_large"),
        ("", "amount_unreadable"),
        ("-", "amount_unreadable"),
        ("abc", "amount_unreadable"),
        ("=5+3", "amount_unreadable"),
        ("5+3", "amount_unreadable"),
        ("1e5", "amount_unreadable"),
        ("5%", "amount_unreadable"),
        ("10 AED 5", "amount_unreadable"),
        ("AED 5 AED", "amount_unreadable"),
        ("XYZ 5", "amount_unreadable"),
        ("--5", "amount_unreadable"),
        ("(5", "amount_unreadable"),
        ("-(5)", "amount_unreadable"),
        ("1,23,4.5", "amount_unreadable"),
        ("1234,567.00", "amount_unreadable"),
        ("1.2.3,4,5", "amount_unreadable"),
        ("050 123 4567", "amount_unreadable"),
        ("1234 567", "amount_unreadable"),
        ("20/11/2026", "amount_unreadable"),
        (True, "amount_unreadable"),
        (Flaw("Cell %(cell)s holds a formula.", "cell_formula", "D7"), "cell_formula"),
    ],
)
def test_what_is_no_amount_is_refused(value, code):
    assert code_of(value) == code


def test_an_amount_written_against_its_column_is_refused():
    assert code_of("12,50", style=POINT) == "amount_other_style"
    assert code_of("1.234,50", style=POINT) == "amount_other_style"
    assert code_of("1,234.50", style=COMMA) == "amount_other_style"


def test_a_sign_may_not_contradict_the_currency():
    assert parse_amount("€ 5", 2, currency="EUR") == 500
    assert parse_amount("$ 5", 2, currency="AUD") == 500
    assert parse_amount("5", 2, currency="AED") == 500
    assert code_of("€ 5", currency="AED") == "amount_other_currency"
    assert code_of("USD 5", currency="AED") == "amount_other_currency"


@pytest.mark.parametrize(
    ("text", "codes"),
    [("AED 5", {"AED"}), ("5 د.ك", {"KWD"}), ("$5", {"USD", "CAD", "AUD", "NZD", "SGD", "HKD"}), ("(5 €)", {"EUR"}),
     ("5", set()), ("five", set()), (Decimal(5), set()), ("5 apples", set())],
)  # fmt: skip
def test_the_sign_beside_an_amount_names_its_currency(text, codes):
    assert currencies_in(text) == codes


@pytest.mark.parametrize(
    ("header", "codes"),
    [("Amount (AED)", {"AED"}), ("Total in USD", {"USD"}), ("Montant [€]", {"EUR"}), ("المبلغ (درهم)", {"AED", "MAD"}),
     ("AED", {"AED"}), ("Pay all", set()), ("Amount", set()), ("AMOUNT", set()), ("", set())],
)  # fmt: skip
def test_the_name_of_a_column_may_end_in_its_currency(header, codes):
    assert currencies_named(header) == codes


@pytest.mark.parametrize(
    ("cells", "locale", "style"),
    [
        (["1,234", "5.50"], None, POINT),
        (["1.234", "5,50"], "en", COMMA),
        (["1,234", "2,345"], None, UNKNOWN),
        (["1,234", "2,345"], "en", POINT),
        (["1,234", "2,345"], "fr", COMMA),
        (["1,234,567"], None, POINT),
        (["1.234.567"], None, COMMA),
        (["٥٫٥٠", "1,234"], None, UNKNOWN),
        ([Decimal("5.5"), "", "no amount", "7"], None, UNKNOWN),
        (["0,125"], None, COMMA),
        ([], "he", POINT),
    ],
)
def test_a_column_says_how_it_is_written(cells, locale, style):
    assert guess_number_style(cells, locale) is style


def test_a_column_that_contradicts_itself_is_refused_with_both_witnesses():
    with pytest.raises(Invalid) as refused:
        guess_number_style(["1,234", "5.50", "AED 7,25"])

    assert refused.value.code == "number_style_mixed"
    assert refused.value.params == {"point": "5.50", "comma": "AED 7,25"}


def _written(minor: int, exponent: int, grouping: str, decimal: str) -> str:
    whole, part = divmod(abs(minor), 10**exponent)
    text = f"{whole:,}".replace(",", grouping) + (f"{decimal}{part:0{exponent}}" if exponent else "")
    return f"-{text}" if minor < 0 else text


@given(
    st.integers(-(2**60), 2**60),
    st.sampled_from([0, 2, 3]),
    st.sampled_from(
        [(",", ".", POINT), (".", ",", COMMA), ("\u202f", ",", COMMA), ("'", ".", POINT), ("", ".", POINT)]
    ),
    st.booleans(),
)
def test_every_amount_comes_back_to_the_last_minor_unit(minor, exponent, marks, arabic):
    grouping, decimal, style = marks
    text = _written(minor, exponent, grouping, decimal)
    if arabic:
        text = text.translate({48 + digit: 0x0660 + digit for digit in range(10)})

    assert parse_amount(text, exponent, style) == minor


@given(st.integers(-(10**14), 10**14), st.sampled_from([0, 2, 3]))
def test_typed_numbers_come_back_exactly(minor, exponent):
    assert parse_amount(Decimal(minor).scaleb(-exponent), exponent) == minor


@given(
    st.text(max_size=30) | st.text("0123456789.,' -+()AED€", max_size=15), st.sampled_from(list(NumberStyle))
)
def test_any_text_is_an_amount_or_refused(text, style):
    try:
        assert isinstance(parse_amount(text, 2, style), int)
    except Invalid as refused:
        assert refused.field == "amount"  # noqa: PT017  either outcome is right, nothing else is


@pytest.mark.pure
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1,050.00 Dhs", {"AED", "MAD"}),
        ("1,050.00 DH", {"AED", "MAD"}),
        ("1050 D.E.", set()),
        ("1050DZD", {"DZD"}),
    ],
)
def test_a_word_that_begins_with_d_is_no_part_of_the_number(text: str, meant: set[str]) -> None:
    assert currencies_in(text) == meant
