"""What became of a message that was handed over and not answered: the mailbox's Sent folder knows (lifecycle 10).

Found there, it was sent. Not found, after long enough for the provider to have finished and to have filed it, it
never was, and goes again. A mailbox that cannot be asked, or does not answer, leaves it to a person (T2).
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row

from bursar.core.work import Office, Record, Work
from bursar.outbox.ports import AccountRef, Finder, FinderFactory, NoAnswer, SignedOut, Trace
from bursar.outbox.queries import accounts as accounts_queries
from bursar.outbox.queries import finding as queries
from bursar.outbox.queries.reading import add_attempt
from bursar.outbox.queries.runs import free_rungs
from bursar.outbox.states import SIGNS_IN_BY_CONSENT, SendState

log = structlog.get_logger(__name__)

SEARCH_AFTER = timedelta(minutes=1)  # a message is in Sent within seconds of its acceptance
ABSENT_AFTER = timedelta(minutes=10)  # what is not there by then will not be
A_ROUND = 100  # sends of one account that are looked for at a time
AT_ONCE = 8  # accounts


async def look_for_lost(
    office: Office, finders: FinderFactory, *, absent_after: timedelta = ABSENT_AFTER
) -> Counter[str]:
    """Ask for every send in doubt whose mailbox can be asked; how many were found, proved absent, left in doubt."""
    async with office.scan() as scan:
        found = (await scan.db.execute(queries.accounts_in_doubt(sorted(SIGNS_IN_BY_CONSENT)))).all()
    room = asyncio.Semaphore(AT_ONCE)

    async def one(account: AccountRef) -> Counter[str]:
        async with room:
            try:
                return await _look_in(office, finders, account, absent_after)
            except Exception:
                log.exception("search_failed", tenant=str(account.tenant_id), account=str(account.id))
                return Counter()

    counts = await asyncio.gather(*(one(AccountRef(row.tenant_id, row.id)) for row in found))
    return sum(counts, Counter[str]())


async def _look_in(
    office: Office, finders: FinderFactory, account: AccountRef, absent_after: timedelta
) -> Counter[str]:
    async with office.work(account.tenant_id, read_only=True, cause="search") as work:
        row = (await work.db.execute(accounts_queries.one(work, account.id))).one()
        doubtful = (await work.db.execute(queries.in_doubt(work, account.id, A_ROUND))).all()
        now = work.now
    finder = finders(row.kind, row.settings, account)
    if finder is None:
        return Counter()
    try:
        traces = await _traces(finder, doubtful, now - min(SEARCH_AFTER, absent_after))
    finally:
        await finder.close()
    counts: Counter[str] = Counter()
    since = {one.id: one.since for one in doubtful}
    for send_id, trace in traces.items():
        async with office.work(account.tenant_id, cause="search") as work:
            if trace is not None:
                counts["found"] += await found_sent(work, send_id, trace)
            elif since[send_id] <= now - absent_after:
                counts["absent"] += await _proved_absent(work, send_id)
            else:
                counts["in doubt"] += 1
    return counts


async def _traces(finder: Finder, doubtful: Sequence[Row[Any]], before: datetime) -> dict[UUID, Trace | None]:
    """What the mailbox says of each; it ends at the first question that gets no answer."""
    traces: dict[UUID, Trace | None] = {}
    for one in doubtful:
        if one.since > before:
            continue
        try:
            traces[one.id] = await finder.find(one.message_id)
        except (NoAnswer, SignedOut) as trouble:
            log.warning("search_unanswered", trouble=str(trouble))
            break
    return traces


async def found_sent(work: Work, send_id: UUID, trace: Trace) -> int:
    """It went. 0 if somebody knew before us."""
    row = (await work.db.execute(queries.found(work, send_id, trace.provider_id, trace.thread))).one_or_none()
    if row is None:
        return 0
    attempt = {
        "send_id": send_id,
        "number": row.attempts,
        "outcome": "found",
        "error_code": None,
        "error": None,
    }
    await work.db.execute(add_attempt(work, attempt))
    await work.record("send.found", Record(send_id, row.customer_id))
    return 1


async def _proved_absent(work: Work, send_id: UUID) -> int:
    await work.db.execute(queries.run_of(work, send_id))
    row = (await work.db.execute(queries.proved_absent(work, send_id))).one_or_none()
    if row is None:
        return 0
    if row.state == SendState.CANCELLED:
        await work.db.execute(free_rungs(work, [send_id], "run_closed"))
    attempt = {
        "send_id": send_id,
        "number": row.attempts,
        "outcome": "absent",
        "error_code": None,
        "error": None,
    }
    await work.db.execute(add_attempt(work, attempt))
    await work.record("send.proved_absent", Record(send_id, row.customer_id))
    return 1
