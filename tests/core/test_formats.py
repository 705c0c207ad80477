import subprocess
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.core.formats import format_day, format_moment, format_money, format_number, format_percent
from bursar.core.money import EXPONENTS, LARGEST_MINOR, Money, exponent_of

pytestmark = pytest.mark.pure

RLM, NBSP, NARROW = "\u200f", "\u00a0", "\u202f"
DUBAI = ZoneInfo("Asia/Dubai")


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "text"),
    [
        (105000, "AED", "en", f"AED{NBSP}1,050.00"),
        (-105000, "AED", "en", f"-AED{NBSP}1,050.00"),
        (123456789, "EUR", "fr", f"1{NARROW}234{NARROW}567,89{NBSP}EUR"),
        (-5, "EUR", "fr", f"-0,05{NBSP}EUR"),
        (105000, "AED", "ar", f"{RLM}1,050.00{NBSP}AED"),
        (105000, "ILS", "he", f"{RLM}1,050.00{NBSP}{RLM}ILS"),
        (1234567, "KWD", "en", f"KWD{NBSP}1,234.567"),
        (1234567, "IQD", "en", f"IQD{NBSP}1,234.567"),  # ISO's decimals, not CLDR's
        (1234567, "JPY", "en", f"JPY{NBSP}1,234,567"),
        (0, "USD", "en", f"USD{NBSP}0.00"),
        (1234567890, "INR", "en-IN", f"INR{NBSP}1,23,45,678.90"),
    ],
)
def test_money_is_set_as_its_readers_expect(minor, currency, locale, text):
    assert format_money(Money(minor, currency), locale) == text


@given(
    st.integers(-LARGEST_MINOR, LARGEST_MINOR),
    st.sampled_from(sorted(EXPONENTS)),
    st.sampled_from(["en", "fr", "ar", "he", "ar-AE", "ar_EG", "fr_CH", "en_IN", "de", "hi"]),
)
def test_the_quick_way_equals_babels(minor, currency, locale):
    money = Money(minor, currency)
    babel = Locale.parse(locale.replace("-", "_") if locale != "en" else "en_GB")
    decimals = "." + "0" * exponent_of(currency) if exponent_of(currency) else ""
    pattern = babel.currency_formats["standard"].pattern.replace(".00", decimals).replace("¤", "¤¤")
    spaced = pattern.replace("¤¤#", f"¤¤{NBSP}#").replace("0¤¤", f"0{NBSP}¤¤")

    expected = format_currency(
        money.decimal, currency, spaced, locale=babel, currency_digits=False, numbering_system="latn"
    )
    assert format_money(money, locale) == expected


def test_ten_thousand_amounts_take_less_than_a_tenth_of_a_second():
    amounts = [Money(minor, currency) for minor in range(0, 5_000_000, 1000) for currency in ("AED", "KWD")]
    format_money(amounts[0], "ar")
    quickest = min(_time_of(amounts) for _ in range(5))
    assert len(amounts) == 10_000
    assert quickest < 0.1


def _time_of(amounts: list[Money]) -> float:
    start = time.process_time()
    for amount in amounts:
        format_money(amount, "ar")
    return time.process_time() - start


@pytest.mark.parametrize("locale", ["en", "fr", "ar", "he", "ar-EG", "ar-SA"])
def test_digits_are_latin_in_every_language(locale):
    said = [
        format_money(Money(1234567890, "AED"), locale),
        format_number(1234567890, locale),
        format_percent(Decimal("0.125"), locale),
        format_day(date(2026, 12, 3), locale, "full"),
        format_moment(datetime(2026, 12, 3, 20, 30, tzinfo=UTC), locale, DUBAI),
    ]
    assert all(digit.isascii() for digit in "".join(said) if digit.isdigit())


@pytest.mark.parametrize(
    ("locale", "long", "full"),
    [
        ("en", "7 March 2026", "Saturday, 7 March 2026"),
        ("fr", "7 mars 2026", "samedi 7 mars 2026"),
        ("ar", "7 مارس 2026", "السبت، 7 مارس 2026"),
        ("he", "7 במרץ 2026", "יום שבת, 7 במרץ 2026"),
    ],
)
def test_a_day_has_its_month_in_letters(locale, long, full):
    assert format_day(date(2026, 3, 7), locale) == long
    assert format_day(date(2026, 3, 7), locale, "full") == full


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "4 December 2026, 00:30"),
        ("fr", "4 décembre 2026, 00:30"),
        ("ar", "4 ديسمبر 2026، 00:30"),
        ("he", "4 בדצמבר 2026, 00:30"),
    ],
)
def test_a_moment_is_that_of_the_readers_wall(locale, text):
    assert format_moment(datetime(2026, 12, 3, 20, 30, tzinfo=UTC), locale, DUBAI) == text


def test_numbers_and_shares_keep_their_decimals():
    assert format_number(Decimal("1234.5678"), "en") == "1,234.5678"
    assert format_number(1234567, "fr") == f"1{NARROW}234{NARROW}567"
    assert format_percent(Decimal("0.055"), "en") == "5.5%"
    assert format_percent(Decimal("0.05"), "fr") == f"5{NBSP}%"


@pytest.mark.parametrize("locale", ["", "xx", "english", "zz_ZZ", "../en"])
def test_an_unknown_language_is_refused(locale):
    with pytest.raises(Invalid, match="not a language we know"):
        format_money(Money(1, "AED"), locale)


def test_babel_is_not_loaded_before_it_is_needed():
    look = "import sys, bursar.core.formats; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0
