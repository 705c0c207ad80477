"""Where people come back to from a provider's page, and what we ask them to be sent back with."""

import base64
import hashlib

from bursar.outbox.states import AccountKind

PROVIDERS = {"google": AccountKind.GMAIL, "microsoft": AccountKind.OUTLOOK}
CONSENTS = "/sending-accounts/consents/"


def redirect_uri(base_url: str, kind: AccountKind) -> str:
    """Where a provider sends people back to; the operator registers it there to the letter."""
    provider = next((name for name, one in PROVIDERS.items() if one == kind), "")
    return f"{base_url}{CONSENTS}{provider}"


def challenge_of(verifier: str) -> str:
    """PKCE's S256 (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
