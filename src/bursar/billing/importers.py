"""The importers of all rooms up to this one, by the kind of sheet, and a desk that has them."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from bursar.billing.billed import billed_through
from bursar.billing.import_bank import BankImporter
from bursar.billing.import_invoices import InvoiceImporter
from bursar.billing.import_payments import PaymentImporter
from bursar.billing.settings import BillingSettings
from bursar.catalog.import_prices import PriceImporter
from bursar.catalog.import_products import ProductImporter
from bursar.catalog.import_units import UnitImporter
from bursar.catalog.kinds import TaxCategory
from bursar.core.work import Office
from bursar.outbox.import_suppressions import SuppressionImporter
from bursar.outbox.import_templates import TemplateImporter
from bursar.tenancy.import_contacts import ContactImporter
from bursar.tenancy.import_customers import CustomerImporter
from bursar.tenancy.import_slices import Desk
from bursar.tenancy.importers import Importer
from bursar.tenancy.states import ImportKind


def _usual_tax(settings: Mapping[str, Any]) -> tuple[TaxCategory, Decimal]:
    billing = BillingSettings.of(settings)
    return billing.default_tax_category, billing.default_tax_rate


IMPORTERS: Mapping[ImportKind, Importer[Any]] = MappingProxyType(
    {
        importer.kind: importer
        for importer in (
            CustomerImporter(),
            ContactImporter(),
            InvoiceImporter(),
            PaymentImporter(),
            BankImporter(),
            ProductImporter(_usual_tax),
            PriceImporter(billed_through),
            UnitImporter(),
            SuppressionImporter(),
            TemplateImporter(),
        )
    }
)


def import_desk(office: Office) -> Desk:
    return Desk(office, IMPORTERS)
