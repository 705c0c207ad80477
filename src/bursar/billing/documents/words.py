"""What stands on a document besides its data, in the four languages in which we print.

These are the words of the trade and of the law, not of a screen: they are fixed here and not in the
translators' catalogue, since a document must say the same in ten years. Sources: R3, R8, R12, R43, R81.
"""

from collections.abc import Mapping
from enum import StrEnum


class Language(StrEnum):
    ENGLISH = "en"
    ARABIC = "ar"
    HEBREW = "he"
    FRENCH = "fr"


EMIRATES = {
    "AUH": "Abu Dhabi",
    "DXB": "Dubai",
    "SHJ": "Sharjah",
    "UAQ": "Umm Al Quwain",
    "FUJ": "Fujairah",
    "AJM": "Ajman",
    "RAK": "Ras Al Khaimah",
}
"""The seven codes by which an e-invoice knows an emirate (R29), and what a reader calls it."""

RIGHT_TO_LEFT = frozenset({Language.ARABIC, Language.HEBREW})


def languages_of(country: str | None, locale: str) -> tuple[Language, Language | None]:
    """In which language a seller of `country` writes, and the second one beside it.

    The law asks for them, so the reader's own language decides only where it leaves a choice.
    """
    if country == "AE":
        return Language.ENGLISH, Language.ARABIC
    if country == "IL":
        return (Language.ENGLISH if locale.startswith("en") else Language.HEBREW), None
    if country == "FR":
        return Language.FRENCH, None
    return Language.ENGLISH, None


def word(name: str, language: Language) -> str:
    return _WORDS[name][language]


_COLUMNS = (Language.ENGLISH, Language.ARABIC, Language.HEBREW, Language.FRENCH)


def _row(english: str, arabic: str, hebrew: str, french: str) -> Mapping[Language, str]:
    return dict(zip(_COLUMNS, (english, arabic, hebrew, french), strict=True))


_WORDS: Mapping[str, Mapping[Language, str]] = {
    # Titles. Who is not registered must not say "Tax" (R8).
    "tax_invoice": _row("Tax Invoice", "فاتورة ضريبية", "חשבונית מס", "Facture"),
    "invoice": _row("Invoice", "فاتورة", "חשבונית", "Facture"),
    "tax_credit_note": _row("Tax Credit Note", "إشعار دائن ضريبي", "חשבונית מס זיכוי", "Avoir"),
    "credit_note": _row("Credit Note", "إشعار دائن", "חשבונית זיכוי", "Avoir"),
    # Facts of the head.
    "number": _row("Number", "الرقم", "מספר", "Numéro"),
    "issue_date": _row("Issue date", "تاريخ الإصدار", "תאריך הפקה", "Date d’émission"),
    "supply_date": _row("Supply date", "تاريخ التوريد", "תאריך אספקה", "Date de livraison"),
    "due_date": _row("Due date", "تاريخ الاستحقاق", "לתשלום עד", "Échéance"),
    "purchase_order": _row("Purchase order", "أمر الشراء", "הזמנת רכש", "Bon de commande"),
    "of_invoice": _row("Corrects invoice", "تصحيح للفاتورة", "מזכה את חשבונית", "Facture rectifiée"),
    "invoice_date": _row("Invoice date", "تاريخ الفاتورة", "תאריך החשבונית", "Date de la facture"),
    "reason": _row("Reason", "السبب", "סיבה", "Motif"),
    "currency": _row("Currency", "العملة", "מטבע", "Devise"),
    # Parties.
    "seller": _row("Supplier", "المورد", "ספק", "Émetteur"),
    "buyer": _row("Bill to", "العميل", "לכבוד", "Client"),
    "trn": _row("TRN", "رقم التسجيل الضريبي", "TRN", "TRN"),
    "tax_number": _row("Tax number", "الرقم الضريبي", "עוסק מורשה", "N° TVA"),
    "registration": _row("Registration", "رقم السجل", "מספר רישום", "Immatriculation"),
    "siren": _row("SIREN", "SIREN", "SIREN", "SIREN"),
    # The table of lines.
    "description": _row("Description", "الوصف", "תיאור", "Désignation"),
    "service": _row("Service period", "فترة الخدمة", "תקופת השירות", "Période"),
    "quantity": _row("Quantity", "الكمية", "כמות", "Quantité"),
    "unit_price": _row("Unit price", "سعر الوحدة", "מחיר יחידה", "Prix unitaire"),
    "discount": _row("Discount", "الخصم", "הנחה", "Remise"),
    "tax_rate": _row("VAT rate", "نسبة الضريبة", "שיעור מע״מ", "Taux TVA"),
    "net": _row("Net", "الصافي", "סכום נטו", "Montant HT"),
    "tax": _row("VAT", "الضريبة", "מע״מ", "TVA"),
    "gross": _row("Total", "الإجمالي", "סה״כ", "Montant TTC"),
    "amount": _row("Amount", "المبلغ", "סכום", "Montant"),
    # Sums.
    "before_discount": _row("Before discount", "قبل الخصم", "לפני הנחה", "Avant remise"),
    "subtotal": _row("Total excluding VAT", "الإجمالي قبل الضريبة", "סה״כ לפני מע״מ", "Total HT"),
    "vat_at": _row(
        "VAT {rate} of {net}", "ضريبة القيمة المضافة {rate}", "מע״מ {rate} מתוך {net}", "TVA {rate} sur {net}"
    ),
    "vat_not": _row("{name}: {net}", "{name}", "{name}: {net}", "{name} : {net}"),
    "S": _row("Standard rate", "خاضع للنسبة الأساسية", "חייב במע״מ", "Taux normal"),
    "Z": _row("Zero-rated", "خاضع لنسبة الصفر", "מע״מ בשיעור אפס", "Taux zéro"),
    "E": _row("Exempt from VAT", "معفى من الضريبة", "פטור ממע״מ", "Exonéré de TVA"),
    "O": _row("Outside the scope of VAT", "خارج نطاق الضريبة", "מחוץ לתחולת מע״מ", "Hors champ de la TVA"),
    "AE": _row("Reverse charge", "آلية الاحتساب العكسي", "חיוב הפוך", "Autoliquidation"),
    "N": _row("Profit margin scheme", "نظام هامش الربح", "שיטת המרווח", "Régime de la marge"),
    "total": _row("Total payable", "الإجمالي المستحق", "סה״כ לתשלום", "Net à payer TTC"),
    "total_plain": _row("Total payable", "الإجمالي المستحق", "סה״כ לתשלום", "Net à payer"),
    "total_credited": _row("Total credited", "إجمالي المبلغ الدائن", "סה״כ זיכוי", "Total de l’avoir"),
    "exchange_rate": _row("Exchange rate", "سعر الصرف", "שער חליפין", "Taux de change"),
    "tax_local": _row(
        "VAT in {currency}", "الضريبة بعملة {currency}", "מע״מ ב־{currency}", "TVA en {currency}"
    ),
    "shown": _row("Value on the invoice", "القيمة في الفاتورة", "הסכום בחשבונית", "Montant facturé"),
    "corrected": _row("Corrected value", "القيمة المصححة", "הסכום המתוקן", "Montant rectifié"),
    "difference": _row("Difference", "الفرق", "ההפרש", "Différence"),
    # What else must or may be said.
    "reverse_charge": _row(
        "Reverse charge: the recipient accounts for the tax.",
        "آلية الاحتساب العكسي: يلتزم المستلم باحتساب الضريبة.",
        "חיוב הפוך: חובת תשלום המס חלה על הלקוח.",
        "Autoliquidation : la taxe est due par le preneur.",
    ),
    # Federal Decree-Law 8 of 2017 on Value Added Tax, Article 48, as Article 59(1)(l) asks to be named.
    "reverse_charge_AE": _row(
        "Reverse charge: the recipient accounts for the VAT under Article 48 of Federal Decree-Law No. 8 of 2017.",
        "آلية الاحتساب العكسي: يلتزم المستلم باحتساب الضريبة وفقاً للمادة 48 من المرسوم بقانون اتحادي رقم 8 لسنة 2017.",
        "חיוב הפוך: חובת תשלום המס חלה על הלקוח.",
        "Autoliquidation : la taxe est due par le preneur.",
    ),
    # Code de commerce, L441-10 and D441-5: a French invoice between firms says both, or is fined (R81).
    "late_payment_FR": _row(
        "",
        "",
        "",
        "En cas de retard de paiement : pénalités au taux de trois fois l’intérêt légal, et indemnité forfaitaire "
        "pour frais de recouvrement de 40 € (non soumise à TVA). Pas d’escompte pour paiement anticipé.",
    ),
    "notes": _row("Notes", "ملاحظات", "הערות", "Remarques"),
    "payment": _row("How to pay", "طريقة الدفع", "פרטי תשלום", "Règlement"),
    "account_name": _row("Account name", "اسم الحساب", "שם החשבון", "Titulaire"),
    "iban": _row("IBAN", "رقم الآيبان", "IBAN", "IBAN"),
    "bic": _row("BIC", "رمز السويفت", "BIC", "BIC"),
    "bank": _row("Bank", "البنك", "בנק", "Banque"),
    "reference": _row("Reference", "المرجع", "אסמכתה", "Référence"),
    "online": _row(
        "Open this invoice online", "عرض الفاتورة على الإنترنت", "לצפייה בחשבונית", "Voir la facture en ligne"
    ),
    "page": _row("Page @ of #", "صفحة @ من #", "עמוד @ מתוך #", "Page @ sur #"),
}
"""By the name of each word."""
