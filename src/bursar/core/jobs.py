"""The job library's app. Rooms hang their few, coarse jobs on `tasks`; the worker runs them.

A job carries its tenant and opens its own Work; it must be safe to run twice and at once. What it needs of
the house (the Office and the ports that `app.py` bound) comes in its context.
"""

from typing import Any, cast

import procrastinate
from procrastinate import Blueprint, PsycopgConnector
from procrastinate.job_context import JobContext

from bursar.core.work import Office

tasks = Blueprint()


def job_app(conninfo: str) -> procrastinate.App:
    """The app of one process. Its pool acts as bursar_system throughout: the queue is global, not a tenant's."""

    async def become_system(connection: Any) -> None:
        await connection.set_autocommit(True)
        await connection.execute("set role bursar_system")
        await connection.set_autocommit(False)

    connector = PsycopgConnector(conninfo=conninfo, configure=become_system, min_size=1, max_size=4)
    app = procrastinate.App(connector=connector)
    app.add_tasks_from(tasks, namespace="bursar")
    return app


def office_of(context: JobContext) -> Office:
    """The Office that the worker was started with."""
    return cast("Office", context.additional_context["office"])
