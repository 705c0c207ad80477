"""Who of a claim may be written to now: not whom something stands against, not at night, not twice a day."""

from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo

from bursar.core.calendar import local_date
from bursar.core.work import Work
from bursar.outbox import contact_days
from bursar.outbox.batches import Batch
from bursar.outbox.contact_days import Nudge
from bursar.outbox.queries import claims as queries
from bursar.outbox.queries.claims import Taken
from bursar.outbox.states import NUDGES, SUPPRESSED_AS, MailStream, Purpose, SuppressionReason
from bursar.tenancy.calendars import calendars_by_country

MAX_DELAYS = 3  # a nudge that lost the day's contact this often is suppressed (T31)


def drop_suppressed(batch: Batch) -> None:
    """Those without an address, with a suppression, or of a suspended customer (R109).

    Who is reminded to pay for an order may be suspended for just that; their room says so at the claim.
    """
    for send_id, row in list(batch.rows.items()):
        reason = None
        if not row.to_address:
            reason = "no_address"
        elif row.suppressed_by:
            reason = SUPPRESSED_AS[SuppressionReason(row.suppressed_by)]
        elif (
            row.customer_state == "suspended"
            and row.stream != MailStream.TRANSACTIONAL
            and row.purpose != Purpose.PAYMENT_REMINDER
        ):
            reason = "customer_suspended"
        if reason:
            batch.suppressed[reason].append(send_id)
            batch.leave([send_id])


async def wait_for_windows(work: Work, batch: Batch) -> None:
    """What a person asked for goes at any hour; the rest waits for the recipient's next window (R42, T31)."""
    waiting = [
        row for row in batch.rows.values() if row.stream != MailStream.TRANSACTIONAL and not row.any_hour
    ]
    if not waiting:
        return
    calendar_in = await calendars_by_country(work)
    for zone_name, country in {(row.customer_zone, row.customer_country) for row in waiting}:
        zone = ZoneInfo(zone_name or str(work.zone))
        opens = calendar_in(country).next_open(work.now, zone)
        if opens == work.now:
            continue
        closed = [row for row in waiting if (row.customer_zone, row.customer_country) == (zone_name, country)]
        batch.passed_over[opens].extend(row.id for row in closed)
        batch.leave([row.id for row in closed])
        runs = sorted({row.run_id for row in closed if row.run_id})
        if runs:
            await work.db.execute(queries.delay_rest_of_run(work, runs, zone_name, country, opens))


async def one_nudge_a_day(work: Work, batch: Batch) -> None:
    """A nudge whose person was written to today waits for tomorrow's window, three times at most."""
    day_in = cache(lambda zone: local_date(work.now, ZoneInfo(zone or str(work.zone))))
    nudges = [
        Nudge(row.id, row.address_key or "", row.customer_id, day_in(row.customer_zone))
        for row in batch.rows.values()
        if is_nudge(row.purpose, row.stream)
    ]
    winners = await contact_days.take(work, nudges)
    losers = [batch.rows[nudge.send_id] for nudge in nudges if nudge.send_id not in winners]
    if not losers:
        return
    calendar_in = await calendars_by_country(work)
    for row in losers:
        if row.delays >= MAX_DELAYS:
            batch.suppressed["quiet_cap"].append(row.id)
        else:
            zone = _zone(work, row)
            tomorrow = work.now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
            batch.delayed[
                calendar_in(row.customer_country).next_open(tomorrow + timedelta(days=1), zone)
            ].append(row.id)
    batch.leave([row.id for row in losers])


def is_nudge(purpose: str, stream: str) -> bool:
    """Whether a send counts against the day's contact; a notice is one when it reminds (lifecycles 10)."""
    return purpose in NUDGES or (purpose == Purpose.NOTICE and stream == MailStream.REMINDER)


def _zone(work: Work, row: Taken) -> ZoneInfo:
    return ZoneInfo(row.customer_zone or str(work.zone))
