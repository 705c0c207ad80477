"""How Stripe signs a webhook: HMAC-SHA256 of "<seconds>.<body>" by the whole secret, in hexadecimal digits."""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from secrets import token_hex


def digest(secret: str, timestamp: int, body: bytes) -> str:
    return hmac.new(secret.encode(), b"%d." % timestamp + body, sha256).hexdigest()


def header(secrets: Sequence[str], timestamp: int, body: bytes) -> str:
    """One `v1` for each secret, several while one is rotated; the `v0` of test mode means nothing."""
    signed = [f"v1={digest(secret, timestamp, body)}" for secret in secrets]
    return ",".join([f"t={timestamp}", *signed, f"v0={token_hex(32)}"])
