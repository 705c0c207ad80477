"""Which HTML a template may hold, and the plain answer to what it may not (R139)."""

import re
from html.parser import HTMLParser

from bursar.core.errors import N_, Invalid
from bursar.outbox.marks import Marks

# fmt: off
ELEMENTS = frozenset({
    "a", "b", "bdi", "bdo", "blockquote", "br", "caption", "div", "em", "h1", "h2", "h3", "h4", "hr",
    "i", "img", "li", "ol", "p", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "u", "ul",
})
# fmt: on
_EVERYWHERE = frozenset({"align", "class", "dir", "lang", "style", "title"})
_CELL = frozenset({"colspan", "rowspan", "valign", "width", "height", "bgcolor", "scope"})
ATTRIBUTES: dict[str, frozenset[str]] = {
    "*": _EVERYWHERE,
    "a": frozenset({"href"}),
    "img": frozenset({"src", "alt", "width", "height"}),
    "table": frozenset({"width", "border", "cellpadding", "cellspacing", "bgcolor", "role"}),
    "td": _CELL,
    "th": _CELL,
    "tr": frozenset({"bgcolor", "valign"}),
    "ol": frozenset({"start", "type"}),
}
_SIDES = ("", "-top", "-right", "-bottom", "-left", "-inline", "-block", "-inline-start", "-inline-end")
# fmt: off
_PLAIN_STYLES = frozenset({
    "color", "background", "background-color", "direction", "font", "font-family", "font-size",
    "font-style", "font-variant-numeric", "font-weight", "height", "letter-spacing", "line-height",
    "list-style-type", "max-width", "min-width", "text-align", "text-decoration", "text-transform",
    "vertical-align", "white-space", "width", "word-break", "border-radius", "border-collapse",
    "border-spacing", "border-color", "border-style", "border-width",
})
# fmt: on
STYLES = _PLAIN_STYLES | {f"{box}{side}" for box in ("margin", "padding", "border") for side in _SIDES}
_FILLED = frozenset({"href", "src", "title", "alt"})  # attributes whose value may hold Liquid


def refuse_unsafe(masked: str, marks: Marks) -> None:
    """Raises `Invalid` that lists, at once, everything a tenant must take out."""
    reader = _Reader(marks)
    reader.feed(masked)
    reader.close()
    if reader.found:
        raise Invalid(
            N_("E-mail templates cannot hold this: %(found)s. Take it out and save again."),
            code="unsafe_html",
            field="body",
            found=", ".join(list(dict.fromkeys(reader.found))[:8]),
        )


class _Reader(HTMLParser):
    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self.found: list[str] = []
        self._marks = marks

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ELEMENTS:
            self.found.append(f"<{self._marks.restored(tag)}>")
            return
        for name, value in attrs:
            if name not in _EVERYWHERE and name not in ATTRIBUTES.get(tag, ()):
                self.found.append(f"{self._marks.restored(name)} (<{tag}>)")
            else:
                self._check_value(name, value or "")

    def _check_value(self, name: str, value: str) -> None:
        held = next(self._marks.find(value), None)
        if held and name not in _FILLED:
            self.found.append(f"{held.shown} ({name})")
        if name == "style":
            self.found.extend(bad_styles(value))
        elif name == "href" and not self._is_address(value, ("http://", "https://", "mailto:", "tel:")):
            self.found.append(f'href="{self._marks.restored(value)[:60]}"')
        elif name == "src" and not self._is_address(value, ("https://",)):
            self.found.append(f'src="{self._marks.restored(value)[:60]}"')

    def _is_address(self, value: str, schemes: tuple[str, ...]) -> bool:
        return bool(re.match(self._marks.pattern, value)) or value.lower().startswith(schemes)

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{self._marks.restored(data)[:20]}-->")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl[:20]}>")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data[:20]}>")

    def unknown_decl(self, data: str) -> None:
        self.found.append(f"<![{data[:20]}]>")


def bad_styles(style: str) -> list[str]:
    """Declarations that load, run or move something, or that we do not know."""
    found: list[str] = []
    for declaration in filter(str.strip, style.split(";")):
        name, _, value = declaration.strip().partition(":")
        odd = re.search(r"[\\<>@{}]|/\*|\((?<!rgb\()(?<!rgba\()", value.lower())
        if name.strip().lower() not in STYLES or odd:
            found.append(f"style “{declaration.strip()[:40]}”")
    return found
