"""Campaigns: a chosen set of invoices to chase, prepared, seen, let go, paused and called off (lifecycles 9)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from bursar.chasing import states
from bursar.chasing.exclusions import leave_out_excluded
from bursar.chasing.freezing import freeze
from bursar.chasing.planning import CampaignPlan, columns_of, named, variants_of
from bursar.chasing.queries import campaigns as queries
from bursar.chasing.queries import leaving_out
from bursar.chasing.states import CampaignState
from bursar.core.errors import N_, Conflict, Invalid, NotFound, StaleVersion
from bursar.core.kinds import AgentRole
from bursar.core.moves import move
from bursar.core.states import Move, allowed_from
from bursar.core.work import Record, Work
from bursar.outbox import runs
from bursar.outbox.states import RunReason

MOVES = tuple(
    value for value in vars(states).values() if isinstance(value, Move) and value.table == "campaigns"
)
FARTHEST = timedelta(days=366)
CLONED = (
    *("kind", "description", "selection", "group_by", "template_id", "sending_account_id", "sender_name"),
    *("reply_to", "holdout_percent"),
)
ANY_HOUR = "any_hour"  # what the journal says of an agent who chose to send outside the firm's hours


async def create_campaign(work: Work, plan: CampaignPlan) -> UUID:
    """A draft with its list frozen. Raises `Invalid` for what is missing, or when nobody would be written to."""
    work.allow(AgentRole.AGENT)
    columns, variants = await columns_of(work, plan), await variants_of(work, plan)
    campaign_id = (await work.db.scalars(queries.add(work, columns))).one()
    await _set_variants(work, campaign_id, variants)
    await freeze(work, await campaign_row(work, campaign_id, lock=True))
    return campaign_id


async def edit_campaign(
    work: Work, campaign_id: UUID, plan: CampaignPlan, version: int | None = None
) -> None:
    """Change a draft and freeze its list anew. Raises `Conflict` once it is scheduled or on its way."""
    work.allow(AgentRole.AGENT)
    campaign = await campaign_row(work, campaign_id, lock=True, version=version)
    if campaign.state != CampaignState.DRAFT:
        raise Conflict(N_("Only a draft can be changed. Unschedule it first."), code="not_a_draft")
    await work.db.execute(queries.edit(work, campaign_id, await columns_of(work, plan)))
    await work.db.execute(queries.drop_variants(work, campaign_id))
    await _set_variants(work, campaign_id, await variants_of(work, plan))
    await freeze(work, await campaign_row(work, campaign_id))
    await work.record("campaign.edit", Record(campaign_id, changes={"after": {"name": plan.name}}))


async def prepare(work: Work, campaign_id: UUID) -> UUID:
    """Freeze a draft's list anew, for what was paid or added since; returns the run."""
    work.allow(AgentRole.AGENT)
    return await freeze(work, await campaign_row(work, campaign_id, lock=True))


async def clone(work: Work, campaign_id: UUID, name: str) -> UUID:
    """The same choice frozen anew as a draft: no schedule, figures, ids or tokens come along (T8)."""
    work.allow(AgentRole.AGENT)
    old = await campaign_row(work, campaign_id)
    values = {key: getattr(old, key) for key in CLONED}
    new_id = (await work.db.scalars(queries.add(work, {**values, "name": named(name)}))).one()
    await work.db.execute(queries.copy_variants(work, campaign_id, new_id))
    await work.db.execute(leaving_out.copy(work, campaign_id, new_id))
    await freeze(work, await campaign_row(work, new_id, lock=True))
    return new_id


async def send_now(
    work: Work, campaign_id: UUID, *, any_hour: bool = False, version: int | None = None
) -> None:
    """Let the frozen list go. A second time is `IllegalMove`; an empty one `Invalid`.

    `any_hour` sends outside the firm's hours too; that is an agent's explicit choice and stands in the journal.
    """
    work.allow(AgentRole.AGENT)
    campaign = await campaign_row(work, campaign_id, lock=True, version=version)
    await _move(work, states.SEND_NOW, campaign, started_at=work.now, because=ANY_HOUR if any_hour else None)
    await _refuse_broken_account(work, campaign)
    await leave_out_excluded(work, [campaign.run_id])
    await runs.release(work, campaign.run_id, any_hour=any_hour)


async def schedule(
    work: Work, campaign_id: UUID, local: datetime, *, any_hour: bool = False, version: int | None = None
) -> datetime:
    """Let it go at a local time of the firm (naive, read in its zone); returns the instant."""
    work.allow(AgentRole.AGENT)
    campaign = await campaign_row(work, campaign_id, lock=True, version=version)
    zone = ZoneInfo(str(work.zone))
    at = local.replace(tzinfo=zone) if local.tzinfo is None else local
    if local.year > work.today.year + 1 or at > work.now + FARTHEST:
        raise Invalid(N_("Choose a time within the next year."), code="time_too_far", field="at")
    if at <= work.now:
        raise Invalid(N_("Choose a time in the future."), code="time_past", field="at")
    because = ANY_HOUR if any_hour else None
    await _move(work, states.SCHEDULE, campaign, because=because, scheduled_for=at, time_zone=str(zone))
    await _refuse_broken_account(work, campaign)
    await leave_out_excluded(work, [campaign.run_id])
    await runs.plan(work, campaign.run_id, at, any_hour=any_hour)
    return at


async def unschedule(work: Work, campaign_id: UUID) -> None:
    """Back to a draft; its list is frozen anew, since time has passed."""
    work.allow(AgentRole.AGENT)
    campaign = await campaign_row(work, campaign_id, lock=True)
    await _move(work, states.UNSCHEDULE, campaign, scheduled_for=None, time_zone=None)
    await runs.close(work, campaign.run_id, RunReason.UNSCHEDULED)
    await work.db.execute(queries.edit(work, campaign_id, {"run_id": None}))
    await freeze(work, await campaign_row(work, campaign_id))


async def pause(work: Work, campaign_id: UUID) -> None:
    """No further send is claimed; what is on the wire arrives."""
    work.allow(AgentRole.AGENT)
    campaign = await campaign_row(work, campaign_id, lock=True)
    await _move(work, states.PAUSE, campaign, pause_reason=RunReason.AGENT)
    await runs.pause(work, campaign.run_id, RunReason.AGENT)


async def resume(work: Work, campaign_id: UUID) -> None:
    """Go on with what is left; facts are read anew for each send."""
    work.allow(AgentRole.AGENT)
    campaign = await campaign_row(work, campaign_id, lock=True)
    await _move(work, states.RESUME, campaign, pause_reason=None)
    await _refuse_broken_account(work, campaign)
    await runs.reopen_paused(work, campaign.run_id)


async def cancel(work: Work, campaign_id: UUID) -> int:
    """Call off what was not sent; returns how many sends that were. What is sent stays sent."""
    work.allow(AgentRole.AGENT)
    campaign = await campaign_row(work, campaign_id, lock=True)
    await _move(work, states.CANCEL, campaign, completed_at=work.now)
    if campaign.run_id is None:
        return 0
    return len(await runs.close(work, campaign.run_id, RunReason.CANCELLED))


async def retry_failed(work: Work, campaign_id: UUID) -> int:
    """Queue the failed sends of a finished campaign again; returns how many."""
    work.allow(AgentRole.AGENT)
    campaign = await campaign_row(work, campaign_id, lock=True)
    await _move(work, states.RETRY_FAILED, campaign, completed_at=None)
    await _refuse_broken_account(work, campaign)
    return len(await runs.retry_failed(work, campaign.run_id))


async def lock_campaign(work: Work, campaign_id: UUID) -> None:
    """Keep a campaign and its run to the end of this Work. Raises `Conflict` if it was prepared anew meanwhile.

    The run first, as the pump takes them: it pauses and finishes runs, and their campaigns follow.
    """
    run_id = await work.db.scalar(queries.run_of(work, campaign_id))
    if run_id is not None:
        await runs.lock(work, run_id)
    locked = (await work.db.execute(queries.one(work, campaign_id, lock=True))).one_or_none()
    if locked is not None and locked.run_id != run_id:
        raise Conflict(N_("Somebody else is working on this right now. Try again in a moment."), code="busy")


async def _move(
    work: Work, step: Move, campaign: Row[Any], *, because: str | None = None, **values: Any
) -> None:
    allowed = allowed_from(MOVES, campaign.state)
    await move(work, step, campaign.id, because=because, allowed=allowed, **values)


async def campaign_row(
    work: Work, campaign_id: UUID, *, lock: bool = False, version: int | None = None
) -> Row[Any]:
    """Raises `NotFound`, for another tenant's too, and `StaleVersion` if it is not the one that was looked at."""
    if lock:
        await lock_campaign(work, campaign_id)
    row = (await work.db.execute(queries.one(work, campaign_id))).one_or_none()
    if row is None:
        raise NotFound(N_("campaign"))
    if version is not None and row.version != version:
        raise StaleVersion(N_("campaign"))
    return row


async def _refuse_broken_account(work: Work, campaign: Row[Any]) -> None:
    account = (await work.db.execute(queries.account(work, campaign.sending_account_id))).one()
    if not queries.usable(account.state):
        raise Conflict(
            N_("The mailbox %(address)s cannot send at present. Connect it again first."),
            code="account_not_active",
            address=account.address,
        )


async def _set_variants(work: Work, campaign_id: UUID, variants: list[dict[str, Any]]) -> None:
    if variants:
        await work.db.execute(queries.add_variants(work, campaign_id, variants))
