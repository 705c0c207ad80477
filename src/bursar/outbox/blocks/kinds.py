"""The blocks that a message is built of, and what each may say."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class ButtonTarget(StrEnum):
    """Where a button leads. Without an address to lead to, the button is not shown."""

    PAY = "pay"  # the customer's own page, with everything that is open
    SEE = "see"  # the first invoice's page
    PROMISE = "promise"  # the customer's own page, where they name a day
    PORTAL = "portal"  # the firm's portal, where a customer signs in
    PRIVATE = "private"  # a page that only this message leads to: an offer, a sign-in
    ADDRESS = "address"  # one that the writer typed


class When(StrEnum):
    """Some messages go to people who owe and to people who do not: thanks, statements."""

    ALWAYS = "always"
    SOMETHING_OPEN = "something_open"
    NOTHING_OPEN = "nothing_open"


class InvoiceColumn(StrEnum):
    """The names are those of the merge tags of an invoice."""

    NUMBER = "number"
    ISSUE_DATE = "issue_date"
    DUE_DATE = "due_date"
    DAYS_OVERDUE = "days_overdue"
    TOTAL = "total"
    PAID = "paid"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True)
class Text:
    """Plain writing: blank lines part paragraphs, "- " begins a list item, web addresses become links."""

    text: str
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True)
class Invoices:
    """A row for each invoice that the message is about; below it what is open, a line a currency."""

    columns: tuple[InvoiceColumn, ...]
    totals: bool = True
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    to: ButtonTarget
    address: str = ""
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True)
class Divider:
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True)
class Image:
    """`width` in pixels. Mail programs that show no pictures show `alt`."""

    src: str
    alt: str
    width: int
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True)
class Footer:
    """Small print above who we are and the way out of reminders, which stand below every message by themselves."""

    text: str
    when: When = When.ALWAYS


Leaf: TypeAlias = Heading | Text | Invoices | Button | Divider | Image | Footer


@dataclass(frozen=True, slots=True)
class Columns:
    """Two or three side by side; on a phone one below the other."""

    columns: tuple[tuple[Leaf, ...], ...]
    when: When = When.ALWAYS


Block: TypeAlias = Leaf | Columns

KINDS: dict[str, type[Block]] = {
    "heading": Heading,
    "text": Text,
    "invoices": Invoices,
    "button": Button,
    "divider": Divider,
    "image": Image,
    "footer": Footer,
    "columns": Columns,
}
IN_COLUMNS = frozenset({"heading", "text", "button", "divider", "image"})


def kind_of(block: Block) -> str:
    return type(block).__name__.lower()
