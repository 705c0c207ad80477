"""Money, numbers and dates as a person reads them, as plain text for mails and documents.

Digits are Latin in every language, Arabic included, and a currency is its three letters, never a
symbol (R43): "$" is a dozen currencies and the dirham's sign is in no common font. Results may hold
no-break spaces and direction marks, so they are for eyes: never parse or compare them.

Locales are "en", "fr", "ar", "he" or finer ("ar-AE"); English without a country is written the
European way, since "3/4" and "April 3" are not what our readers expect. Babel is loaded at first use
and asked once per locale and currency: setting 10,000 amounts costs some 10 ms.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from bursar.core.errors import N_, Invalid
from bursar.core.money import Money, exponent_of

if TYPE_CHECKING:
    from babel import Locale

_SPACE = "\N{NO-BREAK SPACE}"
_EUROPEAN = {"en": "en_GB"}


def format_money(money: Money, locale: str) -> str:
    """The locale's own currency pattern around code and amount, with all decimals of the currency."""
    return money_setter(locale, money.currency)(money.minor)


def format_number(value: int | Decimal, locale: str) -> str:
    """Grouped, with the decimals the value has: nothing is rounded."""
    from babel.numbers import format_decimal

    return format_decimal(value, locale=_locale(locale), decimal_quantization=False, numbering_system="latn")


def format_percent(share: Decimal, locale: str) -> str:
    """`share` of one: 0.055 is 5.5 %, which Babel alone would round to 6."""
    from babel.numbers import format_percent as percent

    return percent(share, locale=_locale(locale), decimal_quantization=False, numbering_system="latn")


@lru_cache(maxsize=4096)
def format_day(day: date, locale: str, style: Literal["long", "full"] = "long") -> str:
    """The month in letters, so that nobody swaps it with the day; "full" begins with the weekday."""
    from babel.dates import format_date

    return format_date(day, style, locale=_locale(locale))


def format_moment(instant: datetime, locale: str, zone: ZoneInfo) -> str:
    """Day and minute on the wall of `zone`, by 24 hours."""
    local = instant.astimezone(zone)
    glue = _locale(locale).datetime_formats["medium"]
    return str(glue).format(f"{local:%H:%M}", format_day(local.date(), locale))


@lru_cache(maxsize=64)
def _locale(tag: str) -> "Locale":
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(_EUROPEAN.get(tag, tag.replace("-", "_")))
    except (UnknownLocaleError, ValueError, TypeError):
        raise Invalid(
            N_("%(locale)s is not a language we know. Use en, fr, ar or he."),
            code="unknown_locale",
            field="locale",
            locale=tag,
        ) from None


@lru_cache(maxsize=1024)
def money_setter(tag: str, currency: str) -> Callable[[int], str]:
    """`format_money` for many amounts of one currency, given in minor units: Babel's pattern taken apart once.

    Raises `Invalid` for a locale or currency that is none.
    """
    from babel.numbers import get_decimal_symbol, get_group_symbol

    locale, exponent = _locale(tag), exponent_of(currency)
    pattern = locale.currency_formats["standard"]
    group = get_group_symbol(locale, numbering_system="latn")
    point = get_decimal_symbol(locale, numbering_system="latn")
    unit = 10**exponent
    before = tuple(_with_code(affix, currency, after=_SPACE) for affix in pattern.prefix)
    behind = tuple(_with_code(affix, currency, before=_SPACE) for affix in pattern.suffix)
    grouped = _grouping(pattern.grouping, group)

    def set_amount(minor: int) -> str:
        whole, rest = divmod(abs(minor), unit)
        decimals = f"{point}{rest:0{exponent}}" if exponent else ""
        sign = minor < 0
        return f"{before[sign]}{grouped(whole)}{decimals}{behind[sign]}"

    return set_amount


def _grouping(sizes: tuple[int, int], symbol: str) -> Callable[[int], str]:
    if sizes == (3, 3):
        return lambda whole: f"{whole:,}".replace(",", symbol)
    first, others = sizes

    def grouped(whole: int) -> str:
        digits, size, parts = str(whole), first, []
        while len(digits) > size:
            parts.append(digits[-size:])
            digits, size = digits[:-size], others
        return symbol.join([digits, *reversed(parts)])

    return grouped


def _with_code(affix: str, currency: str, *, before: str = "", after: str = "") -> str:
    """Letters are kept off the digits by a space where the pattern, made for a symbol, has none."""
    letters = affix.replace("¤", currency)
    if after and letters.endswith(currency):
        return letters + after
    if before and letters.startswith(currency):
        return before + letters
    return letters
