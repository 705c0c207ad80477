"""Which language a reader gets, and its words."""

from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from starlette.requests import Request

from bursar.core.errors import IllegalMove, Refusal
from bursar.web import words

LOCALES = Path(__file__).parent / "locales"
COOKIE = "bursar_language"
COOKIE_AGE_S = 365 * 24 * 3600
DOMAIN = "bursar"


@dataclass(frozen=True, slots=True)
class Language:
    """`code` is BCP 47, `name` is what its own readers call it."""

    code: str
    name: str
    dir: str = "ltr"


OFFERED = {
    "en": Language("en", "English"),
    "ar": Language("ar", "العربية", dir="rtl"),
}
SOURCE = OFFERED["en"]


def language_of(request: Request, account: str | None = None) -> Language:
    """The reader's own choice first, then what their account says, then what their browser says."""
    asked = (request.query_params.get("lang"), request.cookies.get(COOKIE), account)
    for code in asked:
        if found := offered(code):
            return found
    return preferred(request.headers.get("accept-language", ""))


def offered(code: str | None) -> Language | None:
    """`ar-EG` and `ar_EG` are served by `ar`."""
    return OFFERED.get((code or "").replace("_", "-").split("-")[0].lower())


def preferred(accept_language: str) -> Language:
    """The best offered language of an Accept-Language header; what cannot be read counts as absent."""
    best, best_quality = SOURCE, 0.0
    for part in accept_language[:500].split(","):
        tag, _, quality_text = part.partition(";q=")
        try:
            quality = float(quality_text or 1)
        except ValueError:
            continue
        found = offered(tag.strip())
        if found and best_quality < quality <= 1:
            best, best_quality = found, quality
    return best


@cache
def words_of(code: str) -> NullTranslations:
    """The catalogue of a language; English is its own.

    Read from the .po itself when the compiled file is missing or older: whoever edits a translation
    sees it at the next start, and no test passes on yesterday's words.
    """
    source = LOCALES / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = source.with_suffix(".mo")
    if code == SOURCE.code:
        return NullTranslations()
    if compiled.is_file() and compiled.stat().st_mtime >= source.stat().st_mtime:
        return GNUTranslations(BytesIO(compiled.read_bytes()))
    return GNUTranslations(_compile(source))


def _compile(source: Path) -> BytesIO:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with source.open("rb") as po:
        write_mo(compiled, read_po(po, locale=source.parts[-3]))
    compiled.seek(0)
    return compiled


def say(code: str, message: str, params: dict[str, Any] | None = None) -> str:
    """`message` in the reader's language, its places filled.

    Parameters that are words of ours (a noun, a state, a role) are translated too; names and numbers
    are not in the catalogue and come through as they are.
    """
    catalogue = words_of(code)
    text = catalogue.gettext(message)
    if not params:
        return text
    told = {name: catalogue.gettext(v) if isinstance(v, str) and v else v for name, v in params.items()}
    return text % told


def refusal_text(code: str, refusal: Refusal) -> str:
    """What a verb refused, as a sentence for the reader."""
    params = refusal.params
    if isinstance(refusal, IllegalMove):
        codes = (str(params[name]) for name in ("machine", "state", "event"))
        params = {**params, **words.move_words(words_of(code), *codes)}
    return say(code, refusal.message, params)
