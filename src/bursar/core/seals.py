"""The journal's seals: two chains a tenant in which nothing can be changed, left out or slipped in unseen (R145).

A seal covers all rows of its stream from the one before it up to `up_to_id`, and its hash is

    sha256(previous hash | "<stream>|<number>|<up_to_id>" | newline | each row's JSON in id order, newline)

A uuidv7 is drawn at insert and committed later. Only rows older than `SETTLED` are sealed: no transaction
lives that long. All times here are those of the database, whose clock draws the ids.

Whoever rewrites rows *and* all seals after them leaves a chain that is whole; so the head is anchored outside
(the daily mail to the owner) and given to `verify`.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import Stream
from bursar.core.queries import seals as queries
from bursar.core.work import Office, Work

SETTLED = timedelta(seconds=90)
ROWS_AT_ONCE = 20_000
"""Of one seal, and of one Work that verifies: a second of work, far below the transaction's timeout."""

SEALS_AT_ONCE = 1_000
"""Of one Work that verifies: a quiet tenant has many seals over few rows."""

BEFORE_ALL = UUID(int=0)
NO_HASH = bytes(32)


class SealsStopped(Conflict):
    """The database's clock stepped back behind the last seal: sealing waits until it has caught up."""


class Why(StrEnum):
    """How a chain is broken."""

    ROWS = "rows"  # changed, removed or slipped in below the watermark
    SEAL = "seal"  # a seal is missing, repeated, or does not follow the one before it
    ANCHOR = "anchor"  # the chain is whole and is not the one that was anchored


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal of a chain: what is kept outside the database."""

    stream: Stream
    number: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.stream}:{self.number}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote. Raises `Invalid`."""
        try:
            stream, number, digest = text.strip().split(":")
            return cls(Stream(stream), int(number), bytes.fromhex(digest))
        except ValueError:
            message = N_("A seal's head looks like events:12:9f86…, as `bursar audit heads` prints it.")
            raise Invalid(message, code="bad_head", field="head") from None


@dataclass(frozen=True, slots=True)
class Bad:
    """The first seal that does not hold, and the ids between which to look."""

    stream: Stream
    number: int
    after_id: UUID
    up_to_id: UUID
    why: Why

    def __str__(self) -> str:
        return f"{self.stream} seal {self.number} ({self.why}): {self.after_id} .. {self.up_to_id}"


@dataclass(frozen=True, slots=True)
class Verified:
    """`rows` stand under seals that hold; `finished` is False while there is more to look at."""

    rows: int = 0
    first_bad: Bad | None = None
    finished: bool = False
    stream: Stream = Stream.EVENTS
    number: int = 0
    up_to_id: UUID = BEFORE_ALL
    hash: bytes = NO_HASH

    @property
    def ok(self) -> bool:
        return self.first_bad is None


async def seal(work: Work, stream: Stream) -> int:
    """Seal what has settled since the last seal: how many rows (none is a seal too: nothing was there).

    At most `ROWS_AT_ONCE`; call again while it returns that many. Raises `SealsStopped`.
    """
    await work.db.execute(queries.lock_chain(work.tenant_id, stream))
    last = (await work.db.execute(queries.last_seal(work.tenant_id, stream))).one_or_none()
    number, after, previous = (last.number, last.up_to_id, last.hash) if last else (0, BEFORE_ALL, NO_HASH)
    bound = first_id_at(await work.db.scalar(queries.DATABASE_CLOCK) - SETTLED)
    if bound <= after:
        raise SealsStopped(
            N_("The database's clock stepped back: sealing waits for it."), code="clock_stepped_back"
        )
    rows = (
        await work.db.execute(queries.rows_between(work.tenant_id, stream, after, bound, ROWS_AT_ONCE))
    ).all()
    up_to = rows[-1].id if len(rows) == ROWS_AT_ONCE else bound
    digest = chain(previous, stream, number + 1, up_to, (row.json for row in rows))
    await work.db.execute(
        queries.add_seal(
            work.tenant_id,
            stream=stream,
            number=number + 1,
            up_to_id=up_to,
            row_count=len(rows),
            hash=digest,
            previous_hash=previous,
        )
    )
    return len(rows)


async def heads(work: Work) -> list[Head]:
    """The newest seal of each chain, to be kept outside."""
    found = [
        (await work.db.execute(queries.last_seal(work.tenant_id, stream))).one_or_none() for stream in Stream
    ]
    return [Head(Stream(seal.stream), seal.number, seal.hash) for seal in found if seal]


async def verify(work: Work, since: Verified, anchors: Iterable[Head] = ()) -> Verified:
    """Go on from `since` (at first `Verified()`) over some `ROWS_AT_ONCE` rows; `finished` says when to stop."""
    anchored = [head for head in anchors if head.stream is since.stream]
    found = await work.db.execute(
        queries.seals_after(work.tenant_id, since.stream, since.number, SEALS_AT_ONCE)
    )
    seals = _up_to(found.all(), ROWS_AT_ONCE)
    if not seals:
        return _next_chain(since, anchored)
    last = max(each.up_to_id for each in seals)
    rows = deque(
        await work.db.execute(queries.rows_between(work.tenant_id, since.stream, since.up_to_id, last, None))
    )
    now = since
    for each in seals:
        own: list[str] = []
        while rows and rows[0].id <= each.up_to_id:
            own.append(rows.popleft().json)
        now = _follow(now, each, own, anchored)
        if now.finished:
            break
    return now


async def audit(office: Office, tenant_id: UUID, anchors: Sequence[Head] = ()) -> Verified:
    """Both chains from their beginning, in a Work for each slice."""
    done = Verified()
    while not done.finished:
        async with office.work(tenant_id, read_only=True) as work:
            done = await verify(work, done, anchors)
    return done


def chain(previous: bytes, stream: Stream, number: int, up_to: UUID, rows: Iterable[str]) -> bytes:
    """The hash of a seal. It covers the seal's own bounds, so that they cannot be shifted."""
    digest = hashlib.sha256(previous)
    digest.update(f"{stream}|{number}|{up_to}\n".encode())
    for row in rows:
        digest.update(row.encode())
        digest.update(b"\n")
    return digest.digest()


def first_id_at(instant: datetime) -> UUID:
    """The lowest uuidv7 of a millisecond."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)


def _up_to(seals: Sequence[Row[Any]], rows: int) -> list[Row[Any]]:
    """The first seals that cover no more than `rows` together, but at least one."""
    chosen, counted = [], 0
    for each in seals:
        counted += each.row_count
        if chosen and counted > rows:
            break
        chosen.append(each)
    return chosen


def _follow(now: Verified, seal: Row[Any], rows: Sequence[str], anchored: Sequence[Head]) -> Verified:
    why = None
    if (seal.number, seal.previous_hash) != (now.number + 1, now.hash) or seal.up_to_id <= now.up_to_id:
        why = Why.SEAL
    elif chain(now.hash, now.stream, seal.number, seal.up_to_id, rows) != seal.hash:
        why = Why.ROWS
    elif any(head.number == seal.number and head.hash != seal.hash for head in anchored):
        why = Why.ANCHOR
    if why:
        bad = Bad(now.stream, seal.number, now.up_to_id, seal.up_to_id, why)
        return replace(now, first_bad=bad, finished=True)
    return replace(now, rows=now.rows + len(rows), number=seal.number, up_to_id=seal.up_to_id, hash=seal.hash)


def _next_chain(now: Verified, anchored: Sequence[Head]) -> Verified:
    """A chain ends here: at or beyond what was anchored, or it was cut."""
    missing = min((head.number for head in anchored if head.number > now.number), default=None)
    if missing is not None:
        bad = Bad(now.stream, missing, now.up_to_id, now.up_to_id, Why.ANCHOR)
        return replace(now, first_bad=bad, finished=True)
    if now.stream is Stream.EVENTS:
        return Verified(rows=now.rows, stream=Stream.ATTEMPTS)
    return replace(now, finished=True)


async def chains_to_seal(work: Work) -> list[tuple[UUID, Stream]]:
    """Those with rows that settled and are not sealed, or without a seal for a day; for a scan."""
    now = await work.db.scalar(queries.DATABASE_CLOCK)
    settled, day_ago = first_id_at(now - SETTLED), first_id_at(now - timedelta(days=1))
    return [
        (tenant_id, stream)
        for stream in Stream
        for tenant_id in await work.db.scalars(queries.tenants_to_seal(stream, settled, day_ago))
    ]
