"""The job library's app. Rooms hang their few, coarse jobs on `tasks`; the worker runs them.

A job carries its tenant and opens its own Work; it must be safe to run twice and at once. What it needs of
the house (the Office and the ports that `app.py` bound) comes in its context.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import procrastinate
from procrastinate import PsycopgConnector
from procrastinate.job_context import JobContext
from procrastinate.tasks import Task
from sqlalchemy.engine import URL

from bursar.core import journal_checks, upkeep
from bursar.core.queries import jobs as queries
from bursar.core.uploads import Doorman
from bursar.core.work import Office

tasks = procrastinate.App(connector=PsycopgConnector())
"""Everywhere but in a worker its own connector stays closed: enqueueing borrows the connection of a Work."""


@asynccontextmanager
async def opened(address: URL) -> AsyncIterator[procrastinate.App]:
    """`tasks` on a pool of this worker. It acts as bursar_system throughout: the queue is no tenant's."""

    async def become_system(connection: Any) -> None:
        await connection.set_autocommit(True)
        await connection.execute("set role bursar_system")
        await connection.set_autocommit(False)

    connector = PsycopgConnector(
        conninfo=address.set(drivername="postgresql").render_as_string(hide_password=False),
        configure=become_system,
        min_size=1,
        max_size=4,
    )
    with tasks.replace_connector(connector):
        async with tasks.open_async():
            yield tasks


async def enqueue_once(office: Office, task: "Task[Any, Any, Any]", tenant_ids: Iterable[UUID]) -> None:
    """A job for each of these tenants, but for those that one waits for already; in a transaction of its own."""
    tenants = sorted(str(tenant_id) for tenant_id in tenant_ids)
    if tenants:
        async with office.directory() as work:
            await work.db.execute(queries.ENQUEUE_ONCE, {"task": task.name, "tenants": tenants})


def office_of(context: JobContext) -> Office:
    """The Office that the worker was started with."""
    return cast("Office", context.additional_context["office"])


@tasks.periodic(cron="* * * * *")
@tasks.task(name="core.seal_journal", queueing_lock="core.seal_journal", pass_context=True)
async def seal_journal(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Each minute, so that little of the journal stands open to whoever has the database."""
    await upkeep.seal_all(office_of(context))


@tasks.task(name="core.check_journal", pass_context=True)
async def check_journal(context: JobContext, tenant_id: str, check_id: str) -> None:
    """A walk along the seals that somebody asked for; safe twice."""
    await journal_checks.walk(office_of(context), UUID(tenant_id), UUID(check_id))


@tasks.task(name="core.take_statistics", pass_context=True)
async def take_statistics(context: JobContext, tenant_id: str, tables: list[str]) -> None:  # noqa: ARG001  every deferred job has one
    await upkeep.take_statistics(office_of(context), tables)


@tasks.periodic(cron="17 2 * * *")
@tasks.task(name="core.make_partitions", queueing_lock="core.make_partitions", pass_context=True)
async def make_partitions(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  likewise
    await upkeep.make_partitions(office_of(context))


@tasks.periodic(cron="47 2 * * *")
@tasks.task(name="core.forget_keys", queueing_lock="core.forget_keys", pass_context=True)
async def forget_idempotency_keys(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  likewise
    await upkeep.forget_idempotency_keys(office_of(context))


@tasks.periodic(cron="*/5 * * * *")
@tasks.task(name="core.scan_quarantine", queueing_lock="core.scan_quarantine", pass_context=True)
async def scan_quarantine(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  likewise
    """What was taken while the virus scanner was down gets its verdict."""
    office = office_of(context)
    for tenant_id in await upkeep.tenants_with_quarantine(office):
        await _doorman_of(context).look_again(office, tenant_id)


@tasks.periodic(cron="27 3 * * *")
@tasks.task(name="core.sweep_files", queueing_lock="core.sweep_files", pass_context=True)
async def sweep_files(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  likewise
    """Each night, what uploads have left behind that nobody kept."""
    office = office_of(context)
    for tenant_id in await upkeep.all_tenants(office):
        await _doorman_of(context).sweep(office, tenant_id)


def _doorman_of(context: JobContext) -> Doorman:
    return cast("Doorman", context.additional_context["doorman"])
