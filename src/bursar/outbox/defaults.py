"""The templates every tenant starts with; `library/` holds one file for each code and language.

A file begins with `category`, `name`, `subject` and, if it likes, `preheader`, one a line; the body follows a line of
three dashes: HTML in a file that ends in `.html`, blocks in shorthand in one that ends in `.txt`.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

from bursar.outbox.blocks.reading import written
from bursar.outbox.blocks.shorthand import read_shorthand
from bursar.outbox.states import BodyFormat
from bursar.outbox.tags import Category

# −5, +1, +7, +14 and +30 days from the due date (R79).
LADDER = ("before_due", "overdue_gentle", "overdue_firm", "overdue_serious", "last_notice")
USUAL: dict[Category, str] = {
    Category.INVOICE_ISSUED: "invoice_issued",
    Category.INVOICE_REMINDER: "before_due",
    Category.OVERDUE_NOTICE: "overdue_gentle",
    Category.PAYMENT_FOLLOW_UP: "payment_follow_up",
    Category.THANKS: "thanks",
    Category.STATEMENT: "statement",
    Category.RECEIPT: "receipt",
}
"""Which of the library a category begins with: what billing's own notices say, and what a campaign is offered first."""
READ_BY_NATIVES = ("en", "ar")
"""The other languages are translations that nobody who grew up with them has read yet."""


@dataclass(frozen=True, slots=True)
class LibraryTemplate:
    """`name` is in the template's own language."""

    code: str
    locale: str
    category: Category
    name: str
    subject: str
    preheader: str
    body: str
    body_format: BodyFormat


@cache
def library() -> tuple[LibraryTemplate, ...]:
    """By code, then language. Raises ValueError for a file that is not laid out as above."""
    folder = resources.files("bursar.outbox") / "library"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.count(".") == 2)
    return tuple(
        _read(name, (folder / name).read_text("utf-8")) for name in names if not name.startswith("footer")
    )


def _read(name: str, content: str) -> LibraryTemplate:
    code, locale, suffix = name.split(".")
    head, _, body = content.partition("\n---\n")
    told = dict(line.split(": ", 1) for line in head.split("\n"))
    in_blocks = suffix == "txt"
    return LibraryTemplate(
        code,
        locale,
        Category(told["category"]),
        told["name"],
        told["subject"],
        told.get("preheader", ""),
        written(read_shorthand(body)) if in_blocks else body.strip(),
        BodyFormat.BLOCKS if in_blocks else BodyFormat.HTML,
    )
