"""The importers of all rooms up to this one, by the kind of sheet, and a desk that has them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bursar.billing import importers
from bursar.core.work import Office
from bursar.onboarding.import_links import PaymentLinkImporter
from bursar.tenancy.import_slices import Desk
from bursar.tenancy.importers import Importer
from bursar.tenancy.states import ImportKind

IMPORTERS: Mapping[ImportKind, Importer[Any]] = MappingProxyType(
    {**importers.IMPORTERS, ImportKind.PAYMENT_LINKS: PaymentLinkImporter()}
)


def import_desk(office: Office) -> Desk:
    return Desk(office, IMPORTERS)
