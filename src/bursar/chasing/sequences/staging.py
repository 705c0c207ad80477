"""Tomorrow's lists, made today: customer by customer, in slices that are each a Work of their own.

A killed worker has written what it has written, and the next goes on from there; twice is once, since a rung is told
once and a message has one key a day. While a list is held, each hour adds who has reached a touch since.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Row

from bursar.chasing import states
from bursar.chasing.queries import campaigns as accounts
from bursar.chasing.queries import freezing
from bursar.chasing.queries import sequence_chases as chases
from bursar.chasing.queries import sequence_lists as lists
from bursar.chasing.queries import sequence_orders as orders
from bursar.chasing.queries import sequence_staging as sets
from bursar.chasing.queries import sequence_standing as standing
from bursar.chasing.queries import sequences as queries
from bursar.chasing.sequences.lists import close_held
from bursar.core.calendar import Calendar, instant_of
from bursar.core.jobs import take_statistics
from bursar.core.moves import move_all, move_rows
from bursar.core.work import Office, Work
from bursar.outbox import runs
from bursar.outbox.ordering import Order, order_many
from bursar.outbox.states import MailStream, Purpose, RunReason, RunState
from bursar.tenancy.calendars import calendar_of

log = structlog.get_logger(__name__)

SLICE = 10_000
"""Customers in one Work: well under its sixty seconds where each has five invoices, and many enough that sets pay."""

LEAP = 1_000  # so many new messages are told to the planner at once
CAUSE = "sequences"


async def tenants_with_sequences(office: Office) -> list[UUID]:
    """Those in which a sequence is switched on, read by a scan."""
    async with office.scan() as work:
        return list(await work.db.scalars(queries.active_anywhere()))


async def stage_all(office: Office, tenant_id: UUID) -> list[UUID]:
    """The lists of a tenant's next working day; the runs that stand for them. Safe to repeat, and beside another.

    Lists of days that are over and that nobody released are closed first: what they would have said is said by the
    new ones. Raises `NotFound` for an unknown tenant.
    """
    async with office.work(tenant_id, cause=CAUSE) as work:
        await move_all(
            work,
            states.RESUME_CHASE,
            list(await work.db.scalars(chases.over(work))),
            because="clock",
            pause_reason=None,
            paused_until=None,
            note=None,
        )
        await close_held(work, None, RunReason.REFROZEN, before=work.today)
        day = next_day(await calendar_of(work), work.today)
        ids = [row.id for row in await work.db.execute(queries.active(work))]
    staged = [await stage(office, tenant_id, sequence_id, day) for sequence_id in ids]
    return [run_id for run_id in staged if run_id is not None]


def next_day(calendar: Calendar, today: date) -> date:
    """The day that is prepared today: what a weekend or a feast would have said is said on the first day after it."""
    return calendar.working_day_from(today + timedelta(days=1))


async def stage(office: Office, tenant_id: UUID, sequence_id: UUID, day: date) -> UUID | None:
    """One sequence's list of a day; its run, or None where there is none to make."""
    async with office.work(tenant_id, cause=CAUSE) as work:
        list_id = await _open_list(work, sequence_id, day)
    while list_id is not None:
        async with office.work(tenant_id, cause=CAUSE) as work:
            row = (await work.db.execute(lists.one(work, list_id, lock=True))).one()
            if row.state != RunState.HELD or await _next_slice(work, row):
                return row.run_id
    return None


async def _open_list(work: Work, sequence_id: UUID, on_date: date) -> UUID | None:
    """The day's list to be filled, from its first customer on. None if people closed it or let it go, or nobody can
    carry it.
    """
    sequence = (await work.db.execute(queries.one(work, sequence_id, lock=True))).one_or_none()
    if sequence is None or not sequence.active:
        return None
    row = (await work.db.execute(lists.of_day(work, sequence_id, on_date))).one_or_none()
    if row is not None and row.state == RunState.HELD:
        return row.id  # where somebody was killed over it, the next slice goes on from there
    if row is not None and row.reason not in (RunReason.REFROZEN, RunReason.UNSCHEDULED):
        return None
    account = (await work.db.execute(accounts.account(work, sequence.sending_account_id))).one_or_none()
    if account is None:
        log.warning("sequence_without_mailbox", tenant=str(work.tenant_id), sequence=str(sequence_id))
        return None
    run_id = await runs.freeze(work, Purpose.CHASE)
    values = {"run_id": run_id, "sending_account_id": account.id, "staged_to": None, "staged_at": None}
    if sequence.auto_release:
        begins = await _begins(work, sequence, on_date)
        await runs.announce(work, run_id, begins)
    if row is None:
        told = {**values, "sequence_id": sequence_id, "on_date": on_date}
        return (await work.db.scalars(lists.add(work, told))).one()
    again = {**values, "freezes": row.freezes + 1, "listed": 0, "totals": []}
    await work.db.execute(lists.edit(work, row.id, again))
    return row.id


async def _next_slice(work: Work, row: Row[Any]) -> bool:
    """The next customers of a list; True when there were none left."""
    up_to = await work.db.scalar(sets.end_of_slice(work, row.staged_to, SLICE))
    if up_to is None:
        await _finish(work, row)
        return True
    sequence = (await work.db.execute(queries.one(work, row.sequence_id))).one()
    day = await _day(work, sequence, row)
    await _choose(work, day, row.staged_to, up_to)
    order = Order(
        Purpose.CHASE,
        MailStream.REMINDER,
        run_id=row.run_id,
        sending_account_id=row.sending_account_id,
        not_before=day.begins,
    )
    await order_many(work, order, "invoice", orders.due(day))
    await _tell_chases(work, day, row.staged_to, up_to)
    values = {"staged_to": up_to, "totals": await _added_to(work, row.totals, day)}
    await work.db.execute(lists.edit(work, row.id, values))
    return False


async def _added_to(work: Work, known: list[dict[str, Any]], day: sets.Day) -> list[dict[str, Any]]:
    """The sums of a list with those of a slice, one entry a currency."""
    sums = {one["currency"]: one for one in known}
    for row in await work.db.execute(orders.totals(day)):
        before = sums.get(row.currency, {"invoices": 0, "balance_minor": 0})
        sums[row.currency] = {
            "currency": row.currency,
            "invoices": before["invoices"] + row.invoices,
            "balance_minor": before["balance_minor"] + row.balance_minor,
        }
    return [sums[currency] for currency in sorted(sums)]


async def _choose(work: Work, day: sets.Day, after: UUID | None, up_to: UUID) -> None:
    """Who is in, who is not and why, in the two tables of this transaction."""
    for statement in (*sets.CREATE_TABLES, *sets.forget()):
        await work.db.execute(statement)
    await work.db.execute(sets.cover(work, day, after, up_to))
    await work.db.execute(sets.ANALYZE_COVERED)
    await work.db.execute(sets.weigh(work, day))
    await work.db.execute(sets.ANALYZE_LISTED)
    await work.db.execute(sets.forget_left_out(work, day.run_id, after, up_to))
    await work.db.execute(sets.note_left_out(work, day))


async def _tell_chases(work: Work, day: sets.Day, after: UUID | None, up_to: UUID) -> None:
    """How those of a slice stand now: begun, begun again, spoken of, over (lifecycle 18)."""
    await work.db.execute(standing.begin(work, day))
    await move_rows(work, states.START_CHASE, standing.begin_again(work, day), because="new_invoice")
    await work.record_each("chase.touch", standing.touched(work, day, after, up_to))
    await work.db.execute(standing.touch(work, day, after, up_to))
    await work.db.execute(standing.look_ahead(work, day))
    over = standing.nothing_open(work, day.sequence_id, after, up_to)
    await move_rows(work, states.NOTHING_OPEN, over)


async def _finish(work: Work, row: Row[Any]) -> None:
    """A list is whole: the first time it says what it holds, and the planner learns of its rows."""
    values: dict[str, Any] = {"staged_to": None}
    if row.staged_at is None:
        messages = sum((await runs.count_states(work, row.run_id)).values())
        values |= {"staged_at": work.now, "listed": messages}
        if messages >= LEAP:
            await work.defer(take_statistics, tables=["sends", "send_subjects", "chases"])
    await work.db.execute(lists.edit(work, row.id, values))


async def _begins(work: Work, sequence: Row[Any], on_date: date) -> datetime:
    """When a day's list may go: its time on the firm's clock, in its hours."""
    zone = ZoneInfo(str(work.zone))
    at = instant_of(on_date, sequence.release_time, zone)
    return (await calendar_of(work)).next_open(at, zone)


async def _day(work: Work, sequence: Row[Any], row: Row[Any]) -> sets.Day:
    touches = (await work.db.execute(queries.touches_of(work, [sequence.id]))).all()
    before = []
    for other in await work.db.execute(queries.active(work)):
        if other.id == sequence.id:
            break
        before.append(other.applies_to)
    return sets.Day(
        sequence_id=sequence.id,
        run_id=row.run_id,
        on_date=row.on_date,
        begins=await _begins(work, sequence, row.on_date),
        gap_days=sequence.gap_days,
        group_by=sequence.group_by,
        segment=sequence.applies_to,
        before=before,
        offsets=[touch.offset_days for touch in touches],
        words={touch.offset_days: await _words(work, touch.template_id) for touch in touches},
        key=row.on_date.isoformat() + (f"/{row.freezes}" if row.freezes > 1 else ""),
    )


async def _words(work: Work, template_id: UUID) -> Mapping[str | None, tuple[str, UUID]]:
    """A template's newest version by language; None is the language for all others."""
    versions = {row.locale: row.id for row in await work.db.execute(freezing.published(work, template_id))}
    home = str(await work.db.scalar(accounts.tenant_locale(work))).partition("-")[0]
    other = next(one for one in (home, "en", *sorted(versions)) if one in versions)
    by_language: dict[str | None, tuple[str, UUID]] = {one: (one, id_) for one, id_ in versions.items()}
    return {**by_language, None: (other, versions[other])}
