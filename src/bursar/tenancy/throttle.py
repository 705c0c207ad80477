"""Guessing gets slower and slower, without a lock that a stranger could put on an account (R135).

Failures are counted for an account as seen from one address, and for the address as a whole. Someone who
guesses elsewhere makes the owner wait nowhere.
"""

from hashlib import sha256
from typing import NamedTuple

from bursar.core.errors import N_, TooMany
from bursar.core.work import Office, Work
from bursar.tenancy.queries import accounts as queries
from bursar.tenancy.rules import FREE_FAILURES, FREE_FAILURES_OF_ADDRESS, throttle_address


class Counter(NamedTuple):
    """One row of attempts. `own` is forgotten at success; an address only gets its one attempt back."""

    key: str
    free: int
    own: bool


def counters(act: str, subject: str, ip: str | None) -> tuple[Counter, Counter]:
    """For `subject` (an address as typed, an id) from this address, and for the address alone.

    Keys are hashed: people type passwords into the field for the address.
    """
    address = throttle_address(ip)
    return (
        Counter(_key(act, address), FREE_FAILURES_OF_ADDRESS, own=False),
        Counter(_key(act, subject, address), FREE_FAILURES, own=True),
    )


def of_account(act: str, account_id: str) -> Counter:
    """From wherever: only for what comes after the right password, or a stranger could lock the owner out."""
    return Counter(_key(act, account_id), FREE_FAILURES, own=True)


async def count(office: Office, *counted: Counter) -> None:
    """Count an attempt before it is made. Raises `TooMany` with the seconds to wait; then nothing counts."""
    async with office.directory() as work:
        for counter in counted:
            if await work.db.scalar(queries.count_attempt(counter.key, counter.free, work.now)) is None:
                raise TooMany(
                    N_("Too many attempts. Wait %(seconds)s seconds, then try again."),
                    code="too_many_attempts",
                    seconds=await _seconds_left(work, counter),
                )


async def forgive(office: Office, *counted: Counter) -> None:
    """The attempt was right, or could not be judged."""
    async with office.directory() as work:
        for counter in counted:
            forgotten = queries.forget_attempts if counter.own else queries.give_attempt_back
            await work.db.execute(forgotten(counter.key))


async def drop_old(office: Office) -> None:
    """Housekeeping of the directory: failures that no longer count are deleted."""
    async with office.directory() as work:
        await work.db.execute(queries.drop_old_attempts(work.now))


async def _seconds_left(work: Work, counter: Counter) -> int:
    until = await work.db.scalar(queries.blocked_until(counter.key))
    return max(1, round((until - work.now).total_seconds())) if until else 1


def _key(*parts: str) -> str:
    return sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
