"""A field that a sheet can fill, and what people call what sheets of several kinds have."""

from dataclasses import dataclass

from bursar.core.errors import N_


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    label: str  # for people; a msgid
    called: tuple[str, ...]


def field(name: str, label: str, called: str) -> Field:
    return Field(name, label, tuple(part.strip() for part in called.split("|")))


CUSTOMER_CODE = (
    "customer code|customer id|customer no|customer number|user id|client code|client id|client no|client number|"
    "account code|account number|account no|external code|external id|كود العميل|رقم العميل|رمز العميل|"
    "رقم الحساب|"
    "code client|numéro client|n° client|numéro de client|n° de client|identifiant client|réf client|"
    "compte client"
)
CUSTOMER_NAME = (
    "customer name|customer|client name|client|bill to|billed to|debtor|buyer|recipient|"
    "اسم العميل|العميل|عميل|الزبون|اسم الزبون|المدين|المشتري|"
    "nom du client|nom client|débiteur|acheteur|destinataire"
)
CURRENCY = field(
    "currency",
    N_("Currency"),
    "currency|currency code|invoice currency|ccy|curr|العملة|عملة|رمز العملة|devise|monnaie|code devise",
)
