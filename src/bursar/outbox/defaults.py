"""The templates every tenant starts with; `library/` holds one file for each code and language.

A file begins with `category`, `name`, `subject` and, if it likes, `preheader`, one a line; the body follows a line of
three dashes, as `blocks.shorthand` reads it.
"""

from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from bursar.outbox.blocks.reading import written
from bursar.outbox.blocks.shorthand import read_shorthand
from bursar.outbox.tags import Category
from bursar.outbox.template_words import VersionInput

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
    Category.PAYMENT_LINK: "payment_link",
    Category.SIGN_IN: "sign_in",
    Category.WELCOME: "welcome",
    Category.PAYMENT_REMINDER: "payment_reminder",
}
"""Which of the library a category begins with: what billing's own notices say, and what a campaign is offered first."""
READ_BY_NATIVES = ("en", "ar")
"""The other languages are translations that nobody who grew up with them has read yet."""


@dataclass(frozen=True, slots=True)
class LibraryTemplate:
    """`name` is in the template's own language; `words` are blocks."""

    code: str
    locale: str
    category: Category
    name: str
    words: VersionInput


@cache
def library() -> tuple[LibraryTemplate, ...]:
    """By code, then language. Raises ValueError for a file that is not laid out as above."""
    folder = resources.files("bursar.outbox") / "library"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".txt"))
    return tuple(_read(name, (folder / name).read_text("utf-8")) for name in names)


def starter(category: Category, locale: str) -> VersionInput:
    """Words of ours that come nearest to what somebody is about to write, in English where the language has none."""
    usual = {one.locale: one.words for one in library() if one.code == USUAL[category]}
    return replace(usual.get(locale, usual["en"]), locale=locale)


def _read(name: str, content: str) -> LibraryTemplate:
    code, locale, _ = name.split(".")
    head, _, body = content.partition("\n---\n")
    told = dict(line.split(": ", 1) for line in head.split("\n"))
    blocks = written(read_shorthand(body))
    words = VersionInput(locale, told["subject"], blocks, "blocks", told.get("preheader", ""))
    return LibraryTemplate(code, locale, Category(told["category"]), told["name"], words)
