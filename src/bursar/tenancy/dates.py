"""Days as people write them, to a date. A day has no zone here: it is the writer's calendar (T28).

03/04/2026 is March to one writer and April to another; the column usually says which. Numbers are
days only where a workbook says so by their format.
"""

import calendar
import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from bursar.core.errors import N_, Invalid
from bursar.tenancy.cells import text_of
from bursar.tenancy.folding import fold, latin_digits, without_marks
from bursar.tenancy.grids import CellValue, Flaw

FIRST_YEAR, LAST_YEAR = 1990, 2100


class DateStyle(StrEnum):
    """What stands first in a column's 03/04/2026. UNKNOWN: no cell told, and nobody was asked."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"
    UNKNOWN = ""


_MONTH_FIRST_COUNTRIES = frozenset({"US", "PH", "FM", "MH", "PW"})

# January first; each language with the names its writers use (Arabic: Gulf and Egypt, Levant, Maghreb).
_MONTHS = {
    fold(name): month
    for month, names in enumerate(
        (
            "january|jan|janvier|janv|يناير|كانون الثاني|جانفي",
            "february|feb|février|févr|fév|فبراير|شباط|فيفري",
            "march|mar|mars|مارس|آذار",
            "april|apr|avril|avr|أبريل|ابريل|إبريل|نيسان|أفريل",
            "may|mai|مايو|أيار|ماي",
            "june|jun|juin|يونيو|يونيه|حزيران|جوان",
            "july|jul|juillet|juil|يوليو|يوليه|تموز|جويلية",
            "august|aug|août|أغسطس|اغسطس|آب|أوت",
            "september|sep|sept|septembre|سبتمبر|أيلول|ايلول",
            "october|oct|octobre|أكتوبر|اكتوبر|تشرين الأول",
            "november|nov|novembre|نوفمبر|تشرين الثاني",
            "december|dec|décembre|déc|ديسمبر|كانون الأول",
        ),
        start=1,
    )
    for name in names.split("|")
}
_ISO = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_COMPACT = re.compile(r"([12][0-9]{3})([0-9]{2})([0-9]{2})")
_NUMERIC = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4})")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}[-/. ](?:[0-9]{1,2}|[^\W\d_]+\.?)[-/., ]+'?[0-9]{2}")
_DAY_NAMED = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th|er)?[-/., ]+(?:de |of )?([^\W\d_][^\d]*?)[-/., ]+([0-9]{4})"
)
_NAMED_DAY = re.compile(r"([^\W\d_][^\d]*?)[-/., ]+([0-9]{1,2})(?:st|nd|rd|th)?[-/., ]+([0-9]{4})")
# A time of day after the date says nothing more about the day, unless it has a zone.
_TIME = re.compile(r"[T ,]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?: ?[AaPp][Mm])?$")
_ZONED = re.compile(
    r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)? ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})$", re.IGNORECASE
)


def guess_date_style(cells: Iterable[CellValue], country: str | None = None) -> DateStyle:
    """What a number above twelve in the column proves; else what is usual in `country` (shown to a person).

    Raises `Invalid` (date_style_mixed) when one cell proves the day first and another the month.
    """
    proofs: dict[DateStyle, str] = {}
    for cell in cells:
        if not isinstance(cell, str):
            continue
        match = _NUMERIC.fullmatch(_prepared(cell))
        if match and (style := _proof(int(match[1]), int(match[3]))):
            proofs.setdefault(style, cell.strip()[:40])
    if len(proofs) > 1:
        raise Invalid(
            N_("Dates here have the day first (%(day)s) and the month first (%(month)s). Use one way."),
            code="date_style_mixed",
            day=proofs[DateStyle.DAY_FIRST],
            month=proofs[DateStyle.MONTH_FIRST],
        )
    if proofs:
        return next(iter(proofs))
    if country is None:
        return DateStyle.UNKNOWN
    return DateStyle.MONTH_FIRST if country in _MONTH_FIRST_COUNTRIES else DateStyle.DAY_FIRST


def parse_date(value: CellValue, style: DateStyle = DateStyle.UNKNOWN, *, field: str = "date") -> date:
    """The day. Raises `Invalid`: no date, no such day, ambiguous without a style, years beyond 1990-2100.

    Two digits of a year are refused: 05-06-07 has six readings.
    """
    if isinstance(value, date):
        return _day(value.year, value.month, value.day, field)
    if isinstance(value, Flaw) or not isinstance(value, str):
        raise _no_date(text_of(value, field), field)
    text = _prepared(value)
    if _ZONED.search(text):
        raise Invalid(
            N_("This time has a time zone, so its day is not certain. Give the date alone, like 2026-11-20."),
            code="date_with_zone",
            field=field,
        )
    text = _TIME.sub("", text)
    if iso := _ISO.fullmatch(text):
        return _day(int(iso[1]), int(iso[3]), int(iso[4]), field)
    if compact := _COMPACT.fullmatch(text):
        return _day(int(compact[1]), int(compact[2]), int(compact[3]), field)
    if numeric := _NUMERIC.fullmatch(text):
        return _numeric(int(numeric[1]), int(numeric[3]), int(numeric[4]), style, field)
    return _named(text, field)


def _prepared(text: str) -> str:
    return " ".join(latin_digits(without_marks(text)).replace("،", ",").split())


def _proof(first: int, second: int) -> DateStyle | None:
    if first > 12 >= second:
        return DateStyle.DAY_FIRST
    return DateStyle.MONTH_FIRST if second > 12 >= first else None


def _numeric(first: int, second: int, year: int, style: DateStyle, field: str) -> date:
    if first == second:
        style = DateStyle.DAY_FIRST
    elif style is DateStyle.UNKNOWN:
        style = _proof(first, second) or style
    if style is DateStyle.UNKNOWN:
        raise Invalid(
            N_("This date can be read in two ways. Write it like 2026-11-20, or say which part is the day."),
            code="date_ambiguous",
            field=field,
        )
    day, month = (first, second) if style is DateStyle.DAY_FIRST else (second, first)
    return _day(year, month, day, field)


def _named(text: str, field: str) -> date:
    if match := _DAY_NAMED.fullmatch(text):
        day, name, year = match[1], match[2], match[3]
    elif match := _NAMED_DAY.fullmatch(text):
        name, day, year = match[1], match[2], match[3]
    elif _SHORT_YEAR.fullmatch(text):
        raise Invalid(
            N_("Write the year of this date with four digits, like 2026-11-20."),
            code="date_short_year",
            field=field,
        )
    else:
        raise _no_date(text, field)
    month = _MONTHS.get(fold(name))
    if month is None:
        raise _no_date(text, field)
    return _day(int(year), month, int(day), field)


def _day(year: int, month: int, day: int, field: str) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(
            N_("The year %(year)s is too far away. Dates from %(first)s to %(last)s can be used."),
            code="date_out_of_range",
            field=field,
            year=year,
            first=FIRST_YEAR,
            last=LAST_YEAR,
        )
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise Invalid(
            N_("There is no day %(day)s in month %(month)s of %(year)s. Correct the date."),
            code="date_no_such_day",
            field=field,
            day=day,
            month=month,
            year=year,
        )
    return date(year, month, day)


def _no_date(text: str, field: str) -> Invalid:
    return Invalid(
        N_("“%(text)s” is not a date. Write it like 2026-11-20, or format the column as dates."),
        code="date_unreadable",
        field=field,
        text=text[:40],
    )
