"""The public address of an invoice's page: a signed token, understood without a look-up (R126).

A link names its invoice and the version of the customer's links; whoever opens one compares that version
with the customer's own, so that `customers.revoke_links` ends all of them at once.
"""

from uuid import UUID

from bursar.core.keys import Keyring
from bursar.core.tokens import Kind, Signed, Signer, verify

PATH = "/i/"


def invoice_token(keyring: Keyring, tenant_id: UUID, invoice_id: UUID, link_version: int) -> str:
    """What stands behind `PATH`."""
    return Signer(keyring, Kind.HOSTED_INVOICE, tenant_id).sign(invoice_id, link_version)


def invoice_address(
    keyring: Keyring, base_url: str, tenant_id: UUID, invoice_id: UUID, link_version: int
) -> str:
    """The whole address, as it is printed and mailed."""
    return f"{base_url.rstrip('/')}{PATH}{invoice_token(keyring, tenant_id, invoice_id, link_version)}"


class Addresses:
    """The addresses of one tenant's invoices, for many at once: a key is made ready once."""

    __slots__ = ("_prefix", "_signer")

    def __init__(self, keyring: Keyring, base_url: str, tenant_id: UUID) -> None:
        self._prefix = base_url.rstrip("/") + PATH
        self._signer = Signer(keyring, Kind.HOSTED_INVOICE, tenant_id)

    def of(self, invoice_id: UUID, link_version: int) -> str:
        return self._prefix + self._signer.sign(invoice_id, link_version)


def read_token(keyring: Keyring, token: str) -> Signed:
    """Tenant, invoice, and in `extra` the links' version at signing. Raises `BadToken`."""
    return verify(keyring, Kind.HOSTED_INVOICE, token)
