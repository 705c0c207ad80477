"""Amounts as people in Dubai and Paris write them, to minor units: exact, or refused; never rounded.

"1,234" is a thousand to one writer and a decimal to another. One cell cannot say which; the column
usually can, because some cell in it has both marks or another number of digits behind one.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from bursar.core.errors import N_, Invalid
from bursar.core.money import LARGEST_MINOR, is_currency
from bursar.tenancy.cells import text_of, unquoted
from bursar.tenancy.folding import latin_digits
from bursar.tenancy.grids import CellValue


class NumberStyle(StrEnum):
    """The decimal mark of a column's writer. UNKNOWN: no cell told, and nobody was asked."""

    POINT = "."
    COMMA = ","
    UNKNOWN = ""


# Which ISO codes a sign or word may stand for. A code stands for itself.
_SIGNS: dict[str, frozenset[str]] = {
    sign.replace(" ", ""): frozenset(codes.split())
    for signs, codes in {
        "€|euro|euros|يورو": "EUR",
        "$|dollar|dollars|دولار": "USD CAD AUD NZD SGD HKD",
        "us$|u.s.$|دولار أمريكي": "USD",
        "£": "GBP EGP LBP",
        '₪|nis|ils|ש״ח|ש"ח|شيكل': "ILS",
        "₹|rs|rs.": "INR PKR LKR MUR",
        "¥": "JPY CNY",
        "dh|dhs|dhs.|dh.|dirham|dirhams|درهم|دراهم": "AED MAD",
        "د.إ|د.إ.|د.ا|د.ا.": "AED JOD",
        "د.م|د.م.": "MAD",
        "sr|s.r.|ر.س|ر.س.": "SAR",
        "ريال|﷼": "SAR QAR OMR YER IRR",
        "qr|ر.ق|ر.ق.": "QAR",
        "ر.ع|ر.ع.": "OMR",
        "kd|د.ك|د.ك.": "KWD",
        "bd|د.ب|د.ب.": "BHD",
        "jd": "JOD",
        "دينار": "KWD BHD JOD IQD TND DZD LYD RSD",
        "ج.م|ج.م.|le|l.e.|جنيه": "EGP",
        "chf|fr.": "CHF",
    }.items()
    for sign in signs.split("|")
}

_SPACES = re.compile(r"[\s\u00a0\u202f\u2007\u2009]")
_MINUS = str.maketrans("−–﹣－", "----")
# Stands for a decimal mark that nobody can misread; a letter could be the first of a currency's word.
_DECIMAL = "\ue000"
_MARKS = str.maketrans({"٬": "'", "’": "'", "٫": _DECIMAL, "،": ","})
_NUMBER = re.compile(r"[0-9][0-9.,'\ue000 \u00a0\u202f\u2007\u2009]*")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")  # by thousands, or lakhs
_MAX_DIGITS = 20


def guess_number_style(cells: Iterable[CellValue], locale: str | None = None) -> NumberStyle:
    """What the column's own cells prove; else what is usual in `locale` (that guess is shown to a person).

    Typed numbers and texts that are no amounts prove nothing. Raises `Invalid` (number_style_mixed) when
    one cell proves a point and another a comma.
    """
    proofs: dict[str, str] = {}
    for cell in cells:
        if isinstance(cell, str) and ("," in cell or "." in cell):
            number = _NUMBER.search(_prepared(cell))
            mark = _proof(number[0]) if number else None
            if mark:
                proofs.setdefault(mark, cell.strip()[:40])
    if len(proofs) > 1:
        raise Invalid(
            N_("Amounts here are written in two ways, like %(point)s and %(comma)s. Use one of them."),
            code="number_style_mixed",
            point=proofs["."],
            comma=proofs[","],
        )
    if proofs:
        return NumberStyle(next(iter(proofs)))
    return {
        "en": NumberStyle.POINT,
        "ar": NumberStyle.POINT,
        "he": NumberStyle.POINT,
        "fr": NumberStyle.COMMA,
    }.get((locale or "")[:2], NumberStyle.UNKNOWN)


def parse_amount(
    value: CellValue,
    exponent: int,
    style: NumberStyle = NumberStyle.UNKNOWN,
    *,
    currency: str | None = None,
    field: str = "amount",
) -> int:
    """Minor units, negative if written so. `exponent` is that of `currency`, which no sign may contradict.

    Raises `Invalid`: no number, ambiguous without a style, written against it, too many decimals.
    """
    if isinstance(value, Decimal) and value.is_finite():
        return _minor(value, exponent, field)
    if isinstance(value, bool) or not isinstance(value, str):
        text_of(value, field)  # a flawed cell gives its own reason
        raise _no_number(str(value), field)
    number, negative, sign = _taken_apart(text_of(value, field), field)
    if currency and sign and currency not in _codes(sign):
        raise Invalid(
            N_("The amount says %(sign)s and the invoice %(currency)s. Correct one of them."),
            code="amount_other_currency",
            field=field,
            sign=sign,
            currency=currency,
        )
    amount = _minor(Decimal(_with_point(number, style, field)), exponent, field)
    return -amount if negative else amount


def currencies_in(value: CellValue) -> frozenset[str]:
    """The ISO codes that the sign or word beside an amount may mean; empty when there is none."""
    if not isinstance(value, str):
        return frozenset()
    text = _prepared(value)
    number = _NUMBER.search(text)
    return _codes("".join(_beside(text, number)).strip("()+-")) if number else frozenset()


def currencies_named(header: str) -> frozenset[str]:
    """The ISO codes that a column's name ends in, as in "Amount (AED)"; small letters are words, not codes."""
    last = header.replace("(", " ").replace("[", " ").rstrip(" )]:").rpartition(" ")[2]
    if last.isascii() and last.isalpha() and not last.isupper():
        return frozenset()
    return _codes(last)


def _prepared(text: str) -> str:
    return latin_digits(unquoted(text)).translate(_MINUS).translate(_MARKS).strip()


def _taken_apart(text: str, field: str) -> tuple[str, bool, str]:
    """The digits with their marks, whether they are below zero, and the currency's sign or word, if any."""
    prepared = _prepared(text)
    number = _NUMBER.search(prepared)
    if number is None:
        raise _no_number(text, field)
    before, behind = _beside(prepared, number)
    negative = False
    if before.startswith("(") and behind.endswith(")"):
        before, behind, negative = before[1:], behind[:-1], True
    elif "-" in (before[:1], before[-1:], behind[-1:]):
        before, behind, negative = before.replace("-", "", 1), behind.removesuffix("-"), True
    elif before[:1] == "+":
        before = before[1:]
    sign = before + behind
    if sign and not _codes(sign):
        raise _no_number(text, field)
    return _SPACES.sub(" ", number[0]).strip(), negative, sign


def _beside(text: str, number: re.Match[str]) -> tuple[str, str]:
    return _SPACES.sub("", text[: number.start()]), _SPACES.sub("", text[number.end() :])


def _codes(sign: str) -> frozenset[str]:
    known = _SIGNS.get(sign.casefold())
    if known is not None:
        return known
    code = sign.upper()
    return frozenset({code}) if is_currency(code) else frozenset()


def _proof(number: str) -> str | None:
    """The decimal mark that this number can only have been written with, or None."""
    digits = _SPACES.sub("", number).replace("'", "")
    if _DECIMAL in digits:
        return None
    point, comma = digits.rfind("."), digits.rfind(",")
    if point >= 0 and comma >= 0:
        return "." if point > comma else ","
    mark, other = (".", ",") if point >= 0 else (",", ".")
    parts = digits.split(mark)
    if len(parts) == 1 or not parts[-1]:
        return None
    if len(parts) > 2:
        return other
    whole, behind = parts
    if len(behind) != 3 or len(whole) > 3 or whole.startswith("0"):
        return mark
    return None


def _with_point(number: str, style: NumberStyle, field: str) -> str:
    """Digits and at most one point."""
    digits = _ungrouped_spaces(number, field)
    if _DECIMAL in digits:  # Arabic marks say themselves what they are
        digits = digits.replace(_DECIMAL, ".")
        style = NumberStyle.POINT
    marks = {mark for mark in ".," if mark in digits}
    if not marks:
        return digits
    proof = _proof(digits)
    if proof is None and style is NumberStyle.UNKNOWN:
        raise Invalid(
            N_("%(number)s can be read in two ways. Say how the amounts of this column are written."),
            code="amount_ambiguous",
            field=field,
            number=number,
        )
    decimal = style or proof or "."
    if proof and proof != decimal:
        raise Invalid(
            N_("%(number)s is written otherwise than the rest of its column. Write it in the same way."),
            code="amount_other_style",
            field=field,
            number=number,
        )
    whole, _, behind = digits.partition(decimal)
    grouping = "," if decimal == "." else "."
    plain = whole.replace(grouping, ",")
    if grouping in behind or decimal in behind or ("," in plain and not _GROUPED.fullmatch(plain)):
        raise _no_number(number, field)
    return f"{plain.replace(',', '') or '0'}.{behind or '0'}"


def _ungrouped_spaces(number: str, field: str) -> str:
    """Spaces and apostrophes only ever group; each stands before exactly three digits."""
    if " " not in number and "'" not in number:
        return number
    if re.search(r"^[0-9]{4,}[ ']|[ '](?![0-9]{3}(?:[ '.,\ue000]|$))|[.,\ue000][0-9]*[ ']", number):
        raise _no_number(number, field)
    return number.replace(" ", "").replace("'", "")


def _minor(amount: Decimal, exponent: int, field: str) -> int:
    if len(amount.as_tuple().digits) > _MAX_DIGITS or abs(amount) > LARGEST_MINOR:
        raise Invalid(N_("This amount is too large."), code="amount_too_large", field=field)
    shifted = amount.scaleb(exponent)
    minor = int(shifted)
    if shifted != minor:
        raise Invalid(
            N_("This amount has more decimals than its currency (%(decimals)s). Round it yourself."),
            code="amount_too_precise",
            field=field,
            decimals=exponent,
        )
    if abs(minor) > LARGEST_MINOR:
        raise Invalid(N_("This amount is too large."), code="amount_too_large", field=field)
    return minor


def _no_number(text: str, field: str) -> Invalid:
    return Invalid(
        N_("“%(text)s” is not an amount. Write it like 1050.00."),
        code="amount_unreadable",
        field=field,
        text=text[:40].replace(_DECIMAL, "٫"),
    )
