"""How the rules of PINT-AE look at XML: by UBL's own prefixes, and never failing at what is not there."""

import re
from decimal import Decimal
from typing import Any, NamedTuple

NAMESPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
_NUMBERS = (
    *("Amount", "BaseAmount", "PriceAmount", "TaxAmount", "TaxableAmount", "LineExtensionAmount"),
    *("TaxExclusiveAmount", "TaxInclusiveAmount", "PayableAmount", "PrepaidAmount", "PayableRoundingAmount"),
    *("AllowanceTotalAmount", "ChargeTotalAmount", "InvoicedQuantity", "CreditedQuantity", "BaseQuantity"),
    *("Percent", "CalculationRate"),
)
_PLAIN = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


class Found(NamedTuple):
    """A rule that is broken, and where."""

    rule: str
    where: str = ""


def one(element: Any, path: str) -> Any | None:
    return element.find(path, NAMESPACES)


def all_of(element: Any, path: str) -> list[Any]:
    return element.findall(path, NAMESPACES)


def text(element: Any, path: str) -> str:
    """What stands there, without space around it; empty if there is no such element."""
    return (element.findtext(path, "", NAMESPACES) or "").strip()


def number(element: Any, path: str) -> Decimal:
    """The number that stands there, or zero: that it must be there is another rule."""
    return Decimal(text(element, path) or 0)


def unreadable(root: Any) -> list[Any]:
    """Elements that must hold a plain number and do not: nothing can be said of sums before they are mended."""
    return [
        element
        for element in root.iter(*(f"{{{NAMESPACES['cbc']}}}{name}" for name in _NUMBERS))
        if not _PLAIN.fullmatch((element.text or "").strip())
    ]
