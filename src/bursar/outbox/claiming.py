"""The first beat: take sends of one account out of the queue, say each from live facts, commit before any byte."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from bursar.core.calendar import local_date
from bursar.core.errors import Refusal
from bursar.core.work import Office, Work
from bursar.outbox import contact_days, pausing
from bursar.outbox.composing import Composers, Held, Queued, Silent, Verdict
from bursar.outbox.contact_days import Nudge
from bursar.outbox.letters import Addressee, Letterhead, Letters, new_message_id
from bursar.outbox.mime import Thread
from bursar.outbox.ports import Letter
from bursar.outbox.queries import claims as queries
from bursar.outbox.queries import subjects
from bursar.outbox.skeletons import Composed
from bursar.outbox.states import NUDGES, SUPPRESSED_AS, MailStream, Purpose, SuppressionReason
from bursar.tenancy.calendars import calendar_of

MAX_DELAYS = 3  # a nudge that lost the day's contact this often is suppressed (T31)
LEASE = timedelta(seconds=30)  # a worker that lives renews it; see pump.Pump


@dataclass(frozen=True, slots=True)
class Account:
    """The account of a claim, and what its letters and its pace need."""

    id: UUID
    kind: str
    head: Letterhead
    settings: Mapping[str, Any]
    secret_id: UUID | None
    batch_interval: timedelta
    validated_at: datetime | None  # when it last signed in for a person


@dataclass(frozen=True, slots=True)
class Claimed:
    """A batch that has left the queue: its letters are on their way or nobody knows.

    Without letters nothing is on its way: facts had overtaken all that was due.
    """

    id: UUID
    tenant_id: UUID
    account: Account
    letters: tuple[Letter, ...]
    tries: Mapping[UUID, int]
    claimed_at: datetime
    full: bool  # as many as the batch allows: there may be more


class Said(NamedTuple):
    """One message, the values that made it, and who signs it if not the account."""

    composed: Composed
    merge_data: dict[str, Any]
    from_name: str | None
    reply_to: str | None

    def head(self, account: Letterhead) -> Letterhead:
        return replace(
            account, name=self.from_name or account.name, reply_to=self.reply_to or account.reply_to
        )


@dataclass(slots=True)
class _Batch:
    """What the claim decides about each send it locked. A send stands in one of the lists only."""

    rows: dict[UUID, Row[Any]]
    suppressed: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    delayed: dict[datetime, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    passed_over: dict[datetime, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    changed: list[UUID] = field(default_factory=list)
    broken: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))

    def leave(self, ids: Iterable[UUID]) -> None:
        for one in ids:
            self.rows.pop(one, None)


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
        found = (await work.db.execute(queries.next_sends(work, account_id, open_runs, room))).all()
        if not found:
            return None
        batch = _Batch({send.id: send for send in found})
        _drop_suppressed(batch)
        await _wait_for_windows(work, batch)
        said = await _say(work, batch, letters, composers)
        await _one_nudge_a_day(work, batch)
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


def _drop_suppressed(batch: _Batch) -> None:
    for send_id, row in list(batch.rows.items()):
        reason = None
        if not row.to_address:
            reason = "no_address"
        elif row.suppressed_by:
            reason = SUPPRESSED_AS[SuppressionReason(row.suppressed_by)]
        elif row.customer_state == "suspended" and row.stream != MailStream.TRANSACTIONAL:
            reason = "customer_suspended"
        if reason:
            batch.suppressed[reason].append(send_id)
            batch.leave([send_id])


async def _wait_for_windows(work: Work, batch: _Batch) -> None:
    """What a person asked for goes at any hour; the rest waits for the recipient's next window (R42, T31)."""
    waiting = [
        row for row in batch.rows.values() if row.stream != MailStream.TRANSACTIONAL and not row.any_hour
    ]
    if not waiting:
        return
    calendar = await calendar_of(work)
    for zone_name in {row.customer_zone for row in waiting}:
        zone = ZoneInfo(zone_name or str(work.zone))
        opens = calendar.next_open(work.now, zone)
        if opens == work.now:
            continue
        closed = [row for row in waiting if row.customer_zone == zone_name]
        batch.passed_over[opens].extend(row.id for row in closed)
        batch.leave([row.id for row in closed])
        runs = sorted({row.run_id for row in closed if row.run_id})
        if runs:
            await work.db.execute(queries.delay_rest_of_run(work, runs, zone_name, opens))


async def _say(work: Work, batch: _Batch, letters: Letters, composers: Composers) -> dict[UUID, Said]:
    """Ask each ordering room about its sends, and render what is still to be said."""
    verdicts = await _verdicts(work, batch, composers)
    await letters.load(work, {row.template_version_id for row in batch.rows.values()})
    said: dict[UUID, Said] = {}
    dropped: dict[str, list[tuple[UUID, UUID]]] = defaultdict(list)
    for send_id, row in list(batch.rows.items()):
        verdict = verdicts[send_id]
        if isinstance(verdict, Held):
            batch.changed.append(send_id)
            batch.leave([send_id])
            continue
        for subject_id, reason in verdict.dropped.items():
            dropped[reason].append((send_id, subject_id))
        if isinstance(verdict, Silent):
            batch.suppressed[verdict.reason].append(send_id)
            batch.leave([send_id])
            continue
        try:
            version = row.template_version_id
            composed = letters.compose(version, verdict.values, subject=row.edited_subject)
            merge_data = letters.merge_data(version, verdict.values)
            said[send_id] = Said(composed, merge_data, verdict.from_name, verdict.reply_to)
        except Refusal as refusal:
            batch.broken[refusal.code].append(send_id)
            batch.leave([send_id])
    for reason, pairs in dropped.items():
        await work.db.execute(subjects.drop_from(work, pairs, "invoice", reason))
    return said


async def _verdicts(work: Work, batch: _Batch, composers: Composers) -> dict[UUID, Verdict]:
    by_purpose: dict[Purpose, list[Queued]] = defaultdict(list)
    for row in batch.rows.values():
        by_purpose[Purpose(row.purpose)].append(
            Queued(
                row.id,
                Purpose(row.purpose),
                row.customer_id,
                row.run_id,
                row.locale,
                row.to_address,
                row.to_name,
                row.template_version_id,
                row.reviewed,
                edited=row.edited_body is not None or row.edited_subject is not None,
            )
        )
    verdicts: dict[UUID, Verdict] = {}
    for purpose, sends in by_purpose.items():
        verdicts.update(await composers[purpose].compose(work, sends))
    return verdicts


async def _one_nudge_a_day(work: Work, batch: _Batch) -> None:
    """A nudge whose person was written to today waits for tomorrow's window, three times at most."""
    nudges = [
        Nudge(row.id, row.address_key, row.customer_id, local_date(work.now, _zone(work, row)))
        for row in batch.rows.values()
        if is_nudge(row.purpose, row.stream)
    ]
    winners = await contact_days.take(work, nudges)
    losers = [batch.rows[nudge.send_id] for nudge in nudges if nudge.send_id not in winners]
    if not losers:
        return
    calendar = await calendar_of(work)
    for row in losers:
        if row.delays >= MAX_DELAYS:
            batch.suppressed["quiet_cap"].append(row.id)
        else:
            zone = _zone(work, row)
            tomorrow = work.now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
            batch.delayed[calendar.next_open(tomorrow + timedelta(days=1), zone)].append(row.id)
    batch.leave([row.id for row in losers])


def is_nudge(purpose: str, stream: str) -> bool:
    """Whether a send counts against the day's contact; a notice is one when it reminds (lifecycles 10)."""
    return purpose in NUDGES or (purpose == Purpose.NOTICE and stream == MailStream.REMINDER)


def _zone(work: Work, row: Row[Any]) -> ZoneInfo:
    return ZoneInfo(row.customer_zone or str(work.zone))


async def _take(
    work: Work,
    batch: _Batch,
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
        try:
            letter = letters.write(
                work.tenant_id,
                this.head(account.head),
                to,
                this.composed,
                message_id=message_id,
                date=work.now,
                thread=thread,
            )
        except Refusal as refusal:  # what cannot stand in the head of a letter stops that letter alone
            batch.broken[refusal.code].append(row.id)
            batch.leave([row.id])
            continue
        written.append(letter)
        rows.append(
            {
                "id": str(row.id),
                "message_id": message_id,
                "thread_id": thread.references[0] if thread else message_id,
                "subject": this.composed.subject,
                "links": list(this.composed.links),
                "merge_data": this.merge_data,
                "sha256": this.composed.content_sha256.hex(),
            }
        )
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


async def _threads(work: Work, batch: _Batch) -> dict[UUID, Thread]:
    customers = {
        row.customer_id
        for row in batch.rows.values()
        if row.customer_id is not None and row.stream == MailStream.REMINDER
    }
    if not customers:
        return {}
    rows = await work.db.execute(queries.threads(work, sorted(customers)))
    return {row.customer_id: Thread(row.ids[-1], (row.ids[0], *row.ids[1:][-19:])) for row in rows}


async def _write_the_rest(work: Work, batch: _Batch) -> None:
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
        row.id, row.kind, head, row.settings, row.secret_id, row.batch_interval, row.last_validated_at
    )
