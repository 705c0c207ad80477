"""A document as PINT-AE XML: UBL 2.1, specification 1.0.4 (R25-R33). Whether it may go out, `rules_ae` says.

It is made of the same frozen document as the PDF. Elements stand in the order of UBL's own schema, and none is
empty: what is not known is left out, and a rule that needs it says so by its id.
"""

import re
from decimal import Decimal
from typing import Any
from uuid import UUID

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  # it ships no types

from bursar.billing.documents.model import Document, DocumentLine, Kind, Party, TaxGroup
from bursar.billing.documents.routing import codes_of, endpoint_of, is_export, is_summary
from bursar.billing.rules import in_currency
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.core.money import Money

CUSTOMIZATION = "urn:peppol:pint:billing-1@ae-1"
PROFILE = "urn:peppol:bis:billing"
PARTICIPANTS = "0235"
"""The scheme of UAE participants: the first ten digits of a TRN (R10)."""
DIRHAM = "AED"

CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
ROOTS = {
    Kind.INVOICE: "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    Kind.CREDIT_NOTE: "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
}
ITEM_TYPES = {ItemKind.GOODS: "G", ItemKind.SERVICES: "S", ItemKind.BOTH: "B"}
_NOT_TAXABLE = frozenset({TaxCategory.EXEMPT, TaxCategory.OUT_OF_SCOPE})
_TRADE_LICENCE = "TL"
_CREDIT_TRANSFER, _UNDEFINED = "30", "1"
_DISCOUNT = "95"
"""UNCL 5189: a discount."""

_UNWRITABLE = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say."""

Element = Any
"""An lxml element: the library gives its type no public name."""


def xml_of(document: Document, document_uuid: UUID) -> bytes:
    """The whole file, UTF-8. `document_uuid` stays the same over every resend (BTAE-07)."""
    root = tree_of(document, document_uuid)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def tree_of(document: Document, document_uuid: UUID) -> Element:
    return _Writer(document).written(document_uuid)


def type_code_of(document: Document) -> str:
    """380 and 381, or 480 and 81 for what is outside the tax altogether (R26)."""
    untaxed = all(line.tax_category in _NOT_TAXABLE for line in document.lines)
    if document.kind is Kind.INVOICE:
        return "480" if untaxed else "380"
    return "81" if untaxed else "381"


class _Writer:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.is_invoice = document.kind is Kind.INVOICE
        namespace = ROOTS[document.kind]
        name = "Invoice" if self.is_invoice else "CreditNote"
        self.root = etree.Element(f"{{{namespace}}}{name}", nsmap={None: namespace, "cac": CAC, "cbc": CBC})

    def written(self, document_uuid: UUID) -> Element:
        self.head(document_uuid)
        self.references()
        self.party("AccountingSupplierParty", self.document.seller, is_seller=True)
        self.party("AccountingCustomerParty", self.document.buyer, is_seller=False)
        self.delivery()
        self.payment()
        self.exchange_rate()
        self.taxes()
        self.totals()
        for line in self.document.lines:
            self.line(line)
        return self.root

    def head(self, document_uuid: UUID) -> None:
        document, root = self.document, self.root
        _cbc(root, "CustomizationID", CUSTOMIZATION)
        _cbc(root, "ProfileID", PROFILE)
        _cbc(root, "ProfileExecutionID", document.transaction_flags)
        _cbc(root, "ID", document.number)
        _cbc(root, "UUID", str(document_uuid))
        _cbc(root, "IssueDate", document.issue_date.isoformat())
        if self.is_invoice and document.due_date:
            _cbc(root, "DueDate", document.due_date.isoformat())
        kind = "InvoiceTypeCode" if self.is_invoice else "CreditNoteTypeCode"
        _cbc(root, kind, type_code_of(document))
        _cbc(root, "Note", document.notes or document.reason)
        # Strictly before the day of issue, and never on a credit note (R31).
        if self.is_invoice and document.supply_date and document.supply_date < document.issue_date:
            _cbc(root, "TaxPointDate", document.supply_date.isoformat())
        _cbc(root, "DocumentCurrencyCode", document.currency)
        if self.is_foreign:
            _cbc(root, "TaxCurrencyCode", DIRHAM)

    def references(self) -> None:
        document, root = self.document, self.root
        if is_summary(document):
            days = [day for line in document.lines for day in (line.service_from, line.service_to) if day]
            if days:
                self.period(root, min(days), max(days))
        if document.reason_code:
            _cbc(_cac(root, "DiscrepancyResponse"), "ResponseCode", document.reason_code)
        if document.purchase_order:
            _cbc(_cac(root, "OrderReference"), "ID", document.purchase_order)
        # A volume discount is about no single invoice (ibr-055).
        if document.corrected and document.reason_code != "VD":
            of_it = _cac(_cac(root, "BillingReference"), "InvoiceDocumentReference")
            _cbc(of_it, "ID", document.corrected.number)
            _cbc(of_it, "IssueDate", document.corrected.issue_date.isoformat())
        if self.is_foreign:  # the total in dirhams (BTAE-20), for which UBL has no place of its own
            total = _cac(root, "AdditionalDocumentReference")
            _cbc(total, "ID", document.number)
            _cbc(total, "DocumentTypeCode", "aedtotal-incl-vat")
            _cbc(total, "DocumentDescription", self.dirhams(document.total_minor))

    def party(self, role: str, party: Party, *, is_seller: bool) -> None:
        inside = _cac(_cac(self.root, role), "Party")
        endpoint = endpoint_of(self.document, party, is_seller=is_seller)
        if endpoint:
            _cbc(inside, "EndpointID", endpoint, schemeID=PARTICIPANTS)
        if not is_seller and not party.tax_number and party.registration_number:
            _cbc(_cac(inside, "PartyIdentification"), "ID", party.registration_number)
        if party.trade_name:
            _cbc(_cac(inside, "PartyName"), "Name", party.trade_name)
        self.address(_cac(inside, "PostalAddress"), party)
        if party.tax_number:
            scheme = _cac(inside, "PartyTaxScheme")
            _cbc(scheme, "CompanyID", party.tax_number)
            _cbc(_cac(scheme, "TaxScheme"), "ID", "VAT")
        entity = _cac(inside, "PartyLegalEntity")
        _cbc(entity, "RegistrationName", party.name)
        if party.registration_number:
            named = {"schemeAgencyName": party.registration_authority} if party.registration_authority else {}
            _cbc(entity, "CompanyID", party.registration_number, schemeAgencyID=_TRADE_LICENCE, **named)
        if party.email:
            _cbc(_cac(inside, "Contact"), "ElectronicMail", party.email)

    def address(self, parent: Element, party: Party) -> None:
        first, second, *others = (*party.address_lines, None, None)
        _cbc(parent, "StreetName", first)
        _cbc(parent, "AdditionalStreetName", second)
        _cbc(parent, "CityName", party.city)
        _cbc(parent, "CountrySubentity", party.subdivision)
        rest = ", ".join(line for line in others if line)
        if rest:
            _cbc(_cac(parent, "AddressLine"), "Line", rest)
        if party.country:
            _cbc(_cac(parent, "Country"), "IdentificationCode", party.country)

    def delivery(self) -> None:
        """Exported to where the buyer is (R32)."""
        if is_export(self.document):
            place = _cac(_cac(_cac(self.root, "Delivery"), "DeliveryLocation"), "Address")
            self.address(place, self.document.buyer)

    def payment(self) -> None:
        """How an invoice is to be paid; a credit note must not say it (ibr-191)."""
        if not self.is_invoice:
            return
        account = (self.document.bank.iban or "").replace(" ", "")
        means = _cac(self.root, "PaymentMeans")
        _cbc(means, "PaymentMeansCode", _CREDIT_TRANSFER if account else _UNDEFINED)
        _cbc(means, "PaymentID", self.document.number)
        if account:
            payee = _cac(means, "PayeeFinancialAccount")
            _cbc(payee, "ID", account)
            _cbc(payee, "Name", self.document.bank.account_name)
            if self.document.bank.bic:
                _cbc(_cac(payee, "FinancialInstitutionBranch"), "ID", self.document.bank.bic)

    def exchange_rate(self) -> None:
        if self.is_foreign and self.document.exchange_rate:
            rate = _cac(self.root, "TaxExchangeRate")
            _cbc(rate, "SourceCurrencyCode", self.document.currency)
            _cbc(rate, "TargetCurrencyCode", DIRHAM)
            _cbc(rate, "CalculationRate", _digits(self.document.exchange_rate))

    def taxes(self) -> None:
        total = _cac(self.root, "TaxTotal")
        self.amount(total, "TaxAmount", self.document.tax_minor)
        for group in self.document.tax_groups:
            part = _cac(total, "TaxSubtotal")
            self.amount(part, "TaxableAmount", group.net_minor)
            self.amount(part, "TaxAmount", group.tax_minor)
            self.category(_cac(part, "TaxCategory"), group)
        if self.is_foreign and self.document.tax_local_minor is not None:
            in_dirhams = Money(self.document.tax_local_minor, DIRHAM).plain()
            _cbc(_cac(self.root, "TaxTotal"), "TaxAmount", in_dirhams, currencyID=DIRHAM)

    def totals(self) -> None:
        document = self.document
        total = _cac(self.root, "LegalMonetaryTotal")
        self.amount(total, "LineExtensionAmount", document.subtotal_minor)
        self.amount(total, "TaxExclusiveAmount", document.subtotal_minor)
        self.amount(total, "TaxInclusiveAmount", document.total_minor)
        self.amount(total, "PayableAmount", document.total_minor)

    def line(self, line: DocumentLine) -> None:
        """A rebate is a negative quantity, since no price may be below zero."""
        sign = -1 if line.unit_price_minor < 0 else 1
        name, counted = (
            ("InvoiceLine", "InvoicedQuantity") if self.is_invoice else ("CreditNoteLine", "CreditedQuantity")
        )
        inside = _cac(self.root, name)
        _cbc(inside, "ID", str(line.position))
        _cbc(inside, counted, _digits(line.quantity * sign), unitCode=line.unit_code)
        self.amount(inside, "LineExtensionAmount", line.net_minor)
        if line.service_from or line.service_to:
            self.period(inside, line.service_from, line.service_to)
        if line.discount_minor:
            self.discount(inside, line.discount_minor)
        self.item(_cac(inside, "Item"), line)
        self.price(_cac(inside, "Price"), line.unit_price_minor * sign, line.unit_code)
        extension = _cac(inside, "ItemPriceExtension")
        _cbc(extension, "Amount", self.dirhams(line.gross_minor), currencyID=DIRHAM)
        tax = _cac(extension, "TaxTotal")
        _cbc(tax, "TaxAmount", self.dirhams(line.tax_minor), currencyID=DIRHAM)

    def discount(self, parent: Element, minor: int) -> None:
        part = _cac(parent, "AllowanceCharge")
        _cbc(part, "ChargeIndicator", "false")
        _cbc(part, "AllowanceChargeReasonCode", _DISCOUNT)
        _cbc(part, "AllowanceChargeReason", "Discount")
        self.amount(part, "Amount", minor)

    def item(self, parent: Element, line: DocumentLine) -> None:
        """Goods are classified by HS, services by SAC, each in a place of its own (ibr-184..189)."""
        _cbc(parent, "Description", line.description)
        _cbc(parent, "Name", line.description.splitlines()[0][:100])
        of_goods, of_services = codes_of(line.item_kind, line.classification_code)
        if of_services:
            _cbc(_cac(parent, "AdditionalItemIdentification"), "ID", of_services, schemeID="SAC")
        kind = _cac(parent, "CommodityClassification")
        _cbc(kind, "CommodityCode", ITEM_TYPES[line.item_kind])
        _cbc(kind, "ItemClassificationCode", of_goods, listID="HS")
        group = TaxGroup(line.tax_category, line.tax_rate, line.net_minor, line.tax_minor)
        self.category(_cac(parent, "ClassifiedTaxCategory"), group)

    def price(self, parent: Element, minor: int, unit_code: str) -> None:
        """The gross price stands there even when nothing is taken off it (ibr-126)."""
        self.amount(parent, "PriceAmount", minor)
        _cbc(parent, "BaseQuantity", "1", unitCode=unit_code)
        part = _cac(parent, "AllowanceCharge")
        _cbc(part, "ChargeIndicator", "false")
        self.amount(part, "Amount", 0)
        self.amount(part, "BaseAmount", minor)

    def category(self, parent: Element, group: TaxGroup) -> None:
        _cbc(parent, "ID", group.category)
        if group.category is not TaxCategory.OUT_OF_SCOPE:
            _cbc(parent, "Percent", f"{group.rate:.2f}")
        _cbc(_cac(parent, "TaxScheme"), "ID", "VAT")

    def period(self, parent: Element, start: object, end: object) -> None:
        period = _cac(parent, "InvoicePeriod")
        _cbc(period, "StartDate", str(start) if start else None)
        _cbc(period, "EndDate", str(end) if end else None)

    @property
    def is_foreign(self) -> bool:
        return self.document.currency != DIRHAM

    def amount(self, parent: Element, name: str, minor: int) -> None:
        currency = self.document.currency
        _cbc(parent, name, Money(minor, currency).plain(), currencyID=currency)

    def dirhams(self, minor: int) -> str:
        """At the rate of the document; the total of tax is the one that was copied in at issue."""
        document = self.document
        if self.is_foreign and document.exchange_rate:
            minor = in_currency(minor, document.currency, document.exchange_rate, DIRHAM)
        return Money(minor, DIRHAM).plain()


def _cac(parent: Element, name: str) -> Element:
    return etree.SubElement(parent, f"{{{CAC}}}{name}")


def _cbc(parent: Element, name: str, text: str | None, **attributes: str) -> None:
    """Nothing at all without a text: no element may be empty (ibr-079)."""
    told = _UNWRITABLE.sub("", text or "").strip()
    if told:
        etree.SubElement(parent, f"{{{CBC}}}{name}", attributes).text = told


def _digits(value: Decimal) -> str:
    """Plain decimals without zeros behind them."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
