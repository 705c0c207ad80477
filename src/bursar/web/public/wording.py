"""The four languages in which customers are written to, for the pages that are theirs.

The staff's pages speak two of them and their catalogue is a translator's. What a customer reads stands beside
documents and letters in the same four, a row for each text: English, Arabic, Hebrew, French.
"""

from collections.abc import Mapping

from bursar.web.languages import WRITTEN, Language

LANGUAGES: Mapping[str, Language] = {
    code: Language(code, name, "rtl" if code in ("ar", "he") else "ltr") for code, name in WRITTEN
}
CODES = ("en", "ar", "he", "fr")
Row = tuple[str, str, str, str]


def spoken(*wishes: str | None) -> Language:
    """The first of these that we speak, "he-IL" too; English else."""
    short = [(wish or "").replace("_", "-").partition("-")[0].lower() for wish in wishes]
    return LANGUAGES[next((code for code in short if code in LANGUAGES), "en")]


def in_language(code: str, rows: Mapping[str, Row]) -> dict[str, str]:
    at = CODES.index(code)
    return {name: each[at] for name, each in rows.items()}
