"""The second factor: six digits that change every half minute (RFC 6238), paper codes for a lost phone."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from pyotp import random_base32
from pyotp.totp import TOTP

from bursar.core.crypto import Place, keyring_sealer
from bursar.core.keys import Keyring, Purpose

STEP_SECONDS = 30
RECOVERY_CODES = 10
# Without i, l, o and u: what is read from paper as 1 or 0 is taken for it.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_MISREAD = str.maketrans("ilo", "110")
_CODE_LETTERS = 24  # 120 bits: more than the 112 from which a plain hash is enough (R126)
_SIX_DIGITS = re.compile(r"\d{6}")


def new_secret() -> str:
    """160 random bits in base32, as authenticator programs take them."""
    return random_base32()


def seal_secret(keyring: Keyring, account_id: UUID, secret: str) -> bytes:
    """For the account's row only: accounts have no tenant, so the keyring seals it itself (R124)."""
    return keyring_sealer(keyring, Purpose.TOTP).seal(secret.encode(), _place(account_id))


def open_secret(keyring: Keyring, account_id: UUID, sealed: bytes) -> str:
    """Raises `CannotOpen`."""
    return keyring_sealer(keyring, Purpose.TOTP).open(sealed, _place(account_id)).decode()


def provisioning_uri(secret: str, email: str) -> str:
    """What the QR code says. It holds the secret: shown once, never logged."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name="Bursar")


def accepted_step(secret: str, code: str, *, now: datetime, last_step: int | None) -> int | None:
    """The half minute that `code` is of, to be stored as the last one used; None if it is not accepted.

    One step of clock error is forgiven either way. A step at or before `last_step` is spent: a code
    that was looked at over a shoulder does not work a second time.
    """
    typed = re.sub(r"\s", "", code)
    if not _SIX_DIGITS.fullmatch(typed):
        return None
    typed = "".join(str(int(digit)) for digit in typed)  # Arabic digits are digits
    current = int(now.timestamp()) // STEP_SECONDS
    totp = TOTP(secret, interval=STEP_SECONDS)
    found = None
    for step in (current - 1, current, current + 1):
        same = hmac.compare_digest(totp.generate_otp(step), typed)
        if same and (last_step is None or step > last_step):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes of 120 random bits, for paper; only their hashes are stored, and each works once."""
    return [_new_code() for _ in range(RECOVERY_CODES)]


def recovery_hash(code: str) -> bytes:
    """The same for every way a person may write it: capitals, spaces, hyphens, O for 0, I or l for 1."""
    letters = re.sub(r"[\s-]", "", code).lower().translate(_MISREAD)
    return hashlib.sha256(letters.encode()).digest()


def matching_hash(code: str, hashes: Iterable[bytes]) -> bytes | None:
    """Which of the stored hashes `code` spends, if any; the caller removes it from the row."""
    wanted, found = recovery_hash(code), None
    for each in hashes:
        if hmac.compare_digest(each, wanted):
            found = each
    return found


def _new_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LETTERS))
    return "-".join(letters[start : start + 6] for start in range(0, _CODE_LETTERS, 6))


def _place(account_id: UUID) -> Place:
    return Place(None, "accounts", account_id, "totp")
