"""Which language a reader gets, and its words."""

from dataclasses import dataclass

from starlette.requests import Request

from bursar.core import translations
from bursar.core.errors import N_, IllegalMove, NotFound, Refusal
from bursar.core.translations import LOCALES, say
from bursar.core.translations import catalogue_of as words_of
from bursar.web import words
from bursar.web.noun_words import NOUNS

__all__ = ["LOCALES", "say", "words_of"]

COOKIE = "bursar_language"
COOKIE_AGE_S = 365 * 24 * 3600


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

WRITTEN = (*((one.code, one.name) for one in OFFERED.values()), ("fr", "Français"), ("he", "עברית"))
"""The languages that a customer may be written to in, as their own readers call them."""


MOVED = N_("You cannot %(event)s this %(machine)s: it is “%(state)s” now.")
"""What people read of a move that the lifecycle does not list; programs read the codes."""


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
    """The best offered language of an Accept-Language header."""
    return offered(translations.preferred(accept_language)) or SOURCE


def refusal_text(code: str, refusal: Refusal) -> str:
    """What a verb refused, as a sentence for the reader."""
    params = refusal.params
    if isinstance(refusal, IllegalMove):
        codes = (str(params[name]) for name in ("machine", "state", "event"))
        return say(code, MOVED, {**params, **words.move_words(words_of(code), *codes)})
    if isinstance(refusal, NotFound):
        noun = str(params["noun"])
        params = {"noun": NOUNS.get(noun, noun)}
    return say(code, refusal.message, params)
