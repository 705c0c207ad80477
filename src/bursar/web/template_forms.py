"""The form in which a template's words are written: what was typed as words, words as what a form shows."""

from typing import Any

from bursar.core.errors import Invalid
from bursar.outbox.blocks.conversions import as_html, as_text
from bursar.outbox.blocks.reading import read_blocks
from bursar.outbox.defaults import starter
from bursar.outbox.tags import Category
from bursar.outbox.template_words import VersionInput
from bursar.web import template_blocks

FORMATS = ("blocks", "html", "text")


def given(typed: dict[str, str]) -> VersionInput:
    body_format: Any = typed.get("body_format", "html")
    body = template_blocks.body_of(typed) if body_format == "blocks" else typed.get("body", "")
    return VersionInput(
        typed.get("locale", ""),
        typed.get("subject", ""),
        body,
        body_format,
        typed.get("preheader", "").strip(),
    )


def values(words: VersionInput) -> dict[str, Any]:
    return {
        "locale": words.locale,
        "subject": words.subject,
        "preheader": words.preheader,
        "body": words.body,
        "body_format": words.body_format,
    }


def in_format(words: VersionInput, wanted: Any, category: Category) -> VersionInput:
    """Blocks can be gone on with as HTML or plain text. The way back leads to words of ours: HTML says too little of
    what it means.
    """
    if wanted == words.body_format:
        return words
    blocks = words if words.body_format == "blocks" else starter(category, words.locale)
    body = blocks.body
    if wanted != "blocks":
        write = as_html if wanted == "html" else as_text
        try:
            body = write(read_blocks(blocks.body), words.locale)
        except Invalid:  # nothing that could be written otherwise
            body = ""
    return VersionInput(words.locale, words.subject, body, wanted, words.preheader)


def direction(locale: str) -> str:
    return "rtl" if locale in ("ar", "he") else "ltr"
