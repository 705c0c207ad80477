"""From what a tenant wrote to two Liquid sources: an HTML part, sanitised and inlined, and a text part.

Liquid tags are hidden behind marks that HTML tools leave alone (a word, or a comment where only elements
may stand), and put back at the end. What is unsafe is refused by name when a version is saved; the sanitiser
behind it is the second wall, not the first answer.
"""

import html
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby

import css_inline
import nh3

from bursar.core.errors import N_, Invalid
from bursar.outbox.marks import Marks
from bursar.outbox.markup import ATTRIBUTES, ELEMENTS, STYLES, refuse_unsafe
from bursar.outbox.textparts import text_part

RTL = frozenset({"ar", "he", "fa", "ur"})
FOOTERS = frozenset({"en", "ar", "fr", "he"})
WRAP_AT = 160  # characters; far below RFC 5322's 998 octets even when each takes four
_TAG = re.compile(r'<[a-zA-Z][\w-]*(?:\s+[\w:-]+(?:="[^"]*")?)*\s*/?>')
_ITEM = re.compile(r"\s*[-*•] +")
_ADDRESS = re.compile(r'(?<=\s)(href|src)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Sources:
    """Liquid for `liquid.html_environment` and `liquid.text_environment`; lines end with LF."""

    html: str
    text: str


def direction(locale: str) -> str:
    return "rtl" if locale.partition("-")[0].partition("_")[0] in RTL else "ltr"


def sources(body: str, body_format: str, locale: str, preheader: str = "") -> Sources:
    """Raises `Invalid` naming what may not stand in a template, or stands where it cannot.

    `preheader` is what a mailbox shows beside the subject; readers who open the message do not see it.
    """
    refuse_controls(body)
    marks = Marks(avoiding=body + preheader)
    masked = marks.hide(body.replace("\r\n", "\n").replace("\r", "\n"))
    masked = from_text(masked, marks) if body_format == "text" else masked
    refuse_unsafe(masked, marks)
    clean = sanitised(f"{masked}\n{marks.hide(footer(locale))}", marks)
    marks.refuse_lost(clean)
    return Sources(_html(clean, marks, locale, preheader), text_part(clean, marks))


def refuse_controls(text: str) -> None:
    """Raises `Invalid` for characters that nobody writes; some of them mean something to us (`targets.MARK`)."""
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        raise Invalid(
            N_("The body holds control characters. Write it again without them."),
            code="control_characters",
            field="body",
        )


def from_text(masked: str, marks: Marks) -> str:
    """Plain writing as HTML: blank lines part paragraphs, "- " begins a list item, addresses become links."""
    parts: list[list[str]] = []
    for run in re.split(r"\n[ \t]*\n", masked.strip("\n")):
        for _, alike in groupby(_kinds(run.split("\n"), marks), key=lambda pair: pair[0]):
            parts.extend(marks.split_where_blocks_cross([line for _, line in alike]))
    return "\n".join(_paragraph(part, marks) for part in parts)


def _kinds(lines: list[str], marks: Marks) -> list[tuple[bool, str]]:
    """Each line with whether it belongs to a list; a tag on a line of its own goes with the lines it holds."""
    told = [None if marks.only_tags(line) else bool(_ITEM.match(line)) for line in lines]
    kinds: list[tuple[bool, str]] = []
    for index, line in enumerate(lines):
        near = told[index:] if marks.opens(line) else reversed(told[: index + 1])
        kinds.append((next((kind for kind in near if kind is not None), False), line))
    return kinds


def _paragraph(lines: list[str], marks: Marks) -> str:
    told = [line for line in lines if not marks.only_tags(line)]
    if not told:
        return "".join(lines)
    shown = [line if marks.only_tags(line) else _linked(line, marks) for line in lines]
    if all(_ITEM.match(line) for line in told):
        items = (line if marks.only_tags(line) else f"<li>{_ITEM.sub('', line)}</li>" for line in shown)
        return f"<ul>{''.join(items)}</ul>"
    last = max(index for index, line in enumerate(lines) if line in told)
    broken = (
        line if marks.only_tags(lines[index]) or index == last else f"{line}<br>"
        for index, line in enumerate(shown)
    )
    return "<p>" + "\n".join(broken) + "</p>"


def _linked(line: str, marks: Marks) -> str:
    """`line` as HTML content, with web addresses and tags that hold one made into links."""
    pieces = re.split(rf"(https?://[^\s<>\"]*[^\s<>\".,;:!?)]|{marks.pattern})", line)
    out: list[str] = []
    for index, piece in enumerate(pieces):
        if index % 2 and (piece.startswith("http") or marks.is_address(piece)):
            out.append(f'<a href="{html.escape(piece)}">{html.escape(piece)}</a>')
        else:
            out.append(html.escape(piece))
    return "".join(out)


def sanitised(masked: str, marks: Marks) -> str:
    """Comments take the place of tags between elements: words inside a table would be moved out of it."""
    commented = marks.as_comments(masked)
    gap = rf"((?:\s|<!--{marks.pattern}-->)*<tr\b)"
    commented = re.sub(rf"(<table\b[^>]*>|</thead>){gap}", r"\1<tbody>\2", commented, flags=re.IGNORECASE)
    return nh3.clean(
        commented,
        tags=set(ELEMENTS),
        attributes={element: set(names) for element, names in ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        strip_comments=False,
        filter_style_properties=set(STYLES),
    )


def _html(clean: str, marks: Marks, locale: str, preheader: str) -> str:
    page = layout().replace("$lang", locale.replace("_", "-")).replace("$dir", direction(locale))
    shown_beside = f'<div class="preheader">{hidden(preheader, marks)}</div>\n' if preheader else ""
    page = page.replace("$preheader\n", shown_beside).replace("$body", clean)
    return finished(css_inline.CSSInliner(load_remote_stylesheets=False).inline(page), marks)


def hidden(text: str, marks: Marks) -> str:
    """One line of plain writing with its Liquid behind marks, as HTML content."""
    refuse_controls(text)
    return html.escape(" ".join(marks.hide(text, field="preheader").split()))


def finished(page: str, marks: Marks) -> str:
    """A whole page of HTML with marks as Liquid: addresses checked where they are filled in, the pixel at its end."""
    wrapped = _wrapped(re.sub(r"\n\s*\n", "\n", page))
    head, begin, rest = wrapped.partition("<body")  # styles have braces of their own
    body, end, tail = rest.replace("{", "&#123;").rpartition("</body>")
    addressed = _TAG.sub(lambda tag: _addressed(tag.group(), marks), begin + body)
    return marks.restored(head + addressed) + "{% pixel %}" + end + tail.strip() + "\n"


def _addressed(tag: str, marks: Marks) -> str:
    """Web addresses between our own tags, so that rendering checks them and makes them slots."""

    def around(match: re.Match[str]) -> str:
        kind = marks.address_kind(match[1], match[2])
        value = f"{{% {kind}_address %}}{match[2]}{{% endaddress %}}" if kind else match[2]
        return f'{match[1]}="{value}"'

    return _ADDRESS.sub(around, tag)


def _wrapped(page: str) -> str:
    """Lines short enough for mail, broken where a space stands: in content or between a tag's attributes."""
    out: list[str] = []
    column = 0
    for piece in re.findall(r'<!--.*?-->|"[^"<>]*"|[^ \n"]+|"|[ \n]', page, flags=re.DOTALL):
        ended = piece == "\n" or (piece == " " and column > WRAP_AT)
        column = 0 if ended else column + len(piece)
        out.append("\n" if ended else piece)
    return "".join(out)


@cache
def layout() -> str:
    return _file("layout.html")


@cache
def footer(locale: str) -> str:
    """Who wrote, and how to end reminders, in the language of the version; English where we have none."""
    language = locale.partition("-")[0].partition("_")[0]
    return _file(f"footer.{language if language in FOOTERS else 'en'}.html")


def _file(name: str) -> str:
    return (resources.files("bursar.outbox") / "library" / name).read_text("utf-8")
