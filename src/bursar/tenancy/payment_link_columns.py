"""The fields of a sheet of prospects who are each sent a payment link; data only, as in columns."""

from bursar.core.errors import N_
from bursar.tenancy.column_names import CURRENCY, Field, field

PAYMENT_LINKS: tuple[Field, ...] = (
    field(
        "email",
        N_("E-mail"),
        "email|e-mail|mail|email address|e-mail address|prospect email|customer email|client email|"
        "البريد الإلكتروني|البريد|الإيميل|courriel|adresse e-mail|adresse email",
    ),
    field(
        "product",
        N_("Product"),
        "product|product code|product name|item|service|service name|plan|offer|package|sku|"
        "المنتج|رمز المنتج|الخدمة|العرض|الباقة|produit|code produit|prestation|offre|formule",
    ),
    field(
        "name",
        N_("Name"),
        "name|full name|prospect|prospect name|customer|customer name|client|client name|contact|contact name|"
        "الاسم|اسم|الاسم الكامل|اسم العميل|nom|nom complet|nom du client|prospect",
    ),
    field(
        "price",
        N_("Price"),
        "price|agreed price|amount|fee|net price|total|السعر|المبلغ|السعر المتفق عليه|prix|prix convenu|montant|tarif",
    ),
    CURRENCY,
    field(
        "locale",
        N_("Language"),
        "locale|language|lang|preferred language|اللغة|لغة|langue|langue préférée",
    ),
    field("note", N_("Note"), "note|notes|message|comment|remark|ملاحظة|ملاحظات|رسالة|remarque|commentaire"),
    field(
        "until",
        N_("Until"),
        "until|valid until|expires|expires on|expiry|expiry date|last day|end date|deadline|"
        "حتى|صالح حتى|تاريخ الانتهاء|jusqu'au|valable jusqu'au|date de fin|expiration",
    ),
)
