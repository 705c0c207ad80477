"""Values as they are set on paper: amounts, days, and people's texts with the direction they run in."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TypedDict

from bursar.billing.documents.model import Party
from bursar.billing.documents.words import EMIRATES, RIGHT_TO_LEFT, Language
from bursar.core.formats import format_day
from bursar.core.money import exponent_of

_PIECE = 5
"""Letters between two places where a word may break that is too long for its column."""

_BREAK = "\N{ZERO WIDTH SPACE}"
# Controls say nothing on paper, and an override would make a text read as it is not stored.
_UNPRINTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
_SEPARATORS = {Language.FRENCH: ("\N{NARROW NO-BREAK SPACE}", ",")}


class Text(TypedDict):
    """A person's text by its lines: it is set as it stands, never read as markup."""

    lines: list[str]
    rtl: bool


def text_of(text: str, language: Language, *, longest: int) -> Text:
    """`text` running as its first strong letter does, or as its page if it has none.

    A word of more than `longest` letters gets places to break: none may run out of its column.
    """
    printable = _UNPRINTED.sub("", text).strip()
    breakable = re.sub(rf"\S{{{longest + 1},}}", lambda word: _BREAK.join(_pieces(word[0])), printable)
    return {"lines": breakable.split("\n"), "rtl": _runs_right_to_left(printable, language)}


def amount_setter(currency: str, language: Language) -> Callable[[int], str]:
    """Minor units as digits alone, grouped and with all decimals: "1,050.00"."""
    group, point = _SEPARATORS.get(language, (",", "."))
    exponent = exponent_of(currency)
    unit = 10**exponent

    def set_amount(minor: int) -> str:
        whole, rest = divmod(abs(minor), unit)
        sign = "\N{MINUS SIGN}" if minor < 0 else ""
        decimals = f"{point}{rest:0{exponent}}" if exponent else ""
        return f"{sign}{whole:,}".replace(",", group) + decimals

    return set_amount


def number_of(value: Decimal, language: Language) -> str:
    """Grouped, with the decimals it has and no zeros behind them."""
    group, point = _SEPARATORS.get(language, (",", "."))
    whole, _, decimals = f"{value:f}".partition(".")
    decimals = decimals.rstrip("0")
    return f"{int(whole):,}".replace(",", group) + (point + decimals if decimals else "")


def percent_of(rate: Decimal, language: Language) -> str:
    space = "\N{NARROW NO-BREAK SPACE}" if language is Language.FRENCH else ""
    return f"{number_of(rate, language)}{space}%"


def day_of(day: date, language: Language) -> str:
    return format_day(day, language)


def _runs_right_to_left(text: str, language: Language) -> bool:
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in ("R", "AL"):
            return True
        if kind == "L":
            return False
    return language in RIGHT_TO_LEFT


def _pieces(word: str) -> list[str]:
    """None begins with a mark that belongs to the letter before it."""
    pieces, start = [], 0
    while start < len(word):
        end = min(start + _PIECE, len(word))
        while end < len(word) and (unicodedata.combining(word[end]) or word[end] in "\u200d\ufe0f"):
            end += 1
        pieces.append(word[start:end])
        start = end
    return pieces


def place_of(party: Party, language: Language) -> str:
    """City, emirate and country in words; an emirate that is its city's name is said once."""
    emirate = (
        EMIRATES.get(party.subdivision or "", party.subdivision)
        if party.country == "AE"
        else party.subdivision
    )
    told = [party.city, emirate if emirate != party.city else None, _country(party.country, language)]
    return ", ".join(part for part in told if part)


@lru_cache(maxsize=512)
def _country(code: str | None, language: Language) -> str | None:
    from babel import Locale

    return Locale(language).territories.get(code, code) if code else None
