"""What the pages of paying an invoice by card say, in the four languages in which customers are written to."""

from collections.abc import Mapping

from bursar.web.public.wording import Row

WORDS: Mapping[str, Row] = {
    "checkout_of": ("Invoice {number}", "فاتورة {number}", "חשבונית {number}", "Facture {number}"),
    "looking": (
        "We are looking for your payment",
        "نبحث عن دفعتكم",
        "אנחנו מחפשים את התשלום שלכם",
        "Nous recherchons votre paiement",
    ),
    "looking_text": (
        "It can take a minute until the provider tells us. You may close this page: we learn of it without it too.",
        "قد يستغرق الأمر دقيقة حتى يخبرنا المزود. يمكنكم إغلاق هذه الصفحة، فسنعلم بالدفعة من دونها أيضًا.",
        "ייתכן שתעבור דקה עד שהספק יעדכן אותנו. אפשר לסגור את הדף: נדע על כך גם בלעדיו.",
        "Le prestataire peut mettre une minute à nous prévenir. Vous pouvez fermer cette page : nous le saurons aussi.",
    ),
    "look_again": ("Look again", "تحديث", "בדיקה חוזרת", "Vérifier à nouveau"),
    "thanks": (
        "Thank you, your payment is here",
        "شكرًا لكم، وصلت دفعتكم",
        "תודה, התשלום הגיע",
        "Merci, votre paiement est arrivé",
    ),
    "under_way": (
        "Your payment is on its way",
        "دفعتكم في الطريق",
        "התשלום שלכם בדרך",
        "Votre paiement est en route",
    ),
    "under_way_text": (
        "Your bank needs some days for it. We send no reminders meanwhile.",
        "يحتاج مصرفكم إلى بضعة أيام لإتمامها. ولن نرسل تذكيرات في هذه الأثناء.",
        "הבנק שלכם זקוק לכמה ימים. בינתיים לא נשלח תזכורות.",
        "Votre banque a besoin de quelques jours. D’ici là, nous n’envoyons aucun rappel.",
    ),
    "not_paid": ("Nothing was paid", "لم يتم الدفع", "לא בוצע תשלום", "Rien n’a été payé"),
    "not_paid_text": (
        "The payment was not finished or did not come. You can try again, or pay another way.",
        "لم تكتمل عملية الدفع أو لم تصل. يمكنكم المحاولة مرة أخرى أو الدفع بطريقة أخرى.",
        "התשלום לא הושלם או לא הגיע. אפשר לנסות שוב, או לשלם בדרך אחרת.",
        "Le paiement n’a pas abouti ou n’est pas arrivé. Vous pouvez réessayer ou payer autrement.",
    ),
    "looked_at": (
        "Somebody of us looks at your payment",
        "يراجع أحد موظفينا دفعتكم",
        "מישהו מאיתנו בודק את התשלום שלכם",
        "Une personne examine votre paiement",
    ),
    "looked_at_text": (
        "It is not the amount that was asked for. We write to you about it.",
        "المبلغ مختلف عن المطلوب. سنراسلكم بشأنه.",
        "הסכום שונה ממה שהתבקש. נכתוב לכם בנושא.",
        "Le montant n’est pas celui demandé. Nous vous écrirons à ce sujet.",
    ),
    "to_invoice": ("To the invoice", "إلى الفاتورة", "לחשבונית", "Voir la facture"),
}
REFUSALS: Mapping[str, Row] = {
    "being_paid": (
        "A payment for this is on its way. Paying again would pay twice.",
        "هناك دفعة لهذه الفاتورة في الطريق. الدفع مرة أخرى يعني السداد مرتين.",
        "תשלום על כך כבר בדרך. תשלום נוסף יהיה כפול.",
        "Un paiement est déjà en route. Payer à nouveau serait payer deux fois.",
    ),
    "no_till": (
        "Paying by card is not possible here. Please pay another way.",
        "الدفع بالبطاقة غير متاح هنا. يُرجى الدفع بطريقة أخرى.",
        "אין אפשרות לשלם כאן בכרטיס. אנא שלמו בדרך אחרת.",
        "Le paiement par carte n’est pas possible ici. Merci de payer autrement.",
    ),
    "till_silent": (
        "The payment page does not answer. Nothing was taken: try again in a moment.",
        "صفحة الدفع لا تستجيب. لم يُسحب أي مبلغ: حاولوا مرة أخرى بعد لحظات.",
        "דף התשלום אינו מגיב. לא נגבה דבר: נסו שוב בעוד רגע.",
        "La page de paiement ne répond pas. Rien n’a été prélevé : réessayez dans un instant.",
    ),
    "till_unavailable": (
        "Paying by card is not possible at the moment. Please try later, or pay another way.",
        "الدفع بالبطاقة غير متاح حاليًا. حاولوا لاحقًا أو ادفعوا بطريقة أخرى.",
        "אין אפשרות לשלם בכרטיס כרגע. נסו מאוחר יותר, או שלמו בדרך אחרת.",
        "Le paiement par carte n’est pas possible pour le moment. Réessayez plus tard ou payez autrement.",
    ),
    "illegal_move": (
        "Nothing of this is to be paid any more.",
        "لم يعد هناك ما يُدفع.",
        "לא נותר כאן דבר לתשלום.",
        "Il n’y a plus rien à payer.",
    ),
    "busy": (
        "Somebody else is paying this right now. Try again in a moment.",
        "هناك من يدفعها الآن. حاولوا مرة أخرى بعد لحظات.",
        "מישהו אחר משלם זאת ברגע זה. נסו שוב בעוד רגע.",
        "Quelqu’un d’autre est en train de payer. Réessayez dans un instant.",
    ),
}
