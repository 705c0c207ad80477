"""The fields of sheets of products, prices and units, and what people call them."""

from bursar.core.errors import N_
from bursar.tenancy.column_names import CURRENCY, CUSTOMER_CODE, CUSTOMER_NAME, field

_CUSTOMER = field(
    "customer",
    N_("Customer"),
    CUSTOMER_CODE + "|" + CUSTOMER_NAME + "|email|e-mail|tenant|company|company name|user|"
    "البريد الإلكتروني|الشركة|اسم الشركة|courriel|société",
)
_PRODUCT = field(
    "product",
    N_("Product"),
    "product|product code|product name|item|item code|service|service name|plan|sku|article|model|"
    "المنتج|رمز المنتج|اسم المنتج|الخدمة|الصنف|البند|produit|code produit|nom du produit|prestation|"
    "référence produit|désignation",
)
_FROM = (
    "from|from date|start|start date|starts on|valid from|effective from|effective date|since|date from|date|"
    "من|من تاريخ|تاريخ البدء|تاريخ البداية|ساري من|اعتبارا من|التاريخ|تاريخ|"
    "du|à partir du|date de début|début|valable du|date d'effet|depuis|dès le"
)
_TO = (
    "to|until|end|end date|ends on|valid to|valid until|effective to|date to|"
    "إلى|إلى تاريخ|حتى|تاريخ الانتهاء|تاريخ النهاية|ساري حتى|"
    "au|jusqu'au|date de fin|fin|valable jusqu'au"
)
_PRICE_NAMES = (
    "price|unit price|rate|rate per unit|monthly price|monthly rate|unit rate|hosting rate|price per unit|"
    "price per month|amount|fee|"
    "السعر|سعر|سعر الوحدة|المبلغ|القيمة|التعرفة|الرسوم|"
    "prix|prix unitaire|tarif|tarif mensuel|prix mensuel|montant|prix ht"
)

PRODUCTS = (
    field(
        "code",
        N_("Product code"),
        "code|product code|item code|sku|reference|ref|id|product id|"
        "الرمز|الكود|رمز المنتج|رقم الصنف|code produit|référence|réf|référence produit",
    ),
    field(
        "name",
        N_("Name"),
        "name|product|product name|item|item name|title|service|service name|"
        "الاسم|اسم|المنتج|اسم المنتج|الخدمة|الصنف|nom|produit|nom du produit|libellé|désignation|prestation",
    ),
    field(
        "name_local",
        N_("Name in the second language"),
        "local name|name in the second language|arabic name|name ar|name arabic|second name|"
        "الاسم باللغة الثانية|الاسم بالعربية|الاسم العربي|"
        "الاسم المحلي|nom local|nom arabe",
    ),
    field(
        "description",
        N_("Description"),
        "description|details|notes|الوصف|التفاصيل|ملاحظات|détails|descriptif",
    ),
    field("price", N_("Price"), _PRICE_NAMES),
    CURRENCY,
    field(
        "tax_category",
        N_("Tax category"),
        "tax category|vat category|tax code|tax type|vat code|فئة الضريبة|رمز الضريبة|"
        "catégorie de tva|code tva",
    ),
    field(
        "tax_rate",
        N_("Tax rate"),
        "tax rate|vat rate|vat %|tax %|vat percent|tax percent|نسبة الضريبة|معدل الضريبة|taux de tva|taux tva",
    ),
    field(
        "unit_code",
        N_("Unit"),
        "unit|unit code|uom|unit of measure|الوحدة|وحدة القياس|unité|code unité|unité de mesure",
    ),
    field(
        "item_kind",
        N_("Goods or services"),
        "kind|item kind|item type|type|goods or services|النوع|نوع الصنف|nature|type d'article",
    ),
    field(
        "classification_code",
        N_("Classification"),
        "classification|classification code|hs code|hs|sac|sac code|التصنيف|رمز التصنيف|الرمز الجمركي|"
        "classification douanière|code sh|nomenclature",
    ),
    field(
        "included",
        N_("What is included"),
        "included|what is included|includes|features|يشمل|ما يشمله|ما يشمله السعر|المزايا|"
        "inclus|comprend|prestations incluses",
    ),
    field(
        "included_local",
        N_("What is included, in the second language"),
        "included local|what is included in the second language|included arabic|included ar|"
        "ما يشمله السعر باللغة الثانية|يشمل بالعربية|inclus arabe",
    ),
    field("stripe_product_id", N_("Stripe product"), "stripe product|stripe product id|المنتج في Stripe"),
    field("stripe_price_id", N_("Stripe price"), "stripe price|stripe price id|السعر في Stripe"),
)

PRICES = (
    _CUSTOMER,
    _PRODUCT,
    field("price", N_("Price"), _PRICE_NAMES),
    CURRENCY,
    field("effective_from", N_("Valid from"), _FROM),
    field("effective_to", N_("Valid until"), _TO),
)

UNITS = (
    _CUSTOMER,
    _PRODUCT,
    field(
        "label",
        N_("Unit"),
        "label|unit|unit name|name|serial|serial number|serial no|machine|machine id|miner|miner id|device|"
        "asset|asset tag|"
        "الوحدة|اسم الوحدة|الرقم التسلسلي|الجهاز|رقم الجهاز|"
        "unité|libellé|nom|numéro de série|n° de série|machine|appareil|équipement",
    ),
    field(
        "active_from",
        N_("In service from"),
        _FROM + "|in service from|active from|installed|installed on|installation date|تاريخ التركيب|"
        "mise en service|date de mise en service|installé le",
    ),
    field(
        "active_to",
        N_("In service until"),
        _TO + "|in service until|active to|retired|retired on|removed on|تاريخ الإزالة|"
        "hors service|retiré le|date de retrait",
    ),
)
