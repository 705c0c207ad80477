"""Makers of documents that no database wrote: a whole invoice of a Dubai firm, changed by what a test cares about."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from bursar.billing.documents.model import Corrected, Document, DocumentLine, Kind, Party
from bursar.billing.rules import half_up
from bursar.billing.settings import Bank
from bursar.catalog.kinds import TaxCategory

SELLER = Party(
    "Working Title FZ-LLC",
    "ووركنغ تايتل م.م.ح",
    ("Office 1204, Al Shatha Tower", "Dubai Internet City"),
    city="Dubai",
    subdivision="DXB",
    country="AE",
    tax_number="100123456700003",
    registration_number="91234",
    registration_authority="Dubai Development Authority",
)
BUYER = Party(
    "Maison Azur Trading LLC",
    "ميزون أزور للتجارة ذ.م.م",
    ("Unit 7, Al Quoz 3",),
    city="Dubai",
    subdivision="DXB",
    country="AE",
    tax_number="100765432100003",
    registration_number="CN-1029384",
    registration_authority="Department of Economy and Tourism",
)
PARISIAN = Party(
    "Société d’Études SAS", None, ("18, rue de la Paix",), "Paris", None, "FR", "FR12345678901", "123 456 789"
)
CARMEL = Party("סטודיו כרמל בע״מ", None, ("רחוב הרצל 12",), "תל אביב", None, "IL", "514567890")


def a_document_line(
    description: str = "Season campaign",
    price: int = 1000_00,
    *,
    quantity: str = "1",
    rate: str = "5",
    discount: int = 0,
    **given: Any,
) -> DocumentLine:
    """`price` and `discount` in minor units; net and tax follow."""
    net = half_up(Decimal(quantity) * price) - discount
    return DocumentLine(
        **{
            "position": 1,
            "description": description,
            "quantity": Decimal(quantity),
            "unit_price_minor": price,
            "net_minor": net,
            "tax_minor": half_up(net * Decimal(rate) / 100),
            "tax_category": TaxCategory.STANDARD,
            "tax_rate": Decimal(rate),
            "discount_minor": discount,
            "classification_code": "998361",
            **given,
        }
    )


def a_document(*lines: DocumentLine, **given: Any) -> Document:
    """An invoice of 20 November 2026 over these lines, or over one of 1,000.00."""
    numbered = tuple(
        replace(line, position=position) for position, line in enumerate(lines or (a_document_line(),), 1)
    )
    net, tax = sum(line.net_minor for line in numbered), sum(line.tax_minor for line in numbered)
    return Document(
        **{
            "id": UUID(int=7),
            "kind": Kind.INVOICE,
            "number": "202611200007",
            "issue_date": date(2026, 11, 20),
            "due_date": date(2026, 12, 20),
            "currency": "AED",
            "local_currency": "AED",
            "locale": "en",
            "seller": SELLER,
            "buyer": BUYER,
            "lines": numbered,
            "subtotal_minor": net,
            "tax_minor": tax,
            "total_minor": net + tax,
            "bank": Bank("Working Title FZ-LLC", "AE070331234567890123456", "EBILAEAD", "Emirates NBD"),
            **given,
        }
    )


def a_credit_note(*lines: DocumentLine, **given: Any) -> Document:
    """One day later, about an invoice over 2,100.00."""
    plain = a_document(*lines)
    about = Corrected(UUID(int=8), "202611200003", date(2026, 11, 20), 2100_00, 2100_00 - plain.total_minor)
    return a_document(
        *lines,
        **{
            "kind": Kind.CREDIT_NOTE,
            "number": "202611210001",
            "issue_date": date(2026, 11, 21),
            "due_date": None,
            "corrected": about,
            "reason_code": "DL8.61.1.C",
            "reason": "One day was not used",
            **given,
        },
    )
