"""The importers of all rooms up to this one, by the kind of sheet, and a desk that has them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bursar.billing.import_invoices import InvoiceImporter
from bursar.billing.import_payments import PaymentImporter
from bursar.core.work import Office
from bursar.tenancy.import_contacts import ContactImporter
from bursar.tenancy.import_customers import CustomerImporter
from bursar.tenancy.import_slices import Desk
from bursar.tenancy.importers import Importer
from bursar.tenancy.states import ImportKind

IMPORTERS: Mapping[ImportKind, Importer[Any]] = MappingProxyType(
    {
        importer.kind: importer
        for importer in (CustomerImporter(), ContactImporter(), InvoiceImporter(), PaymentImporter())
    }
)


def import_desk(office: Office) -> Desk:
    return Desk(office, IMPORTERS)
