"""The two kinds of public token, both naming their tenant (R126).

*Signed*: everything is inside and a MAC vouches for it, so a pixel or a link is understood without a
look-up. Layout, all big-endian, base64url without padding:

    kind (1 byte) | fingerprint of the key (2) | tenant (16) | id (16) | extra (0, 3 or 6) | MAC (16)

Each length is a multiple of three bytes, so every character carries six real bits and there is
exactly one spelling of a token. The MAC is HMAC-SHA256 cut to 128 bits over all that stands before.

*Stored*: tenant and 256 random bits; only the SHA-256 of the text is kept, found inside the tenant. One that a letter
carries is *derived* instead: the same text and the same hash, its 256 bits an HMAC over its row, so that whoever writes
the letter makes it again at that moment and no table ever holds it.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

from bursar.core.errors import NotFound
from bursar.core.keys import Keyring, Purpose

_MAC_BYTES = 16
_HEAD_BYTES = 1 + 2 + 16
_LARGEST_EXTRA = 2**48 - 1
_SIGNED = re.compile(r"(?:[A-Za-z0-9_-]{4}){17,19}")  # 51, 54 or 57 bytes
_STORED = re.compile(r"[A-Za-z0-9_-]{64}")  # 48 bytes
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_NO_TENANT = UUID(int=0)
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class Kind(IntEnum):
    """What a signed token is for. The numbers are on the wire: never reused, never changed."""

    PIXEL = 1
    LINK = 2
    UNSUBSCRIBE = 3
    INBOUND = 4
    HOSTED_INVOICE = 5
    DEBTOR = 6
    ORDER = 7  # where an order is paid, from any reminder of it


class BadToken(NotFound):
    """Unknown, tampered with, of another kind or of a dropped key: one 404 that tells none of it apart."""

    def __init__(self) -> None:
        super().__init__("link")


@dataclass(frozen=True, slots=True)
class Signed:
    """What a token said. `extra` is a small number that the kind gives a meaning: position, link version."""

    tenant_id: UUID
    id: UUID
    extra: int


class Signer:
    """Signs many tokens of one kind for one tenant with the current key (some 2 us each).

    HMAC (RFC 2104) hashes the key in two ways first. That is done once here, and both states are copied for each
    token: a third of the time of `hmac.digest`.
    """

    __slots__ = ("_head", "_inner", "_outer")

    def __init__(self, keyring: Keyring, kind: Kind, tenant_id: UUID) -> None:
        key = keyring.key(Purpose.TOKEN_MAC)
        self._head = bytes((kind,)) + _fingerprint(key) + tenant_id.bytes
        block = key.ljust(hashlib.sha256().block_size, b"\0")  # the ring's keys have 32 bytes, half a block
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def sign(self, row_id: UUID, extra: int = 0) -> str:
        """Raises `ValueError` for an `extra` outside 0 .. 2**48 - 1."""
        return self._finished(self._head + row_id.bytes + _extra_bytes(extra))

    def sign_each(self, row_id: UUID, extras: Iterable[int]) -> list[str]:
        """One token for each extra of one row: all the links of a send by their positions."""
        prefix = self._head + row_id.bytes
        return [self._finished(prefix + _extra_bytes(extra)) for extra in extras]

    def _finished(self, payload: bytes) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(payload)
        outer.update(inner.digest())
        return _text(payload + outer.digest()[:_MAC_BYTES])

    def __repr__(self) -> str:
        return f"<Signer {Kind(self._head[0]).name} {UUID(bytes=self._head[3:])}>"


def sign(keyring: Keyring, kind: Kind, tenant_id: UUID, row_id: UUID, extra: int = 0) -> str:
    """One token. For many of one tenant keep a `Signer`."""
    return Signer(keyring, kind, tenant_id).sign(row_id, extra)


def verify(keyring: Keyring, kind: Kind, token: str) -> Signed:
    """What `token` says, if a key of the ring made it for this `kind`. Whatever is wrong: `BadToken`."""
    if not _SIGNED.fullmatch(token):
        raise BadToken
    raw = urlsafe_b64decode(token)
    payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if payload[0] != kind:
        raise BadToken
    for key in keyring.each(Purpose.TOKEN_MAC).values():
        # Two keys may share a fingerprint: it saves work, it decides nothing.
        if payload[1:3] == _fingerprint(key) and hmac.compare_digest(_mac(key, payload), mac):
            tenant, row = (
                payload[3:_HEAD_BYTES],
                payload[_HEAD_BYTES : _HEAD_BYTES + 16],
            )
            extra = int.from_bytes(payload[_HEAD_BYTES + 16 :], "big")
            return Signed(UUID(bytes=tenant), UUID(bytes=row), extra)
    raise BadToken


class NewToken(NamedTuple):
    """A stored token at its birth: `text` goes to the person and nowhere else, `hash` into the row."""

    text: str
    hash: bytes

    def __repr__(self) -> str:
        return "<NewToken>"


def new_token(tenant_id: UUID | None) -> NewToken:
    """256 fresh random bits; `tenant_id` is None for what is global (an agent's invitation or reset)."""
    text = _text((tenant_id or _NO_TENANT).bytes + secrets.token_bytes(32))
    return NewToken(text, hash_of(text))


def derived_token(keyring: Keyring, tenant_id: UUID, row_id: UUID, issue: int = 0) -> NewToken:
    """A stored token that can be made again, by `same_token`, as long as its key is in the ring.

    `issue` counts the tokens that a row had: with the next number the one before is dead. Raises `OverflowError` for
    one below 0.
    """
    return _derived(keyring.key(Purpose.TOKEN_MAC), tenant_id, row_id, issue)


def same_token(keyring: Keyring, tenant_id: UUID, row_id: UUID, issue: int, hash_: bytes) -> str | None:
    """The text of a derived token of which `hash_` was kept; None if the key that made it was dropped."""
    for key in keyring.each(Purpose.TOKEN_MAC).values():
        token = _derived(key, tenant_id, row_id, issue)
        if hmac.compare_digest(token.hash, hash_):
            return token.text
    return None


def hash_of(text: str) -> bytes:
    """SHA-256 under which the row is found. Raises `BadToken` for what cannot be one of ours."""
    if not _STORED.fullmatch(text):
        raise BadToken
    return hashlib.sha256(text.encode("ascii")).digest()


def tenant_of(text: str) -> UUID | None:
    """In which tenant to look; a claim that only the hash's row confirms. Raises `BadToken`."""
    if not _STORED.fullmatch(text):
        raise BadToken
    tenant_id = UUID(bytes=urlsafe_b64decode(text)[:16])
    return None if tenant_id == _NO_TENANT else tenant_id


def _derived(key: bytes, tenant_id: UUID, row_id: UUID, issue: int) -> NewToken:
    # No signed token is over bytes that begin like this: the first byte there is a small number, the kind.
    told = b"bursar stored token" + tenant_id.bytes + row_id.bytes + issue.to_bytes(4, "big")
    text = _text(tenant_id.bytes + hmac.digest(key, told, "sha256"))
    return NewToken(text, hash_of(text))


def _fingerprint(key: bytes) -> bytes:
    return hashlib.sha256(b"bursar token key" + key).digest()[:2]


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, payload, "sha256")[:_MAC_BYTES]


def _text(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).translate(_URL_SAFE).decode("ascii")


def _extra_bytes(extra: int) -> bytes:
    if not 0 <= extra <= _LARGEST_EXTRA:
        raise ValueError("a token's extra number is from 0 to 2**48 - 1")
    return extra.to_bytes(-(-extra.bit_length() // 24) * 3, "big")
