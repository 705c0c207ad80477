"""A run that a worker carries out, begun where somebody asks for it."""

from datetime import date
from uuid import UUID

from bursar.billing.recurring import jobs, running
from bursar.core.work import Work


async def start_run(work: Work, as_of: date | None = None) -> UUID:
    """Begin a run up to `as_of`, today unless said otherwise; a worker does the rest, and its row shows how far."""
    run_id = await running.begin_run(work, as_of)
    await work.defer(jobs.carry_out, run_id=str(run_id))
    return run_id
