"""The words of an offer's public page in the four languages in which customers are written to."""

from collections.abc import Mapping

from bursar.core.errors import Refusal
from bursar.web.public.order_words import BOUGHT
from bursar.web.public.wording import CODES, SHARED, Row, in_language

CONSENT_VERSION = "registration-1"
"""Which wording of the consents stands here; to be counted up with every change of it (R51)."""


def words(code: str) -> Mapping[str, str]:
    return in_language(code, {**SHARED, **BOUGHT, **_WORDS})


def refusal_words(code: str, refusal: Refusal) -> str:
    """Why it was not taken; what has no words of its own here was not foreseen of a person."""
    told = _REFUSALS.get(refusal.code) or _REFUSALS.get(f"{refusal.field}_unusable") or _REFUSALS["not_taken"]
    return told[CODES.index(code)].format(**{name: str(value) for name, value in refusal.params.items()})


_WORDS: Mapping[str, Row] = {
    "for": ("For {name}", "إلى {name}", "עבור {name}", "Pour {name}"),
    "until": (
        "This offer holds until {day}.",
        "هذا العرض صالح حتى {day}.",
        "ההצעה בתוקף עד {day}.",
        "Cette offre est valable jusqu’au {day}.",
    ),
    "note": ("A word from us", "كلمة منا", "כמה מילים מאיתנו", "Un mot de notre part"),
    "details": ("Your details", "بياناتكم", "הפרטים שלכם", "Vos coordonnées"),
    "details_text": (
        "For the invoice, and so that we can reach you. We write to {address}.",
        "لأجل الفاتورة ولكي نتمكن من التواصل معكم. سنراسلكم على {address}.",
        "עבור החשבונית וכדי שנוכל ליצור קשר. נכתוב אל {address}.",
        "Pour la facture et pour vous joindre. Nous écrivons à {address}.",
    ),
    "as_customer": (
        "You are signed in and order as {name}.",
        "أنتم مسجلو الدخول وتطلبون باسم {name}.",
        "אתם מחוברים ומזמינים בשם {name}.",
        "Vous êtes connecté et commandez au nom de {name}.",
    ),
    "full_name": ("Your name", "الاسم", "שם מלא", "Votre nom"),
    "company_name": ("Company", "الشركة", "חברה", "Société"),
    "phone": ("Phone", "الهاتف", "טלפון", "Téléphone"),
    "phone_hint": (
        "With the country code, like +971 50 123 4567.",
        "مع رمز الدولة، مثل ‎+971 50 123 4567.",
        "עם קידומת המדינה, למשל ‎+971 50 123 4567.",
        "Avec l’indicatif du pays, comme +971 50 123 4567.",
    ),
    "address_lines": ("Street address", "العنوان", "כתובת", "Adresse"),
    "address_hint": (
        "It stands on your invoice.",
        "يظهر على فاتورتكم.",
        "היא מופיעה בחשבונית שלכם.",
        "Elle figure sur votre facture.",
    ),
    "city": ("City", "المدينة", "עיר", "Ville"),
    "news": (
        "May {firm} also send you news and offers?",
        "هل تسمحون بأن ترسل إليكم {firm} الأخبار والعروض أيضًا؟",
        "האם {firm} רשאים לשלוח לכם גם חדשות והצעות?",
        "{firm} peut-elle aussi vous envoyer des nouvelles et des offres ?",
    ),
    "news_text": (
        "Only if you tick it. You can take it back at any time, and it changes nothing about your order.",
        "فقط إذا وضعتم علامة. يمكنكم التراجع في أي وقت، ولا يغيّر ذلك شيئًا في طلبكم.",
        "רק אם תסמנו. אפשר לבטל בכל עת, וזה לא משנה דבר בהזמנה שלכם.",
        "Seulement si vous cochez. Vous pouvez revenir dessus à tout moment, sans effet sur votre commande.",
    ),
    "by_email": ("By e-mail", "بالبريد الإلكتروني", "בדואר אלקטרוני", "Par e-mail"),
    "by_whatsapp": ("By WhatsApp", "عبر واتساب", "ב־WhatsApp", "Par WhatsApp"),
    "by_sms": ("By text message", "برسالة نصية", "בהודעת SMS", "Par SMS"),
    "terms": ("Terms", "الشروط", "תנאים", "Conditions"),
    "terms_read": ("Read the terms", "قراءة الشروط", "קריאת התנאים", "Lire les conditions"),
    "terms_elsewhere": (
        "Read the terms (opens another site)",
        "قراءة الشروط (يفتح موقعًا آخر)",
        "קריאת התנאים (נפתח באתר אחר)",
        "Lire les conditions (ouvre un autre site)",
    ),
    "terms_agree": (
        "I have read the terms and agree to them.",
        "قرأت الشروط وأوافق عليها.",
        "קראתי את התנאים ואני מסכים/ה להם.",
        "J’ai lu les conditions et je les accepte.",
    ),
    "version": ("Version {version}", "الإصدار {version}", "גרסה {version}", "Version {version}"),
    "go_on": ("Continue to payment", "المتابعة إلى الدفع", "המשך לתשלום", "Continuer vers le paiement"),
    "begun": ("You have begun already", "لقد بدأتم بالفعل", "כבר התחלתם", "Vous avez déjà commencé"),
    "begun_text": (
        "Somebody has registered with this link. To go on, let us mail you a way in.",
        "سبق التسجيل بهذا الرابط. للمتابعة نرسل إليكم رابط دخول بالبريد الإلكتروني.",
        "מישהו כבר נרשם עם הקישור הזה. כדי להמשיך, נשלח לכם קישור כניסה בדואר אלקטרוני.",
        "Quelqu’un s’est inscrit avec ce lien. Pour continuer, recevez un lien d’accès par e-mail.",
    ),
    "mail_me": (
        "Mail me a way in",
        "أرسلوا إلي رابط دخول",
        "שלחו לי קישור כניסה",
        "Envoyez-moi un lien d’accès",
    ),
    "mailed": ("Look into your mail", "تحققوا من بريدكم", "בדקו את הדואר שלכם", "Consultez vos e-mails"),
    "mailed_text": (
        "We have written to the address that this offer was made to. The link leads you on: once, and for 15 minutes.",
        "كتبنا إلى العنوان الذي وُجّه إليه هذا العرض. الرابط فيه يتيح لكم المتابعة: مرة واحدة ولمدة 15 دقيقة.",
        "כתבנו לכתובת שאליה נשלחה ההצעה. הקישור שבהודעה יוביל אתכם הלאה: פעם אחת, במשך 15 דקות.",
        "Nous avons écrit à l’adresse à laquelle cette offre a été faite. Le lien sert une fois, pendant 15 minutes.",
    ),
    "mailed_spam": (
        "Nothing there after a few minutes? Look among the unwanted mail, or answer our message.",
        "لم يصل شيء بعد بضع دقائق؟ ابحثوا في البريد غير المرغوب فيه، أو ردوا على رسالتنا.",
        "לא הגיע דבר אחרי כמה דקות? חפשו בדואר הזבל, או השיבו להודעה שלנו.",
        "Rien après quelques minutes ? Regardez dans les indésirables, ou répondez à notre message.",
    ),
    "closed": (
        "This offer is not open at the moment",
        "هذا العرض غير متاح حاليًا",
        "ההצעה אינה זמינה כרגע",
        "Cette offre n’est pas disponible actuellement",
    ),
    "closed_text": (
        "What it offers is not sold just now. Nothing was ordered and nothing is to be paid. Ask us: a person answers.",
        "ما يعرضه لا يُباع حاليًا. لم يُطلب شيء ولا يوجد ما يُدفع. اسألونا: سيجيبكم أحد موظفينا.",
        "מה שמוצע בה אינו נמכר כרגע. דבר לא הוזמן ואין מה לשלם. שאלו אותנו: אדם ישיב לכם.",
        "Ce qu’elle propose n’est pas en vente actuellement. Rien n’a été commandé ni n’est à payer. Écrivez-nous.",
    ),
}
_REFUSALS: Mapping[str, Row] = {
    "not_taken": (
        "This could not be taken. Look at what you entered and try again, or answer our message.",
        "تعذر قبول ذلك. راجعوا ما أدخلتموه وحاولوا مرة أخرى، أو ردوا على رسالتنا.",
        "לא ניתן היה לקבל זאת. בדקו מה הזנתם ונסו שוב, או השיבו להודעה שלנו.",
        "Cela n’a pas pu être pris en compte. Vérifiez votre saisie et réessayez, ou répondez à notre message.",
    ),
    "full_name_missing": ("Tell us your name.", "أدخلوا الاسم.", "כתבו את שמכם.", "Indiquez votre nom."),
    "phone_missing": (
        "Give a phone number.",
        "أدخلوا رقم هاتف.",
        "כתבו מספר טלפון.",
        "Indiquez un numéro de téléphone.",
    ),
    "phone_unusable": (
        "This is not a phone number. Write it with its country code, like +971501234567.",
        "هذا ليس رقم هاتف. اكتبوه مع رمز الدولة، مثل ‎+971501234567.",
        "זה אינו מספר טלפון. כתבו אותו עם קידומת המדינה, למשל ‎+971501234567.",
        "Ce n’est pas un numéro de téléphone. Écrivez-le avec son indicatif, comme +971501234567.",
    ),
    "address_lines_unusable": (
        "Write the address in one line, in at most 200 characters and without signs at its start.",
        "اكتبوا العنوان في سطر واحد، بما لا يزيد على 200 حرف ودون رموز في بدايته.",
        "כתבו את הכתובת בשורה אחת, עד 200 תווים וללא סימנים בתחילתה.",
        "Écrivez l’adresse sur une ligne, en 200 caractères au plus et sans signe au début.",
    ),
    "city_unusable": (
        "Write the city in one line, in at most 200 characters and without signs at its start.",
        "اكتبوا المدينة في سطر واحد، بما لا يزيد على 200 حرف ودون رموز في بدايتها.",
        "כתבו את העיר בשורה אחת, עד 200 תווים וללא סימנים בתחילתה.",
        "Écrivez la ville sur une ligne, en 200 caractères au plus et sans signe au début.",
    ),
    "full_name_unusable": (
        "Write your name in one line, in at most 200 characters and without signs at its start.",
        "اكتبوا الاسم في سطر واحد، بما لا يزيد على 200 حرف ودون رموز في بدايته.",
        "כתבו את השם בשורה אחת, עד 200 תווים וללא סימנים בתחילתו.",
        "Écrivez votre nom sur une ligne, en 200 caractères au plus et sans signe au début.",
    ),
    "company_name_unusable": (
        "Write the company’s name in one line, in at most 200 characters and without signs at its start.",
        "اكتبوا اسم الشركة في سطر واحد، بما لا يزيد على 200 حرف ودون رموز في بدايته.",
        "כתבו את שם החברה בשורה אחת, עד 200 תווים וללא סימנים בתחילתו.",
        "Écrivez le nom de la société sur une ligne, en 200 caractères au plus et sans signe au début.",
    ),
    "terms_missing": (
        "Read the terms and tick that you agree to them.",
        "اقرؤوا الشروط وضعوا علامة الموافقة عليها.",
        "קראו את התנאים וסמנו שאתם מסכימים להם.",
        "Lisez les conditions et cochez que vous les acceptez.",
    ),
    "terms_changed": (
        "The terms have changed since you opened this page. Read them again and tick that you agree.",
        "تغيّرت الشروط منذ فتحتم هذه الصفحة. اقرؤوها مرة أخرى وضعوا علامة الموافقة.",
        "התנאים השתנו מאז שפתחתם את הדף. קראו אותם שוב וסמנו שאתם מסכימים.",
        "Les conditions ont changé depuis que vous avez ouvert cette page. Relisez-les et cochez votre accord.",
    ),
    "price_changed": (
        "The price has changed since you opened this page. Look at it again: nothing was ordered.",
        "تغيّر السعر منذ فتحتم هذه الصفحة. يُرجى الاطلاع عليه مرة أخرى: لم يُطلب شيء.",
        "המחיר השתנה מאז שפתחתם את הדף. בדקו אותו שוב: דבר לא הוזמן.",
        "Le prix a changé depuis que vous avez ouvert cette page. Revérifiez-le : rien n’a été commandé.",
    ),
    "too_many_attempts": (
        "Too many attempts. Wait {seconds} seconds, then try again.",
        "محاولات كثيرة. انتظروا {seconds} ثانية ثم حاولوا مرة أخرى.",
        "יותר מדי ניסיונות. המתינו {seconds} שניות ונסו שוב.",
        "Trop de tentatives. Attendez {seconds} secondes, puis réessayez.",
    ),
}
