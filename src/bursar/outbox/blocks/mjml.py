"""From pieces to a page: MJML, compiled, which every mail program shows alike, Outlook's included.

The colours and sizes are those of `library/layout.html`. Pieces hold no HTML but ours and what `sanitised` let
through; MJML's own elements are written here alone.
"""

import html

import mrml

from bursar.outbox.blocks.kinds import Button, Columns, Divider, Footer, Heading, Image
from bursar.outbox.blocks.pieces import Piece
from bursar.outbox.bodies import direction

_STYLES = """
p { margin: 0 0 12px; }
h1 { margin: 0; font-size: 20px; line-height: 1.3; font-weight: 600; }
ul { margin: 0 0 12px; padding-inline-start: 24px; }
a { color: #1a5fb4; }
table.invoices { width: 100%; margin: 0 0 12px; border-collapse: collapse; font-size: 14px; line-height: 1.5; }
table.invoices th { padding: 8px 6px; border-bottom: 2px solid #d5dae1; text-align: $start; font-weight: 600; }
table.invoices td { padding: 8px 6px; border-bottom: 1px solid #e6e9ee; text-align: $start; }
table.invoices td.number { white-space: nowrap; }
.total { font-weight: 600; }
.footer p { margin: 0 0 6px; }
"""
_FONT = "'Segoe UI', Tahoma, Arial, sans-serif"
_PAGE = (
    '<mjml lang="$lang" dir="$dir"><mj-head>$preview<mj-raw><meta name="color-scheme" content="light dark"></mj-raw>'
    f'<mj-attributes><mj-all font-family="{_FONT}" color="#1d2733"/>'
    '<mj-text align="$start" font-size="15px" line-height="1.6" padding="4px 24px"/>'
    '<mj-button align="$start" background-color="#1a5fb4" color="#ffffff" font-size="15px" border-radius="6px" '
    'padding="4px 24px 16px" inner-padding="10px 18px"/>'
    '<mj-divider border-width="1px" border-color="#e6e9ee" padding="8px 24px"/>'
    '<mj-image align="$start" padding="4px 24px 12px"/>'
    '<mj-section background-color="#ffffff" direction="$dir" padding="0"/><mj-column direction="$dir"/>'
    '</mj-attributes><mj-style inline="inline">$styles</mj-style></mj-head>'
    '<mj-body width="600px" background-color="#f5f6f8">$body</mj-body></mjml>'
)
_SMALL = ' color="#66717f" font-size="12px"'


def page(pieces: tuple[Piece, ...], footer: str, locale: str, preheader: str) -> str:
    """HTML with marks where the pieces have them. `footer` and `preheader` are HTML content with marks."""
    sections = [
        _gap(),
        *_sections(pieces),
        _section(f"<mj-divider/><mj-text{_SMALL}>{footer}</mj-text>"),
        _gap(),
    ]
    told = {
        "$lang": html.escape(locale.replace("_", "-")),
        "$styles": _STYLES,
        "$start": "right" if direction(locale) == "rtl" else "left",
        "$dir": direction(locale),
        "$preview": f"<mj-preview>{preheader}</mj-preview>" if preheader else "",
    }
    outer, _, end = _PAGE.partition("$body")
    for name, value in told.items():
        outer = outer.replace(name, value)
    return mrml.to_html(outer + "".join(sections) + end).content


def _sections(pieces: tuple[Piece, ...]) -> list[str]:
    """What stands side by side is a section of its own; all between two of them is one."""
    sections: list[str] = []
    run: list[str] = []
    for piece in pieces:
        if not isinstance(piece.block, Columns):
            run.append(_element(piece))
            continue
        if run:
            sections.append(_section("".join(run)))
        columns = "".join(f"<mj-column>{''.join(map(_element, one))}</mj-column>" for one in piece.columns)
        sections.append(_kept(piece, f"<mj-section>{columns}</mj-section>"))
        run = []
    return [*sections, _section("".join(run))] if run else sections


def _section(elements: str) -> str:
    return f"<mj-section><mj-column>{elements}</mj-column></mj-section>"


def _gap() -> str:
    return '<mj-section padding="12px 0"><mj-column/></mj-section>'


def _element(piece: Piece) -> str:
    match piece.block:
        case Button():
            made = f'<mj-button href="{piece.address}">{piece.label}</mj-button>'
        case Divider():
            made = "<mj-divider/>"
        case Image(src=src, alt=alt, width=width):
            made = f'<mj-image src="{html.escape(src)}" alt="{html.escape(alt)}" width="{width}px"/>'
        case Heading():
            made = f'<mj-text padding="8px 24px">{piece.html}</mj-text>'
        case Footer():
            made = f"<mj-text{_SMALL}>{piece.html}</mj-text>"
        case _:
            made = f"<mj-text>{piece.html}</mj-text>"
    return _kept(piece, made)


def _kept(piece: Piece, made: str) -> str:
    return f"{_raw(piece.before)}{made}{_raw(piece.after)}"


def _raw(marks: str) -> str:
    return f"<mj-raw>{marks}</mj-raw>" if marks else ""
