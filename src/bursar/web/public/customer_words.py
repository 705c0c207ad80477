"""The words of a customer's own page in the four languages in which customers are written to."""

from collections.abc import Mapping

from bursar.web.public.wording import SHARED, Row, in_language


def words(code: str) -> Mapping[str, str]:
    return in_language(code, {**SHARED, **_WORDS})


_WORDS: Mapping[str, Row] = {
    "title": ("Your open invoices", "فواتيركم المفتوحة", "החשבוניות הפתוחות שלכם", "Vos factures ouvertes"),
    "late": (
        "{amount} of it is late",
        "منها {amount} متأخرة",
        "מתוכם {amount} באיחור",
        "dont {amount} en retard",
    ),
    "one": ("1 invoice", "فاتورة واحدة", "חשבונית אחת", "1 facture"),
    "many": ("{count} invoices", "عدد الفواتير: {count}", "{count} חשבוניות", "{count} factures"),
    "more": (
        "The {shown} that are due longest are listed here.",
        "تظهر هنا الفواتير الأقدم استحقاقًا وعددها {shown}.",
        "מוצגות כאן {shown} החשבוניות הוותיקות ביותר.",
        "Les {shown} échéances les plus anciennes sont affichées ici.",
    ),
    "none": ("Nothing is open", "لا توجد فواتير مفتوحة", "אין חשבוניות פתוחות", "Rien n’est dû"),
    "none_text": (
        "Everything is settled. Thank you.",
        "كل شيء مسدد. شكرًا لكم.",
        "הכול שולם. תודה.",
        "Tout est réglé. Merci.",
    ),
    "due": ("Due {day}", "تستحق في {day}", "לתשלום עד {day}", "Échéance le {day}"),
    "overdue": ("Late", "متأخرة", "באיחור", "En retard"),
    "see": ("See it", "عرض", "הצגה", "Voir"),
    "promised": (
        "You will pay by {day}. Thank you.",
        "ستسددون حتى {day}. شكرًا لكم.",
        "תשלמו עד {day}. תודה.",
        "Vous paierez au plus tard le {day}. Merci.",
    ),
    "contested": (
        "You told us that something is not right. A person answers you.",
        "أبلغتمونا بأن هناك أمرًا غير صحيح. سيرد عليكم أحد موظفينا.",
        "עדכנתם שמשהו אינו תקין. אדם ישיב לכם.",
        "Vous nous avez signalé un problème. Une personne vous répond.",
    ),
    "said_paid": (
        "You told us that this is paid. We are looking for the payment.",
        "أبلغتمونا بأنها مسددة. نحن نبحث عن الدفعة.",
        "עדכנתם שהחשבונית שולמה. אנחנו בודקים את התשלום.",
        "Vous nous avez dit que c’est payé. Nous recherchons le paiement.",
    ),
    "promise_all": (
        "I will pay all of it by…",
        "سأسدد الكل في موعد…",
        "אשלם הכול עד…",
        "Je paierai le tout le…",
    ),
    "promise_all_text": (
        "Choose a day for everything that is open. Until then we send no reminders.",
        "اختاروا يومًا لسداد كل المبالغ المفتوحة. ولن نرسل حتى ذلك الموعد أي تذكير.",
        "בחרו יום לכל מה שפתוח. עד אז לא נשלח תזכורות.",
        "Choisissez un jour pour tout ce qui reste dû. D’ici là, nous n’enverrons aucun rappel.",
    ),
    "reference": (
        "Write the invoice numbers as the reference.",
        "يُرجى ذكر أرقام الفواتير في خانة المرجع.",
        "ציינו את מספרי החשבוניות כאסמכתה.",
        "Indiquez les numéros de facture en référence.",
    ),
    "statement": ("Statement of account", "كشف الحساب", "דף חשבון", "Relevé de compte"),
    "statement_text": (
        "Everything that was billed and paid in the last twelve months.",
        "كل ما صدر من فواتير وما سُدد خلال آخر اثني عشر شهرًا.",
        "כל מה שחויב ושולם בשנים־עשר החודשים האחרונים.",
        "Tout ce qui a été facturé et payé ces douze derniers mois.",
    ),
    "download": ("Download ({kind})", "تنزيل ({kind})", "הורדה ({kind})", "Télécharger ({kind})"),
    "column_day": ("Date", "التاريخ", "תאריך", "Date"),
    "column_what": ("What", "البيان", "פירוט", "Opération"),
    "column_number": ("Number", "الرقم", "מספר", "Numéro"),
    "column_currency": ("Currency", "العملة", "מטבע", "Devise"),
    "column_amount": ("Amount", "المبلغ", "סכום", "Montant"),
    "column_balance": ("Balance", "الرصيد", "יתרה", "Solde"),
    "opening": ("Opening balance", "الرصيد الافتتاحي", "יתרת פתיחה", "Solde initial"),
    "closing": ("Closing balance", "الرصيد الختامي", "יתרת סגירה", "Solde final"),
    "entry_invoice": ("Invoice", "فاتورة", "חשבונית", "Facture"),
    "entry_credit_note": ("Credit note", "إشعار دائن", "חשבונית זיכוי", "Avoir"),
    "entry_payment": ("Payment", "دفعة", "תשלום", "Paiement"),
    "entry_reversal": ("Payment taken back", "دفعة ملغاة", "תשלום שבוטל", "Paiement annulé"),
    "entry_refund": ("Refund", "مبلغ مسترد", "החזר", "Remboursement"),
    "entry_exchanged_to": (
        "Paid in another currency",
        "سُدد بعملة أخرى",
        "שולם במטבע אחר",
        "Payé dans une autre devise",
    ),
    "entry_exchanged_from": (
        "Used for another currency",
        "استُخدم لعملة أخرى",
        "שימש למטבע אחר",
        "Utilisé pour une autre devise",
    ),
}
