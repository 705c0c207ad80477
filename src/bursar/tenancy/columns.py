"""The fields that a sheet of each kind can fill, and what people call them in English, Arabic and French.

Data only. A name stands under each field it may mean: headers leaves a column open when two fields
claim it equally. Capitals, accents, punctuation and the Arabic article make no difference.
"""

from enum import StrEnum

from bursar.core.errors import N_
from bursar.tenancy.bank_columns import BANK_LINES
from bursar.tenancy.catalog_columns import PRICES, PRODUCTS, UNITS
from bursar.tenancy.column_names import CURRENCY, CUSTOMER_CODE, CUSTOMER_NAME, Field, field
from bursar.tenancy.payment_link_columns import PAYMENT_LINKS
from bursar.tenancy.suppression_columns import SUPPRESSIONS
from bursar.tenancy.template_columns import TEMPLATES


class Kind(StrEnum):
    CUSTOMERS = "customers"
    CONTACTS = "contacts"
    INVOICES = "invoices"
    PAYMENTS = "payments"
    PRODUCTS = "products"
    PRICES = "prices"
    UNITS = "units"
    BANK_LINES = "bank_lines"
    TEMPLATES = "templates"
    SUPPRESSIONS = "suppressions"
    PAYMENT_LINKS = "payment_links"


_EMAIL = field(
    "email",
    N_("E-mail"),
    "email|e-mail|mail|email address|e-mail address|billing email|customer email|client email|contact email|"
    "البريد الإلكتروني|البريد|بريد إلكتروني|الإيميل|ايميل|بريد العميل|"
    "courriel|adresse e-mail|adresse email|adresse mail|adresse électronique|mél|courriel du client",
)
_PHONE = field(
    "phone",
    N_("Phone"),
    "phone|phone number|telephone|tel|mobile|mobile number|mobile phone|cell|cell phone|whatsapp|"
    "contact number|"
    "customer phone|الهاتف|رقم الهاتف|هاتف|الجوال|رقم الجوال|جوال|الموبايل|رقم الموبايل|المتحرك|واتساب|"
    "téléphone|portable|numéro de téléphone|n° de téléphone|tél|gsm",
)
_LOCALE = field(
    "locale",
    N_("Language"),
    "locale|language|lang|preferred language|customer language|اللغة|لغة|لغة العميل|langue|langue préférée",
)
_TAX = field(
    "tax_number",
    N_("Tax number"),
    "tax number|tax id|tax no|trn|vat|vat number|vat no|vat id|vat reg no|tax registration number|"
    "الرقم الضريبي|رقم التسجيل الضريبي|رقم ضريبي|رقم ضريبة القيمة المضافة|"
    "numéro de tva|n° tva|n° de tva|tva intracommunautaire|numéro fiscal|matricule fiscal",
)
_COMPANY = field(
    "company_name",
    N_("Company"),
    "company name|company|firm|business|business name|organisation|organization|legal name|trade name|"
    "اسم الشركة|الشركة|شركة|المؤسسة|اسم المؤسسة|المنشأة|"
    "société|entreprise|raison sociale|nom de la société|nom de l'entreprise|nom société",
)
_INVOICE_NUMBER = (
    "invoice number|invoice no|invoice id|invoice ref|invoice reference|invoice code|invoice|inv no|"
    "inv number|"
    "bill number|bill no|رقم الفاتورة|الفاتورة|فاتورة|رقم فاتورة|"
    "numéro de facture|n° facture|n° de facture|no facture|numéro facture|facture|réf facture|"
    "référence facture"
)
FIELDS: dict[Kind, tuple[Field, ...]] = {
    Kind.CUSTOMERS: (
        field("external_code", N_("Customer code"), CUSTOMER_CODE + "|code|id|الكود|الرمز|identifiant"),
        field(
            "kind",
            N_("Person or firm"),
            "kind|type|customer type|client type|نوع العميل|النوع|type de client",
        ),
        field(
            "full_name",
            N_("Name"),
            CUSTOMER_NAME
            + "|name|full name|contact name|contact person|الاسم|اسم|الاسم الكامل|اسم جهة الاتصال|"
            + "nom|nom complet|nom et prénom|prénom et nom|nom du contact",
        ),
        _COMPANY,
        _EMAIL,
        _PHONE,
        _LOCALE,
        _TAX,
        field(
            "address",
            N_("Address"),
            "address|street|street address|billing address|postal address|address line 1|العنوان|عنوان|"
            "عنوان الفوترة|"
            "الشارع|adresse|rue|adresse postale|adresse de facturation",
        ),
        field("city", N_("City"), "city|town|emirate|المدينة|مدينة|الإمارة|ville|commune"),
        field("country", N_("Country"), "country|country code|الدولة|البلد|دولة|pays|code pays"),
        field(
            "tags",
            N_("Tags"),
            "tags|tag|labels|label|groups|segment|الوسوم|وسوم|التصنيف|étiquettes|mots clés",
        ),
    ),
    Kind.CONTACTS: (
        field(
            "customer",
            N_("Customer"),
            f"{CUSTOMER_CODE}|{CUSTOMER_NAME}|customer email|client email|company|company name|firm|"
            "الشركة|اسم الشركة|société|entreprise|raison sociale",
        ),
        field(
            "name",
            N_("Name"),
            "name|full name|contact|contact name|contact person|person|الاسم|اسم|الاسم الكامل|جهة الاتصال|"
            "اسم جهة الاتصال|nom|nom complet|nom du contact|interlocuteur",
        ),
        field(
            "email",
            _EMAIL.label,
            "|".join(name for name in _EMAIL.called if "customer" not in name and "client" not in name),
        ),
        _PHONE,
        field(
            "role",
            N_("Role"),
            "role|position|job title|title|function|department|الدور|الوظيفة|المنصب|المسمى الوظيفي|القسم|"
            "rôle|fonction|poste|service",
        ),
        _LOCALE,
    ),
    Kind.INVOICES: (
        field("number", N_("Invoice number"), _INVOICE_NUMBER + "|number|no|الرقم|رقم|numéro|n°"),
        field("customer_code", N_("Customer code"), CUSTOMER_CODE),
        field(
            "customer_name",
            N_("Customer name"),
            CUSTOMER_NAME
            + "|name|full name|contact name|contact person|الاسم|اسم|الاسم الكامل|nom|nom complet",
        ),
        _COMPANY,
        _EMAIL,
        _PHONE,
        _LOCALE,
        _TAX,
        field(
            "issue_date",
            N_("Issue date"),
            "issue date|issued on|issued|invoice date|date of issue|bill date|document date|date|"
            "تاريخ الفاتورة|تاريخ الإصدار|تاريخ إصدار الفاتورة|التاريخ|تاريخ|"
            "date de facture|date facture|date d'émission|date de facturation|émise le",
        ),
        field(
            "due_date",
            N_("Due date"),
            "due date|due on|due|payment due|payment due date|invoice due date|pay by|deadline|"
            "تاريخ الاستحقاق|الاستحقاق|تاريخ استحقاق الفاتورة|موعد الاستحقاق|آخر موعد للدفع|"
            "date d'échéance|échéance|date échéance|date limite de paiement|à payer avant le",
        ),
        CURRENCY,
        field(
            "total",
            N_("Total"),
            "total|total amount|amount|invoice amount|invoice total|grand total|gross amount|total incl vat|"
            "total including vat|value|الإجمالي|المجموع|المبلغ|مبلغ|مبلغ الفاتورة|المبلغ الإجمالي|"
            "إجمالي الفاتورة|القيمة|"
            "montant|montant total|montant ttc|total ttc|montant de la facture",
        ),
        field(
            "balance",
            N_("Open amount"),
            "balance|balance due|open amount|open balance|outstanding|outstanding amount|outstanding balance|"
            "amount due|amount outstanding|remaining|unpaid|unpaid amount|"
            "الرصيد|المتبقي|المبلغ المتبقي|المبلغ المستحق|الرصيد المستحق|غير مدفوع|"
            "solde|solde dû|reste à payer|restant dû|montant dû|impayé|montant impayé",
        ),
        field(
            "paid",
            N_("Paid"),
            "paid|paid amount|amount paid|payments|received|المدفوع|المبلغ المدفوع|مدفوع|المسدد|"
            "payé|montant payé|réglé|montant réglé|déjà payé",
        ),
        field(
            "paid_on",
            N_("Paid on"),
            "paid on|paid date|date paid|payment date|payment received on|settled on|تاريخ الدفع|تاريخ السداد|"
            "payé le|payée le|date de paiement|date de règlement",
        ),
        field(
            "status",
            N_("Status"),
            "status|state|invoice status|payment status|الحالة|حالة|حالة الفاتورة|حالة الدفع|"
            "statut|état|statut de la facture",
        ),
        field(
            "description",
            N_("Description"),
            "description|details|item|items|memo|subject|notes|note|الوصف|وصف|البيان|التفاصيل|ملاحظات|"
            "libellé|désignation|détails|objet",
        ),
        field(
            "purchase_order",
            N_("Purchase order"),
            "purchase order|po|po number|po no|purchase order number|order number|lpo|lpo number|lpo no|"
            "أمر الشراء|رقم أمر الشراء|رقم الطلب|bon de commande|n° de commande|numéro de commande|commande",
        ),
    ),
    Kind.PAYMENTS: (
        field("invoice_number", N_("Invoice number"), _INVOICE_NUMBER),
        field(
            "amount",
            N_("Amount"),
            "amount|payment amount|amount paid|paid|paid amount|amount received|received amount|total|value|"
            "المبلغ|مبلغ|المبلغ المدفوع|المبلغ المستلم|قيمة الدفعة|مبلغ الدفعة|"
            "montant|montant payé|montant reçu|montant réglé|montant du paiement",
        ),
        CURRENCY,
        field(
            "received_on",
            N_("Received on"),
            "received on|date received|payment date|paid on|date paid|value date|date|receipt date|"
            "transaction date|"
            "تاريخ الدفع|تاريخ السداد|تاريخ الاستلام|تاريخ الدفعة|التاريخ|تاريخ|"
            "date de paiement|date paiement|date de règlement|reçu le|payé le|date de valeur|"
            "date de réception",
        ),
        field(
            "method",
            N_("Method"),
            "method|payment method|payment type|mode|paid by|طريقة الدفع|طريقة السداد|وسيلة الدفع|"
            "mode de paiement|moyen de paiement|mode de règlement",
        ),
        field(
            "reference",
            N_("Reference"),
            "reference|ref|payment reference|cheque number|cheque no|check number|memo|note|notes|"
            "المرجع|مرجع|رقم المرجع|رقم الشيك|référence|réf|référence de paiement|n° de chèque|"
            "numéro de chèque",
        ),
        field(
            "external_id",
            N_("Payment ID"),
            "external id|payment id|transaction id|transaction number|payment number|payment no|"
            "receipt number|"
            "receipt no|رقم العملية|رقم الدفعة|رقم الإيصال|رقم المعاملة|"
            "identifiant de paiement|n° de transaction|numéro de paiement|n° de paiement|numéro de reçu",
        ),
    ),
    Kind.PRODUCTS: PRODUCTS,
    Kind.PRICES: PRICES,
    Kind.UNITS: UNITS,
    Kind.BANK_LINES: BANK_LINES,
    Kind.TEMPLATES: TEMPLATES,
    Kind.SUPPRESSIONS: SUPPRESSIONS,
    Kind.PAYMENT_LINKS: PAYMENT_LINKS,
}

# Columns that hold something else, although a name of ours is inside theirs.
_NOT_READ = (
    "vat amount|tax amount|net amount|amount excl vat|amount excluding vat|sub total|subtotal|"
    "discount|vat rate|tax rate|payment terms|days overdue|overdue days|days past due|"
    "date of birth|birth date|created date|last contact date|montant ht|montant hors taxe|montant tva|"
    "total ht|taux de tva|tva|remise|conditions de paiement|jours de retard|مبلغ الضريبة|"
    "قيمة الضريبة|ضريبة القيمة المضافة|المبلغ قبل الضريبة|الخصم|شروط الدفع|أيام التأخير|تاريخ الميلاد"
)
NOT_READ = tuple(_NOT_READ.split("|"))

# Of each group at least one column must be there.
REQUIRED: dict[Kind, tuple[tuple[str, ...], ...]] = {
    Kind.CUSTOMERS: (("full_name", "company_name"),),
    Kind.CONTACTS: (("customer",), ("email", "phone")),
    Kind.INVOICES: (
        ("number",),
        ("customer_code", "customer_name", "company_name", "email"),
        ("due_date", "issue_date"),
        ("total", "balance"),
    ),
    Kind.PAYMENTS: (("invoice_number",), ("amount",), ("received_on",)),
    Kind.PRODUCTS: (("code",), ("name",)),
    Kind.PRICES: (("customer",), ("price",), ("effective_from",)),
    Kind.UNITS: (("customer",), ("label",), ("active_from",)),
    Kind.BANK_LINES: (("received_on",), ("amount", "credit")),
    Kind.TEMPLATES: (("name",), ("body",)),
    Kind.SUPPRESSIONS: (("address",),),
    Kind.PAYMENT_LINKS: (("email",), ("product",)),
}
