"""From a sheet of invoices straight to a campaign: all that it brought and that is open, one message a customer."""

from datetime import date
from pathlib import PurePath
from uuid import UUID

from bursar.chasing.campaigns import create_campaign, prepare
from bursar.chasing.planning import LONGEST_NAME, CampaignPlan, named
from bursar.chasing.queries import campaigns as queries
from bursar.chasing.states import CampaignKind
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from bursar.tenancy.import_runs import get_run
from bursar.tenancy.states import ImportKind, ImportState


async def remind_of_sheet(work: Work, import_run_id: UUID) -> UUID:
    """A draft about the invoices of an applied sheet; the one that there is already, with its list made anew.

    Raises `NotFound`, `Conflict` for a sheet of something else or one that was not applied, and what
    `create_campaign` raises.
    """
    work.allow(AgentRole.AGENT)
    run = await get_run(work, import_run_id, lock=True)
    if run.kind is not ImportKind.INVOICES or run.state is not ImportState.APPLIED:
        raise Conflict(N_("Apply a sheet of invoices first."), code="no_invoices_applied")
    selection = {"import_run": str(import_run_id)}
    draft = await work.db.scalar(queries.draft_over(work, selection))
    if draft is not None:
        await prepare(work, draft)
        return draft
    name = _name(run.file_name, work.today)
    return await create_campaign(work, CampaignPlan(name, CampaignKind.BULK_REMINDER, selection))


def _name(file_name: str, today: date) -> str:
    """That of the file without its ending, if a campaign may be called so; else the day."""
    try:
        return named(PurePath(file_name).stem[:LONGEST_NAME])
    except Invalid:
        return today.isoformat()
