"""Sealing secrets so that they open only where they were put (R124).

AES-256-GCM with a random 96-bit nonce for each write. The additional data names tenant, table, row
and purpose: a ciphertext copied to another row, or to another tenant's, does not open.

Layout: version (1 byte) | length of the key id (1) | key id | nonce (12) | ciphertext and tag (16).

Keys hang from one another: the keyring's sealer wraps a tenant's data key, the tenant's sealer may
wrap a customer's. Rotating the root therefore re-wraps a few keys and leaves the data alone.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bursar.core.keys import KEY_BYTES, Keyring, Purpose

VERSION = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16


class Why(StrEnum):
    """Why something sealed does not open."""

    UNREADABLE = "not sealed by us, or cut off"
    UNKNOWN_KEY = "sealed with a key that is not on the ring"
    WRONG_PLACE_OR_CHANGED = "moved to another place, changed, or sealed with another key"


class CannotOpen(Exception):
    """A sealed value stays shut. Names the place and the reason, nothing of the content."""

    def __init__(self, why: Why, place: "Place") -> None:
        super().__init__(f"{place}: {why}")
        self.why, self.place = why, place


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value stands. `tenant_id` is None for what belongs to no tenant (accounts)."""

    tenant_id: UUID | None
    table: str
    row_id: UUID
    purpose: str

    def __post_init__(self) -> None:
        if "|" in self.table + self.purpose:
            raise ValueError("a place's parts are joined by |, so none may hold one")

    def __str__(self) -> str:
        tenant = "-" if self.tenant_id is None else str(self.tenant_id)
        return f"v{VERSION}|{tenant}|{self.table}|{self.row_id}|{self.purpose}"


class Sealer:
    """Seals with its current key, opens with any of its keys. Its repr shows ids only."""

    __slots__ = ("_ciphers", "_current")

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = current

    def seal(self, plaintext: bytes, place: Place) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        key_id = self._current.encode()
        body = self._ciphers[self._current].encrypt(nonce, plaintext, str(place).encode())
        return bytes((VERSION, len(key_id))) + key_id + nonce + body

    def open(self, sealed: bytes, place: Place) -> bytes:
        """The plaintext that was sealed at this very `place`. Raises `CannotOpen`."""
        key_id, nonce, body = _split(sealed, place)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise CannotOpen(Why.UNKNOWN_KEY, place)
        try:
            return cipher.decrypt(nonce, body, str(place).encode())
        except InvalidTag:
            raise CannotOpen(Why.WRONG_PLACE_OR_CHANGED, place) from None

    def is_current(self, sealed: bytes) -> bool:
        """False if it was sealed under an older key and should be sealed again at the next write."""
        current = self._current.encode()
        return sealed.startswith(bytes((VERSION, len(current))) + current)

    def __repr__(self) -> str:
        return f"<Sealer {self._current} of {', '.join(self._ciphers)}>"

    def __reduce__(self) -> str:
        raise TypeError("a sealer is not pickled: its keys would leave the process")


def keyring_sealer(keyring: Keyring, purpose: Purpose) -> Sealer:
    """Seals directly under the keyring: data keys (WRAP) and what has no tenant (TOTP)."""
    return Sealer(keyring.each(purpose), keyring.current_id)


def new_data_key(wrapper: Sealer, place: Place) -> bytes:
    """A fresh data key, already wrapped for the row at `place`; the bare key never leaves here."""
    return wrapper.seal(os.urandom(KEY_BYTES), place)


def data_sealer(wrapper: Sealer, wrapped: bytes, place: Place) -> Sealer:
    """The sealer of the data key wrapped at `place`. Raises `CannotOpen`."""
    key = wrapper.open(wrapped, place)
    key_id = hashlib.sha256(b"bursar data key id" + key).hexdigest()[:8]
    return Sealer({key_id: key}, key_id)


def rewrap(wrapper: Sealer, wrapped: bytes, place: Place) -> bytes:
    """The same data key under the wrapper's current key; what it sealed stays readable. Or `CannotOpen`."""
    return wrapper.seal(wrapper.open(wrapped, place), place)


def _split(sealed: bytes, place: Place) -> tuple[str, bytes, bytes]:
    start = 2 + (sealed[1] if len(sealed) > 1 else 0)
    if len(sealed) < start + _NONCE_BYTES + _TAG_BYTES or sealed[0] != VERSION:
        raise CannotOpen(Why.UNREADABLE, place)
    nonce_end = start + _NONCE_BYTES
    return (
        sealed[2:start].decode("ascii", "replace"),
        sealed[start:nonce_end],
        sealed[nonce_end:],
    )
