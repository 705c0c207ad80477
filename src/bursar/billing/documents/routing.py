"""To whom in the network a document goes, what its eight flags say, and how a thing is classified (R10, R27, R32)."""

from bursar.billing.documents.model import Document, Party
from bursar.catalog.kinds import ItemKind

DEEMED_SUPPLY = "9900000097"
NOT_IN_THE_NETWORK = "9900000098"
EXPORT = "9900000099"
"""Participants of the tax authority's own, for whom nobody receives."""

FREE_ZONE, DEEMED, MARGIN, SUMMARY, CONTINUOUS, AGENT, ONLINE, EXPORTED = range(8)
"""Positions in `transaction_flags`."""

_TIN_DIGITS = 10


def has_flag(document: Document, position: int) -> bool:
    return document.transaction_flags[position : position + 1] == "1"


def is_export(document: Document) -> bool:
    return has_flag(document, EXPORTED)


def is_summary(document: Document) -> bool:
    return has_flag(document, SUMMARY)


def endpoint_of(document: Document, party: Party, *, is_seller: bool) -> str | None:
    """A participant of the UAE network; None for a seller who has no number."""
    number = party.tax_number if party.country == "AE" else None
    if is_seller:
        return number[:_TIN_DIGITS] if number else None
    if has_flag(document, DEEMED):
        return DEEMED_SUPPLY
    if number:
        return number[:_TIN_DIGITS]
    return EXPORT if is_export(document) else NOT_IN_THE_NETWORK


def codes_of(kind: ItemKind, code: str | None) -> tuple[str | None, str | None]:
    """The HS code of goods and the SAC code of services; of both it is written "HS/SAC"."""
    told = (code or "").strip() or None
    if kind is ItemKind.GOODS:
        return told, None
    if kind is ItemKind.SERVICES:
        return None, told
    of_goods, _, of_services = (told or "").partition("/")
    return of_goods.strip() or None, of_services.strip() or None
