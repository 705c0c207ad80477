"""Blocks written out as HTML or plain text, for whoever would rather go on in one of those."""

from collections.abc import Sequence

from bursar.outbox.blocks import words
from bursar.outbox.blocks.kinds import (
    Block,
    Button,
    ButtonTarget,
    Columns,
    Footer,
    Heading,
    InvoiceColumn,
    Invoices,
    Text,
)
from bursar.outbox.blocks.pieces import TARGETS, condition_of, pieces_of
from bursar.outbox.marks import Marks


def as_html(blocks: Sequence[Block], locale: str) -> str:
    """What stands in them, without the frame that MJML puts around it. Raises `Invalid`."""
    marks = Marks(avoiding="")
    return marks.unhidden("\n".join(piece.whole for piece in pieces_of(blocks, marks, locale)))


def as_text(blocks: Sequence[Block], locale: str) -> str:
    """Plain writing: invoices are a line each, buttons their address; pictures and lines are left out."""
    return "\n\n".join(filter(None, (_text(block, locale) for block in blocks)))


def _text(block: Block, locale: str) -> str:
    match block:
        case Heading() | Text() | Footer():
            told = block.text.strip()
        case Invoices():
            told = _rows(block, locale)
        case Button():
            return _address(block)
        case Columns():
            told = "\n\n".join(
                filter(None, (_text(one, locale) for column in block.columns for one in column))
            )
        case _:
            return ""
    return _within(condition_of(block), told)


def _rows(block: Invoices, locale: str) -> str:
    cells = ", ".join(
        f"{words.head(column, locale)}: {{{{ invoice.{column} }}}}"
        if column is not InvoiceColumn.NUMBER
        else "{{ invoice.number }}"
        for column in block.columns
    )
    rows = f"{{% for invoice in invoices %}}\n- {cells}\n{{% endfor %}}"
    if not block.totals:
        return rows
    return f"{rows}\n\n{{% for total in totals %}}\n{words.totals(locale)} {{{{ total.balance }}}}\n{{% endfor %}}"


def _address(block: Button) -> str:
    if block.to is ButtonTarget.ADDRESS:
        return _within(condition_of(block), f"{block.label}: {block.address}")
    name, below = TARGETS[block.to]
    return _within([f"{{% if {name} %}}", *condition_of(block)], f"{block.label}: {{{{ {name} }}}}{below}")


def _within(conditions: list[str], told: str) -> str:
    for one in reversed(conditions):
        told = f"{one}\n{told}\n{'{% endunless %}' if 'unless' in one else '{% endif %}'}"
    return told
