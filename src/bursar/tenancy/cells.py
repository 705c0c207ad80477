"""One cell to one value of ours, or a refusal that says what to do. Amounts, dates and phones stand apart.

Every parser takes a cell that is not blank (ask `says_nothing` first) and the field it is for; the caller
adds the row. Cells of a workbook arrive typed; texts of numbers and dates are written as typed.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from email_validator import EmailNotValidError, validate_email

from bursar.core.errors import N_, Invalid
from bursar.core.money import exponent_of
from bursar.tenancy.folding import fold, latin_digits, without_marks
from bursar.tenancy.grids import CellValue, Flaw

MAX_NAME = 200  # characters
MAX_TEXT = 2_000
_MAX_TAG = 50

FORMULA_STARTS = frozenset("=+-@\t\r＝＋－＠")
# Overrides, embeddings and isolates of direction: they show a text in another order than it is stored.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_SCIENTIFIC = re.compile(r"\d[.,]\d+E\+?\d+", re.IGNORECASE)
_NOTHING = frozenset({"-", "–", "—"})  # what people type to say that there is none

_LANGUAGES = {
    fold(word): code
    for code, words in {
        "en": "en|eng|english|anglais|إنجليزي|الإنجليزية|انجليزي|אנגלית",
        "ar": "ar|ara|arabic|arabe|عربي|العربية|عربية|ערבית",
        "he": "he|heb|iw|hebrew|hébreu|عبري|العبرية|עברית",
        "fr": "fr|fra|fre|french|français|francais|فرنسي|الفرنسية|צרפתית",
    }.items()
    for word in words.split("|")
}
_KINDS = {
    fold(word): kind
    for kind, words in {
        "person": "person|individual|private|natural person|فرد|شخص|particulier|personne|individu",
        "firm": "firm|company|business|organisation|organization|corporate|b2b|شركة|مؤسسة|"
        "société|entreprise|professionnel|personne morale",
    }.items()
    for word in words.split("|")
}
_TAG_ENDS = re.compile(r"[,;|،؛\n]")
_SPECIFIC_TRN = re.compile(r"1[0-9]{12}03")


@dataclass(frozen=True, slots=True)
class TaxNumber:
    """`warning` is a msgid for a number that may be kept but would not pass on an e-invoice."""

    value: str
    warning: str | None = None


def says_nothing(value: CellValue) -> bool:
    """True for a cell that is empty, or holds the lone dash that people put for "none"."""
    return isinstance(value, str) and (not (bare := without_marks(value).strip()) or bare in _NOTHING)


def text_of(value: CellValue, field: str) -> str:
    """The cell as text without marks and outer spaces. Raises the cell's own refusal if it is flawed."""
    if isinstance(value, Flaw):
        raise value.refusal(field)
    if isinstance(value, str):
        return without_marks(value).strip()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else str(value).lower()


def unquoted(text: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from calculating; our own reports put it there."""
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA_STARTS else text


def parse_text(value: CellValue, *, field: str, limit: int = MAX_TEXT) -> str:
    """A text that may have several lines. No formula, no hidden direction, no control characters."""
    text = unicodedata.normalize("NFC", text_of(value, field)).replace("\r\n", "\n").replace("\r", "\n")
    _refuse_formula(text, field)
    if not text.isprintable():
        _refuse_hidden(text, field)
    if len(text) > limit:
        raise Invalid(
            N_("This text has more than %(limit)s characters. Shorten it."),
            code="text_too_long",
            field=field,
            limit=limit,
        )
    return text


def parse_name(value: CellValue, *, field: str, limit: int = MAX_NAME) -> str:
    """A text in one line, its inner spaces made single: fit for a letter's head (R138)."""
    text = parse_text(value, field=field, limit=limit)
    _refuse_breaks(text, field)
    return " ".join(text.split())


def parse_code(value: CellValue, *, field: str) -> str:
    """A number or code that names something: one line, digits kept as typed, nothing rounded."""
    text = parse_name(value, field=field)
    refuse_scientific(text, field)
    return text


def refuse_scientific(text: str, field: str) -> None:
    """A spreadsheet that saved 9.71502E+11 has thrown digits away, and nobody can guess them."""
    if _SCIENTIFIC.fullmatch(text):
        raise Invalid(
            N_("This number was shortened to %(text)s. Format the column as text and type it again."),
            code="number_shortened",
            field=field,
            text=text,
        )


def parse_email(value: CellValue, *, field: str = "email") -> tuple[str, str]:
    """Exactly one address: as given, and its key in small letters with the domain in ASCII.

    Nothing is looked up. Display names, lists, line breaks and marks of direction are refused.
    """
    text = text_of(value, field)
    _refuse_formula(text, field)
    if not text.isprintable():
        _refuse_breaks(text, field)
        _refuse_hidden(text, field)
    if sum(map(text.count, "@;, ")) > 1:
        raise Invalid(
            N_("Give exactly one e-mail address here, without a name or other text."),
            code="email_not_one",
            field=field,
        )
    try:
        address = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise Invalid(
            N_("“%(address)s” is not an e-mail address. Write it like name@example.com."),
            code="email_invalid",
            field=field,
            address=text[:100],
        ) from None
    return address.normalized, f"{address.local_part}@{address.ascii_domain}".lower()


def parse_tax_number(value: CellValue, country: str, *, field: str = "tax_number") -> TaxNumber:
    """For AE 15 digits, however grouped; any other shape than 1…03 is kept with a warning (R9)."""
    text = latin_digits(parse_code(value, field=field))
    if country != "AE":
        return TaxNumber(text)
    digits = re.sub(r"[\s\-‐‑–.]", "", text)
    if not re.fullmatch(r"[0-9]{15}", digits):
        raise Invalid(
            N_("A tax registration number of the Emirates has exactly 15 digits. Check this one."),
            code="tax_number_not_15_digits",
            field=field,
        )
    if _SPECIFIC_TRN.fullmatch(digits):
        return TaxNumber(digits)
    return TaxNumber(
        digits, N_("This tax registration number does not begin with 1 and end with 03. Check it.")
    )


def parse_locale(value: CellValue, *, field: str = "locale") -> str:
    """en, ar, he or fr: from a tag like ar-AE, or from the language's name in one of the four."""
    text = text_of(value, field)
    code = _LANGUAGES.get(fold(text)) or _LANGUAGES.get(fold(re.split("[-_]", text)[0]))
    if code is None:
        raise Invalid(
            N_("Write the language as English, Arabic, Hebrew or French, or as en, ar, he or fr."),
            code="locale_unknown",
            field=field,
        )
    return code


def parse_kind(value: CellValue, *, field: str = "kind") -> str:
    kind = _KINDS.get(fold(text_of(value, field)))
    if kind is None:
        raise Invalid(N_("Write “person” or “firm” here."), code="kind_unknown", field=field)
    return kind


def parse_tags(value: CellValue, *, field: str = "tags") -> list[str]:
    """Tags parted by commas, semicolons, bars or lines, each once, in the order given."""
    parts = (part for part in _TAG_ENDS.split(parse_text(value, field=field)) if part.strip())
    return list(dict.fromkeys(parse_name(part, field=field, limit=_MAX_TAG) for part in parts))


def parse_currency(value: CellValue, *, field: str = "currency") -> str:
    """An ISO 4217 code in capitals; raises `Invalid` for any other text."""
    code = text_of(value, field).upper()
    exponent_of(code)
    return code


def _refuse_formula(text: str, field: str) -> None:
    if text[:1] in FORMULA_STARTS and text:
        raise Invalid(
            N_("This text begins with %(start)s, as a formula does. Begin it otherwise."),
            code="text_formula",
            field=field,
            start=text[0],
        )


def _refuse_breaks(text: str, field: str) -> None:
    if not _BREAKS.isdisjoint(text):
        raise Invalid(
            N_("This must be one line. Delete the line break in it."), code="text_line_break", field=field
        )


def _refuse_hidden(text: str, field: str) -> None:
    """Tabs and line ends may stand in a text; every other character that prints nothing may not."""
    if not _OVERRIDES.isdisjoint(text):
        raise Invalid(
            N_("This text holds marks that turn its direction around. Type it again without copying it."),
            code="text_direction_override",
            field=field,
        )
    if any(unicodedata.category(char) in {"Cc", "Cs", "Cn"} and char not in "\t\n" for char in text):
        raise Invalid(
            N_("This text holds invisible control characters. Type it again."),
            code="text_control_characters",
            field=field,
        )
