"""PINT-AE by our own rules: good documents pass, and each thing done wrong is refused under its published id."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  # it ships no types

from bursar.billing.documents.model import Document, Party
from bursar.billing.documents.rules_ae import Failure, failures
from bursar.billing.documents.ubl import tree_of, xml_of
from bursar.catalog.kinds import ItemKind, TaxCategory
from tests.makers.documents import BUYER, SELLER, a_credit_note, a_document, a_document_line

pytestmark = pytest.mark.pure

THIS = UUID("019391c8-6e55-7c90-8f3e-1234567890ab")
FOREIGN = {"currency": "USD", "exchange_rate": Decimal("3.672500"), "tax_local_minor": 183_63}
ABROAD = Party(
    "Maison Azur SARL",
    None,
    ("3 quai d’Orsay",),
    "Paris",
    "Île-de-France",
    "FR",
    None,
    "987 654 321",
    "RCS Paris",
)


def rules_of(root: Any) -> set[str]:
    return {failure.rule for failure in failures(root)}


def free(**given: Any) -> Any:
    return a_document_line(rate="0", **given)


GOOD: dict[str, Document] = {
    "one line": a_document(),
    "a discount, parts of a unit, a rebate and a service in time": a_document(
        a_document_line("Studio", 333_33, quantity="2.5", discount=50_00),
        a_document_line("Rebate", -10_00),
        a_document_line("Hosting", service_from=date(2026, 11, 1), service_to=date(2026, 11, 30)),
        supply_date=date(2026, 11, 15),
        purchase_order="PO-1",
        notes="Thank you.",
    ),
    "goods, and goods with services": a_document(
        a_document_line(item_kind=ItemKind.GOODS, classification_code="8471.30"),
        a_document_line(item_kind=ItemKind.BOTH, classification_code="8471.30/998713"),
    ),
    "zero-rated beside standard": a_document(a_document_line(), free(tax_category=TaxCategory.ZERO)),
    "outside the tax altogether": a_document(free(tax_category=TaxCategory.OUT_OF_SCOPE)),
    "in dollars": a_document(**FOREIGN),
    "a credit note": a_credit_note(),
    "a credit note in dollars": a_credit_note(**FOREIGN),
    "a volume discount": a_credit_note(reason_code="VD"),
    "a buyer who is not registered": a_document(buyer=replace(BUYER, tax_number=None)),
    "a buyer in another country": a_document(buyer=ABROAD),
    "an export": a_document(free(tax_category=TaxCategory.ZERO), buyer=ABROAD, transaction_flags="00000001"),
    "a summary of a month": a_document(
        a_document_line(service_from=date(2026, 11, 1), service_to=date(2026, 11, 30)),
        transaction_flags="00010000",
    ),
    "without a bank": a_document(bank=replace(a_document().bank, iban=None)),
    "letters of every kind": a_document(
        a_document_line("<b>&amp; \"'شحن שלום 😀 \x0b\x00\ufffe"), notes="\x1f x"
    ),
}


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD)
def test_what_is_right_passes_and_survives_being_written_and_read(document: Document):
    written = xml_of(document, THIS)

    assert failures(tree_of(document, THIS)) == ()
    assert failures(etree.fromstring(written)) == ()
    assert xml_of(document, THIS) == written


DATA: dict[str, tuple[Document, set[str]]] = {
    "a TRN of 14 digits": (a_document(seller=replace(SELLER, tax_number="10012345670003")), {"ibr-132-ae"}),
    "a TRN that does not end with 03": (
        a_document(buyer=replace(BUYER, tax_number="100765432100004")),
        {"ibr-132-ae"},
    ),
    "a seller without a TRN": (
        a_document(seller=replace(SELLER, tax_number=None)),
        {"ibr-134-ae", "R29"},
    ),
    "a rate of 7": (a_document(a_document_line(rate="7")), {"ibr-190-ae"}),
    "no due date": (a_document(due_date=None), {"ibr-127-ae"}),
    "seven flags": (a_document(transaction_flags="0000000"), {"ibr-154-ae"}),
    "the emirate of the seller in words": (
        a_document(seller=replace(SELLER, subdivision="Dubai")),
        {"ibr-128-ae"},
    ),
    "the emirate of the buyer in words": (
        a_document(buyer=replace(BUYER, subdivision="Dubai")),
        {"ibr-128-ae"},
    ),
    "an emirate by its number": (a_document(seller=replace(SELLER, subdivision="AE-DU")), {"ibr-128-ae"}),
    "a seller without a street": (a_document(seller=replace(SELLER, address_lines=())), {"ibr-143-ae"}),
    "a buyer without a city": (a_document(buyer=replace(BUYER, city=None)), {"ibr-144-ae"}),
    "a buyer without a country": (
        a_document(buyer=replace(BUYER, country=None)),
        {"ibr-11"},
    ),
    "a seller without a licence": (
        a_document(seller=replace(SELLER, registration_number=None)),
        {"ibr-150-ae"},
    ),
    "a seller's licence of nobody": (
        a_document(seller=replace(SELLER, registration_authority=None)),
        {"ibr-172-ae"},
    ),
    "a buyer's licence of nobody": (
        a_document(buyer=replace(BUYER, registration_authority=None)),
        {"ibr-101-ae"},
    ),
    "an unregistered buyer without any number": (
        a_document(buyer=replace(BUYER, tax_number=None, registration_number=None)),
        {"ibr-149-ae", "ibr-135-ae"},
    ),
    "untaxed and to nobody known": (
        a_document(
            free(tax_category=TaxCategory.OUT_OF_SCOPE), buyer=replace(BUYER, registration_number=None)
        ),
        {"ibr-136-ae"},
    ),
    "no classification of a service": (a_document(a_document_line(classification_code=None)), {"ibr-185-ae"}),
    "no classification of goods": (
        a_document(a_document_line(item_kind=ItemKind.GOODS, classification_code=None)),
        {"ibr-184-ae"},
    ),
    "half a classification of both": (
        a_document(a_document_line(item_kind=ItemKind.BOTH, classification_code="8471.30")),
        {"ibr-186-ae"},
    ),
    "reverse charge of an unknown kind": (
        a_document(free(tax_category=TaxCategory.REVERSE_CHARGE)),
        {"ibr-166-ae"},
    ),
    "reverse charge to nobody registered": (
        a_document(free(tax_category=TaxCategory.REVERSE_CHARGE), buyer=replace(BUYER, tax_number=None)),
        {"ibr-166-ae", "ibr-103-ae"},
    ),
    "exempt for no said reason": (
        a_document(a_document_line(), free(tax_category=TaxCategory.EXEMPT)),
        {"ibr-167-ae"},
    ),
    "a margin with its tax shown": (
        a_document(a_document_line(tax_category=TaxCategory.MARGIN)),
        {"ibr-108-ae"},
    ),
    "no line": (
        replace(a_document(), lines=(), subtotal_minor=0, tax_minor=0, total_minor=0),
        {"ibr-16", "ibr-co-14"},
    ),
    "a credit note for no reason": (a_credit_note(reason_code=None), {"ibr-158-ae"}),
    "a credit note for a reason of our own": (a_credit_note(reason_code="goodwill"), {"ibr-001-ae"}),
    "another currency without its rate": (
        a_document(**{**FOREIGN, "exchange_rate": None}),
        {"ibr-159-ae"},
    ),
    "another currency without its tax in dirhams": (
        a_document(**{**FOREIGN, "tax_local_minor": None}),
        {"ibr-175-ae"},
    ),
    "a currency of three decimals": (
        a_document(
            a_document_line(price=1000_001),
            **{**FOREIGN, "currency": "BHD", "exchange_rate": Decimal("9.74")},
        ),
        {"ibr-091"},
    ),
    "from a free zone to no beneficiary": (a_document(transaction_flags="10000000"), {"ibr-007-ae"}),
    "a summary of no period": (a_document(transaction_flags="00010000"), {"ibr-138-ae"}),
    "for no principal": (a_document(transaction_flags="00000100"), {"ibr-137-ae"}),
    "online to nowhere": (a_document(transaction_flags="00000010"), {"ibr-142-ae"}),
    "an export to Dubai": (
        a_document(free(tax_category=TaxCategory.ZERO), transaction_flags="00000001"),
        {"ibr-152-ae"},
    ),
    "a deemed supply outside the tax": (
        a_document(free(tax_category=TaxCategory.OUT_OF_SCOPE), transaction_flags="01000000"),
        {"ibr-157-ae", "ibr-191-ae"},
    ),
    "ten lines of 0.10 taxed one by one": (
        a_document(*(a_document_line(price=10) for _ in range(10))),
        {"aligned-ibrp-s-09"},
    ),
    "sums that do not agree": (
        replace(a_document(), subtotal_minor=999_00, total_minor=1050_01),
        {"ibr-co-10", "ibr-co-15"},
    ),
    "tax that does not agree": (replace(a_document(), tax_minor=49_00), {"ibr-co-14", "ibr-co-15"}),
}


@pytest.mark.parametrize(("document", "expected"), DATA.values(), ids=DATA)
def test_what_is_wrong_in_the_data_is_refused_under_its_rule(document: Document, expected: set[str]):
    assert rules_of(tree_of(document, THIS)) == expected


def test_a_failure_says_at_which_line_or_party_and_what_is_wanted():
    document = a_document(
        a_document_line(),
        a_document_line(classification_code=None),
        buyer=replace(BUYER, subdivision="Dubai"),
    )

    told = failures(tree_of(document, THIS))

    assert told == (Failure("ibr-128-ae", "buyer"), Failure("ibr-185-ae", "line 2"))
    assert told[1].message == "Services need their SAC code."
