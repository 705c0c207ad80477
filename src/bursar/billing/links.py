"""The public addresses of an invoice's page and of a customer's own: signed tokens, no look-up needed (R126).

A link names its invoice or its customer, and the version of the customer's links; whoever opens one compares that
version with the customer's own, so that `customers.revoke_links` ends all of them at once.
"""

from uuid import UUID

from bursar.core.keys import Keyring
from bursar.core.tokens import Kind, Signed, Signer, verify

PATH = "/i/"
CUSTOMER_PATH = "/c/"


def invoice_token(keyring: Keyring, tenant_id: UUID, invoice_id: UUID, link_version: int) -> str:
    """What stands behind `PATH`."""
    return Signer(keyring, Kind.HOSTED_INVOICE, tenant_id).sign(invoice_id, link_version)


def invoice_address(
    keyring: Keyring, base_url: str, tenant_id: UUID, invoice_id: UUID, link_version: int
) -> str:
    """The whole address, as it is printed and mailed."""
    return f"{base_url.rstrip('/')}{PATH}{invoice_token(keyring, tenant_id, invoice_id, link_version)}"


def customer_token(keyring: Keyring, tenant_id: UUID, customer_id: UUID, link_version: int) -> str:
    """What stands behind `CUSTOMER_PATH`."""
    return Signer(keyring, Kind.DEBTOR, tenant_id).sign(customer_id, link_version)


class Addresses:
    """The addresses of one tenant's invoices and customers, for many at once: a key is made ready once."""

    __slots__ = ("_base", "_customers", "_invoices")

    def __init__(self, keyring: Keyring, base_url: str, tenant_id: UUID) -> None:
        self._base = base_url.rstrip("/")
        self._invoices = Signer(keyring, Kind.HOSTED_INVOICE, tenant_id)
        self._customers = Signer(keyring, Kind.DEBTOR, tenant_id)

    def of(self, invoice_id: UUID, link_version: int) -> str:
        return self._base + PATH + self._invoices.sign(invoice_id, link_version)

    def of_customer(self, customer_id: UUID, link_version: int) -> str:
        """Where a customer sees all that is open."""
        return self._base + CUSTOMER_PATH + self._customers.sign(customer_id, link_version)


def read_token(keyring: Keyring, token: str) -> Signed:
    """Tenant, invoice, and in `extra` the links' version at signing. Raises `BadToken`."""
    return verify(keyring, Kind.HOSTED_INVOICE, token)


def read_customer_token(keyring: Keyring, token: str) -> Signed:
    """Tenant, customer, and in `extra` the links' version at signing. Raises `BadToken`."""
    return verify(keyring, Kind.DEBTOR, token)
