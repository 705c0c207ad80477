"""The words of an invoice's public page in the four languages in which customers are written to."""

from collections.abc import Mapping

from bursar.core.errors import Refusal
from bursar.web.public import paying_words
from bursar.web.public.wording import CODES, SHARED, Row, in_language


def words(code: str) -> Mapping[str, str]:
    return in_language(code, {**SHARED, **_WORDS, **paying_words.WORDS})


def refusal_words(code: str, refusal: Refusal) -> str:
    """Why it was not taken; what has no words of its own here was not foreseen of a person."""
    rows = {**_REFUSALS, **paying_words.REFUSALS}
    told = rows.get(refusal.code, rows["not_taken"])[CODES.index(code)]
    return told.format(**{name: str(value) for name, value in refusal.params.items()})


_WORDS: Mapping[str, Row] = {
    "invoice": ("Invoice", "فاتورة", "חשבונית", "Facture"),
    "all_open": (
        "All open invoices",
        "كل الفواتير المفتوحة",
        "כל החשבוניות הפתוחות",
        "Toutes les factures ouvertes",
    ),
    "total": ("Total", "الإجمالي", "סכום כולל", "Total"),
    "net": ("Net", "الصافي", "סכום נטו", "Total HT"),
    "tax": ("Tax", "الضريبة", "מס", "TVA"),
    "issued_on": ("Issued", "تاريخ الإصدار", "תאריך הפקה", "Émise le"),
    "due_on": ("Due", "تاريخ الاستحقاق", "לתשלום עד", "Échéance"),
    "download": ("Download the PDF", "تنزيل ملف PDF", "הורדת PDF", "Télécharger le PDF"),
    "lines": ("What it is for", "تفاصيل الفاتورة", "פירוט החשבונית", "Détail de la facture"),
    "paid_so_far": ("Paid and credited", "المدفوع والمخصوم", "שולם וזוכה", "Payé et crédité"),
    "payment": ("Payment", "دفعة", "תשלום", "Paiement"),
    "taken_back": ("taken back", "أُلغيت", "בוטל", "annulé"),
    "credit_note": ("Credit note", "إشعار دائن", "חשבונית זיכוי", "Avoir"),
    "reference": ("Reference", "المرجع", "אסמכתה", "Référence"),
    "tell_us": ("Tell us", "أخبرونا", "עדכנו אותנו", "Dites-nous"),
    "promise_text": (
        "Choose a day. Until then we send no reminders of this invoice.",
        "اختاروا يومًا. ولن نرسل حتى ذلك الموعد أي تذكير بهذه الفاتورة.",
        "בחרו יום. עד אז לא נשלח תזכורות על חשבונית זו.",
        "Choisissez un jour. D’ici là, nous n’enverrons aucun rappel pour cette facture.",
    ),
    "promised": (
        "You promised to pay by {day}. Thank you.",
        "وعدتم بالسداد حتى {day}. شكرًا لكم.",
        "התחייבתם לשלם עד {day}. תודה.",
        "Vous avez promis de payer au plus tard le {day}. Merci.",
    ),
    "paid_text": (
        "Tell us when and how much. We look for it, and send no reminders meanwhile.",
        "أخبرونا بتاريخ السداد والمبلغ. سنبحث عن الدفعة ولن نرسل تذكيرات في هذه الأثناء.",
        "ספרו לנו מתי וכמה שילמתם. נבדוק, ובינתיים לא נשלח תזכורות.",
        "Dites-nous quand et combien. Nous vérifions et n’envoyons aucun rappel entre-temps.",
    ),
    "paid_on": ("Paid on", "تاريخ السداد", "תאריך התשלום", "Payé le"),
    "amount": ("Amount", "المبلغ", "סכום", "Montant"),
    "proof": (
        "Proof (optional)",
        "إثبات الدفع (اختياري)",
        "אישור תשלום (לא חובה)",
        "Justificatif (facultatif)",
    ),
    "proof_hint": (
        "PDF, PNG, JPG or WebP. A photo in another format: take a screenshot of it.",
        "PDF أو PNG أو JPG أو WebP. إن كانت الصورة بصيغة أخرى فالتقطوا صورة للشاشة.",
        "PDF, PNG, JPG או WebP. לתמונה בפורמט אחר: צלמו את המסך.",
        "PDF, PNG, JPG ou WebP. Photo dans un autre format : faites-en une capture d’écran.",
    ),
    "contest_text": (
        "Tell us what is wrong. A person looks at it, and nobody reminds you meanwhile.",
        "أخبرونا بما هو غير صحيح. سينظر فيه أحد موظفينا، ولن نرسل تذكيرات في هذه الأثناء.",
        "ספרו לנו מה אינו תקין. אדם יבדוק זאת, ובינתיים לא נשלח תזכורות.",
        "Dites-nous ce qui ne va pas. Une personne l’examine, et vous ne recevrez pas de rappel entre-temps.",
    ),
    "reason": ("What is it about?", "ما الموضوع؟", "במה מדובר?", "De quoi s’agit-il ?"),
    "wrong_amount": ("The amount is wrong", "المبلغ غير صحيح", "הסכום שגוי", "Le montant est inexact"),
    "not_ordered": ("We did not order this", "لم نطلب هذا", "לא הזמנו זאת", "Nous n’avons pas commandé cela"),
    "not_delivered": ("We did not receive it", "لم نستلمه", "לא קיבלנו זאת", "Nous ne l’avons pas reçu"),
    "quality": (
        "We are not happy with the work",
        "لسنا راضين عن العمل",
        "איננו מרוצים מהעבודה",
        "Le travail ne nous satisfait pas",
    ),
    "other": ("Something else", "أمر آخر", "משהו אחר", "Autre chose"),
    "statement": ("In your words", "بكلماتكم", "במילים שלכם", "Avec vos mots"),
    "send": ("Send", "إرسال", "שליחה", "Envoyer"),
    "contested": (
        "Thank you, we have your message. A person looks at it and answers you.",
        "شكرًا، وصلتنا رسالتكم. سينظر فيها أحد موظفينا ويرد عليكم.",
        "תודה, קיבלנו את הודעתכם. אדם יבדוק אותה וישיב לכם.",
        "Merci, nous avons votre message. Une personne l’examine et vous répond.",
    ),
    "said_paid": (
        "Thank you, you told us that this is paid. We are looking for the payment.",
        "شكرًا، أبلغتمونا بأن الفاتورة مسددة. نحن نبحث عن الدفعة.",
        "תודה, עדכנתם שהחשבונית שולמה. אנחנו בודקים את התשלום.",
        "Merci, vous nous avez dit que c’est payé. Nous recherchons le paiement.",
    ),
    "status_issued": ("Open", "مفتوحة", "פתוחה", "À payer"),
    "status_partially_paid": ("Partly paid", "مسددة جزئيًا", "שולמה בחלקה", "Payée en partie"),
    "status_overdue": ("Overdue", "متأخرة", "באיחור", "En retard"),
    "status_paid": ("Paid, thank you", "مسددة، شكرًا لكم", "שולמה, תודה", "Payée, merci"),
    "status_cancelled": ("Cancelled", "ملغاة", "בוטלה", "Annulée"),
    "status_refunded": ("Refunded", "مستردة", "הוחזרה", "Remboursée"),
}
_REFUSALS: Mapping[str, Row] = {
    "not_taken": (
        "This could not be taken. Look at what you entered and try again, or answer our message.",
        "تعذر قبول ذلك. راجعوا ما أدخلتموه وحاولوا مرة أخرى، أو ردوا على رسالتنا.",
        "לא ניתן היה לקבל זאת. בדקו מה הזנתם ונסו שוב, או השיבו להודעה שלנו.",
        "Cela n’a pas pu être pris en compte. Vérifiez votre saisie et réessayez, ou répondez à notre message.",
    ),
    "promise_date": (
        "Choose a day from today to {last}.",
        "اختاروا يومًا من اليوم حتى {last}.",
        "בחרו יום מהיום ועד {last}.",
        "Choisissez un jour entre aujourd’hui et le {last}.",
    ),
    "nothing_to_promise": (
        "Nothing is left to promise.",
        "لا يوجد ما يمكن تحديد موعد لسداده.",
        "לא נותר דבר לקבוע לו מועד.",
        "Il ne reste rien à promettre.",
    ),
    "no_moves_left": (
        "The date was changed as often as it can be. Please talk to us.",
        "غُيّر الموعد بعدد المرات المسموح به. يُرجى التواصل معنا.",
        "המועד שונה מספר הפעמים המותר. אנא דברו איתנו.",
        "La date a déjà été changée autant que possible. Parlez-nous, s’il vous plaît.",
    ),
    "disputed": (
        "You told us that something is not right. We answer that first.",
        "أبلغتمونا بأن هناك أمرًا غير صحيح. سنرد على ذلك أولًا.",
        "עדכנתם שמשהו אינו תקין. נשיב על כך תחילה.",
        "Vous nous avez signalé un problème. Nous y répondons d’abord.",
    ),
    "statement_missing": (
        "Tell us what is wrong.",
        "أخبرونا بما هو غير صحيح.",
        "ספרו לנו מה אינו תקין.",
        "Dites-nous ce qui ne va pas.",
    ),
    "too_long": (
        "Say it in at most {most} characters.",
        "اكتبوا ذلك في {most} حرف على الأكثر.",
        "כתבו זאת בעד {most} תווים.",
        "Dites-le en {most} caractères au plus.",
    ),
    "not_offered": (
        "Choose one of the list.",
        "اختاروا من القائمة.",
        "בחרו מהרשימה.",
        "Choisissez dans la liste.",
    ),
    "date_missing": ("Give a date.", "أدخلوا تاريخًا.", "הזינו תאריך.", "Indiquez une date."),
    "date_unreadable": (
        "Write the date like 2026-11-20.",
        "اكتبوا التاريخ هكذا: 2026-11-20.",
        "כתבו את התאריך כך: 2026-11-20.",
        "Écrivez la date ainsi : 2026-11-20.",
    ),
    "paid_in_future": (
        "That day has not come yet.",
        "هذا اليوم لم يأت بعد.",
        "היום הזה עוד לא הגיע.",
        "Ce jour n’est pas encore venu.",
    ),
    "amount_missing": ("Give an amount.", "أدخلوا مبلغًا.", "הזינו סכום.", "Indiquez un montant."),
    "amount_not_positive": (
        "Give an amount above zero.",
        "أدخلوا مبلغًا أكبر من صفر.",
        "הזינו סכום גדול מאפס.",
        "Indiquez un montant supérieur à zéro.",
    ),
    "file_type": (
        "Files of this type are not taken. Send one of these: {types}. Another photo: take a screenshot of it.",
        "هذا النوع من الملفات غير مقبول. أرسلوا أحد هذه الأنواع: {types}. صورة أخرى: التقطوا صورة للشاشة.",
        "קובץ מסוג זה אינו מתקבל. שלחו אחד מאלה: {types}. לתמונה בפורמט אחר: צלמו את המסך.",
        "Ce type de fichier n’est pas accepté. Envoyez : {types}. Autre photo : faites-en une capture d’écran.",
    ),
    "file_is_something_else": (
        "This file is not what its name says. Save it anew and send it again.",
        "هذا الملف ليس كما يقول اسمه. احفظوه من جديد وأرسلوه مرة أخرى.",
        "הקובץ אינו מה ששמו אומר. שמרו אותו מחדש ושלחו שוב.",
        "Ce fichier n’est pas ce que dit son nom. Enregistrez-le à nouveau et renvoyez-le.",
    ),
    "file_broken": (
        "This file cannot be opened: it is damaged or too large. Save it anew and send it again.",
        "تعذر فتح هذا الملف: قد يكون تالفًا أو كبيرًا جدًا. احفظوه من جديد وأرسلوه مرة أخرى.",
        "לא ניתן לפתוח את הקובץ: הוא פגום או גדול מדי. שמרו אותו מחדש ושלחו שוב.",
        "Ce fichier ne s’ouvre pas : il est endommagé ou trop grand. Enregistrez-le à nouveau et renvoyez-le.",
    ),
    "file_acts": (
        "This file contains something that acts when it is opened. Print it to a new PDF or take a picture of it.",
        "يحتوي هذا الملف على ما يعمل عند فتحه. اطبعوه إلى ملف PDF جديد أو التقطوا صورة له.",
        "הקובץ מכיל משהו שפועל בעת פתיחתו. הדפיסו אותו ל־PDF חדש או צלמו אותו.",
        "Ce fichier contient quelque chose qui agit à l’ouverture. Imprimez-le en PDF ou photographiez-le.",
    ),
    "file_locked": (
        "This PDF is locked with a password. Send one without.",
        "ملف PDF هذا محمي بكلمة مرور. أرسلوا ملفًا بدونها.",
        "קובץ ה־PDF נעול בסיסמה. שלחו קובץ ללא סיסמה.",
        "Ce PDF est protégé par un mot de passe. Envoyez-en un sans.",
    ),
    "file_infected": (
        "The virus scanner refuses this file.",
        "رفض برنامج فحص الفيروسات هذا الملف.",
        "סורק הווירוסים דחה את הקובץ.",
        "L’antivirus refuse ce fichier.",
    ),
    "file_too_large": (
        "This file is larger than {megabytes} MB. Make it smaller.",
        "حجم هذا الملف أكبر من {megabytes} ميغابايت. صغّروه.",
        "הקובץ גדול מ־{megabytes} MB. הקטינו אותו.",
        "Ce fichier dépasse {megabytes} Mo. Réduisez-le.",
    ),
    "acts_closed": (
        "This can only be answered by writing to us.",
        "لا يمكن الرد على ذلك إلا بمراسلتنا.",
        "אפשר להשיב על כך רק בכתיבה אלינו.",
        "On ne peut y répondre qu’en nous écrivant.",
    ),
    "too_many_attempts": (
        "Too many attempts. Wait {seconds} seconds, then try again.",
        "محاولات كثيرة. انتظروا {seconds} ثانية ثم حاولوا مرة أخرى.",
        "יותר מדי ניסיונות. המתינו {seconds} שניות ונסו שוב.",
        "Trop de tentatives. Attendez {seconds} secondes, puis réessayez.",
    ),
}
