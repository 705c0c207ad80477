"""Where the public pages of onboarding are: an offer's by a stored token, an order's by a signed one (R126).

An order's token names the version of its customer's links too, as an invoice's does, so that `customers.revoke_links`
ends it. It is at `/pay/` and not at `/o/`: that address is a mail's picture.
"""

from uuid import UUID

from bursar.core.keys import Keyring
from bursar.core.tokens import Kind, Signed, sign, verify

OFFER_PATH = "/p/"
ORDER_PATH = "/pay/"
RETURN, CANCEL = "/return", "/cancel"
"""Below an order's address: where a provider sends back who paid, and who did not want to."""


def offer_address(base_url: str, token: str) -> str:
    """The whole address, as it is copied and mailed."""
    return f"{base_url.rstrip('/')}{OFFER_PATH}{token}"


def order_token(keyring: Keyring, tenant_id: UUID, order_id: UUID, *, link_version: int = 1) -> str:
    """What stands behind `ORDER_PATH`; with an older version of the customer's links it opens nothing."""
    return sign(keyring, Kind.ORDER, tenant_id, order_id, link_version)


def order_address(
    keyring: Keyring, base_url: str, tenant_id: UUID, order_id: UUID, *, link_version: int = 1
) -> str:
    """Where the order is seen and paid."""
    token = order_token(keyring, tenant_id, order_id, link_version=link_version)
    return f"{base_url.rstrip('/')}{ORDER_PATH}{token}"


def read_order_token(keyring: Keyring, token: str) -> Signed:
    """Tenant, order, and in `extra` the links' version at signing. Raises `BadToken`."""
    return verify(keyring, Kind.ORDER, token)
