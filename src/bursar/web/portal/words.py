"""The words of the portal in the four languages in which customers are written to.

Whoever changes what a choice of consent says counts `tenancy.portal.TEXT_VERSION` up: it is written down to what
somebody agreed.
"""

from collections.abc import Mapping

from bursar.core.errors import Refusal
from bursar.web.public import invoice_words, order_words
from bursar.web.public.wording import CODES, Row, in_language


def words(code: str) -> Mapping[str, str]:
    """Orders and invoices say here what they say on their own pages."""
    of_orders, of_invoices = order_words.words(code), invoice_words.words(code)
    noun = {"invoice_noun": of_invoices["invoice"]}
    return {**of_invoices, **of_orders, **noun, **in_language(code, _WORDS)}


def refusal_words(code: str, refusal: Refusal) -> str:
    """Why it was not taken; what only the hosted pages foresaw is said as there."""
    told = _REFUSALS.get("email_invalid" if refusal.code == "email_not_one" else refusal.code)
    if told is None:
        return invoice_words.refusal_words(code, refusal)
    return told[CODES.index(code)].format(**{name: str(value) for name, value in refusal.params.items()})


_WORDS: Mapping[str, Row] = {
    "menu": ("Pages", "الصفحات", "דפים", "Pages"),
    "home": ("Overview", "نظرة عامة", "סקירה", "Aperçu"),
    "offers": ("Offers for you", "عروض لكم", "הצעות עבורכם", "Offres pour vous"),
    "offer_until": ("Until {day}", "حتى {day}", "עד {day}", "Jusqu’au {day}"),
    "orders": ("Orders", "الطلبات", "הזמנות", "Commandes"),
    "invoices": ("Invoices", "الفواتير", "חשבוניות", "Factures"),
    "by_card": ("By card", "بالبطاقة", "בכרטיס", "Par carte"),
    "payments": ("Payments", "الدفعات", "תשלומים", "Paiements"),
    "profile": ("Your details", "بياناتكم", "הפרטים שלכם", "Vos coordonnées"),
    "consents": ("What we may send", "ما يمكننا إرساله", "מה מותר לנו לשלוח", "Ce que nous pouvons envoyer"),
    "sign_out": ("Sign out", "تسجيل الخروج", "יציאה", "Se déconnecter"),
    "older": ("Older ones", "الأقدم", "ישנים יותר", "Plus anciens"),
    "save": ("Save", "حفظ", "שמירה", "Enregistrer"),
    "saved": ("Saved. Thank you.", "تم الحفظ. شكرًا لكم.", "נשמר. תודה.", "Enregistré. Merci."),
    # Coming in
    "sign_in_title": ("Sign in", "تسجيل الدخول", "כניסה", "Se connecter"),
    "sign_in_text": (
        "Your orders, invoices and payments at {firm}. We send a link to your e-mail address: no password is needed.",
        "طلباتكم وفواتيركم ودفعاتكم لدى {firm}. نرسل رابطًا إلى بريدكم الإلكتروني: لا حاجة إلى كلمة مرور.",
        "ההזמנות, החשבוניות והתשלומים שלכם אצל {firm}. נשלח קישור לכתובת הדוא״ל שלכם: אין צורך בסיסמה.",
        "Vos commandes, factures et paiements chez {firm}. Nous envoyons un lien à votre adresse, sans mot de passe.",
    ),
    "email": ("E-mail address", "البريد الإلكتروني", "כתובת דוא״ל", "Adresse e-mail"),
    "send_link": ("Send me a link", "أرسلوا لي رابطًا", "שלחו לי קישור", "Envoyez-moi un lien"),
    "sent_title": (
        "Look into your mailbox",
        "تفقدوا بريدكم",
        "בדקו את תיבת הדואר",
        "Consultez votre messagerie",
    ),
    "sent_text": (
        "If {firm} knows this address, a link is on its way to it. It works once, and for {minutes} minutes.",
        "إذا كان هذا العنوان معروفًا لدى {firm} فسيصله رابط. يُستخدم مرة واحدة، ويبقى صالحًا {minutes} دقيقة.",
        "אם הכתובת מוכרת אצל {firm}, קישור בדרך אליה. הוא פועל פעם אחת, למשך {minutes} דקות.",
        "Si {firm} connaît cette adresse, un lien est en route. Il fonctionne une fois, pendant {minutes} minutes.",
    ),
    "sent_nothing": (
        "Nothing arrived? Look among unwanted mails, or try the address at which you get your invoices.",
        "لم يصل شيء؟ ابحثوا في البريد غير المرغوب فيه، أو جربوا العنوان الذي تصلكم عليه الفواتير.",
        "לא הגיע דבר? בדקו בדואר הזבל, או נסו את הכתובת שאליה מגיעות החשבוניות.",
        "Rien reçu ? Regardez parmi les indésirables, ou essayez l’adresse qui reçoit vos factures.",
    ),
    "another_address": (
        "Try another address",
        "تجربة عنوان آخر",
        "נסו כתובת אחרת",
        "Essayer une autre adresse",
    ),
    "enter_text": (
        "One more press and you are in.",
        "ضغطة واحدة وتصبحون في صفحتكم.",
        "עוד לחיצה אחת ואתם בפנים.",
        "Encore un clic et vous y êtes.",
    ),
    "enter_over": (
        "This link does not work any more",
        "لم يعد هذا الرابط صالحًا",
        "הקישור הזה כבר אינו פועל",
        "Ce lien ne fonctionne plus",
    ),
    "enter_over_text": (
        "It works once and for {minutes} minutes. Ask for a new one here.",
        "يُستخدم مرة واحدة ويبقى صالحًا {minutes} دقيقة. اطلبوا رابطًا جديدًا من هنا.",
        "הוא פועל פעם אחת ולמשך {minutes} דקות. בקשו כאן קישור חדש.",
        "Il fonctionne une fois, pendant {minutes} minutes. Demandez-en un nouveau ici.",
    ),
    "customers": ("Whose page?", "صفحة من؟", "הדף של מי?", "Quel espace ?"),
    "customers_other": (
        "See another customer of this address",
        "عرض عميل آخر لهذا العنوان",
        "הצגת לקוח אחר של כתובת זו",
        "Voir un autre client de cette adresse",
    ),
    "customers_text": (
        "Several customers of {firm} use your address. Choose whose orders and invoices to see.",
        "يستخدم عنوانكم أكثر من عميل لدى {firm}. اختاروا لمن تريدون رؤية الطلبات والفواتير.",
        "כמה לקוחות של {firm} משתמשים בכתובת שלכם. בחרו של מי ההזמנות והחשבוניות שיוצגו.",
        "Plusieurs clients de {firm} utilisent votre adresse. Choisissez dont voir les commandes et factures.",
    ),
    "customers_switch": ("Switch", "تبديل", "החלפה", "Changer"),
    "customers_present": ("You see this one", "تشاهدون هذه الصفحة", "זה מוצג עכשיו", "Affiché"),
    # Overview
    "welcome": ("Good day, {name}", "أهلًا بكم، {name}", "שלום, {name}", "Bonjour, {name}"),
    "to_do": ("What to do next", "الخطوة التالية", "מה עכשיו", "À faire"),
    "to_pay": ("To be paid", "للدفع", "לתשלום", "À payer"),
    "all_orders": ("All orders", "كل الطلبات", "כל ההזמנות", "Toutes les commandes"),
    "all_invoices": ("All invoices", "كل الفواتير", "כל החשבוניות", "Toutes les factures"),
    "nothing_to_do": ("Nothing is left to do", "لا يوجد ما يلزم فعله", "אין מה לעשות", "Rien à faire"),
    "nothing_to_do_text": (
        "Nothing is open. We write to you when something is.",
        "لا توجد مبالغ مفتوحة. سنراسلكم عند وجود أي منها.",
        "אין דבר פתוח. נכתוב לכם כשיהיה.",
        "Rien n’est dû. Nous vous écrirons le moment venu.",
    ),
    "late": (
        "{amount} of it is late",
        "منها {amount} متأخرة",
        "מתוכם {amount} באיחור",
        "dont {amount} en retard",
    ),
    "one": ("1 invoice", "فاتورة واحدة", "חשבונית אחת", "1 facture"),
    "many": ("{count} invoices", "عدد الفواتير: {count}", "{count} חשבוניות", "{count} factures"),
    "due": ("Due {day}", "تستحق في {day}", "לתשלום עד {day}", "Échéance le {day}"),
    "overdue": ("Late", "متأخرة", "באיחור", "En retard"),
    "ordered_on": ("Ordered {day}", "طُلب في {day}", "הוזמן ב־{day}", "Commandé le {day}"),
    "issued": ("Issued {day}", "صدرت في {day}", "הופקה ב־{day}", "Émise le {day}"),
    # Lists
    "no_orders": ("No orders yet", "لا توجد طلبات بعد", "אין עדיין הזמנות", "Aucune commande"),
    "no_orders_text": (
        "What you order from {firm} stands here.",
        "تظهر هنا طلباتكم من {firm}.",
        "כאן יופיעו ההזמנות שלכם מ־{firm}.",
        "Vos commandes chez {firm} apparaîtront ici.",
    ),
    "no_invoices": ("No invoices yet", "لا توجد فواتير بعد", "אין עדיין חשבוניות", "Aucune facture"),
    "no_invoices_text": (
        "Every invoice of {firm} stands here, with its PDF.",
        "تظهر هنا كل فواتير {firm} مع ملفات PDF.",
        "כאן יופיעו כל החשבוניות של {firm}, עם ה־PDF שלהן.",
        "Toutes les factures de {firm} apparaîtront ici, avec leur PDF.",
    ),
    "no_payments": ("No payments yet", "لا توجد دفعات بعد", "אין עדיין תשלומים", "Aucun paiement"),
    "no_payments_text": (
        "What you pay stands here, with what it was for.",
        "تظهر هنا دفعاتكم وما سُددت من أجله.",
        "כאן יופיעו התשלומים שלכם ועבור מה שולמו.",
        "Vos paiements apparaîtront ici, avec leur objet.",
    ),
    "paid_for": ("For {number}", "عن {number}", "עבור {number}", "Pour {number}"),
    "credit": (
        "Kept for you, or for an invoice to come",
        "محفوظ لكم أو لفاتورة قادمة",
        "נשמר לזכותכם או לחשבונית הבאה",
        "Gardé à votre crédit ou pour une prochaine facture",
    ),
    "taken_back_whole": ("Taken back", "أُلغيت", "בוטל", "Annulé"),
    # Profile
    "profile_text": (
        "How we can reach you. Invoices that were issued stay as they are.",
        "كيف نتواصل معكم. الفواتير الصادرة تبقى كما هي.",
        "איך אפשר להשיג אתכם. חשבוניות שכבר הופקו יישארו כפי שהן.",
        "Comment vous joindre. Les factures déjà émises restent telles quelles.",
    ),
    "name": ("Your name", "اسمكم", "השם שלכם", "Votre nom"),
    "company": ("Company", "الشركة", "חברה", "Société"),
    "phone": ("Phone", "الهاتف", "טלפון", "Téléphone"),
    "address": ("Address", "العنوان", "כתובת", "Adresse"),
    "address_hint": ("One line each", "كل سطر على حدة", "שורה לכל פרט", "Une ligne par élément"),
    "city": ("City", "المدينة", "עיר", "Ville"),
    "country": ("Country", "البلد", "מדינה", "Pays"),
    "country_hint": (
        "Two letters, like AE or FR",
        "حرفان مثل AE أو FR",
        "שתי אותיות, כמו AE או FR",
        "Deux lettres, comme AE ou FR",
    ),
    "locale": ("Language of our messages", "لغة رسائلنا", "שפת ההודעות שלנו", "Langue de nos messages"),
    "asked_of_us": (
        "To change the company’s name or your e-mail address, write to us: a person does that with you.",
        "لتغيير اسم الشركة أو البريد الإلكتروني راسلونا: سيقوم بذلك أحد موظفينا معكم.",
        "לשינוי שם החברה או כתובת הדוא״ל כתבו לנו: אדם יעשה זאת אתכם.",
        "Pour changer le nom de la société ou l’adresse e-mail, écrivez-nous : une personne s’en charge avec vous.",
    ),
    # Consents
    "consents_text": (
        "Invoices, receipts and answers to you always arrive. Anything else only as long as you say so here.",
        "تصلكم الفواتير والإيصالات والردود دائمًا. أما ما عداها فلا يصل إلا بموافقتكم هنا، وللمدة التي تريدونها.",
        "חשבוניות, קבלות ותשובות אליכם מגיעות תמיד. כל השאר רק אם תאשרו כאן, לכל זמן שתרצו.",
        "Factures, reçus et réponses arrivent toujours. Le reste seulement si vous le dites ici, tant que vous voulez.",
    ),
    "purpose_marketing": (
        "{firm} may send me news and offers",
        "يمكن لـ {firm} إرسال الأخبار والعروض إليّ",
        "{firm} רשאים לשלוח לי חדשות והצעות",
        "{firm} peut m’envoyer des nouvelles et des offres",
    ),
    "purpose_review": (
        "{firm} may ask me how it was",
        "يمكن لـ {firm} سؤالي عن رأيي في الخدمة",
        "{firm} רשאים לשאול אותי איך היה",
        "{firm} peut me demander mon avis",
    ),
    "channel_email": ("By e-mail", "بالبريد الإلكتروني", "בדוא״ל", "Par e-mail"),
    "channel_whatsapp": ("By WhatsApp", "عبر واتساب", "בוואטסאפ", "Par WhatsApp"),
    "channel_sms": ("By text message", "برسالة نصية", "במסרון", "Par SMS"),
    "said_on": ("Said {day}", "قيل في {day}", "נאמר ב־{day}", "Dit le {day}"),
}
_REFUSALS: Mapping[str, Row] = {
    "email_invalid": (
        "This is not an e-mail address. Write it like name@example.com.",
        "هذا ليس بريدًا إلكترونيًا صحيحًا. اكتبوه هكذا: name@example.com.",
        "זו אינה כתובת דוא״ל. כתבו כך: name@example.com.",
        "Ce n’est pas une adresse e-mail. Écrivez-la ainsi : name@example.com.",
    ),
    "name_missing": ("Give your name.", "اكتبوا اسمكم.", "כתבו את שמכם.", "Indiquez votre nom."),
    "phone_invalid": (
        "This is not a phone number. Write it with its country code, like +971 50 123 4567.",
        "هذا ليس رقم هاتف صحيحًا. اكتبوه مع رمز الدولة، مثل ‎+971 50 123 4567.",
        "זה אינו מספר טלפון. כתבו אותו עם קידומת המדינה, כמו ‎+972 50 234 5678.",
        "Ce n’est pas un numéro de téléphone. Écrivez-le avec l’indicatif, comme +33 6 12 34 56 78.",
    ),
    "country_unknown": (
        "Write the country as its two letters, like AE or FR.",
        "اكتبوا البلد بحرفين مثل AE أو FR.",
        "כתבו את המדינה בשתי אותיות, כמו AE או FR.",
        "Écrivez le pays en deux lettres, comme AE ou FR.",
    ),
    "address_too_long": (
        "An address has at most {limit} lines.",
        "العنوان {limit} أسطر على الأكثر.",
        "בכתובת לכל היותר {limit} שורות.",
        "Une adresse a au plus {limit} lignes.",
    ),
}
