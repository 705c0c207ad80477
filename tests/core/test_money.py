from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.core.money import (
    EXPONENTS,
    LARGEST_MINOR,
    MixedCurrencies,
    Money,
    exponent_of,
    is_currency,
)

pytestmark = pytest.mark.pure

currencies = st.sampled_from(sorted(EXPONENTS))
amounts = st.integers(-LARGEST_MINOR, LARGEST_MINOR)


@pytest.mark.parametrize(
    ("code", "decimals"),
    [
        *[(code, 2) for code in ("AED", "EUR", "GBP", "ILS", "MRU", "MGA", "SAR", "USD", "XCG")],
        *[(code, 3) for code in ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")],
        *[(code, 0) for code in ("CLP", "ISK", "JPY", "KRW", "UGX", "VND", "XAF", "XOF", "XPF")],
    ],
)
def test_the_decimals_are_those_of_iso_4217(code, decimals):
    assert exponent_of(code) == decimals


@pytest.mark.parametrize("code", ["aed", "", "XDR", "CLF", "XAU", "XXX", "XTS", "HRK", "CUC", "ZWL"])
def test_funds_metals_and_dead_currencies_are_unknown(code):
    assert not is_currency(code)
    with pytest.raises(Invalid, match="not a currency we know") as refused:
        Money(1, code)
    assert (refused.value.code, refused.value.field) == ("unknown_currency", "currency")


def test_every_currency_somebody_pays_with_today_is_known():
    from babel import Locale
    from babel.numbers import get_territory_currencies

    territories = [str(code) for code in Locale("en").territories if len(str(code)) == 2]
    tender = {str(currency) for code in territories for currency in get_territory_currencies(code)}
    replaced_since = {"BGN"}  # by EUR on 1 January 2026
    assert tender - replaced_since <= set(EXPONENTS)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("100.00", "AED", 10000),
        ("100", "AED", 10000),
        ("100.5", "AED", 10050),
        (" 0.01 ", "AED", 1),
        ("0", "AED", 0),
        ("1050", "JPY", 1050),
        ("1.234", "KWD", 1234),
        ("007.10", "EUR", 710),
        ("١٠٥٠٫٢٥", "AED", 105025),
        ("۱۲۳.۴۵", "AED", 12345),
        ("92233720368547758.07", "AED", LARGEST_MINOR),
    ],
)
def test_an_amount_is_read_exactly(text, currency, minor):
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        *[(text, "AED", "amount_unreadable") for text in ("", " ", "-1", "+1", "1e3", "1,050.00", "1 050")],
        *[(text, "AED", "amount_unreadable") for text in (".5", "5.", "1.2.3", "NaN", "Infinity", "0x10")],
        *[(text, "AED", "amount_unreadable") for text in ("1_000", "AED 5", "१२", "²", "1\n2", "9" * 40)],
        ("1.005", "AED", "amount_too_precise"),
        ("1.000", "AED", "amount_too_precise"),
        ("1.0", "JPY", "amount_too_precise"),
        ("92233720368547758.08", "AED", "amount_too_large"),
    ],
)
def test_an_amount_that_leaves_room_for_doubt_is_refused(text, currency, code):
    with pytest.raises(Invalid) as refused:
        Money.parse(text, currency, field="price")
    assert (refused.value.code, refused.value.field) == (code, "price")


@given(st.integers(0, LARGEST_MINOR), currencies)
def test_what_is_written_plainly_is_read_back(minor, currency):
    money = Money(minor, currency)
    assert Money.parse(money.plain(), currency) == money


@given(amounts, currencies)
def test_plain_text_decimal_and_minor_units_agree(minor, currency):
    money = Money(minor, currency)
    assert Decimal(money.plain()) == money.decimal == Decimal(minor) / 10 ** exponent_of(currency)
    assert money.decimal.as_tuple().exponent == -exponent_of(currency)
    assert Money.rounded(money.decimal, currency) == money


@pytest.mark.parametrize(
    ("amount", "minor"),
    [
        ("0.005", 1),
        ("0.025", 3),
        ("0.505", 51),
        ("-0.005", -1),
        ("0.00499", 0),
        ("10.10", 1010),
    ],
)
def test_half_a_fils_rounds_away_from_zero(amount, minor):
    assert Money.rounded(Decimal(amount), "AED").minor == minor


@given(amounts, amounts, currencies)
def test_arithmetic_is_that_of_whole_numbers(left, right, currency):
    a, b = Money(left, currency), Money(right, currency)
    assert (a + b).minor == left + right
    assert (a - b).minor == left - right
    assert (-a).minor == -left
    assert abs(a).minor == abs(left)
    assert (a * 3).minor == (3 * a).minor == 3 * left
    assert (a < b, a <= b, a > b, a >= b) == (
        left < right,
        left <= right,
        left > right,
        left >= right,
    )
    assert Money.total([a, b], currency) == a + b
    assert bool(a) is bool(left)


def test_a_sum_of_nothing_is_zero_of_the_said_currency():
    assert Money.total([], "ILS") == Money.zero("ILS")


@pytest.mark.parametrize(
    "act",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a >= b,
        lambda a, b: Money.total([a, b], "AED"),
    ],
)
def test_two_currencies_never_meet(act):
    with pytest.raises(MixedCurrencies, match="AED and USD"):
        act(Money(1, "AED"), Money(1, "USD"))


def test_the_same_number_in_another_currency_is_another_amount():
    assert Money(1, "AED") != Money(1, "USD")


@pytest.mark.parametrize("minor", [1.0, Decimal(1), "1", True])
def test_minor_units_are_whole_numbers_only(minor):
    with pytest.raises(TypeError, match="minor units"):
        Money(minor, "AED")


@pytest.mark.parametrize("other", [0, 1.5, Decimal(1), "1"])
def test_a_bare_number_is_no_money(other):
    with pytest.raises(TypeError):
        _ = Money(1, "AED") + other


@pytest.mark.parametrize("times", [0.05, Decimal("0.05"), True])
def test_a_fraction_of_money_needs_a_rounding(times):
    with pytest.raises(TypeError):
        _ = Money(100, "AED") * times
