"""The four languages in which customers are written to, for the pages that are theirs.

The staff's pages speak two of them and their catalogue is a translator's. What a customer reads stands beside
documents and letters in the same four, a row for each text: English, Arabic, Hebrew, French.
"""

from collections.abc import Mapping

from bursar.web.languages import WRITTEN, Language

LANGUAGES: Mapping[str, Language] = {
    code: Language(code, name, "rtl" if code in ("ar", "he") else "ltr") for code, name in WRITTEN
}
CODES = ("en", "ar", "he", "fr")
Row = tuple[str, str, str, str]


def spoken(*wishes: str | None) -> Language:
    """The first of these that we speak, "he-IL" too; English else."""
    short = [(wish or "").replace("_", "-").partition("-")[0].lower() for wish in wishes]
    return LANGUAGES[next((code for code in short if code in LANGUAGES), "en")]


def in_language(code: str, rows: Mapping[str, Row]) -> dict[str, str]:
    at = CODES.index(code)
    return {name: each[at] for name, each in rows.items()}


SHARED: Mapping[str, Row] = {
    "language": ("Language", "اللغة", "שפה", "Langue"),
    "skip": ("Skip to the content", "انتقل إلى المحتوى", "דילוג לתוכן", "Aller au contenu"),
    "back": ("Back", "رجوع", "חזרה", "Retour"),
    "optional": ("optional", "اختياري", "לא חובה", "facultatif"),
    "open": ("Open", "المتبقي", "יתרה לתשלום", "Reste dû"),
    "promise": ("I will pay by…", "سأسدد في موعد…", "אשלם עד…", "Je paierai le…"),
    "promise_other": ("Another date", "تغيير الموعد", "שינוי מועד", "Changer la date"),
    "promise_day": ("I will pay by", "سأسدد قبل", "אשלם עד", "Je paierai au plus tard le"),
    "promise_send": ("Promise", "تأكيد الموعد", "אישור המועד", "Confirmer la date"),
    "paid": ("I have paid", "لقد سددت", "כבר שילמתי", "J’ai déjà payé"),
    "contest": ("Something is not right", "هناك أمر غير صحيح", "משהו אינו תקין", "Quelque chose ne va pas"),
    "how_to_pay": ("How to pay", "طريقة الدفع", "פרטי תשלום", "Comment payer"),
    "account_name": ("Account name", "اسم الحساب", "שם החשבון", "Titulaire"),
    "iban": ("IBAN", "رقم الآيبان", "IBAN", "IBAN"),
    "bic": ("BIC", "رمز السويفت", "BIC", "BIC"),
    "bank": ("Bank", "البنك", "בנק", "Banque"),
    "pay_now": ("Pay now", "ادفعوا الآن", "תשלום עכשיו", "Payer maintenant"),
    "pay_now_text": (
        "You pay on the page of our payment provider and come back here.",
        "تدفعون في صفحة مزود الدفع لدينا ثم تعودون إلى هنا.",
        "משלמים בדף של ספק התשלומים שלנו וחוזרים לכאן.",
        "Vous payez sur la page de notre prestataire de paiement, puis revenez ici.",
    ),
    "other_ways": ("Other ways to pay", "طرق دفع أخرى", "דרכי תשלום אחרות", "Autres moyens de paiement"),
    "being_paid": (
        "Your payment is on its way. There is nothing left to do.",
        "دفعتكم في الطريق. لا يلزم أي إجراء آخر.",
        "התשלום שלכם בדרך. אין צורך בפעולה נוספת.",
        "Votre paiement est en route. Vous n’avez plus rien à faire.",
    ),
    "test_money": (
        "This is a trial: no real money is taken.",
        "هذه تجربة: لا يُسحب أي مال حقيقي.",
        "זהו ניסיון: לא נגבה כסף אמיתי.",
        "Ceci est un essai : aucun argent réel n’est prélevé.",
    ),
    "ask_to_pay": (
        "Answer the message that brought you here to learn how to pay.",
        "للاستفسار عن طريقة الدفع يكفي الرد على الرسالة التي وصلتكم.",
        "לפרטי התשלום אפשר להשיב להודעה שקיבלתם.",
        "Répondez au message reçu pour savoir comment payer.",
    ),
}
"""What the page of one invoice and the page of all that is open say alike."""
