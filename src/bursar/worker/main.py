"""The worker: the pump and the job queue in one loop, until a signal or until nothing is left to do."""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import procrastinate
import structlog
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.job_context import JobContext
from procrastinate.jobs import Status

import bursar.billing.documents.jobs
import bursar.billing.jobs
import bursar.billing.recurring.jobs
import bursar.billing.tills.inbound_jobs
import bursar.billing.tills.jobs
import bursar.chasing.analytics.jobs
import bursar.chasing.jobs
import bursar.chasing.sequences.jobs
import bursar.onboarding.jobs
import bursar.onboarding.link_jobs
import bursar.outbox.incoming.jobs
import bursar.outbox.jobs
import bursar.tenancy.jobs  # noqa: F401  importing them hangs their jobs on `tasks`
from bursar.chasing.following import start_due
from bursar.core.health import jobs_are_at_work
from bursar.core.jobs import opened
from bursar.core.stopping import on_signal
from bursar.house import House
from bursar.outbox.pump import Pump

log = structlog.get_logger(__name__)

JOBS_AT_ONCE = 5
GRACE_S = 30
"""How long a job may take to end once the worker was asked to stop; the service manager must wait longer."""
LOOK_AGAIN_S = 0.2
REVIVE_EVERY_S = 15.0


def calm_collector() -> None:
    """A batch of letters is ten thousand short-lived objects without circles: looking for circles after every
    700 of them took a fifth of the drain's time.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def run_worker(house: House, *, until_idle: bool = False, stop: asyncio.Event | None = None) -> None:
    """Send what is due and run what is to be run, until `stop`; what is in hand then is settled first.

    `until_idle` ends by itself when no send is due, sending or leased and no job can run: it waits for pace
    and leases, not for windows, quota, accounts that a person must mend, or jobs of later.
    """
    stop = stop or asyncio.Event()
    calm_collector()
    lanes = house.settings.worker_lanes
    lease = timedelta(seconds=house.settings.lease_s)
    pump = Pump(
        house.office, house.letters, house.composers, house.senders, house.files, lanes=lanes, lease=lease
    )
    async with opened(house.addresses.app) as queue:
        log.info("worker_started", lanes=lanes)
        pumping = asyncio.create_task(pump.run(), name="pump")
        over = asyncio.Event()
        jobs = asyncio.create_task(_work_off(queue, house), name="jobs")
        others = [jobs, asyncio.create_task(_revive(queue, over), name="revive")]
        ends: list[asyncio.Task[Any]] = [asyncio.create_task(stop.wait(), name="stop")]
        if until_idle:
            ends.append(asyncio.create_task(_idle(house, pump, over), name="idle"))
        try:
            await asyncio.wait([pumping, *others, *ends], return_when=asyncio.FIRST_COMPLETED)
        finally:
            pump.stop()
            over.set()  # not cancelled: a query that is cancelled may answer with an error of its own
            jobs.cancel()  # which asks the library to finish what it runs
            ends[0].cancel()
            outcomes = await asyncio.gather(pumping, *others, *ends, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
            raise outcome
    log.info("worker_stopped")


async def work_until_stopped(house: House, *, until_idle: bool) -> None:
    """`run_worker` for a process of its own."""
    stop = asyncio.Event()
    with on_signal(stop.set):
        await run_worker(house, until_idle=until_idle, stop=stop)


async def _work_off(queue: procrastinate.App, house: House) -> None:
    await queue.run_worker_async(
        concurrency=JOBS_AT_ONCE,
        additional_context={
            "office": house.office,
            "house": house,
            "press": house.press,
            "readers": house.readers,
            "carrier": house.carrier,
            "cashier": house.cashier,
            "till_desk": house.till_desk,
            "doorman": house.doorman,
            "finders": house.finders,
            "identities": house.identities,
            "event_desk": house.event_desk,
            "absent_after": timedelta(seconds=house.settings.absent_after_s),
        },
        install_signal_handlers=False,
        shutdown_graceful_timeout=GRACE_S,
        delete_jobs="successful",
        worker_middleware=[_named],
    )


async def _named(run: Callable[[], Awaitable[Any]], context: JobContext, _worker: Any) -> Any:
    """Log lines of a job say which one, and whose."""
    told = {"job": context.job.task_name, "tenant": context.job.task_kwargs.get("tenant_id")}
    with structlog.contextvars.bound_contextvars(**{key: value for key, value in told.items() if value}):
        return await run()


async def _revive(queue: procrastinate.App, over: asyncio.Event) -> None:
    """Jobs that a killed worker had in hand are to be done again: each is safe to run twice."""
    while not over.is_set():
        try:
            for job in await queue.job_manager.get_stalled_jobs():
                log.warning("job_revived", job=job.task_name, id=job.id)
                try:
                    await queue.job_manager.retry_job(job)
                except (AlreadyEnqueued, UniqueViolation):
                    # Another of its kind waits already and will do what this one did not.
                    await queue.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
        except ConnectorException:
            log.exception("revive_failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), REVIVE_EVERY_S)


async def _idle(house: House, pump: Pump, over: asyncio.Event) -> None:
    """Return once there was nothing to do twice in a row: jobs order sends, and settling sends makes jobs."""
    quiet = 0
    while quiet < 2 and not over.is_set():
        await asyncio.sleep(LOOK_AGAIN_S)
        busy = (
            await start_due(house.office) or await jobs_are_at_work(house.office) or not await pump.is_idle()
        )
        quiet = 0 if busy else quiet + 1
