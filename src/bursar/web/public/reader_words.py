"""The words of the page on which a reader ends what they no longer want, in four languages."""

from collections.abc import Mapping

from bursar.web.public.wording import Row, in_language


def words(code: str) -> Mapping[str, str]:
    return in_language(code, _WORDS)


_WORDS: Mapping[str, Row] = {
    "language": ("Language", "اللغة", "שפה", "Langue"),
    "skip": ("Skip to the content", "انتقل إلى المحتوى", "דילוג לתוכן", "Aller au contenu"),
    "ask_reminders": (
        "Stop the reminders?",
        "إيقاف التذكيرات؟",
        "להפסיק את התזכורות?",
        "Arrêter les rappels ?",
    ),
    "ask_marketing": (
        "Stop the newsletters?",
        "إيقاف النشرات؟",
        "להפסיק את הדיוור?",
        "Arrêter les lettres d’information ?",
    ),
    "ask_text": (
        "{firm} writes to {address}. Choose what should not come any more.",
        "تكتب {firm} إلى {address}. اختاروا ما لا ترغبون في استلامه بعد الآن.",
        "{firm} כותבים אל {address}. בחרו מה לא יגיע יותר.",
        "{firm} écrit à {address}. Choisissez ce qui ne doit plus arriver.",
    ),
    "choose": ("What to stop", "ما الذي نوقفه", "מה להפסיק", "Ce qu’il faut arrêter"),
    "reminders": (
        "Reminders of open invoices",
        "التذكير بالفواتير المفتوحة",
        "תזכורות על חשבוניות פתוחות",
        "Rappels de factures",
    ),
    "marketing": ("Newsletters", "النشرات", "דיוור", "Lettres d’information"),
    "all": (
        "Everything but invoices, receipts and answers",
        "كل شيء عدا الفواتير والإيصالات والردود",
        "הכול חוץ מחשבוניות, קבלות ותשובות",
        "Tout sauf les factures, reçus et réponses",
    ),
    "stop": ("Stop it", "إيقاف", "הפסקה", "Arrêter"),
    "stop_more": ("Stop more", "إيقاف المزيد", "להפסיק עוד", "Arrêter davantage"),
    "still_arrive": (
        "Invoices, receipts and answers to you still arrive.",
        "ستستمر الفواتير والإيصالات والردود في الوصول إليكم.",
        "חשבוניות, קבלות ותשובות אליכם ימשיכו להגיע.",
        "Les factures, les reçus et nos réponses continuent d’arriver.",
    ),
    "stays_open": (
        "What is open stays open. If something is not right with it, answer the message instead: a person reads it.",
        "ما هو مستحق يبقى مستحقًا. إن كان هناك أمر غير صحيح فردوا على الرسالة: سيقرأها أحد موظفينا.",
        "מה שפתוח נשאר פתוח. אם משהו אינו תקין, השיבו להודעה: אדם קורא אותה.",
        "Ce qui est dû reste dû. Si quelque chose ne va pas, répondez plutôt au message : une personne le lit.",
    ),
    "stopped_reminders": ("No more reminders", "لا مزيد من التذكيرات", "אין עוד תזכורות", "Plus de rappels"),
    "stopped_marketing": (
        "No more newsletters",
        "لا مزيد من النشرات",
        "אין עוד דיוור",
        "Plus de lettres d’information",
    ),
    "stopped_all": (
        "Only invoices, receipts and answers still come",
        "لن يصلكم سوى الفواتير والإيصالات والردود",
        "רק חשבוניות, קבלות ותשובות ימשיכו להגיע",
        "Seuls les factures, reçus et réponses arriveront encore",
    ),
    "stopped_text": (
        "{firm} no longer sends this to {address}. What is on its way right now may still arrive.",
        "لن ترسل {firm} ذلك إلى {address} بعد الآن. وقد تصل رسالة أُرسلت للتو.",
        "{firm} לא ישלחו זאת עוד אל {address}. הודעה שכבר בדרך עשויה עדיין להגיע.",
        "{firm} n’envoie plus cela à {address}. Un message déjà parti peut encore arriver.",
    ),
    "mistake": (
        "That was a mistake, keep writing",
        "كان ذلك خطأ، تابعوا الإرسال",
        "זו הייתה טעות, המשיכו לכתוב",
        "C’était une erreur, continuez à écrire",
    ),
    "back_title": (
        "You will hear from us again",
        "ستصلكم رسائلنا من جديد",
        "תשמעו מאיתנו שוב",
        "Vous aurez à nouveau de nos nouvelles",
    ),
    "back_text": (
        "Nothing is stopped any more: {firm} writes to {address} as before.",
        "لم يعد شيء موقوفًا: ستكتب {firm} إلى {address} كما في السابق.",
        "שום דבר אינו מופסק עוד: {firm} יכתבו אל {address} כמקודם.",
        "Plus rien n’est arrêté : {firm} écrit à {address} comme avant.",
    ),
    "any_time": (
        "You can stop it at any time with the link in a message.",
        "يمكنكم إيقافها في أي وقت عبر الرابط الموجود في الرسالة.",
        "אפשר להפסיק בכל עת באמצעות הקישור שבהודעה.",
        "Vous pouvez l’arrêter à tout moment avec le lien d’un message.",
    ),
}
