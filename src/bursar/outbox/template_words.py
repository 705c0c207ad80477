"""The words of one version before they are stored: checked, tried, shown to whoever writes them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from bursar.core.errors import N_, Invalid
from bursar.outbox import liquid, tags
from bursar.outbox.skeletons import CompiledTemplate, Composed, compile_version
from bursar.outbox.tags import Category
from bursar.outbox.targets import PIXEL, PRIVATE, UNSUBSCRIBE, Links

LOCALES = ("en", "ar", "he", "fr")
LONGEST_BODY = 200_000  # characters
LONGEST_PREHEADER = 200


@dataclass(frozen=True, slots=True)
class VersionInput:
    """The words of one language, as somebody wrote them. `preheader` is what a mailbox shows beside the subject."""

    locale: str
    subject: str
    body: str
    body_format: Literal["html", "text", "blocks"] = "html"
    preheader: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """One message as its reader would see it; links lead where they say, nothing in it counts."""

    subject: str
    html: str
    text: str
    preheader: str = ""


def check_version(given: VersionInput, category: Category) -> CompiledTemplate:
    """The version made ready, and tried with sample values. Raises `Invalid` by field: locale, subject, body."""
    if given.locale not in LOCALES:
        raise Invalid(
            N_("Write the language as one of: %(codes)s."),
            code="locale_unknown",
            field="locale",
            codes=", ".join(LOCALES),
        )
    if len(given.body) > LONGEST_BODY:
        raise Invalid(
            N_("A body has at most %(limit)s characters."),
            code="body_too_long",
            field="body",
            limit=LONGEST_BODY,
        )
    if len(given.preheader) > LONGEST_PREHEADER:
        raise Invalid(
            N_("A preheader has at most %(limit)s characters; mailboxes show about half of that."),
            code="preheader_too_long",
            field="preheader",
            limit=LONGEST_PREHEADER,
        )
    compiled = compile_version(
        subject=given.subject,
        body=given.body,
        body_format=given.body_format,
        locale=given.locale,
        category=category,
        preheader=given.preheader,
    )
    compiled.render(tags.sample_values(category, given.locale))
    return compiled


def preview(given: VersionInput, category: Category, values: Mapping[str, Any] | None = None) -> Preview:
    """As a reader would see it, with sample values unless others are given; nothing is stored. Raises `Invalid`."""
    compiled = check_version(given, category)
    told = values or tags.sample_values(category, given.locale)
    beside = liquid.parsed(liquid.text_environment(given.locale), given.preheader, "preheader")
    return replace(shown(compiled.render(told)), preheader=liquid.rendered(beside, told, Links()))


def shown(composed: Composed) -> Preview:
    """A composed message for the eyes of the firm: links lead to their targets themselves."""
    fillings = {position: target.encode() for position, target in enumerate(composed.links)}
    fillings |= {UNSUBSCRIBE: b"#", PRIVATE: b"#", PIXEL: b""}
    html, text = (part.filled(fillings).decode() for part in (composed.html, composed.text))
    return Preview(composed.subject, html, text.replace("\r\n", "\n"))


def columns_of(given: VersionInput) -> dict[str, Any]:
    return {
        "locale": given.locale,
        "subject": given.subject,
        "body": given.body,
        "body_format": given.body_format,
        "preheader": given.preheader,
    }
