"""What a table of invoices says in its head and foot, in the language of the version."""

from bursar.outbox.blocks.kinds import InvoiceColumn

C = InvoiceColumn
# fmt: off
_HEADS: dict[str, dict[InvoiceColumn, str]] = {
    "en": {C.NUMBER: "Invoice", C.ISSUE_DATE: "Issued", C.DUE_DATE: "Due", C.DAYS_OVERDUE: "Days overdue",
           C.TOTAL: "Total", C.PAID: "Paid by this", C.BALANCE: "Open"},
    "ar": {C.NUMBER: "الفاتورة", C.ISSUE_DATE: "تاريخ الإصدار",
           C.DUE_DATE: "تاريخ الاستحقاق", C.DAYS_OVERDUE: "أيام التأخير",
           C.TOTAL: "الإجمالي", C.PAID: "المسدد بهذه الدفعة", C.BALANCE: "المبلغ المتبقي"},
    "he": {C.NUMBER: "חשבונית", C.ISSUE_DATE: "הונפקה", C.DUE_DATE: "לתשלום עד", C.DAYS_OVERDUE: "ימי איחור",
           C.TOTAL: "סך הכול", C.PAID: "שולם בתשלום זה", C.BALANCE: "יתרה לתשלום"},
    "fr": {C.NUMBER: "Facture", C.ISSUE_DATE: "Émise le", C.DUE_DATE: "Échéance", C.DAYS_OVERDUE: "Jours de retard",
           C.TOTAL: "Total", C.PAID: "Réglé par ce paiement", C.BALANCE: "Reste dû"},
}
_TOTALS = {"en": "Total open:", "ar": "إجمالي المتبقي:", "he": "סך הכול לתשלום:", "fr": "Total restant dû :"}
# fmt: on


def head(column: InvoiceColumn, locale: str) -> str:
    """English where we have no words of the language."""
    return _HEADS.get(_language(locale), _HEADS["en"])[column]


def totals(locale: str) -> str:
    return _TOTALS.get(_language(locale), _TOTALS["en"])


def _language(locale: str) -> str:
    return locale.partition("-")[0].partition("_")[0]
