"""HTML that somebody wrote elsewhere, made into the words of a template: cleaned, its tags turned into ours.

What comes out is checked like everything else that is saved; what was taken out, and which tags nobody knows, is told
to whoever brings it.
"""

import hashlib
import html
import re
import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser
from uuid import UUID

import nh3

from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.outbox import template_acts, templates
from bursar.outbox.foreign_tags import recognise
from bursar.outbox.markup import ATTRIBUTES, ELEMENTS, bad_styles
from bursar.outbox.states import TemplateSource
from bursar.outbox.tags import Category
from bursar.outbox.template_words import LONGEST_BODY, VersionInput

LARGEST_HTML = 1_000_000  # characters: programs export much that goes
_FORGOTTEN = frozenset({"script", "style", "head", "title", "iframe", "object", "embed", "form", "select", "textarea",
                        "button", "noscript", "template", "svg", "math", "video", "audio", "map"})  # fmt: skip
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TORN = re.compile(r"(?:\{\{|\{%)(?:<[^>]*>|[^<{}])*?(?:\}\}|%\})")


@dataclass(frozen=True, slots=True)
class Imported:
    """`removed` names elements that cannot stand in a mail; `one_invoice` that its tags speak of a single invoice."""

    words: VersionInput
    recognised: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]
    removed: tuple[str, ...]
    one_invoice: bool


def read_words(source: str, category: Category, locale: str, subject: str = "") -> Imported:
    """HTML, or plain writing if it holds no element. Raises `Invalid` (field "body") for nothing, and for too much.

    Without a `subject` the title of the page is one.
    """
    if len(source) > LARGEST_HTML:
        raise Invalid(
            N_("A body has at most %(limit)s characters."),
            code="body_too_long",
            field="body",
            limit=LARGEST_HTML,
        )
    is_html = re.search(r"</?[a-zA-Z][^>]*>", source) is not None
    title = _TITLE.search(source) if is_html else None
    line = subject or (html.unescape(title[1]) if title else "")
    seen = _Seen()
    if is_html:
        seen.feed(source)
        seen.close()
    body = recognise(_cleaned(source) if is_html else source, category)
    head = recognise(" ".join(line.split()), category)
    if not body.text.strip() or len(body.text) > LONGEST_BODY:
        raise Invalid(
            N_("There is nothing in it that a mail could say, or too much of it."),
            code="nothing_to_import",
            field="body",
        )
    words = VersionInput(locale, head.text, body.text.strip(), "html" if is_html else "text")
    return Imported(
        words,
        tuple(dict.fromkeys((*head.known, *body.known))),
        tuple(dict.fromkeys((*head.unknown, *body.unknown))),
        tuple(seen.removed),
        head.of_one or body.of_one,
    )


async def keep_import(work: Work, found: Imported, category: Category, *, name: str, code: str = "") -> UUID:
    """A template of one draft; its id. Raises `Invalid` by field, for tags that nobody knows too, `Conflict`."""
    if found.unknown:
        raise Invalid(
            N_("Nobody knows what %(tags)s stands for. Write a tag of ours instead."),
            code="foreign_tag_unknown",
            field="body",
            tags=", ".join(found.unknown[:5]),
        )
    template_id, _ = await templates.create_template(
        work,
        code=code or await template_acts.free_code(work, code_of(name)),
        name=name,
        category=category,
        first=found.words,
        source=TemplateSource.IMPORTED,
    )
    return template_id


def code_of(name: str) -> str:
    """A code as `create_template` wants it; a name without a Latin letter gets a number that is always the same."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if not slug:
        return f"imported_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return (slug if slug[0].isalpha() and len(slug) > 1 else f"imported_{slug}")[:60]


def _cleaned(source: str) -> str:
    """What may stand in a template, with the same answer as when it is saved; links without an address are text."""
    # Writing programs put their formatting into the middle of a tag.
    joined = _TORN.sub(lambda tag: re.sub(r"<[^>]*>", "", tag.group()), source)
    clean = nh3.clean(
        joined,
        tags=set(ELEMENTS),
        clean_content_tags=set(_FORGOTTEN),
        attributes={element: set(names) for element, names in ATTRIBUTES.items()},
        attribute_filter=_kept,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        strip_comments=True,
    )
    clean = re.sub(r"<img(?![^>]*\ssrc=)[^>]*>", "", clean)
    return re.sub(r"\n[ \t]*(?:\n[ \t]*)+", "\n", clean).replace("&nbsp;", " ")


def _kept(element: str, name: str, value: str) -> str | None:
    if name == "style":
        kept = [one.strip() for one in value.split(";") if one.strip() and not bad_styles(one)]
        return "; ".join(kept) or None
    is_tag = bool(re.match(r"(\{\{|\{|\[|%|\*\||<<|\$\{)", value.strip()))
    if name == "src" and not (value.lower().startswith("https://") or is_tag):
        return None
    schemes = ("http://", "https://", "mailto:", "tel:")
    if name == "href" and not (value.strip().lower().startswith(schemes) or is_tag):
        return None
    return value if element else None


class _Seen(HTMLParser):
    """Which elements of somebody's HTML a mail cannot hold, each once, for whoever brings it."""

    def __init__(self) -> None:
        super().__init__()
        self.removed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  the parser's shape
        told = f"<{tag}>"
        structure = {
            "html",
            "body",
            "head",
            "meta",
            "title",
            "link",
            "font",
            "center",
            "section",
            "article",
            "main",
        }
        if tag not in ELEMENTS and tag not in structure and told not in self.removed:
            self.removed.append(told)
