"""A run over all that is due: begun, carried out slice by slice, found where it is needed.

A slice is a Work of its own: a killed run has written what it has written, and the next one goes on from there.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count
from uuid import UUID

from bursar.billing.queries import recurring_runs as queries
from bursar.billing.recurring.ending import end_passed
from bursar.billing.recurring.generating import Sliced, bill, say_more_missed
from bursar.billing.recurring.showing import Run, get_run
from bursar.core.jobs import take_statistics
from bursar.core.kinds import AgentRole
from bursar.core.work import Office, Record, Work

SLICE = 2_500
"""Invoices in one Work: well under its sixty seconds on any machine, and many enough that sets pay."""

LEAP = 1_000
"""Invoices of a run after which the planner is told of them (decision 0008)."""

MOST_MISSED = 12
"""Months of one agreement that a single run catches up on (R84)."""


async def begin_run(work: Work, as_of: date | None = None) -> UUID:
    """A run up to `as_of`, today unless said otherwise; nothing is billed yet. A later day bills ahead."""
    work.allow(AgentRole.AGENT)
    day = as_of or work.today
    run_id = (await work.db.execute(queries.begin_run(work, day))).scalar_one()
    await work.record("recurring_run.start", Record(run_id, payload={"as_of": day.isoformat()}))
    return run_id


async def carry_out(office: Office, tenant_id: UUID, run_id: UUID) -> Run:
    """Bill all that is due for this run: the oldest month of each, then the next. Raises `NotFound`.

    Safe to be killed and called again, and beside another run.
    """
    cause = f"recurring_run {run_id}"
    async with office.work(tenant_id, cause=cause) as work:
        await end_passed(work)
        as_of = (await get_run(work, run_id)).as_of
    for months in count():
        async with office.work(tenant_id, cause=cause) as work:
            ids = list(await work.db.scalars(queries.due(work, as_of, refused=months == 0)))
            if ids and months == MOST_MISSED:
                await say_more_missed(work, ids)
            if not ids or months == MOST_MISSED:
                await work.db.execute(queries.finish_run(work, run_id))
                done = await get_run(work, run_id)
                if done.drafted + done.issued >= LEAP:
                    await work.defer(
                        take_statistics, tables=["invoices", "invoice_lines", "recurring_invoices"]
                    )
                return done
            await work.db.execute(queries.count_run(work, run_id, {"due": len(ids)}))
        for some in _slices(ids):
            async with office.work(tenant_id, cause=cause) as work:
                done = await bill(work, some, as_of)
                await work.db.execute(queries.count_run(work, run_id, _counts(done)))
    raise AssertionError("unreachable")


async def run_if_due(office: Office, tenant_id: UUID) -> None:
    """What time asks of one tenant: a run when something is due that today's run has not refused already."""
    async with office.work(tenant_id, cause="clock") as work:
        await end_passed(work)
        ran = (await work.db.execute(queries.ran_on(work, work.today))).scalar_one()
        if (await work.db.execute(queries.due(work, work.today, refused=not ran).limit(1))).first() is None:
            return
        run_id = await begin_run(work)
    await carry_out(office, tenant_id, run_id)


async def tenants_with_agreements(office: Office) -> list[UUID]:
    """Those that bill anything monthly, read by a scan."""
    async with office.scan() as work:
        return list(await work.db.scalars(queries.tenants_with_agreements()))


def _slices(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[at : at + SLICE] for at in range(0, len(ids), SLICE))


def _counts(done: Sliced) -> dict[str, int]:
    return {
        "due": -done.passed,
        "drafted": done.drafted,
        "issued": done.issued,
        "refused": done.refused,
    }
