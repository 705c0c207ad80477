"""The words of an order's public page in the four languages in which customers are written to."""

from collections.abc import Mapping

from bursar.core.errors import Refusal
from bursar.web.public.wording import CODES, SHARED, Row, in_language

BOUGHT: Mapping[str, Row] = {
    "included": ("What you get", "ما الذي ستحصلون عليه", "מה תקבלו", "Ce que vous obtenez"),
    "net": ("Net", "الصافي", "סכום נטו", "Total HT"),
    "tax": ("Tax", "الضريبة", "מס", "TVA"),
    "tax_of": ("Tax ({rate})", "الضريبة ({rate})", "מס ({rate})", "TVA ({rate})"),
    "total": ("Total", "الإجمالي", "סכום כולל", "Total"),
    "costs": ("What it costs", "السعر", "המחיר", "Le prix"),
    "questions": ("Questions?", "هل لديكم أسئلة؟", "יש שאלות?", "Des questions ?"),
    "answer_us": (
        "Answer the message that brought you here: a person reads it.",
        "يكفي الرد على الرسالة التي وصلتكم: سيقرأها أحد موظفينا.",
        "אפשר להשיב להודעה שקיבלתם: אדם קורא אותה.",
        "Répondez au message reçu : une personne le lit.",
    ),
    "secure": (
        "You pay on our payment provider’s secure page. We never see the number of your card.",
        "يتم الدفع في الصفحة الآمنة لمزود خدمة الدفع. ولا نطلع على رقم بطاقتكم إطلاقًا.",
        "התשלום מתבצע בדף המאובטח של ספק התשלומים. מספר הכרטיס שלכם לעולם אינו נחשף בפנינו.",
        "Vous payez sur la page sécurisée de notre prestataire. Nous ne voyons jamais le numéro de votre carte.",
    ),
}
"""What an offer's page and an order's say alike."""


def words(code: str) -> Mapping[str, str]:
    return in_language(code, {**SHARED, **BOUGHT, **_WORDS})


def refusal_words(code: str, refusal: Refusal) -> str:
    """Why there is no way to the provider's page just now."""
    told = _REFUSALS.get(refusal.code, _REFUSALS["not_opened"])[CODES.index(code)]
    return told.format(**{name: str(value) for name, value in refusal.params.items()})


_WORDS: Mapping[str, Row] = {
    "order": ("Your order", "طلبكم", "ההזמנה שלכם", "Votre commande"),
    "sign_waiting": ("Not paid yet", "لم يُدفع بعد", "טרם שולם", "En attente de paiement"),
    "sign_on_its_way": (
        "Your money is on its way",
        "المبلغ في الطريق",
        "התשלום בדרך",
        "Paiement en cours",
    ),
    "sign_looked_at": (
        "We are looking at your payment",
        "ندقق في دفعتكم",
        "אנחנו בודקים את התשלום",
        "Paiement en cours de vérification",
    ),
    "sign_paid": ("Paid, thank you", "مدفوع، شكرًا لكم", "שולם, תודה", "Payée, merci"),
    "sign_cancelled": ("Cancelled", "ملغى", "בוטלה", "Annulée"),
    "sign_refunded": ("Refunded", "مسترد", "הוחזר", "Remboursée"),
    "text_waiting": (
        "Everything is ready. As soon as you have paid, we begin.",
        "كل شيء جاهز. سنبدأ فور استلام الدفعة.",
        "הכול מוכן. נתחיל מיד לאחר התשלום.",
        "Tout est prêt. Nous commençons dès votre paiement.",
    ),
    "text_on_its_way": (
        "Your bank needs some days for it. There is nothing left to do: we write to you when it has come.",
        "يحتاج مصرفكم إلى بضعة أيام. لا حاجة إلى أي إجراء آخر: سنراسلكم عند وصول المبلغ.",
        "הבנק שלכם זקוק לכמה ימים. לא נותר לכם דבר לעשות: נכתוב לכם כשהתשלום יגיע.",
        "Votre banque a besoin de quelques jours. Vous n’avez plus rien à faire : nous vous écrirons à réception.",
    ),
    "text_looked_at": (
        "Something about it does not fit. A person looks at it and writes to you. Please do not pay again.",
        "هناك أمر غير متطابق. سينظر فيه أحد موظفينا ويراسلكم. يُرجى عدم الدفع مرة أخرى.",
        "משהו אינו תואם. אדם בודק זאת ויכתוב לכם. נא לא לשלם שוב.",
        "Quelque chose ne concorde pas. Une personne vérifie et vous écrit. Ne payez pas une seconde fois.",
    ),
    "text_paid": (
        "We have your payment and begin. A receipt is on its way to you.",
        "وصلتنا دفعتكم وسنبدأ العمل. الإيصال في طريقه إليكم.",
        "התשלום התקבל ואנחנו מתחילים. קבלה בדרך אליכם.",
        "Nous avons reçu votre paiement et commençons. Un reçu est en route.",
    ),
    "text_cancelled": (
        "Nothing is to be paid for it any more.",
        "لم يعد هناك ما يُدفع مقابله.",
        "אין עוד מה לשלם עבורה.",
        "Il n’y a plus rien à payer.",
    ),
    "text_refunded": (
        "{amount} went back to you.",
        "أُعيد إليكم مبلغ {amount}.",
        "{amount} הוחזרו אליכם.",
        "{amount} vous ont été remboursés.",
    ),
    "partly_refunded": (
        "{amount} of it went back to you.",
        "أُعيد إليكم منه مبلغ {amount}.",
        "מתוך הסכום, {amount} הוחזרו אליכם.",
        "Dont {amount} remboursés.",
    ),
    "pay_now": ("Pay now", "الدفع الآن", "תשלום עכשיו", "Payer maintenant"),
    "paid_on": ("Paid on", "تاريخ الدفع", "תאריך התשלום", "Payée le"),
    "invoice": ("See the invoice", "عرض الفاتورة", "הצגת החשבונית", "Voir la facture"),
    "portal": ("To your own page", "إلى صفحتكم الخاصة", "לדף האישי שלכם", "Vers votre espace"),
    "looking": (
        "We are looking for your payment",
        "نبحث عن دفعتكم",
        "מחפשים את התשלום שלכם",
        "Nous cherchons votre paiement",
    ),
    "looking_text": (
        "This takes a few seconds. You may stay here or close the page: nothing gets lost.",
        "يستغرق ذلك بضع ثوانٍ. يمكنكم البقاء هنا أو إغلاق الصفحة: لن يضيع شيء.",
        "זה נמשך כמה שניות. אפשר להישאר כאן או לסגור את הדף: דבר לא יאבד.",
        "Cela prend quelques secondes. Restez ici ou fermez la page : rien ne se perd.",
    ),
    "not_seen": (
        "We have no word of a payment yet",
        "لا خبر لدينا عن أي دفعة حتى الآن",
        "עדיין לא קיבלנו הודעה על תשלום",
        "Pas encore de nouvelle d’un paiement",
    ),
    "not_seen_text": (
        "If you have paid, do not pay again: we write to you as soon as it is here. If you have not, go on below.",
        "إن كنتم قد دفعتم فلا تدفعوا مرة أخرى: سنراسلكم فور وصول الدفعة. وإن توقفتم قبل ذلك فتابعوا أدناه.",
        "אם שילמתם, אל תשלמו שוב: נכתוב לכם מיד כשהתשלום יגיע. אם עצרתם לפני כן, המשיכו למטה.",
        "Si vous avez payé, ne payez pas une seconde fois : nous vous écrirons à réception. Sinon, continuez ici.",
    ),
    "look_again": ("Look again", "إعادة البحث", "חיפוש נוסף", "Chercher à nouveau"),
    "stopped": ("Nothing was paid", "لم يُدفع شيء", "לא בוצע תשלום", "Rien n’a été payé"),
    "stopped_text": (
        "You came back without paying. Your order waits for you: pay now, or later from any message of ours.",
        "عدتم دون دفع. طلبكم في انتظاركم: يمكنكم الدفع الآن، أو لاحقًا من أي رسالة منا.",
        "חזרתם בלי לשלם. ההזמנה מחכה לכם: אפשר לשלם עכשיו, או מאוחר יותר מכל הודעה שלנו.",
        "Vous êtes revenu sans payer. Votre commande vous attend : payez maintenant, ou plus tard depuis nos messages.",
    ),
}
_REFUSALS: Mapping[str, Row] = {
    "not_opened": (
        "The payment page could not be opened. Nothing was paid. Try again in a moment.",
        "تعذر فتح صفحة الدفع. لم يُدفع شيء. حاولوا مرة أخرى بعد قليل.",
        "לא ניתן היה לפתוח את דף התשלום. לא בוצע תשלום. נסו שוב בעוד רגע.",
        "La page de paiement n’a pas pu s’ouvrir. Rien n’a été payé. Réessayez dans un instant.",
    ),
    "no_till": (
        "Payments cannot be taken here at the moment. Answer our message: a person tells you how to pay.",
        "لا يمكن استلام المدفوعات هنا حاليًا. يكفي الرد على رسالتنا: سيخبركم أحد موظفينا بطريقة الدفع.",
        "לא ניתן לקבל כאן תשלומים כרגע. השיבו להודעה שלנו: אדם יספר לכם איך לשלם.",
        "Aucun paiement n’est possible ici pour le moment. Répondez à notre message : on vous dira comment payer.",
    ),
    "acts_closed": (
        "This can only be answered by writing to us.",
        "لا يمكن الرد على ذلك إلا بمراسلتنا.",
        "אפשר להשיב על כך רק בכתיבה אלינו.",
        "On ne peut y répondre qu’en nous écrivant.",
    ),
    "money_under_way": (
        "A payment of this order is being processed. You need not pay again.",
        "دفعة هذا الطلب قيد المعالجة. لا حاجة إلى الدفع مرة أخرى.",
        "תשלום של הזמנה זו נמצא בטיפול. אין צורך לשלם שוב.",
        "Un paiement de cette commande est en cours de traitement. Inutile de payer à nouveau.",
    ),
    "illegal_move": (
        "There is nothing to pay here at the moment.",
        "لا يوجد ما يُدفع هنا حاليًا.",
        "אין כאן מה לשלם כרגע.",
        "Il n’y a rien à payer ici pour le moment.",
    ),
    "too_many_attempts": (
        "Too many attempts. Wait {seconds} seconds, then try again.",
        "محاولات كثيرة. انتظروا {seconds} ثانية ثم حاولوا مرة أخرى.",
        "יותר מדי ניסיונות. המתינו {seconds} שניות ונסו שוב.",
        "Trop de tentatives. Attendez {seconds} secondes, puis réessayez.",
    ),
}
