"""What the network's own validator would say of an XML: written from the specification, not from our writer.

It looks at fewer things than we do, and at all of them in its own way: what both let pass is worth more.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

_EMIRATES = ["AUH", "DXB", "SHJ", "UAQ", "FUJ", "AJM", "RAK"]
_TYPES = {"Invoice": ("380", "480"), "CreditNote": ("381", "81")}


class Finding(NamedTuple):
    rule: str
    message: str


def findings(xml: bytes, uuid: str) -> list[Finding]:
    """Everything that it finds; a document type is refused unread, for what its entities might do."""
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        return [Finding("XML", "a document type is not allowed")]
    try:
        root = fromstring(xml)  # without a document type there are no entities
    except ParseError as error:
        return [Finding("XML", str(error))]
    return [Finding(*found) for found in _all(_bare(root), uuid)]


def _bare(element: Element) -> Element:
    """Without namespaces: names are unique enough here."""
    for each in element.iter():
        each.tag = each.tag.rpartition("}")[2]
    return element


def _all(root: Element, uuid: str) -> list[tuple[str, str]]:
    found = []
    kind = _said(root, f"{root.tag}TypeCode")
    is_note = root.tag == "CreditNote"
    point = _said(root, "TaxPointDate")
    checks = [
        ("aligned-ibrp-001-ae", _said(root, "CustomizationID") == "urn:peppol:pint:billing-1@ae-1"),
        ("ibr-193-ae", _said(root, "UUID") == uuid),
        ("ibr-154-ae", bool(re.fullmatch("[01]{8}", _said(root, "ProfileExecutionID")))),
        ("ibr-cl-01", kind in _TYPES.get(root.tag, ())),
        ("ibr-127-ae", is_note or bool(_said(root, "DueDate"))),
        ("ibr-141-ae", not point or point < _said(root, "IssueDate")),
        ("ibr-158-ae", not is_note or root.find("DiscrepancyResponse/ResponseCode") is not None),
        ("ibr-191-ae", is_note != (root.find("PaymentMeans/PaymentMeansCode") is not None)),
    ]
    found += [(rule, "is not as it must be") for rule, right in checks if not right]
    for side in ("AccountingSupplierParty", "AccountingCustomerParty"):
        found += _party(root, side)
    return found + _numbers(root)


def _party(root: Element, side: str) -> list[tuple[str, str]]:
    party = root.find(f"{side}/Party")
    if party is None:
        return [("ibr-06", f"{side} is missing")]
    found = []
    taxed = party.findtext("PartyTaxScheme/CompanyID", "")
    country = party.findtext("PostalAddress/Country/IdentificationCode", "")
    if country == "AE" and taxed and not (len(taxed) == 15 and taxed[0] == "1" and taxed.endswith("03")):
        found.append(("ibr-132-ae", f"{taxed} is no TRN"))
    if country == "AE" and party.findtext("PostalAddress/CountrySubentity") not in _EMIRATES:
        found.append(("ibr-128-ae", "the emirate is not one of the seven"))
    if party.find("EndpointID") is None:
        found.append(("R29", f"{side} has no address"))
    return found


def _numbers(root: Element) -> list[tuple[str, str]]:
    found = []
    lines = root.findall(f"{root.tag}Line")
    try:
        nets = sum(Decimal(line.findtext("LineExtensionAmount", "")) for line in lines)
        total = {each.tag: Decimal(each.text or "") for each in root.findall("LegalMonetaryTotal/*")}
        tax = Decimal(root.findtext("TaxTotal/TaxAmount", ""))
        if total["LineExtensionAmount"] != nets:
            found.append(("ibr-co-10", f"{nets} is not the sum"))
        if total["TaxInclusiveAmount"] != total["TaxExclusiveAmount"] + tax:
            found.append(("ibr-co-15", "the total with tax is not the sum"))
    except (InvalidOperation, KeyError) as error:
        found.append(("UBL", f"an amount is missing or no number: {error!r}"))
    for line in lines:
        if not line.findtext("Item/Description"):
            found.append(("ibr-125-ae", "a line has no description"))
        if line.find("Price/BaseQuantity") is None:
            found.append(("ibr-126-ae", "a price has no base quantity"))
        rated = line.findtext("Item/ClassifiedTaxCategory/Percent", "")
        if line.findtext("Item/ClassifiedTaxCategory/ID") == "S" and rated not in {"5", "5.0", "5.00"}:
            found.append(("ibr-190-ae", f"{rated} is not the standard rate"))
    return found


def _said(root: Element, name: str) -> str:
    return (root.findtext(name) or "").strip()
