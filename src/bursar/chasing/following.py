"""What happens to runs happens to their campaigns, in the same transaction; called by `reactions.py`."""

from uuid import UUID

import structlog

from bursar.chasing import states
from bursar.chasing.campaigns import lock_campaign
from bursar.chasing.exclusions import leave_out_excluded
from bursar.chasing.queries import campaigns as queries
from bursar.chasing.states import CampaignState
from bursar.core.moves import move_all
from bursar.core.work import Happened, Office, Work
from bursar.outbox import runs
from bursar.outbox.states import RunReason

log = structlog.get_logger(__name__)


async def follow_pause(work: Work, happened: Happened) -> None:
    """The account of these runs cannot send: their campaigns wait with them."""
    if happened.because == RunReason.AGENT:
        return  # the campaign paused its run itself
    rows = await work.db.execute(queries.of_runs(work, happened.ids, [CampaignState.SENDING]))
    ids = [row.id for row in rows]
    await move_all(work, states.PROVIDER_ERR, ids, because=happened.because, pause_reason=happened.because)


async def follow_open(work: Work, happened: Happened) -> None:
    """Runs that waited for quota alone went on by themselves."""
    if happened.because != RunReason.QUOTA:
        return
    rows = await work.db.execute(queries.of_runs(work, happened.ids, [CampaignState.PAUSED]))
    await move_all(work, states.RESUME, [row.id for row in rows], because="quota", pause_reason=None)


async def follow_finish(work: Work, happened: Happened) -> None:
    """No send of these runs is left to come: their campaigns are completed, or failed if nothing went out."""
    under_way = [CampaignState.SENDING, CampaignState.PAUSED]
    for row in await work.db.execute(queries.of_runs(work, happened.ids, under_way)):
        counts = await runs.count_states(work, row.run_id)
        out = sum(counts.get(state, 0) for state in ("sent", "delivered", "bounced"))
        step = states.ALL_FAILED if counts.get("failed") and not out else states.ALL_FINAL
        await move_all(work, step, [row.id], completed_at=work.now)


async def start_due(office: Office) -> int:
    """Let go what was scheduled for by now, each in its own Work; returns how many were. Safe to run twice.

    One that cannot start now, because its mailbox cannot send or an agent has it in hand, is tried again the
    next time and keeps none of the others waiting.
    """
    async with office.scan() as work:
        due = (await work.db.execute(queries.due(work.now))).all()
    started = 0
    for row in due:
        try:
            async with office.work(row.tenant_id, cause="schedule") as work:
                started += await _start(work, row.id)
        except Exception:
            log.exception("campaign_not_started", tenant=str(row.tenant_id), campaign=str(row.id))
    return started


async def _start(work: Work, campaign_id: UUID) -> bool:
    await lock_campaign(work, campaign_id)
    campaign = (await work.db.execute(queries.one(work, campaign_id))).one()
    if campaign.state != CampaignState.SCHEDULED or campaign.scheduled_for > work.now:
        return False
    account = (await work.db.execute(queries.account(work, campaign.sending_account_id))).one()
    await leave_out_excluded(work, [campaign.run_id])
    has_queued = await runs.has_queued(work, campaign.run_id)
    if has_queued and not queries.usable(account.state):
        return False
    if has_queued:
        await move_all(work, states.DUE, [campaign_id], started_at=work.now)
        await runs.release(work, campaign.run_id)
    else:
        await move_all(work, states.DUE_EMPTY, [campaign_id], completed_at=work.now)
        await runs.finish_those_done(work, [campaign.run_id])
    return True
