"""The fields that a sheet from the bank can fill; data only, as in columns."""

from bursar.core.errors import N_
from bursar.tenancy.column_names import CURRENCY, Field, field

BANK_LINES: tuple[Field, ...] = (
    field(
        "received_on",
        N_("Date"),
        "date|booking date|posting date|transaction date|value date|posted on|received on|التاريخ|تاريخ|"
        "تاريخ القيد|تاريخ العملية|date d'opération|date de valeur|date opération|date comptable",
    ),
    field(
        "amount",
        N_("Amount"),
        "amount|transaction amount|value|المبلغ|مبلغ|مبلغ العملية|montant|montant de l'opération",
    ),
    field(
        "credit",
        N_("Money in"),
        "credit|credits|money in|paid in|deposit|deposits|credit amount|credited|دائن|إيداع|المبلغ الدائن|"
        "crédit|montant crédit",
    ),
    field(
        "debit",
        N_("Money out"),
        "debit|debits|money out|paid out|withdrawal|withdrawals|debit amount|debited|مدين|سحب|المبلغ المدين|"
        "débit|montant débit",
    ),
    CURRENCY,
    field(
        "payer",
        N_("Payer"),
        "payer|payer name|from|sender|ordering party|remitter|counterparty|counterparty name|name|"
        "الدافع|المرسل|اسم المرسل|الاسم|donneur d'ordre|émetteur|tiers|nom",
    ),
    field(
        "reference",
        N_("Reference"),
        "reference|ref|description|details|narration|narrative|particulars|remittance information|memo|"
        "payment details|transaction details|المرجع|البيان|الوصف|التفاصيل|référence|libellé|motif|communication",
    ),
    field(
        "external_id",
        N_("Transaction ID"),
        "external id|transaction id|transaction number|transaction reference|bank reference|entry reference|"
        "رقم العملية|رقم المعاملة|identifiant de transaction|n° de transaction|référence bancaire",
    ),
)
