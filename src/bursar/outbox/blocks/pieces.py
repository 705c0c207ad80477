"""From a block to HTML with its Liquid hidden: what the text part is read from, and what MJML is filled with."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bursar.outbox.blocks import words
from bursar.outbox.blocks.kinds import (
    Block,
    Button,
    ButtonTarget,
    Columns,
    Footer,
    Heading,
    Image,
    InvoiceColumn,
    Invoices,
    Leaf,
    Text,
    When,
)
from bursar.outbox.bodies import from_text, sanitised
from bursar.outbox.marks import Marks

_CONDITIONS = {
    When.SOMETHING_OPEN: "{% if invoices.size > 0 %}",
    When.NOTHING_OPEN: "{% unless invoices.size > 0 %}",
}
TARGETS = {
    ButtonTarget.PAY: ("pay_link", ""),
    ButtonTarget.SEE: ("invoices.first.link", ""),
    ButtonTarget.PROMISE: ("pay_link", "/promise"),
    ButtonTarget.PORTAL: ("portal_link", ""),
    ButtonTarget.PRIVATE: ("private_link", ""),
}
_CELLS = {
    InvoiceColumn.NUMBER: (
        '{% if invoice.link %}<a href="{{ invoice.link }}"><bdi>{{ invoice.number }}</bdi></a>'
        "{% else %}<bdi>{{ invoice.number }}</bdi>{% endif %}"
    ),
    InvoiceColumn.DAYS_OVERDUE: (
        "<bdi>{% if invoice.days_overdue > 0 %}{{ invoice.days_overdue }}{% else %}–{% endif %}</bdi>"
    ),
}
_CUT = "\0"  # in no body: control characters are refused


@dataclass(frozen=True, slots=True)
class Piece:
    """`before` and `after` are marks of the conditions around it. `address` and `label` are a button's."""

    block: Block
    before: str
    html: str
    after: str
    address: str = ""
    label: str = ""
    columns: tuple[tuple["Piece", ...], ...] = ()

    @property
    def whole(self) -> str:
        """One after the other, as somebody reads it who sees no columns."""
        inner = "\n".join(piece.whole for column in self.columns for piece in column)
        return f"{self.before}{inner or self.html}{self.after}"


def pieces_of(blocks: Sequence[Block], marks: Marks, locale: str) -> tuple[Piece, ...]:
    return tuple(_piece(block, marks, locale) for block in blocks)


def _piece(block: Block, marks: Marks, locale: str) -> Piece:
    if isinstance(block, Columns):
        before, after = _around(marks, condition_of(block))
        columns = tuple(tuple(_piece(one, marks, locale) for one in column) for column in block.columns)
        return Piece(block, before, "", after, columns=columns)
    if isinstance(block, Button):
        return _button(block, marks)
    before, after = _around(marks, condition_of(block))
    return Piece(block, before, sanitised(_html(block, marks, locale), marks), after)


def _html(block: Leaf, marks: Marks, locale: str) -> str:
    match block:
        case Heading():
            return f"<h1>{_line(block.text, marks)}</h1>"
        case Text():
            return isolated(from_text(marks.hide(block.text.strip()), marks), marks)
        case Footer():
            return f'<div class="small">{isolated(from_text(marks.hide(block.text.strip()), marks), marks)}</div>'
        case Invoices():
            return _table(block, marks, locale)
        case Image():
            src, alt = html.escape(block.src), html.escape(block.alt)
            return f'<p><img src="{src}" alt="{alt}" width="{block.width}"></p>'
        case _:
            return "<hr>"


def _button(block: Button, marks: Marks) -> Piece:
    """Shown only if there is an address: who has no page to pay on sees no button to it."""
    name, below = TARGETS.get(block.to, ("", ""))
    condition, address = condition_of(block), html.escape(marks.hide(block.address))
    label = _line(block.label, marks)
    if name:
        before, address, after = _around(marks, [f"{{% if {name} %}}", *condition], f"{{{{ {name} }}}}")
        address += below
    else:
        before, after = _around(marks, condition)
    shown = sanitised(f'<p><a href="{address}">{label}</a></p>', marks)
    return Piece(block, before, shown, after, address, label)


def _table(block: Invoices, marks: Marks, locale: str) -> str:
    heads = "".join(f"<th>{html.escape(words.head(column, locale))}</th>" for column in block.columns)
    cells = "".join(f'<td class="{column}">{_cell(column)}</td>' for column in block.columns)
    table = (
        f'<table class="invoices"><thead><tr>{heads}</tr></thead><tbody>{{% for invoice in invoices %}}'
        f"<tr>{cells}</tr>{{% endfor %}}</tbody></table>"
    )
    if block.totals:
        table += (
            f'{{% for total in totals %}}<p class="total">{html.escape(words.totals(locale))} '
            "<bdi>{{ total.balance }}</bdi></p>{% endfor %}"
        )
    return marks.hide(table)


def _cell(column: InvoiceColumn) -> str:
    return _CELLS.get(column, f"<bdi>{{{{ invoice.{column} }}}}</bdi>")


def condition_of(block: Block) -> list[str]:
    """Liquid that opens what is shown only at times."""
    return [_CONDITIONS[block.when]] if block.when in _CONDITIONS else []


def _around(marks: Marks, conditions: list[str], *within: str) -> tuple[str, ...]:
    """Marks before, of each of `within`, and after: hidden in one go, so that an end knows its beginning."""
    ends = ["{% endunless %}" if "unless" in one else "{% endif %}" for one in reversed(conditions)]
    before, *masked, after = marks.hide(_CUT.join(("".join(conditions), *within, "".join(ends)))).split(_CUT)
    return (marks.as_comments(before), *masked, marks.as_comments(after))


def _line(text: str, marks: Marks) -> str:
    return isolated(html.escape(" ".join(marks.hide(text).split())), marks)


def isolated(content: str, marks: Marks) -> str:
    """Values in <bdi>: a number or a name of the other script keeps its order (R43)."""
    inside_tag = r"<[a-zA-Z/](?:\"[^\"]*\"|'[^']*'|[^'\">])*>"

    def one(found: re.Match[str]) -> str:
        word = found["mark"]
        return f"<bdi>{word}</bdi>" if word and not next(marks.find(word)).tag else found.group()

    return re.sub(rf"{inside_tag}|(?P<mark>{marks.pattern})", one, content)
