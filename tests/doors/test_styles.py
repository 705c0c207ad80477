"""What no page may contain: texts without translation, physical directions, inline scripts and styles.

The checks read the sources themselves, so they hold for pages that no other test opens.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

from bursar.web import pages

pytestmark = pytest.mark.pure

GALLERY = Path(__file__).parents[2] / "dev" / "templates"
FOLDERS = (pages.TEMPLATES, GALLERY)
TRANSLATORS = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
SPOKEN_ATTRIBUTES = {"title", "alt", "placeholder", "aria-label", "aria-description", "label", "content"}
NAMES = {"Bursar", "VIP", "AED", "EUR", "Esc", "CSV", "UTF-8", "Google", "Microsoft"}
HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in the HTML where an expression was."""

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(FOLDERS), extensions=["jinja2.ext.i18n"], autoescape=True
)


def templates() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in folder.rglob("*.html"))


def tree_of(source: str) -> nodes.Template:
    return ENVIRONMENT.parse(source)


class Texts(HTMLParser):
    """Collects what a person would read or hear of a template's own HTML, and what a browser would run."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.spoken: list[str] = []
        self.forbidden: list[str] = []
        self._mute = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._mute += tag in {"script", "style", "kbd"}
        told = {name: value or "" for name, value in attrs}
        for name, value in told.items():
            if name in SPOKEN_ATTRIBUTES and tag != "meta":
                self.spoken.append(value)
            if (
                name == "style"
                or name.startswith(("on", "hx-on"))
                or value.strip().startswith(("javascript:", "js:"))
            ):
                self.forbidden.append(f"<{tag} {name}={value!r}>")
        if tag == "script" and "src" not in told and told.get("type") != "application/json":
            self.forbidden.append("<script> without src")
        if tag == "style":
            self.forbidden.append("<style>")

    def handle_endtag(self, tag: str) -> None:
        self._mute -= tag in {"script", "style", "kbd"}

    def handle_data(self, data: str) -> None:
        if not self._mute:
            self.spoken.append(data)


def html_of(tree: nodes.Template) -> str:
    """The template's literal HTML in its order, with a hole for each expression.

    By our convention a macro `…_attributes` makes the inside of a tag, and a macro or block `…_class`
    makes names of classes: no words for people.
    """

    def walk(node: nodes.Node) -> Iterator[str]:
        for child in node.iter_child_nodes():
            name = child.name if isinstance(child, nodes.Macro | nodes.Block) else ""
            if name.endswith("_class"):
                continue
            if name.endswith("_attributes"):
                yield from ("<i ", *walk(child), "></i>")
            elif isinstance(child, nodes.TemplateData):
                yield child.data
            elif isinstance(child, nodes.Expr):
                yield HOLE
            else:
                yield from walk(child)

    return "".join(walk(tree))


def read(source: str) -> Texts:
    found = Texts()
    found.feed(html_of(tree_of(source)))
    found.close()
    return found


def untranslated_html(source: str) -> list[str]:
    pieces = (piece.strip() for text in read(source).spoken for piece in text.split(HOLE))
    return [piece for piece in pieces if spoken(piece)]


def spoken(text: str) -> bool:
    return (
        bool(re.search(r"[^\W\d_]{2}", text))
        and text not in NAMES
        and "@" not in text
        and not text.startswith("arn:")
    )


def untranslated_strings(source: str) -> list[str]:
    """Literal strings in expressions that look like words for people and are handed to no translator."""
    found: list[str] = []

    def walk(node: nodes.Node) -> None:
        if isinstance(node, nodes.Call) and getattr(node.node, "name", None) in TRANSLATORS:
            return
        if isinstance(node, nodes.Const) and isinstance(node.value, str) and looks_spoken(node.value):
            found.append(node.value)
        for child in node.iter_child_nodes():
            walk(child)

    walk(tree_of(source))
    return found


def looks_spoken(text: str) -> bool:
    """Codes, classes and addresses begin small and have no capital; what people read has one or is a sentence."""
    if text in NAMES or text.startswith(("/", "#", ".", " ", "[")) or "@" in text:
        return False
    return bool(re.match(r"[^\W\d_]", text)) and (
        text[0].isupper() or bool(re.search(r"\w \w+ \w|[.?!…]$", text))
    )


def shown(path: Path) -> str:
    return str(path.relative_to(path.parents[2]))


@pytest.mark.parametrize("path", templates(), ids=shown)
def test_every_text_of_a_template_goes_through_gettext(path: Path):
    source = path.read_text(encoding="utf-8")
    samples = {"Rania Haddad", "Cher", "Working Title"} if path.is_relative_to(GALLERY) else set[str]()
    found = [text for text in untranslated_html(source) + untranslated_strings(source) if text not in samples]
    assert not found, f"wrap in _(): {found}"


@pytest.mark.parametrize("path", templates(), ids=shown)
def test_no_template_brings_scripts_or_styles_of_its_own(path: Path):
    assert not read(path.read_text(encoding="utf-8")).forbidden


@pytest.mark.parametrize(
    "source",
    [
        "<p>Overdue</p>",
        "<p>{{ n }} open invoices</p>",
        '<input placeholder="Search">',
        '<a href="/" aria-label="Home"></a>',
        '{{ ui.card("Overdue") }}',
        '{{ ui.figure(label="Overdue", value=1) }}',
        '{{ "yes, all of them" if all else "" }}',
        "{% if x %}<b>Paid</b>{% endif %}",
    ],
)
def test_the_check_sees_an_untranslated_text(source: str):
    assert untranslated_html(source) + untranslated_strings(source)


@pytest.mark.parametrize(
    "source",
    [
        '<p>{{ _("Overdue") }}</p>',
        "{% trans count=n %}{{ count }} invoice{% pluralize %}{{ count }} invoices{% endtrans %}",
        '<p class="menu" data-kind="Big">{{ total }} · 12 %</p>',
        '{{ ui.card(_("Overdue"), id="late") }}{{ icon("bell") }}',
        "{# Words nobody sees #}",
        "<kbd>Esc</kbd>",
    ],
)
def test_the_check_lets_good_templates_pass(source: str):
    assert not untranslated_html(source) + untranslated_strings(source)


@pytest.mark.parametrize(
    "source",
    [
        '<p style="color: red">',
        '<a onclick="x()">',
        '<a hx-on:click="x()">',
        '<a href="javascript:x()">',
        "<script>x()</script>",
        "<style>p {}</style>",
        '<div hx-vals="js:{a: 1}">',
    ],
)
def test_the_check_sees_inline_scripts_and_styles(source: str):
    assert read(source).forbidden


LENGTH = r"[^\s;}]+"
PHYSICAL = (
    (r"(?:^|[\s;{])(?:left|right)\s*:", "inset-inline-start or inset-inline-end"),
    (
        r"(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)\b",
        "…-inline-start or …-inline-end",
    ),
    (r"border-(?:top|bottom)-(?:left|right)-radius", "border-start-start-radius and its kin"),
    (r"(?:text-align|float|clear|justify-\w+|caption-side)\s*:\s*(?:left|right)\b", "start or end"),
    (
        rf"(?:margin|padding|inset)\s*:\s*{LENGTH}\s+({LENGTH})\s+{LENGTH}\s+(?!\1\s*[;}}]){LENGTH}\s*[;}}]",
        "the -inline and -block forms",
    ),
    (
        rf"border-radius\s*:\s*({LENGTH})\s+(?!\1\s){LENGTH}\s+{LENGTH}\s+{LENGTH}\s*[;}}]",
        "border-start-start-radius and its kin",
    ),
)
PHYSICAL_CLASSES = re.compile(
    r"\b(?:text|float|border|rounded|dropdown-menu|offcanvas)-(?:left|right)\b|\b[mp][lr]-\d\b"
)


def physical(css: str) -> list[str]:
    without_comments = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return [
        f"{match.group().strip()} -> {instead}"
        for pattern, instead in PHYSICAL
        for match in re.finditer(pattern, without_comments)
    ]


def our_sheets() -> list[Path]:
    return sorted(path for path in pages.STATIC.rglob("*.css") if "vendor" not in path.parts)


def test_our_sheets_know_no_left_and_no_right():
    sheets = our_sheets()
    assert sheets
    assert not {sheet.name: found for sheet in sheets if (found := physical(sheet.read_text()))}


@pytest.mark.parametrize(
    "css",
    [
        "a { left: 0; }",
        "a{right:0}",
        "a { margin-left: 1px; }",
        "a { border-top-right-radius: 3px; }",
        "a { text-align: right; }",
        "a { padding: 1px 2px 3px 4px; }",
        "a { float: left }",
        "a { border-radius: 3px 0 0 3px; }",
    ],
)
def test_the_check_sees_a_physical_property(css: str):
    assert physical(css)


@pytest.mark.parametrize(
    "css",
    [
        "a { inset-inline-start: 0; text-align: start; }",
        "a { padding: 1px 2px 3px 2px; margin: 0 auto; }",
        "a { border-radius: 0 0 8px 8px; }",
        "/* to the left: */ a { color: red; }",
    ],
)
def test_the_check_lets_logical_properties_pass(css: str):
    assert not physical(css)


@pytest.mark.parametrize("path", templates(), ids=shown)
def test_templates_use_no_physical_class(path: Path):
    assert not PHYSICAL_CLASSES.search(path.read_text(encoding="utf-8"))


def test_every_script_of_ours_keeps_to_the_policy():
    for script in pages.STATIC.glob("*.js"):
        source = script.read_text()
        for word in ("eval(", "innerHTML", "document.write", "new Function", 'setAttribute("style'):
            assert word not in source
