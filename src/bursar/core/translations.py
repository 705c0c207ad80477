"""The catalogue for doors that show no pages: refusals in the language a program asks for.

The web door keeps the catalogue beside its templates, where translators find it; every door reads it there.
"""

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from bursar.core.errors import Counted, IllegalMove, Refusal, Sentences

LOCALES = Path(__file__).parents[1] / "web" / "locales"
SOURCE = "en"
DOMAIN = "bursar"


@cache
def offered() -> frozenset[str]:
    """English, and every language that has a catalogue."""
    return frozenset({SOURCE, *(po.parts[-3] for po in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))})


def preferred(accept_language: str) -> str:
    """The best offered language of an Accept-Language header; what cannot be read counts as absent."""
    best, best_quality = SOURCE, 0.0
    for part in accept_language[:500].split(","):
        tag, _, told = part.partition(";q=")
        language = tag.strip().replace("_", "-").partition("-")[0].lower()
        try:
            quality = float(told or 1)
        except ValueError:
            continue
        if language in offered() and best_quality < quality <= 1:
            best, best_quality = language, quality
    return best


def say(language: str, message: str, params: Mapping[str, Any] | None = None) -> str:
    """`message` in `language` with its places filled; words of ours among `params` are translated too."""
    catalogue = catalogue_of(language)
    text = catalogue.gettext(message)
    if not params:
        return text
    return text % {name: _in_words(catalogue, value) for name, value in params.items()}


def places_of(refusal: Refusal) -> Mapping[str, Any]:
    """What fills a refusal's message at doors without words of their own: codes without their underscores."""
    if not isinstance(refusal, IllegalMove):
        return refusal.params
    return {name: str(value).replace("_", " ") for name, value in refusal.params.items()}


def _in_words(catalogue: NullTranslations, value: object) -> object:
    if isinstance(value, Counted):
        return str(Counted({catalogue.gettext(word): many for word, many in value.items()}))
    if isinstance(value, Sentences):
        return str(Sentences((catalogue.gettext(message), params) for message, params in value))
    return catalogue.gettext(value) if isinstance(value, str) and value else value


@cache
def catalogue_of(language: str) -> NullTranslations:
    """Read from the .po when the compiled file is missing or older: no test passes on yesterday's words."""
    source = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if language == SOURCE or not source.is_file():
        return NullTranslations()
    compiled = source.with_suffix(".mo")
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
