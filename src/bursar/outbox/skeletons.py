"""A template version made ready to be rendered thousands of times, and what one rendering gives."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from bursar.core.errors import N_, Invalid
from bursar.outbox import bodies, liquid, tags
from bursar.outbox.blocks.sources import block_sources
from bursar.outbox.bodies import Sources
from bursar.outbox.marks import SLOTS, Marks
from bursar.outbox.programs import Program, program
from bursar.outbox.targets import MARK, PIXEL, PRIVATE, UNSUBSCRIBE, Links

LONGEST_SUBJECT = 250  # characters

_UNSEEN = re.compile(r"[\s\u202a-\u202e]+")


class Part(NamedTuple):
    """One body as bytes with CRLF, cut where an address goes: piece, slot, piece, slot, piece.

    A slot is a position in `Composed.links`, `targets.UNSUBSCRIBE`, `targets.PRIVATE` or `targets.PIXEL`.
    """

    pieces: tuple[bytes, ...]
    slots: tuple[int, ...]

    def filled(self, fillings: Mapping[int, bytes]) -> bytes:
        """Raises KeyError for a slot that was not given: an address nobody has is never sent."""
        if not self.slots:
            return self.pieces[0]
        out = [self.pieces[0]]
        for slot, piece in zip(self.slots, self.pieces[1:], strict=True):
            out += (fillings[slot], piece)
        return b"".join(out)


class Composed(NamedTuple):
    """One personal message before its headers.

    `links` are the targets by position, to be stored with the send. `content_sha256` is taken over subject,
    text and HTML with the targets themselves in place: the same template version and values give it again
    years later, whatever tokens the links and the pixel had.
    """

    subject: str
    html: Part
    text: Part
    links: tuple[str, ...]
    content_sha256: bytes
    locale: str

    @property
    def size(self) -> int:
        """Bytes of both bodies, without what goes into the slots."""
        return sum(map(len, self.html.pieces)) + sum(map(len, self.text.pieces))


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """A version of one locale, parsed and flattened once; keep it by (template_version_id)."""

    locale: str
    used_tags: frozenset[str]
    subject: Program
    html: Program
    text: Program

    def render(self, values: Mapping[str, Any], *, subject: str | None = None) -> Composed:
        """`values` in the shape of `tags.sample_values`. `subject` given: an agent's own words instead.

        Raises `Invalid` where a value is missing, an address is not of the web, or the message grows too big.
        """
        links = Links()
        line = one_line(self.subject(values, links) if subject is None else subject)
        html = _part(self.html(values, links))
        text = _part(_tidied(self.text(values, links)))
        fillings = {position: target.encode() for position, target in enumerate(links.targets)}
        fillings |= {UNSUBSCRIBE: b"", PRIVATE: b"", PIXEL: b""}
        told = b"\0".join((line.encode(), text.filled(fillings), html.filled(fillings)))
        return Composed(line, html, text, tuple(links.targets), sha256(told).digest(), self.locale)


def compile_version(
    *,
    subject: str,
    body: str,
    body_format: str,
    locale: str,
    category: tags.Category,
    required_tags: Collection[str] | None = None,
    preheader: str = "",
) -> CompiledTemplate:
    """Everything that is the same for all recipients, done once: a few milliseconds.

    `body_format` is "html", "text" or "blocks"; `required_tags` replaces those of the category; `preheader` is what
    a mailbox shows beside the subject. Raises `Invalid` (field "subject", "preheader" or "body") for a mistake in
    the Liquid, an unknown or missing tag, and for what may not stand in an e-mail.
    """
    known = tags.tags_of(category)
    told = known.keys() - SLOTS.keys()
    text_env, html_env = liquid.text_environment(locale), liquid.html_environment(locale)
    line = liquid.parsed(text_env, _checked_subject(subject), "subject")
    liquid.refuse_unknown(
        liquid.used_tags(liquid.parsed(text_env, preheader, "preheader")), told, "preheader"
    )
    made = _sources(body, body_format, locale, preheader)
    html, text = liquid.parsed(html_env, made.html, "body"), liquid.parsed(text_env, made.text, "body")
    in_subject, in_body = liquid.used_tags(line), liquid.used_tags(html)
    liquid.refuse_unknown(in_subject, told, "subject")
    liquid.refuse_unknown(in_body, known, "body")
    _refuse_missing(
        in_subject | in_body, tags.required_tags(category) if required_tags is None else required_tags
    )
    return CompiledTemplate(
        locale, frozenset(in_subject | in_body), program(line), program(html), program(text)
    )


def _sources(body: str, body_format: str, locale: str, preheader: str) -> Sources:
    match body_format:
        case "blocks":
            return block_sources(body, locale, preheader)
        case "html" | "text":
            # For its words: what follows has our own tags in it.
            liquid.parsed(liquid.text_environment(locale), body, "body")
            return bodies.sources(body, body_format, locale, preheader)
        case _:
            raise Invalid(
                N_("A body is “html”, “text” or “blocks”, not “%(given)s”."),
                code="body_format",
                field="body_format",
                given=body_format,
            )


def one_line(subject: str) -> str:
    """A subject as it is sent: one line, no control or direction-forcing characters; never empty."""
    line = _UNSEEN.sub(" ", liquid.plain_text(subject)).strip()
    if not line:
        raise Invalid(N_("The subject is empty."), code="subject_empty", field="subject")
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1].rstrip() + "…"


def _checked_subject(subject: str) -> str:
    if not subject.strip() or any(
        ord(character) < 0x20 or character in "\x7f\u2028\u2029" for character in subject
    ):
        raise Invalid(
            N_("The subject must be one line with something in it."),
            code="subject_not_one_line",
            field="subject",
        )
    Marks(avoiding=subject).hide(subject, field="subject")  # refuses tags that are not for tenants
    return subject


def _refuse_missing(used: Collection[str], required: Collection[str]) -> None:
    missing = sorted(tag.replace("[]", "") for tag in required if tag not in used)
    if missing:
        raise Invalid(
            N_("The message must name %(missing)s, so that the reader knows what it is about."),
            code="required_tag_missing",
            field="body",
            missing=", ".join(missing),
        )


def _tidied(text: str) -> str:
    """Blank lines that branches left behind; a line of text has one end."""
    while "\n\n\n" in text:  # half the time of a regular expression
        text = text.replace("\n\n\n", "\n\n")
    return text.strip("\n") + "\n"


def _part(text: str) -> Part:
    cut = text.encode().replace(b"\n", b"\r\n").split(MARK.encode())
    return Part(tuple(cut[::2]), tuple(map(int, cut[1::2])))
