"""What other programs call the state of an invoice, and which of those are nothing for our books."""

from bursar.core.errors import N_, Invalid
from bursar.tenancy.cells import parse_text
from bursar.tenancy.folding import fold
from bursar.tenancy.grids import CellValue


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in text.split("|"))


PAID = _words("paid|paid in full|fully paid|settled|مدفوعة|مدفوع|مسددة|payée|payé|réglée|soldée")
DRAFT = _words("draft|مسودة|brouillon")
VOID = _words(
    "cancelled|canceled|void|voided|refunded|credited|written off|ملغاة|ملغي|ملغية|مستردة|"
    "annulée|annulé|remboursée"
)


def says_paid(cell: CellValue | None) -> bool:
    """Whether a row's status means that nothing is open. Any other word says less than its amounts and dates do.

    Raises `Invalid` for a draft, and for what was taken back.
    """
    status = "" if cell is None else fold(parse_text(cell, field="status"))
    if status in DRAFT:
        raise Invalid(
            N_("A draft is no invoice yet. Leave it out of the sheet."), code="status_draft", field="status"
        )
    if status in VOID:
        raise Invalid(
            N_("This invoice was taken back, so nothing of it is to be paid. Leave it out of the sheet."),
            code="status_void",
            field="status",
        )
    return status in PAID
