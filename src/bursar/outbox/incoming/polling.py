"""Mailboxes are read in three beats: a folder is leased, looked into with no Work open, and what came is taken in.

Whoever dies in between leaves a lease to run out; what was taken in twice is one row. A mailbox that does not
answer is asked ever less often, and holds up no other.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import random
from typing import Any
from uuid import UUID

import structlog

from bursar.core.errors import N_
from bursar.core.work import Office, Record, Work
from bursar.outbox import backoff
from bursar.outbox.accounts import MAY_SEND
from bursar.outbox.incoming import breaker, classify
from bursar.outbox.incoming.ports import Pile, ReaderFactory
from bursar.outbox.incoming.taking_in import Heard, take_in
from bursar.outbox.ports import AccountRef, NoAnswer, SignedOut
from bursar.outbox.queries import accounts
from bursar.outbox.queries import mailbox_cursors as queries
from bursar.outbox.queries.health import MANY_FAILURES

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=2)
LEASE = timedelta(minutes=3)
DEADLINE_S = 90  # for one look into a folder
OVERLAP = timedelta(hours=48)  # read again where a position means nothing any more
SLICE = 25  # messages taken in by one Work
MOST_DUE = 500
AT_ONCE = 4
NOT_READ = N_("The mailbox could not be read. It is tried again by itself.")
TOO_SLOW = N_("The mail server did not answer in time.")


@dataclass(frozen=True, slots=True)
class Leased:
    """A folder in hand, and the way into its mailbox."""

    id: UUID
    account_id: UUID
    kind: str
    settings: Mapping[str, Any]
    secret: bytes | None
    folder: str
    position: Mapping[str, Any]
    since: datetime
    failures: int
    until: datetime


async def read_due(office: Office, readers: ReaderFactory) -> int:
    """Look into every folder that is due, those that waited longest first, a few at a time; how many there were."""
    async with office.scan() as work:
        due = [(row.tenant_id, row.id) for row in await work.db.execute(queries.due(work.now, MOST_DUE))]
    lanes = asyncio.Semaphore(AT_ONCE)

    async def one(tenant_id: UUID, cursor_id: UUID) -> None:
        async with lanes:
            try:
                await read_folder(office, readers, tenant_id, cursor_id)
            except Exception:  # our own mistake about one mailbox: the others are read, its lease runs out
                log.exception("mailbox_not_read", tenant=str(tenant_id), cursor=str(cursor_id))

    await asyncio.gather(*(one(*each) for each in due))
    return len(due)


async def read_folder(office: Office, readers: ReaderFactory, tenant_id: UUID, cursor_id: UUID) -> list[UUID]:
    """One look into one folder; returns what was new and ours. Nothing, if it is not due or somebody else reads it."""
    leased = await _lease(office, tenant_id, cursor_id)
    if leased is None:
        return []
    try:
        pile = await _look(readers, tenant_id, leased)
    except (NoAnswer, SignedOut) as trouble:
        await _back_off(office, tenant_id, leased, str(trouble) or NOT_READ)
        return []
    except TimeoutError:
        await _back_off(office, tenant_id, leased, TOO_SLOW)
        return []
    except Exception:
        log.exception("mailbox_reader_failed", tenant=str(tenant_id), account=str(leased.account_id))
        await _back_off(office, tenant_id, leased, NOT_READ)
        return []
    heard = await asyncio.to_thread(_read, pile, office.clock.now())
    taken = await store(office, tenant_id, leased.account_id, heard)
    await _settle(office, tenant_id, leased, pile)
    return taken


async def store(office: Office, tenant_id: UUID, account_id: UUID, heard: Sequence[Heard]) -> list[UUID]:
    """The third beat without the folder's part: what was heard, in slices."""
    await breaker.look_after(office, tenant_id, heard)
    taken: list[UUID] = []
    for at in range(0, len(heard), SLICE):
        async with office.work(tenant_id, cause="mailbox") as work:
            taken += await take_in(work, account_id, heard[at : at + SLICE])
    return taken


async def _lease(office: Office, tenant_id: UUID, cursor_id: UUID) -> Leased | None:
    async with office.work(tenant_id, cause="mailbox") as work:
        until = work.now + LEASE
        row = (await work.db.execute(queries.take(work, cursor_id, until))).one_or_none()
        if row is None:
            return None
        account = (await work.db.execute(accounts.one(work, row.sending_account_id))).one()
        if account.state not in MAY_SEND:  # who connects it again wants it read again
            await work.db.execute(queries.settle(work, cursor_id, until, {"next_read_at": work.now + EVERY}))
            return None
        return Leased(
            id=row.id,
            account_id=account.id,
            kind=account.kind,
            settings=account.settings,
            secret=await work.vault.get(account.secret_id) if account.secret_id else None,
            folder=row.folder,
            position=row.position,
            since=(row.read_until or work.now) - OVERLAP,
            failures=row.failures,
            until=until,
        )


async def _look(readers: ReaderFactory, tenant_id: UUID, leased: Leased) -> Pile:
    account = AccountRef(tenant_id, leased.account_id)
    reader = readers(leased.kind, leased.settings, leased.secret, account)
    if reader is None:
        raise SignedOut(N_("This mailbox may not be read. Connect it again and allow reading."))
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await reader.read(leased.folder, leased.position, leased.since, classify.wanted)
    finally:
        await reader.close()


def _read(pile: Pile, now: datetime) -> list[Heard]:
    """Strangers' messages are taken apart in a thread: half a megabyte takes some milliseconds."""
    return [Heard(classify.read(mail.raw), mail.received_at or now, mail.thread) for mail in pile.mails]


async def _settle(office: Office, tenant_id: UUID, leased: Leased, pile: Pile) -> None:
    async with office.work(tenant_id, cause="mailbox") as work:
        values: dict[str, Any] = {
            "position": dict(pile.position),
            "last_read_at": work.now,
            "next_read_at": work.now if pile.more else work.now + EVERY,
            "failures": 0,
            "last_error": None,
        }
        if pile.read_until is not None:
            values["read_until"] = min(pile.read_until, work.now)
        await work.db.execute(queries.settle(work, leased.id, leased.until, values))


async def _back_off(office: Office, tenant_id: UUID, leased: Leased, words: str) -> None:
    failures = leased.failures + 1
    async with office.work(tenant_id, cause="mailbox") as work:
        wait = max(EVERY, backoff.wait_after(failures, random))
        values = {"failures": failures, "last_error": words[:500], "next_read_at": work.now + wait}
        settled = await work.db.scalar(queries.settle(work, leased.id, leased.until, values))
        if settled and failures == MANY_FAILURES:
            await _tell(work, leased)


async def _tell(work: Work, leased: Leased) -> None:
    """Once: answers may lie unseen in a mailbox that cannot be read."""
    await work.record("sending_account.unread", Record(leased.account_id, payload={"folder": leased.folder}))
