"""What the pages of one campaign show, read together."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bursar.chasing.previews import preview_one, previews
from bursar.chasing.results import CampaignShown, results_of
from bursar.chasing.reviewing import place_of
from bursar.chasing.states import CampaignState
from bursar.core.work import Work
from bursar.house import House
from bursar.outbox.accounts import Account, get_account
from bursar.outbox.forecasts import Pace, finishes_at
from bursar.outbox.templates import list_templates
from bursar.tenancy.calendars import calendar_of
from bursar.tenancy.tenants import this_tenant

FINAL = frozenset({CampaignState.COMPLETED, CampaignState.FAILED, CampaignState.CANCELLED})
PAGE = 25


async def about(work: Work, campaign: CampaignShown) -> dict[str, Any]:
    """The words and the mailbox it uses."""
    templates = await list_templates(work)
    return {
        "account": await get_account(work, campaign.sending_account_id),
        "template": next((one for one in templates if one.id == campaign.template_id), None),
        "firm": await this_tenant(work),
    }


async def review(
    work: Work, house: House, campaign: CampaignShown, *, after: UUID | None = None
) -> dict[str, Any]:
    """A page of the messages, the first of them opened, and what changed since they were listed."""
    found = await previews(work, house.letters, house.composers, campaign.id, after=after, limit=PAGE + 1)
    rows = found[:PAGE]
    values = {
        "rows": rows,
        "more": rows[-1].send_id if len(found) > PAGE else None,
        "results": await results_of(work, campaign.id),
        "view": "html",
        **await about(work, campaign),
    }
    if rows and campaign.run_id:
        values |= {"shown": rows[0], "place": await place_of(work, campaign.run_id, rows[0].send_id)}
    return values


async def message(work: Work, house: House, campaign: CampaignShown, send_id: UUID) -> dict[str, Any]:
    shown = await preview_one(work, house.letters, house.composers, campaign.id, send_id)
    place = await place_of(work, campaign.run_id, send_id) if campaign.run_id else None
    return {"shown": shown, "place": place, **await about(work, campaign)}


async def outlook(work: Work, campaign: CampaignShown) -> dict[str, Any]:
    """When it would begin and end if it were let go now."""
    values = await about(work, campaign)
    opens = await _opens(work)
    ready = campaign.counts.get("queued", 0)
    return {
        **values,
        "now": work.now,
        "opens": opens,
        "is_open": opens <= work.now,
        "ready": ready,
        "ends": _ends(work, values["account"], ready, opens),
        "ends_any_hour": _ends(work, values["account"], ready, work.now),
        "results": await results_of(work, campaign.id),
    }


async def progress(work: Work, campaign: CampaignShown) -> dict[str, Any]:
    """How it stands, and when it will be through."""
    account = await get_account(work, campaign.sending_account_id)
    opens = work.now if campaign.any_hour else await _opens(work)
    left = campaign.counts.get("queued", 0)
    sending = campaign.state == CampaignState.SENDING
    return {
        "now": work.now,
        "results": await results_of(work, campaign.id),
        "account": account,
        "waits_until": opens if sending and left and opens > work.now else None,
        "ends": _ends(work, account, left, opens) if sending else None,
    }


def _ends(work: Work, account: Account, count: int, opens: datetime) -> datetime | None:
    """From the pace alone; what else waits for the same mailbox goes first."""
    before = max(account.queued - count, 0)
    pace = Pace(account.batch_size, account.batch_interval, account.daily_quota, account.left_today)
    start = max(work.now, opens, account.throttled_until or work.now)
    return finishes_at(start, before + count, pace) if count else None


async def _opens(work: Work) -> datetime:
    """When the firm's sending hours next allow a message."""
    return (await calendar_of(work)).next_open(work.now, ZoneInfo(str(work.zone)))
