"""The first beat: take sends of one account out of the queue, say each from live facts, commit before any byte."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row

from bursar.core.errors import Refusal
from bursar.core.schema import uuids_text
from bursar.core.work import Office, Work
from bursar.outbox import pausing, screening
from bursar.outbox.batches import Account, Batch, Claimed, Said
from bursar.outbox.composing import Composers
from bursar.outbox.letters import Addressee, Letterhead, Letters, new_message_id
from bursar.outbox.mime import Thread
from bursar.outbox.queries import claims as queries
from bursar.outbox.saying import say
from bursar.outbox.states import MailStream

LEASE = timedelta(seconds=30)  # a worker that lives renews it; see pump.Pump


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

    Locks its account and its sends, nothing else; facts are read without locks. When this returns, the
    claim is committed: whoever dies from here on leaves a lease to run out.
    """
    async with office.work(tenant_id, cause="pump") as work:
        row = (await work.db.execute(queries.lock_account(work, account_id))).one_or_none()
        if row is None:
            return None
        room, open_runs = await _room(work, row)
        if room <= 0:
            return None
        named = {
            "tenant_id": tenant_id,
            "account_id": account_id,
            "now": work.now,
            "open_runs": uuids_text(open_runs),
            "many": room,
        }
        found = (await work.db.execute(queries.next_sends(), named)).all()
        if not found:
            return None
        batch = Batch({send.id: send for send in found})
        screening.drop_suppressed(batch)
        await screening.wait_for_windows(work, batch)
        said = await say(work, batch, letters, composers)
        await screening.one_nudge_a_day(work, batch)
        account = _account_of(row)
        full = len(found) == row.batch_size
        claimed = await _take(work, batch, account, letters, said, full=full, lease=lease)
        await _write_the_rest(work, batch)
        if claimed.letters:
            await work.db.execute(queries.pace(work, account_id, work.now + account.batch_interval))
        return claimed


async def _room(work: Work, account: Row[Any]) -> tuple[int, list[UUID]]:
    """How many may go now, a batch or what the rolling quota leaves, and of which runs.

    An account at its cap is throttled.
    """
    spent = (await work.db.execute(queries.spent(work, account.id))).one()
    left = account.daily_quota - spent.used - spent.in_hand
    if left <= 0 and spent.used >= account.daily_quota:
        until = spent.oldest + timedelta(hours=queries.QUOTA_HOURS)
        await pausing.throttle(work, account.id, until)
    return min(account.batch_size, left), spent.open_runs or []


async def _take(
    work: Work,
    batch: Batch,
    account: Account,
    letters: Letters,
    said: Mapping[UUID, Said],
    *,
    full: bool,
    lease: timedelta,
) -> Claimed:
    """Write what was composed and hand over the letters; from here on they are `sending`."""
    claim_id = uuid4()
    threads = await _threads(work, batch)
    written, rows = [], []
    for row in list(batch.rows.values()):
        this = said[row.id]
        thread = threads.get(row.customer_id) if row.stream == MailStream.REMINDER else None
        message_id = row.message_id or new_message_id(row.id, account.head.address)
        to = Addressee(row.id, row.to_address, row.to_name or "", MailStream(row.stream))
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
                )
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
        "rows": json.dumps(rows, ensure_ascii=False),
    }
    await work.db.execute(queries.TAKE, parameters)
    await work.db.execute(
        queries.add_claim(
            work,
            {
                "id": claim_id,
                "sending_account_id": account.id,
                "send_ids": [row.id for row in batch.rows.values()],
                "lease_until": work.now + lease,
            },
        )
    )
    return Claimed(claim_id, work.tenant_id, account, tuple(written), tries, work.now, full)


def _row(send_id: UUID, said: Said, message_id: str, thread: Thread | None) -> dict[str, Any]:
    """What a claimed send keeps of its letter: enough to render it again and to find it at the provider."""
    return {
        "id": str(send_id),
        "message_id": message_id,
        "thread_id": thread.references[0] if thread else message_id,
        "subject": said.composed.subject,
        "links": list(said.composed.links),
        "merge_data": said.merge_data,
        "sha256": said.composed.content_sha256.hex(),
    }


async def _threads(work: Work, batch: Batch) -> dict[UUID, Thread]:
    customers = {
        row.customer_id
        for row in batch.rows.values()
        if row.customer_id is not None and row.stream == MailStream.REMINDER
    }
    if not customers:
        return {}
    rows = await work.db.execute(queries.threads(work, sorted(customers)))
    return {row.customer_id: Thread(row.ids[-1], (row.ids[0], *row.ids[1:][-19:])) for row in rows}


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
