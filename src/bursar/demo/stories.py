"""What a story is made of: a firm, its customers, and a season of what they owe. Data, no doors."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Firm:
    """As `bursar tenant create` asks for it. The password is known to everybody: it is a demo's."""

    slug: str
    name: str
    country: str
    currency: str
    time_zone: str
    locale: str
    owner_email: str
    owner_name: str
    password: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class Buyer:
    """One customer; without an address nobody can write to them."""

    code: str
    company: str
    person: str
    locale: str
    city: str
    street: str
    email: str
    phone: str
    tax_number: str
    tag: str


@dataclass(frozen=True, slots=True)
class Bill:
    """One invoice of a buyer; `paid` is what came in before the story begins."""

    number: str
    buyer: Buyer
    issued: date
    due: date
    currency: str
    total: Decimal
    paid: Decimal
    description: str
    order: str

    @property
    def balance(self) -> Decimal:
        return self.total - self.paid
