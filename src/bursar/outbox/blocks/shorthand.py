"""Blocks as we write them ourselves in `library/`: paragraphs, and a line in brackets for each block that is none.

    Dear {{ customer.name }},

    [invoices number due_date balance]
    [button pay: See and pay]

`[when nothing_open]` holds for what follows it, until the next `[when always]`.
"""

import re

from bursar.outbox.blocks.kinds import (
    Block,
    Button,
    ButtonTarget,
    Divider,
    Heading,
    InvoiceColumn,
    Invoices,
    Text,
    When,
)

WITHOUT_TOTALS = "without_totals"
_BRACKETS = re.compile(r"\[(\w+)([^:\]]*)(?:: (.*))?\]")


def read_shorthand(body: str) -> tuple[Block, ...]:
    """Raises ValueError for a line in brackets that is none of ours."""
    blocks: list[Block] = []
    when = When.ALWAYS
    for paragraph in re.split(r"\n\s*\n", body.strip()):
        found = _BRACKETS.fullmatch(paragraph)
        if found is None:
            last = blocks[-1] if blocks else None
            if isinstance(last, Text) and last.when is when:
                blocks[-1] = Text(f"{last.text}\n\n{paragraph}", when)
            else:
                blocks.append(Text(paragraph, when))
        elif found[1] == "when":
            when = When(found[2].strip())
        else:
            blocks.append(_block(found[1], found[2].split(), found[3] or "", when))
    return tuple(blocks)


def _block(kind: str, words: list[str], label: str, when: When) -> Block:
    match kind:
        case "invoices":
            columns = tuple(InvoiceColumn(word) for word in words if word != WITHOUT_TOTALS)
            return Invoices(columns, totals=WITHOUT_TOTALS not in words, when=when)
        case "button":
            return Button(label, ButtonTarget(words[0]), when=when)
        case "heading":
            return Heading(label, when)
        case "divider":
            return Divider(when)
        case _:
            msg = f"the library knows no block called {kind}"
            raise ValueError(msg)
