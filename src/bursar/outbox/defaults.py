"""The templates every tenant starts with; `library/` holds one file for each code and language.

A file begins with `category`, `name` and `subject`, one a line; the body follows a line of three dashes.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

from bursar.outbox.tags import Category

# Notices have a kind each: `invoice_issued`, `invoice_reminder`, `overdue_notice_1`, `receipt`.
# Before these a tenant's ladder would have nothing to say (R79): −5, +1, +7 and +14 days from the due date.
LADDER = ("invoice_reminder", "overdue_notice_1", "overdue_notice_2", "overdue_notice_3")


@dataclass(frozen=True, slots=True)
class LibraryTemplate:
    """`name` is in the template's own language. Bodies are of the format "html"."""

    code: str
    locale: str
    category: Category
    name: str
    subject: str
    body: str
    body_format: str = "html"


@cache
def library() -> tuple[LibraryTemplate, ...]:
    """By code, then language. Raises ValueError for a file that is not laid out as above."""
    folder = resources.files("bursar.outbox") / "library"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.count(".") == 2)
    return tuple(
        _read(name, (folder / name).read_text("utf-8")) for name in names if not name.startswith("footer")
    )


def _read(name: str, content: str) -> LibraryTemplate:
    code, locale, _ = name.split(".")
    head, _, body = content.partition("\n---\n")
    told = dict(line.split(": ", 1) for line in head.split("\n"))
    return LibraryTemplate(
        code, locale, Category(told["category"]), told["name"], told["subject"], body.strip()
    )
