"""PINT-AE by our own rules, on the XML itself: what a hand or another program might have written is refused."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  # it ships no types

from bursar.billing.documents.rules_ae import failures
from bursar.billing.documents.rules_ae_reading import NAMESPACES
from bursar.billing.documents.rules_ae_texts import TEXTS
from bursar.billing.documents.ubl import tree_of
from tests.makers.documents import a_credit_note, a_document

pytestmark = pytest.mark.pure

THIS = UUID("019391c8-6e55-7c90-8f3e-1234567890ab")


def rules_of(root: Any) -> set[str]:
    return {failure.rule for failure in failures(root)}


def gone(path: str) -> Callable[[Any], None]:
    def act(root: Any) -> None:
        [found, *_] = root.findall(path, NAMESPACES)
        found.getparent().remove(found)

    return act


def said(path: str, told: str) -> Callable[[Any], None]:
    def act(root: Any) -> None:
        root.find(path, NAMESPACES).text = told

    return act


def named(path: str, attribute: str, told: str | None) -> Callable[[Any], None]:
    def act(root: Any) -> None:
        element = root.find(path, NAMESPACES)
        element.attrib.pop(attribute)
        if told is not None:
            element.set(attribute, told)

    return act


def added(name: str, told: str, after: str) -> Callable[[Any], None]:
    def act(root: Any) -> None:
        element = etree.Element(f"{{{NAMESPACES['cbc']}}}{name}")
        element.text = told
        root.find(after, NAMESPACES).addnext(element)

    return act


LINE = "cac:InvoiceLine"
ENTITY = "cac:AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyID"
WRITTEN: dict[str, tuple[Callable[[Any], None], set[str]]] = {
    "another specification": (
        said("cbc:CustomizationID", "urn:cen.eu:en16931:2017"),
        {"aligned-ibrp-001-ae"},
    ),
    "another process": (said("cbc:ProfileID", "urn:peppol:bis:selfbilling"), {"aligned-ibrp-002-ae"}),
    "no number": (gone("cbc:ID"), {"ibr-02"}),
    "no UUID": (gone("cbc:UUID"), {"ibr-193-ae"}),
    "a UUID that is none": (said("cbc:UUID", "7"), {"ibr-193-ae"}),
    "a type of nobody": (said("cbc:InvoiceTypeCode", "388"), {"ibr-cl-01"}),
    "outside the tax, with tax": (said("cbc:InvoiceTypeCode", "480"), {"ibr-122-ae"}),
    "a day written as people do": (said("cbc:IssueDate", "20/11/2026"), {"ibr-073"}),
    "no day": (gone("cbc:IssueDate"), {"ibr-03"}),
    "no currency": (gone("cbc:DocumentCurrencyCode"), {"ibr-05", "ibr-159-ae", "ibr-175-ae", "ibr-051"}),
    "a tax point on the day of issue": (
        added("TaxPointDate", "2026-11-20", "cbc:InvoiceTypeCode"),
        {"ibr-141-ae"},
    ),
    "an empty element": (said("cac:PaymentMeans/cbc:PaymentID", " "), {"ibr-079"}),
    "two notes": (
        lambda root: (
            added("Note", "one", "cbc:InvoiceTypeCode")(root),
            added("Note", "two", "cbc:InvoiceTypeCode")(root),
        )[0],
        {"R33"},
    ),
    "no means of payment": (gone("cac:PaymentMeans"), {"ibr-191-ae"}),
    "a transfer to no account": (gone("cac:PaymentMeans/cac:PayeeFinancialAccount"), {"ibr-192-ae"}),
    "no address in the network": (
        gone("cac:AccountingSupplierParty/cac:Party/cbc:EndpointID"),
        {"R29"},
    ),
    "an address of another network": (
        named("cac:AccountingCustomerParty/cac:Party/cbc:EndpointID", "schemeID", "0088"),
        {"R29"},
    ),
    "no seller": (gone("cac:AccountingSupplierParty"), {"ibr-06"}),
    "a registration of another kind": (named(ENTITY, "schemeAgencyID", "CL"), {"ibr-173-ae"}),
    "a passport of no country": (named(ENTITY, "schemeAgencyID", "PAS"), {"ibr-012-ae"}),
    "a line without a name": (gone(f"{LINE}/cac:Item/cbc:Name"), {"ibr-25"}),
    "a line without a description": (gone(f"{LINE}/cac:Item/cbc:Description"), {"ibr-125-ae"}),
    "a line without a quantity": (gone(f"{LINE}/cbc:InvoicedQuantity"), {"ibr-22", "ibr-147-ae"}),
    "a quantity of no unit": (named(f"{LINE}/cbc:InvoicedQuantity", "unitCode", None), {"ibr-23"}),
    "a price for no quantity": (gone(f"{LINE}/cac:Price/cbc:BaseQuantity"), {"ibr-126-ae", "ibr-147-ae"}),
    "no gross price": (gone(f"{LINE}/cac:Price/cac:AllowanceCharge/cbc:BaseAmount"), {"ibr-126-ae"}),
    "a gross price that is not the price": (
        said(f"{LINE}/cac:Price/cac:AllowanceCharge/cbc:BaseAmount", "1.00"),
        {"aligned-ibrp-004"},
    ),
    "a price below zero": (
        said(f"{LINE}/cac:Price/cbc:PriceAmount", "-1000.00"),
        {"ibr-27", "aligned-ibrp-004", "ibr-147-ae"},
    ),
    "a sum of something else": (
        said(f"{LINE}/cbc:LineExtensionAmount", "1000.01"),
        {"ibr-147-ae", "ibr-co-10"},
    ),
    "no amount in dirhams": (gone(f"{LINE}/cac:ItemPriceExtension/cbc:Amount"), {"ibr-194-ae", "ibr-104-ae"}),
    "no tax in dirhams": (gone(f"{LINE}/cac:ItemPriceExtension/cac:TaxTotal"), {"ibr-104-ae"}),
    "no category": (gone(f"{LINE}/cac:Item/cac:ClassifiedTaxCategory"), {"ibr-145-ae", "aligned-ibrp-s-08"}),
    "a category of nobody": (
        said(f"{LINE}/cac:Item/cac:ClassifiedTaxCategory/cbc:ID", "X"),
        {"ibr-145-ae", "aligned-ibrp-s-08"},
    ),
    "a rate of 7 on the line alone": (
        said(f"{LINE}/cac:Item/cac:ClassifiedTaxCategory/cbc:Percent", "7.00"),
        {"ibr-190-ae", "aligned-ibrp-s-08", "aligned-ibrp-s-01"},
    ),
    "a rate of 7 in the breakdown alone": (
        said("cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:Percent", "7.00"),
        {"ibr-190-ae", "aligned-ibrp-s-08", "aligned-ibrp-s-09", "aligned-ibrp-s-01"},
    ),
    "a breakdown without a rate": (
        gone("cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:Percent"),
        {"ibr-119-ae", "ibr-190-ae", "aligned-ibrp-s-08", "aligned-ibrp-s-09", "aligned-ibrp-s-01"},
    ),
    "no item type": (gone(f"{LINE}/cac:Item/cac:CommodityClassification"), {"R30"}),
    "a code of another list": (
        named(f"{LINE}/cac:Item/cac:AdditionalItemIdentification/cbc:ID", "schemeID", "HS"),
        {"ibr-189-ae"},
    ),
    "no sums": (gone("cac:LegalMonetaryTotal"), {"ibr-15", "ibr-co-10", "ibr-co-15"}),
    "one sum missing": (
        gone("cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount"),
        {"ibr-15", "ibr-co-13", "ibr-co-15"},
    ),
    "three decimals": (
        said("cac:LegalMonetaryTotal/cbc:PayableAmount", "1050.001"),
        {"ibr-091", "ibr-co-16"},
    ),
    "a sum in another currency": (
        named("cac:LegalMonetaryTotal/cbc:PayableAmount", "currencyID", "USD"),
        {"ibr-051"},
    ),
    "more to pay than is owed": (said("cac:LegalMonetaryTotal/cbc:PayableAmount", "1051.00"), {"ibr-co-16"}),
    "an amount in words": (said("cac:LegalMonetaryTotal/cbc:PayableAmount", "a lot"), {"UBL"}),
    "an amount without end": (said("cac:TaxTotal/cbc:TaxAmount", "NaN"), {"UBL"}),
    "an amount as programmers write it": (said("cac:TaxTotal/cbc:TaxAmount", "5e1"), {"UBL"}),
}


@pytest.mark.parametrize(("change", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_wrong_in_the_xml_is_refused_under_its_rule(
    change: Callable[[Any], None], expected: set[str]
):
    root = tree_of(a_document(), THIS)
    change(root)

    assert rules_of(root) == expected


ABOUT = "cac:BillingReference"
OF_A_NOTE: dict[str, tuple[Callable[[Any], None], set[str]]] = {
    "about no invoice": (gone(ABOUT), {"ibr-055-ae"}),
    "a volume discount about one": (said("cac:DiscrepancyResponse/cbc:ResponseCode", "VD"), {"ibr-055-ae"}),
    "a tax point": (added("TaxPointDate", "2026-11-01", "cbc:IssueDate"), {"ibr-124-ae"}),
    "a type of invoices": (said("cbc:CreditNoteTypeCode", "380"), {"ibr-cl-01"}),
}


@pytest.mark.parametrize(("change", "expected"), OF_A_NOTE.values(), ids=OF_A_NOTE)
def test_what_is_wrong_in_a_credit_note_is_refused_under_its_rule(
    change: Callable[[Any], None], expected: set[str]
):
    root = tree_of(a_credit_note(), THIS)
    change(root)

    assert rules_of(root) == expected


def test_a_foreign_document_names_its_rate_from_its_currency_to_the_dirham_with_six_decimals_at_most():
    root = tree_of(
        a_document(currency="USD", exchange_rate=Decimal("3.672500"), tax_local_minor=183_63), THIS
    )
    said("cac:TaxExchangeRate/cbc:CalculationRate", "3.6725001")(root)
    said("cac:TaxExchangeRate/cbc:SourceCurrencyCode", "EUR")(root)
    said("cbc:TaxCurrencyCode", "USD")(root)
    gone("cac:AdditionalDocumentReference")(root)

    assert rules_of(root) == {"ibr-002-ae", "ibr-153-ae", "ibr-140-ae", "ibr-175-ae"}


def test_every_rule_that_can_break_has_its_words():
    tried = {rule for _, rules in (*WRITTEN.values(), *OF_A_NOTE.values()) for rule in rules}

    assert tried <= set(TEXTS)
    assert all(TEXTS.values())
