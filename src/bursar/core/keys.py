"""The keyring: the program's root keys, from one setting, and what is derived from them (R124, R126).

The setting is a list, newest first: `k2:<base64>,k1:<base64>`. The first key makes everything new;
the others only open and verify what was made under them, so a key is rotated by putting a new one
in front and dropped once nothing names it any more.
"""

import base64
import binascii
import re
import secrets
from enum import StrEnum
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_KEY_ID = re.compile(r"[a-z0-9]{1,8}")
# 32 random bytes hold some 30 different ones; a typed or repeated phrase holds few.
_FEWEST_DIFFERENT_BYTES = 16


class Purpose(StrEnum):
    """What a derived key is for. No key serves two purposes, so a leak of one spares the others."""

    WRAP = "wrap"
    TOKEN_MAC = "token-mac"  # noqa: S105  the name of a purpose, not a password
    TOTP = "totp"
    APP_PASSWORD = "app-password"  # noqa: S105  likewise


class BadKeyring(ValueError):
    """The setting cannot be used. Says which entry and why, never what it holds."""


class Keyring:
    """Root keys by id and their derived keys. Nothing it prints, raises or pickles shows a key."""

    __slots__ = ("_current", "_derived", "_roots")

    def __init__(self, roots: dict[str, bytes]) -> None:
        """`roots` by id, current first. Raises `BadKeyring`."""
        if not roots:
            raise BadKeyring("the keyring is empty; it needs an entry like k1: and 32 random bytes in base64")
        if len(set(roots.values())) != len(roots):
            raise BadKeyring("two ids of the keyring hold the same key; a rotation needs a new one")
        for key_id, root in roots.items():
            _check(key_id, root)
        self._roots = dict(roots)
        self._current = next(iter(roots))
        self._derived: dict[tuple[str, Purpose], bytes] = {}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the setting: `id:base64` (plain or URL alphabet) separated by commas. Raises `BadKeyring`."""
        roots: dict[str, bytes] = {}
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        for position, entry in enumerate(entries, start=1):
            key_id, separator, encoded = entry.partition(":")
            if not separator:
                raise BadKeyring(f"entry {position} of the keyring is not written as id:base64")
            if key_id in roots:
                raise BadKeyring(f"entry {position} of the keyring repeats the id of an earlier one")
            roots[key_id] = _decode(encoded, position)
        return cls(roots)

    @property
    def current_id(self) -> str:
        """The id under which new things are made."""
        return self._current

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids, the current one first."""
        return tuple(self._roots)

    def key(self, purpose: Purpose, key_id: str | None = None) -> bytes:
        """The 32 bytes derived for `purpose` from the current root, or from `key_id`. Raises `KeyError`."""
        key_id = self._current if key_id is None else key_id
        derived = self._derived.get((key_id, purpose))
        if derived is None:
            info = f"bursar/v1/{purpose}".encode()
            hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info)
            derived = self._derived[key_id, purpose] = hkdf.derive(self._roots[key_id])
        return derived

    def each(self, purpose: Purpose) -> dict[str, bytes]:
        """The derived keys of every root by id, the current one first."""
        return {key_id: self.key(purpose, key_id) for key_id in self._roots}

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(self._roots)}>"

    def __reduce__(self) -> str:
        raise TypeError("a keyring is not pickled: its keys would leave the process")


def new_entry(key_id: str) -> str:
    """One fresh random entry for the setting. Raises `BadKeyring` for an id that cannot be used."""
    root = secrets.token_bytes(KEY_BYTES)
    _check(key_id, root)
    return f"{key_id}:{base64.b64encode(root).decode()}"


def _decode(encoded: str, position: int) -> bytes:
    text = encoded.strip().translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        # `from None`: the decoder's own error could quote the text.
        raise BadKeyring(f"entry {position} of the keyring is not base64 after its colon") from None


def _check(key_id: str, root: bytes) -> None:
    if not _KEY_ID.fullmatch(key_id):
        raise BadKeyring("a key's id is 1 to 8 small letters or digits, and one of them is not")
    if len(root) != KEY_BYTES:
        raise BadKeyring(f"key {key_id} holds {len(root)} bytes and must hold {KEY_BYTES}")
    if len(set(root)) < _FEWEST_DIFFERENT_BYTES:
        raise BadKeyring(f"key {key_id} does not look random; take 32 bytes of `openssl rand -base64 32`")
