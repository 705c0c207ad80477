"""Monthly runs: begun at once instead of at midnight, and how far they are."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, page_of
from bursar.api.values import Day, Shown, Strict
from bursar.billing.recurring import showing, starting

router = door("/recurring-runs", "invoices", tag="recurring invoices")


class RunIn(Strict):
    """Without a day it bills what is due today; a later day bills ahead."""

    as_of: Day | None = None


class RecurringRun(Shown):
    """`due` months were to be billed: so many became drafts, were issued at once, or could not be billed.

    `stopped` is a run that has not finished and counts no more; the next one does what it left.
    """

    id: UUID
    as_of: date
    due: int
    drafted: int
    issued: int
    refused: int
    begun_at: datetime
    finished_at: datetime | None
    stopped: bool


@router.get("")
async def list_recurring_runs(work: Acting, asked: Annotated[Paging, Query()]) -> Listed[RecurringRun]:
    """The newest first."""
    found = await showing.list_runs(work, before=asked.after, limit=asked.limit + 1)
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[RecurringRun.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", status_code=201)
async def start_recurring_run(work: Acting, response: Response, given: RunIn | None = None) -> RecurringRun:
    """A worker carries it out; ask for it again to see how far it is."""
    run_id = await starting.start_run(work, given.as_of if given else None)
    response.headers["Location"] = f"/api/v1/recurring-runs/{run_id}"
    return RecurringRun.model_validate(await showing.get_run(work, run_id))


@router.get("/{run_id}")
async def get_recurring_run(work: Acting, run_id: UUID) -> RecurringRun:
    return RecurringRun.model_validate(await showing.get_run(work, run_id))
