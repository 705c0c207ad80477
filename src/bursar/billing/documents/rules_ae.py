"""Our own reading of PINT-AE: what an e-invoice must be before it may leave, each rule under its published id.

Checked offline, on the XML itself, so that what is checked is what is sent. The network's validator has the last
word; where its text and its test disagree, both are kept (R36). Ids that begin with "R" are of our design papers:
the published rules say it only in prose, or let it pass by mistake.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from bursar.billing.documents import rules_ae_amounts as amounts
from bursar.billing.documents.rules_ae_reading import (
    NAMESPACES,
    Found,
    all_of,
    number,
    one,
    text,
    unreadable,
)
from bursar.billing.documents.rules_ae_texts import TEXTS
from bursar.billing.documents.words import EMIRATES

CREDIT_REASONS = frozenset({*(f"DL8.61.1.{letter}" for letter in "ABCDE"), "VD"})
_REGISTRATIONS = frozenset({"TL", "EID", "PAS", "CD"})
_TYPES = {"Invoice": frozenset({"380", "480"}), "CreditNote": frozenset({"381", "81"})}
_UNTAXED_TYPES = frozenset({"480", "81"})
_CREDIT_NOTES = frozenset({"381", "81"})
_TRN = re.compile(r"1[0-9]{12}03")
_OWN_PARTICIPANT = re.compile(r"1[0-9]{9}")
_DATES = ("IssueDate", "DueDate", "TaxPointDate", "StartDate", "EndDate")


@dataclass(frozen=True, slots=True)
class Failure:
    """One rule that is broken. `message` is a msgid; `where` says at which line or party, if not in the head."""

    rule: str
    where: str = ""

    @property
    def message(self) -> str:
        return TEXTS[self.rule]


def failures(root: Any) -> tuple[Failure, ...]:
    """Everything that is wrong with this tree, each rule once for each place; none means it may be sent."""
    wrong = unreadable(root)
    if wrong:
        return tuple(dict.fromkeys(Failure("UBL", element.tag.partition("}")[2]) for element in wrong))
    return tuple(dict.fromkeys(Failure(found.rule, found.where) for check in CHECKS for found in check(root)))


def _identity(root: Any) -> Iterator[Found]:
    if not text(root, "cbc:CustomizationID").startswith("urn:peppol:pint:billing-1@ae-1"):
        yield Found("aligned-ibrp-001-ae")
    if text(root, "cbc:ProfileID") != "urn:peppol:bis:billing":
        yield Found("aligned-ibrp-002-ae")
    if not re.fullmatch("[01]{8}", text(root, "cbc:ProfileExecutionID")):
        yield Found("ibr-154-ae")
    for rule, path in (
        ("ibr-02", "cbc:ID"),
        ("ibr-03", "cbc:IssueDate"),
        ("ibr-05", "cbc:DocumentCurrencyCode"),
    ):
        if not text(root, path):
            yield Found(rule)
    try:
        UUID(text(root, "cbc:UUID"))
    except ValueError:
        yield Found("ibr-193-ae")
    if _type(root) not in _TYPES.get(_name(root), ()):
        yield Found("ibr-cl-01")


def _dates(root: Any) -> Iterator[Found]:
    for name in _DATES:
        for element in root.iter(f"{{{NAMESPACES['cbc']}}}{name}"):
            try:
                if date.fromisoformat(element.text or "").isoformat() != element.text:
                    raise ValueError
            except ValueError:
                yield Found("ibr-073", name)
    issued, point = text(root, "cbc:IssueDate"), text(root, "cbc:TaxPointDate")
    if point and point >= issued:
        yield Found("ibr-141-ae")
    if point and _is_credit_note(root):
        yield Found("ibr-124-ae")
    payable = number(root, "cac:LegalMonetaryTotal/cbc:PayableAmount")
    if not text(root, "cbc:DueDate") and payable > 0 and not (_is_credit_note(root) or _flag(root, 1)):
        yield Found("ibr-127-ae")


def _form(root: Any) -> Iterator[Found]:
    for element in root.iter():
        if isinstance(element.tag, str) and not len(element) and not (element.text or "").strip():
            yield Found("ibr-079", element.tag.partition("}")[2])
    if len(all_of(root, "cbc:Note")) > 1:
        yield Found("R33")


def _credit_note(root: Any) -> Iterator[Found]:
    if not _is_credit_note(root):
        return
    reason = text(root, "cac:DiscrepancyResponse/cbc:ResponseCode")
    if not reason:
        yield Found("ibr-158-ae")
    elif reason not in CREDIT_REASONS:
        yield Found("ibr-001-ae")
    about = text(root, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID")
    if bool(about) == (reason == "VD"):
        yield Found("ibr-055-ae")


def _payment(root: Any) -> Iterator[Found]:
    code = text(root, "cac:PaymentMeans/cbc:PaymentMeansCode")
    if bool(code) == (_is_credit_note(root) or _flag(root, 1)):
        yield Found("ibr-191-ae")
    if code == "30" and not text(root, "cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID"):
        yield Found("ibr-192-ae")


def _currency(root: Any) -> Iterator[Found]:
    ours, tax = text(root, "cbc:DocumentCurrencyCode"), text(root, "cbc:TaxCurrencyCode")
    if tax and tax != "AED":
        yield Found("ibr-140-ae")
    if ours == "AED":
        return
    rate = one(root, "cac:TaxExchangeRate")
    if rate is None or not text(rate, "cbc:CalculationRate"):
        yield Found("ibr-159-ae")
    else:
        if (text(rate, "cbc:SourceCurrencyCode"), text(rate, "cbc:TargetCurrencyCode")) != (ours, "AED"):
            yield Found("ibr-153-ae")
        exact = number(rate, "cbc:CalculationRate")
        if exact <= 0 or exact != round(exact, 6):
            yield Found("ibr-002-ae")
    in_dirhams = [
        total for total in all_of(root, "cac:TaxTotal/cbc:TaxAmount") if total.get("currencyID") == "AED"
    ]
    totals = [
        text(each, "cbc:DocumentDescription")
        for each in all_of(root, "cac:AdditionalDocumentReference")
        if text(each, "cbc:DocumentTypeCode") == "aedtotal-incl-vat"
    ]
    if tax != "AED" or not in_dirhams or not any(totals):
        yield Found("ibr-175-ae")


def _flags(root: Any) -> Iterator[Found]:
    if _flag(root, 0) and not text(root, "cac:BuyerCustomerParty/cac:Party/cac:PartyIdentification/cbc:ID"):
        yield Found("ibr-007-ae")
    if _flag(root, 3) and one(root, "cac:InvoicePeriod") is None:
        yield Found("ibr-138-ae")
    if _flag(root, 5):
        principal = text(root, "cac:SellerSupplierParty/cac:Party/cac:PartyIdentification/cbc:ID")
        if not principal:
            yield Found("ibr-137-ae")
        elif principal == text(
            root, "cac:AccountingSupplierParty/cac:Party/cac:PartyTaxScheme/cbc:CompanyID"
        ):
            yield Found("ibr-176-ae")
    for position, rule in ((6, "ibr-142-ae"), (7, "ibr-152-ae")):
        place = one(root, "cac:Delivery/cac:DeliveryLocation/cac:Address")
        known = place is not None and all(
            text(place, path) for path in ("cbc:StreetName", "cbc:CityName", "cbc:CountrySubentity")
        )
        abroad = place is not None and text(place, "cac:Country/cbc:IdentificationCode") != "AE"
        if _flag(root, position) and not (known and (abroad or position == 6)):
            yield Found(rule)
    if _type(root) in _UNTAXED_TYPES and any(_flag(root, position) for position in (1, 2, 3)):
        yield Found("ibr-157-ae")


def _parties(root: Any) -> Iterator[Found]:
    untaxed = _type(root) in _UNTAXED_TYPES
    seller = one(root, "cac:AccountingSupplierParty/cac:Party")
    buyer = one(root, "cac:AccountingCustomerParty/cac:Party")
    if seller is None or buyer is None:
        yield Found("ibr-06" if seller is None else "ibr-07")
        return
    yield from _party(seller, "seller", name="ibr-06", address="ibr-143-ae", authority="ibr-172-ae")
    yield from _party(buyer, "buyer", name="ibr-07", address="ibr-144-ae", authority="ibr-101-ae")
    if not untaxed and not text(seller, "cac:PartyTaxScheme/cbc:CompanyID"):
        yield Found("ibr-134-ae", "seller")
    if not text(seller, "cac:PartyLegalEntity/cbc:CompanyID"):
        yield Found("ibr-150-ae", "seller")
    registered, taxed = (
        text(buyer, path)
        for path in ("cac:PartyLegalEntity/cbc:CompanyID", "cac:PartyTaxScheme/cbc:CompanyID")
    )
    if untaxed and not registered:
        yield Found("ibr-136-ae", "buyer")
    if not _OWN_PARTICIPANT.fullmatch(text(buyer, "cbc:EndpointID")):
        if not registered:
            yield Found("ibr-149-ae", "buyer")
        if not (taxed or text(buyer, "cac:PartyIdentification/cbc:ID") or _flag(root, 7)):
            yield Found("ibr-135-ae", "buyer")
    reverse = any(one.text == "AE" for one in all_of(root, ".//cac:ClassifiedTaxCategory/cbc:ID"))
    if reverse and not taxed:
        yield Found("ibr-103-ae", "buyer")


def _party(party: Any, who: str, *, name: str, address: str, authority: str) -> Iterator[Found]:
    endpoint = one(party, "cbc:EndpointID")
    if endpoint is None or endpoint.get("schemeID") != "0235":
        yield Found("R29", who)
    if not text(party, "cac:PartyLegalEntity/cbc:RegistrationName"):
        yield Found(name, who)
    place = one(party, "cac:PostalAddress")
    parts = ("cbc:StreetName", "cbc:CityName", "cbc:CountrySubentity")
    if place is None or not all(text(place, path) for path in parts):
        yield Found(address, who)
    country = "" if place is None else text(place, "cac:Country/cbc:IdentificationCode")
    if not country:
        yield Found("ibr-09" if who == "seller" else "ibr-11", who)
    # The published test never runs on the addresses of seller and buyer: "Dubai" would pass (R36).
    if country == "AE" and place is not None and text(place, "cbc:CountrySubentity") not in EMIRATES:
        yield Found("ibr-128-ae", who)
    number_of_tax = text(party, "cac:PartyTaxScheme/cbc:CompanyID")
    if country == "AE" and number_of_tax and not _TRN.fullmatch(number_of_tax):
        yield Found("ibr-132-ae", who)
    yield from _registration(party, who, authority)


def _registration(party: Any, who: str, authority: str) -> Iterator[Found]:
    registration = one(party, "cac:PartyLegalEntity/cbc:CompanyID")
    if registration is None:
        return
    kind, issuer = registration.get("schemeAgencyID"), registration.get("schemeAgencyName")
    if kind not in _REGISTRATIONS:
        yield Found("ibr-173-ae" if who == "seller" else "ibr-183-ae", who)
    if kind == "TL" and not issuer:
        yield Found(authority, who)
    if kind == "PAS" and not re.fullmatch("[A-Z]{2}", issuer or ""):
        yield Found("ibr-012-ae" if who == "seller" else "ibr-010-ae", who)


def _name(root: Any) -> str:
    return str(root.tag).partition("}")[2]


def _type(root: Any) -> str:
    return text(root, "cbc:InvoiceTypeCode") or text(root, "cbc:CreditNoteTypeCode")


def _is_credit_note(root: Any) -> bool:
    return _type(root) in _CREDIT_NOTES or _name(root) == "CreditNote"


def _flag(root: Any, position: int) -> bool:
    return text(root, "cbc:ProfileExecutionID")[position : position + 1] == "1"


def _categories(root: Any) -> Iterator[Found]:
    """Untaxed types name untaxed categories only, and taxed ones not those alone (R26)."""
    named = {one.text for one in all_of(root, ".//cac:ClassifiedTaxCategory/cbc:ID")}
    if _type(root) in _UNTAXED_TYPES and named - {"E", "O", "Z"}:
        yield Found("ibr-122-ae")
    if _type(root) in {"380", "381"} and named and named <= {"E", "O"}:
        yield Found("ibr-151-ae")


CHECKS: tuple[Callable[[Any], Iterator[Found]], ...] = (
    *(_identity, _dates, _form, _credit_note, _payment, _currency, _flags, _categories, _parties),
    *amounts.CHECKS,
)
