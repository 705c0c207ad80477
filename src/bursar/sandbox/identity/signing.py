"""Id tokens: signed with a key made at start, which a client can fetch like the vendor's."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Signer:
    """RS256 (RFC 7518)."""

    key: rsa.RSAPrivateKey = field(default_factory=_new_key)
    key_id: str = field(default_factory=lambda: token_hex(10))

    def signed(self, claims: Mapping[str, Any]) -> str:
        """A compact JWS."""
        head = {"alg": "RS256", "kid": self.key_id, "typ": "JWT"}
        told = f"{_coded(json.dumps(head).encode())}.{_coded(json.dumps(claims).encode())}"
        signature = self.key.sign(told.encode(), padding.PKCS1v15(), SHA256())
        return f"{told}.{_coded(signature)}"

    def public(self) -> dict[str, Any]:
        """A JWK Set with the one key."""
        numbers = self.key.public_key().public_numbers()
        key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.key_id}
        key |= {"n": _number(numbers.n), "e": _number(numbers.e)}
        return {"keys": [key]}


def _coded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _coded(value.to_bytes((value.bit_length() + 7) // 8))
