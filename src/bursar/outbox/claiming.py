"""The first beat: take sends of one account out of the queue, say each from live facts, commit before any byte."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import starmap
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, Refusal
from bursar.core.schema import rows_text, uuids_text
from bursar.core.work import Office, Work
from bursar.outbox import pausing, screening
from bursar.outbox.batches import Account, Batch, Claimed, Said
from bursar.outbox.composing import Composers
from bursar.outbox.letters import Addressee, Letterhead, Letters, new_message_ids
from bursar.outbox.mime import Thread
from bursar.outbox.queries import claims as queries
from bursar.outbox.queries import reserving
from bursar.outbox.queries.claims import Taken
from bursar.outbox.saying import say
from bursar.outbox.states import MailStream

LEASE = timedelta(seconds=30)  # a worker that lives renews it; see pump.Pump
THREADED = timedelta(days=90)  # a reminder answers those of this time (R103)
Threading = tuple[
    Thread | None, str | None
]  # our earlier letters, and the provider's name of the conversation
NO_THREAD: Threading = (None, None)


@dataclass(frozen=True, slots=True)
class _Reserved:
    """Room on an account that nobody else can use any more: its quota and its pace are spoken for."""

    claim_id: UUID
    account: Account
    room: int
    open_runs: Sequence[UUID]
    paced_to: datetime
    full: int  # what a whole batch would be


async def claim(
    office: Office,
    tenant_id: UUID,
    account_id: UUID,
    letters: Letters,
    composers: Composers,
    *,
    lease: timedelta = LEASE,
) -> Claimed | None:
    """Up to a batch of the account's due sends, composed; None if it may not send now or nothing is free.

    First room is reserved under the account's lock. An account without a pace is let go again before its sends
    are taken under their own locks, so that claims of it are composed side by side; one with a pace gives no
    second claim for a while, and a single Work is half the cost of a small batch. Facts are read without locks.
    When this returns, the claim is committed: whoever dies from here on leaves a lease to run out.
    """
    async with office.work(tenant_id, cause="pump") as work:
        reserved = await _reserve(work, account_id, lease)
        if reserved is None:
            return None
        if reserved.account.batch_interval:
            return await _fill(work, reserved, letters, composers)
    async with office.work(tenant_id, cause="pump") as work:
        return await _fill(work, reserved, letters, composers)


async def _reserve(work: Work, account_id: UUID, lease: timedelta) -> _Reserved | None:
    """A batch, or what the rolling quota leaves of it; an account at its cap is throttled."""
    named = {"tenant_id": work.tenant_id, "account_id": account_id, "now": work.now}
    row = (await work.db.execute(reserving.lock_account(), named)).one_or_none()
    if row is None:
        return None
    claim_id, paced_to = uuid4(), work.now + row.batch_interval
    asked = {
        "tenant_id": work.tenant_id,
        "account_id": account_id,
        "claim": claim_id,
        "batch_size": row.batch_size,
        "daily_quota": row.daily_quota,
        "now": work.now,
        "span": timedelta(hours=reserving.QUOTA_HOURS - 1),
        "lease_until": work.now + lease,
        "paced_to": paced_to,
    }
    left = (await work.db.execute(reserving.RESERVE, asked)).one()
    if left.room <= 0:
        if left.used >= row.daily_quota:
            until = left.oldest + timedelta(hours=reserving.QUOTA_HOURS)
            await pausing.throttle(work, account_id, until)
        return None
    return _Reserved(claim_id, _account_of(row), left.room, left.open_runs or [], paced_to, row.batch_size)


async def _fill(work: Work, reserved: _Reserved, letters: Letters, composers: Composers) -> Claimed | None:
    """What is due, claimed; what was reserved is given back where nothing goes out of it."""
    claimed = await _claim_due(work, reserved, letters, composers)
    if claimed is None or not claimed.letters:
        await work.db.execute(reserving.drop_claim(work, reserved.claim_id))
        await work.db.execute(reserving.give_pace_back(work, reserved.account.id, reserved.paced_to))
    return claimed


async def _claim_due(
    work: Work, reserved: _Reserved, letters: Letters, composers: Composers
) -> Claimed | None:
    """Take what is due into the room, say it, and write it down."""
    named = {
        "tenant_id": work.tenant_id,
        "account_id": reserved.account.id,
        "now": work.now,
        "open_runs": uuids_text(reserved.open_runs),
        "many": reserved.room,
    }
    found = (await work.db.execute(queries.next_sends(), named)).all()
    if not found:
        return None
    batch = Batch({send.id: send for send in starmap(Taken, found)})
    screening.drop_suppressed(batch)
    await screening.wait_for_windows(work, batch)
    said = await say(work, batch, letters, composers)
    await screening.one_nudge_a_day(work, batch)
    claimed = await _take(work, batch, reserved, letters, said, full=len(found) == reserved.full)
    await _write_the_rest(work, batch)
    return claimed


async def _take(
    work: Work,
    batch: Batch,
    reserved: _Reserved,
    letters: Letters,
    said: Mapping[UUID, Said],
    *,
    full: bool,
) -> Claimed:
    """Write what was composed and hand over the letters; from here on they are `sending`."""
    claim_id, account = reserved.claim_id, reserved.account
    threads = await _threads(work, batch, account.id)
    written, rows = [], []
    new_ids = new_message_ids(batch.rows, account.head.address)
    for row, new_id in zip(list(batch.rows.values()), new_ids, strict=True):
        this, stream = said[row.id], MailStream(row.stream)
        thread, conversation = (
            threads.get(row.customer_id, NO_THREAD) if stream is MailStream.REMINDER else NO_THREAD
        )
        thread = this.thread or thread  # an answer goes on with what it answers
        message_id = row.message_id or new_id
        to = Addressee(row.id, row.to_address or "", row.to_name or "", stream)
        head = this.head(account.head)
        try:
            written.append(
                letters.write(
                    work.tenant_id,
                    head,
                    to,
                    this.composed,
                    message_id=message_id,
                    date=work.now,
                    thread=thread,
                    private_url=this.private_link,
                )._replace(thread=conversation)
            )
        except Refusal as refusal:  # what cannot stand in the head of a letter stops that letter alone
            batch.broken[refusal.code].append(row.id)
            batch.leave([row.id])
            continue
        rows.append(_row(row.id, this, message_id, thread))
    tries = {row.id: row.attempts + 1 for row in batch.rows.values()}
    if not rows:
        return Claimed(claim_id, work.tenant_id, account, (), tries, work.now, full)
    parameters = {
        "tenant_id": work.tenant_id,
        "claim": claim_id,
        "ids": uuids_text(batch.rows),
        "rows": rows_text(rows),
    }
    if not await work.db.scalar(queries.TAKE, parameters):  # too slow: nothing of this happened
        raise Conflict(N_("This worker was too slow and gives its turn away."), code="lease_lost")
    carried = {row.id: said[row.id].attachment for row in batch.rows.values()}
    attachments = {send_id: attachment for send_id, attachment in carried.items() if attachment}
    return Claimed(claim_id, work.tenant_id, account, tuple(written), tries, work.now, full, attachments)


def _row(send_id: UUID, said: Said, message_id: str, thread: Thread | None) -> dict[str, Any]:
    """What a claimed send keeps of its letter: enough to render it again and to find it at the provider."""
    return {
        "id": send_id.hex,
        "message_id": message_id,
        "thread_id": thread.references[0] if thread else message_id,
        "subject": said.composed.subject,
        "links": list(said.composed.links),
        "merge_data": said.merge_data,
        "sha256": said.composed.content_sha256.hex(),
    }


async def _threads(work: Work, batch: Batch, account_id: UUID) -> dict[UUID | None, Threading]:
    customers = {
        row.customer_id
        for row in batch.rows.values()
        if row.customer_id is not None and row.stream == MailStream.REMINDER
    }
    if not customers:
        return {}
    named = {
        "tenant_id": work.tenant_id,
        "account_id": account_id,
        "ids": uuids_text(customers),
        "since": work.now - THREADED,
    }
    return {
        row.customer_id: (
            Thread(row.ids[-1], (row.ids[0], *row.ids[1:][-19:])),
            row.conversations[0] if row.conversations else None,
        )
        for row in await work.db.execute(queries.threads(), named)
    }


async def _write_the_rest(work: Work, batch: Batch) -> None:
    for reason, ids in batch.suppressed.items():
        await work.db.execute(queries.suppress(work, ids, reason))
    for reason, ids in batch.broken.items():
        await work.db.execute(queries.fail(work, ids, reason))
    for until, ids in batch.delayed.items():
        await work.db.execute(queries.delay(work, ids, until, counted=True))
    for until, ids in batch.passed_over.items():
        await work.db.execute(queries.delay(work, ids, until, counted=False))
    if batch.changed:
        await work.db.execute(queries.hold_changed(work, batch.changed))


def _account_of(row: Row[Any]) -> Account:
    settings = row.tenant_settings or {}
    tracked = settings.get("tracking", row.country != "FR")  # R105: opening is consent's business there
    head = Letterhead(row.address, row.display_name or row.tenant_name, row.reply_to, tracked)
    return Account(
        row.id,
        row.kind,
        head,
        row.settings,
        row.secret_id,
        row.batch_interval,
        row.last_validated_at,
        ailing=row.last_error is not None,
    )
