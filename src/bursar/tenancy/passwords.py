"""Passwords: what may be one, and how they are kept (R135): argon2id, at the same cost for everybody."""

import asyncio
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from bursar.core.errors import N_, Invalid
from bursar.tenancy.common_passwords import is_common

T = TypeVar("T")

SHORTEST, LONGEST = 8, 200

# A hash takes 64 MiB and a core for a tenth of a second: two at a time, the others wait in line.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


class Hashing(NamedTuple):
    """What a hash costs, and at that cost one of 256 random bits that nobody kept.

    An unknown account is checked against `nobodys`, so that the answer takes as long as for a known one.
    """

    hasher: PasswordHash
    nobodys: str


FULL = Hashing(
    PasswordHash((Argon2Hasher(),)),
    "$argon2id$v=19$m=65536,t=3,p=4$iConXxK9FFQL+4DDP8PG1A$GEoOtwn9/6sGk90GnIWco8tLpsuhW1PljgBEiXW7uV8",
)
"""RFC 9106's second choice, as argon2-cffi has it; a test holds `nobodys` against the hasher."""

_hashing = FULL


class Checked(NamedTuple):
    """`rehash`, if given, is to be stored instead: the old one was made with weaker parameters."""

    right: bool
    rehash: str | None


def refuse_weak(password: str, *, about: Iterable[str] = ()) -> None:
    """Raises `Invalid` for a password too short, too long or easily guessed.

    Any character may stand in it and none must. `about` are the words near the person: name, e-mail
    address, firm.
    """
    if len(password) < SHORTEST:
        raise Invalid(
            N_("A password has at least %(shortest)s characters; 15 or more are better."),
            code="password_short",
            field="password",
            shortest=SHORTEST,
        )
    if len(password) > LONGEST:
        raise Invalid(
            N_("A password has at most %(longest)s characters."),
            code="password_long",
            field="password",
            longest=LONGEST,
        )
    if is_common(password, about):
        raise Invalid(
            N_("This password is easy to guess. Take several words that have nothing to do with each other."),
            code="password_common",
            field="password",
        )


def hash_by(hashing: Hashing) -> Hashing:
    """From now on in this process; returns what was before. A suite that signs in a thousand times takes less."""
    global _hashing  # one process, one cost: a parameter would pass through every sign-in
    before, _hashing = _hashing, hashing
    return before


async def hash_password(password: str) -> str:
    """The text to store, salt and parameters inside."""
    return await _in_thread(_hashing.hasher.hash, _normal(password))


async def check_password(password: str, stored: str | None) -> Checked:
    """Whether it is the one; with `stored` None (no account, no password yet) a no that costs the same."""
    hasher, nobodys = _hashing
    right, rehash = await _in_thread(hasher.verify_and_update, _normal(password), stored or nobodys)
    return Checked(right and stored is not None, rehash if stored is not None else None)


def _normal(password: str) -> bytes:
    """One spelling for é typed as one key or as two: keyboards differ, the password does not."""
    # Nothing this long was ever stored (one letter may take several keys); a megabyte costs no more.
    return unicodedata.normalize("NFC", password[: 5 * LONGEST]).encode("utf-8", "surrogatepass")


async def _in_thread(act: Callable[..., T], *parts: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, act, *parts)
