"""An issued invoice or credit note as it was written: what the PDF, the page and the XML are made of (R37).

All of it was copied in at issue; nothing here asks what a customer or a price is today. Amounts are minor
units of `currency`, and say so in their names.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from bursar.billing.settings import Bank
from bursar.catalog.kinds import ItemKind, TaxCategory

DOCUMENT = "document"
"""What the notice of an invoice waits for in the queue: its PDF."""


class Kind(StrEnum):
    """Which of the two: its value is what the tables, the journal and the sends call it."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer by its legal name. `name_local` is the same in the second language of a bilingual document,
    `trade_name` what stands above a seller's door.
    """

    name: str
    name_local: str | None = None
    address_lines: tuple[str, ...] = ()
    city: str | None = None
    subdivision: str | None = None
    country: str | None = None
    tax_number: str | None = None
    registration_number: str | None = None
    registration_authority: str | None = None
    email: str | None = None
    trade_name: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """`tax_rate` is in percent; the price is that of one unit, before the discount on the whole line."""

    position: int
    description: str
    quantity: Decimal
    unit_price_minor: int
    net_minor: int
    tax_minor: int
    tax_category: TaxCategory
    tax_rate: Decimal
    discount_minor: int = 0
    description_local: str | None = None
    unit_code: str = "C62"
    item_kind: ItemKind = ItemKind.SERVICES
    classification_code: str | None = None
    service_from: date | None = None
    service_to: date | None = None

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """All lines of one category and rate."""

    category: TaxCategory
    rate: Decimal
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Corrected:
    """The invoice that a credit note is about: what it showed, and what it says after this note (R12)."""

    invoice_id: UUID
    number: str
    issue_date: date
    shown_minor: int
    corrected_minor: int


@dataclass(frozen=True)
class Document:
    """`local_currency` is the seller's own; with another currency `exchange_rate` is its units for one of that,
    and `tax_local_minor` the tax in it (R19). `corrected` and the reasons are a credit note's.
    """

    id: UUID
    kind: Kind
    number: str
    issue_date: date
    currency: str
    local_currency: str
    locale: str
    seller: Party
    buyer: Party
    lines: tuple[DocumentLine, ...]
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    due_date: date | None = None
    supply_date: date | None = None
    exchange_rate: Decimal | None = None
    tax_local_minor: int | None = None
    transaction_flags: str = "00000000"
    purchase_order: str | None = None
    notes: str | None = None
    payment_instructions: str | None = None
    bank: Bank = field(default_factory=Bank)
    corrected: Corrected | None = None
    reason_code: str | None = None
    reason: str | None = None

    @property
    def invoice_id(self) -> UUID:
        """The invoice itself, or the one that this note corrects."""
        return self.corrected.invoice_id if self.corrected else self.id

    @cached_property
    def tax_groups(self) -> tuple[TaxGroup, ...]:
        """In the order in which the lines name them."""
        sums: dict[tuple[TaxCategory, Decimal], tuple[int, int]] = {}
        for line in self.lines:
            key = (line.tax_category, line.tax_rate)
            net, tax = sums.get(key, (0, 0))
            sums[key] = net + line.net_minor, tax + line.tax_minor
        return tuple(TaxGroup(*key, *both) for key, both in sums.items())

    @property
    def is_reverse_charge(self) -> bool:
        return any(line.tax_category is TaxCategory.REVERSE_CHARGE for line in self.lines)
