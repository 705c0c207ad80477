"""Blocks made ready: the HTML that MJML gives and the text part, with their Liquid in place."""

from bursar.outbox import liquid
from bursar.outbox.blocks import mjml
from bursar.outbox.blocks.pieces import pieces_of
from bursar.outbox.blocks.reading import read_blocks, texts_of
from bursar.outbox.bodies import Sources, finished, footer, hidden, sanitised
from bursar.outbox.marks import Marks
from bursar.outbox.textparts import text_part


def block_sources(body: str, locale: str, preheader: str = "") -> Sources:
    """`bodies.sources` for a body of the format "blocks". Raises `Invalid` (field "body").

    Each text is Liquid for itself: a condition cannot begin in one block and end in another.
    """
    blocks = read_blocks(body)
    texts = texts_of(blocks)
    for text in texts:
        liquid.parsed(liquid.text_environment(locale), text, "body")
    marks = Marks(avoiding=body + "".join(texts) + preheader)
    pieces = pieces_of(blocks, marks, locale)
    foot = sanitised(marks.hide(footer(locale)), marks)
    clean = "\n".join([*(piece.whole for piece in pieces), foot])
    marks.refuse_lost(clean)
    page = mjml.page(pieces, foot, locale, hidden(preheader, marks) if preheader else "")
    marks.refuse_lost(page)
    return Sources(finished(page, marks), text_part(clean, marks))
