"""The fields of sheets of message templates, as mail-merge programs export them, and what people call them."""

from bursar.core.errors import N_
from bursar.tenancy.column_names import field

TEMPLATES = (
    field("code", N_("Short code"), "code|template code|slug|key|template key|الرمز"),
    field(
        "name",
        N_("Name"),
        "name|template name|title|template|اسم القالب|الاسم|القالب|nom|nom du modèle|modèle",
    ),
    field("description", N_("Description"), "description|notes|details|الوصف|ملاحظات"),
    field(
        "category",
        N_("What it is for"),
        "category|type|template type|kind|purpose|campaign type|الفئة|النوع|نوع القالب|catégorie|nature",
    ),
    field(
        "locale",
        N_("Language"),
        "locale|language|lang|template language|اللغة|لغة القالب|langue|langue du modèle",
    ),
    field(
        "subject",
        N_("Subject"),
        "subject|subject template|email subject|subject line|subject en|الموضوع|عنوان الرسالة|objet|objet du message",
    ),
    field(
        "body",
        N_("Text"),
        "body|body template|body html|content|email body|message|message body|html|text|body en|نص الرسالة|المحتوى|"
        "corps|contenu|corps du message|texte",
    ),
    field(
        "subject_ar",
        N_("Subject in Arabic"),
        "subject ar|subject template ar|arabic subject|subject arabic|الموضوع بالعربية|objet arabe",
    ),
    field(
        "body_ar",
        N_("Text in Arabic"),
        "body ar|body template ar|arabic body|body arabic|content ar|النص بالعربية|corps arabe",
    ),
    field("active", N_("In use"), "active|is active|enabled|status|in use|نشط|مفعل|actif|statut"),
)
