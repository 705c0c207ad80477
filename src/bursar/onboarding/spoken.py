"""Which of two wordings a reader is shown: the one in the letters of their language."""

import unicodedata
from collections.abc import Sequence

_LETTERS = {"ar": "ARABIC", "fa": "ARABIC", "ur": "ARABIC", "he": "HEBREW"}


def in_language(locale: str, usual: str | None, local: str | None) -> str | None:
    """`local`, a text in the firm's second language, where its letters are the reader's and those of `usual` are not.

    A firm writes a product's name in two languages and says of neither which it is.
    """
    if not usual or not local:
        return usual or local
    wanted = _LETTERS.get(locale.partition("-")[0].partition("_")[0], "LATIN")
    return local if _written_in(local) == wanted != _written_in(usual) else usual


def lines_in_language(locale: str, usual: Sequence[str], local: Sequence[str]) -> list[str]:
    """The same for lists: all lines of one of the two."""
    if not usual or not local:
        return list(usual or local)
    first, second = "\n".join(usual), "\n".join(local)
    return list(local if in_language(locale, first, second) == second else usual)


def direction_of(text: str) -> str:
    """In which direction a page sets it: "rtl" or "ltr"."""
    return "rtl" if _written_in(text) in {"ARABIC", "HEBREW"} else "ltr"


def _written_in(text: str) -> str:
    """The script of most of its letters."""
    scripts = [unicodedata.name(one, "").partition(" ")[0] for one in text if one.isalpha()]
    return max(set(scripts), key=scripts.count) if scripts else ""
