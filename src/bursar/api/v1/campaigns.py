"""Campaigns: a frozen list of invoices to chase, seen, let go, paused, called off, and what came of it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, door
from bursar.api.etags import Version
from bursar.api.pagination import Listed, Paging, page_of
from bursar.api.values import Currency, Flag, Line, Shown, ShownMoney, Strict, Whole
from bursar.chasing import campaigns, results
from bursar.chasing.planning import CampaignPlan
from bursar.chasing.states import CampaignKind, CampaignState, GroupBy
from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.tenancy.states import CustomerKind

router = door("/campaigns", "campaigns", tag="campaigns")
Days = Annotated[Whole, Field(ge=0, le=3_650)]


class Selection(Strict):
    """Invoice numbers as they were pasted, or a filter over what is open; `import_run` narrows it to a sheet.

    `quiet_days`: nothing that they did not ask for was sent to the customer in so many days.
    """

    numbers: Annotated[list[Line], Field(min_length=1, max_length=10_000)] | None = None
    import_run: UUID | None = None
    min_days_overdue: Days | None = None
    max_days_overdue: Days | None = None
    due_within_days: Days | None = None
    currency: Currency | None = None
    min_balance_minor: Annotated[Whole, Field(ge=0, le=2**53)] | None = None
    max_balance_minor: Annotated[Whole, Field(ge=0, le=2**53)] | None = None
    tags: Annotated[list[Line], Field(min_length=1, max_length=50)] | None = None
    customers: Annotated[list[UUID], Field(min_length=1, max_length=10_000)] | None = None
    customer_kind: CustomerKind | None = None
    languages: Annotated[list[Line], Field(min_length=1, max_length=10)] | None = None
    countries: Annotated[list[Line], Field(min_length=1, max_length=250)] | None = None
    quiet_days: Days | None = None

    def plain(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


class CampaignIn(Strict):
    """Without a template the kind's own is used, without an account the primary mailbox."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    kind: CampaignKind
    selection: Selection = Selection()
    group_by: GroupBy = GroupBy.CUSTOMER
    template: Line | None = Field(default=None, description="A template's code.")
    sending_account_id: UUID | None = None
    sender_name: Line | None = None
    reply_to: Line | None = None
    description: Annotated[str, Field(max_length=500)] | None = None
    other_template: Line | None = Field(
        default=None, description="A second text to compare with, by its code."
    )
    other_share: Annotated[Whole, Field(ge=1, le=99)] = Field(
        default=50, description="Of a hundred customers so many get the second text."
    )
    holdout_percent: Annotated[Whole, Field(ge=0, le=50)] = Field(
        default=0, description="Of a hundred customers so many get nothing, to compare with."
    )

    def plan(self) -> CampaignPlan:
        given = self.model_dump(exclude={"selection"})
        return CampaignPlan(selection=self.selection.plain(), **given)


class Variant(Shown):
    """One of two texts that are tried against each other; `share` of a hundred customers get it."""

    label: str
    template_id: UUID
    template: str
    share: int


class Campaign(Shown):
    """`total` is the number of sends, and `counts` by state add up to it."""

    id: UUID
    version: int
    name: str
    kind: CampaignKind
    group_by: GroupBy
    state: CampaignState
    pause_reason: str | None
    scheduled_for: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    template_id: UUID
    sending_account_id: UUID
    selection: dict[str, Any]
    total: int
    done: int
    counts: dict[str, int]
    excluded: dict[str, int]
    open_amounts: list[ShownMoney]
    any_hour: bool
    description: str | None
    variants: list[Variant]
    holdout_percent: int
    sender_name: str | None
    reply_to: str | None


class CampaignQuery(Paging):
    state: CampaignState | None = None


class Release(Strict):
    """Now, or at a local time of the firm. `any_hour` sends outside its hours too."""

    any_hour: Flag = False


class Schedule(Release):
    at: Annotated[str, Field(pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]$")] = Field(
        examples=["2026-11-19T09:30"]
    )

    def local(self) -> datetime:
        """Raises `Invalid` for a day that no calendar has."""
        try:
            return datetime.fromisoformat(self.at)
        except ValueError:
            raise Invalid(
                N_("There is no such day or time. Write it like 2026-11-19T09:30."),
                code="time_unknown",
                field="at",
            ) from None


class CloneIn(Strict):
    name: Annotated[str, Field(min_length=1, max_length=120)]


@router.get("")
async def list_campaigns(work: Acting, asked: Annotated[CampaignQuery, Query()]) -> Listed[Campaign]:
    """The newest first."""
    found = await results.list_campaigns(work, state=asked.state, before=asked.after, limit=asked.limit + 1)
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[Campaign.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", status_code=201)
async def create_campaign(work: Acting, given: CampaignIn, response: Response) -> Campaign:
    """A draft with its list frozen; over nothing it is refused."""
    return await _made(work, await campaigns.create_campaign(work, given.plan()), response)


@router.get("/{campaign_id}")
async def get_campaign(work: Acting, campaign_id: UUID, response: Response) -> Campaign:
    return await _shown(work, campaign_id, response)


@router.put("/{campaign_id}")
async def replace_campaign(
    work: Acting, campaign_id: UUID, given: CampaignIn, version: Version, response: Response
) -> Campaign:
    """Change a draft; its list is frozen anew."""
    await campaigns.edit_campaign(work, campaign_id, given.plan(), version)
    return await _shown(work, campaign_id, response)


@router.post("/{campaign_id}/refreeze", status_code=201)
async def refreeze_campaign(work: Acting, campaign_id: UUID, response: Response) -> Campaign:
    """Freeze a draft's list anew, for what was paid or added since."""
    await campaigns.prepare(work, campaign_id)
    return await _shown(work, campaign_id, response)


@router.post("/{campaign_id}/release", status_code=201)
async def release_campaign(
    work: Acting, campaign_id: UUID, version: Version, response: Response, given: Release | None = None
) -> Campaign:
    """Let it go now. A second time is refused."""
    any_hour = given.any_hour if given else False
    await campaigns.send_now(work, campaign_id, any_hour=any_hour, version=version)
    return await _shown(work, campaign_id, response)


@router.post("/{campaign_id}/schedule", status_code=201)
async def schedule_campaign(
    work: Acting, campaign_id: UUID, given: Schedule, version: Version, response: Response
) -> Campaign:
    at = given.local()
    await campaigns.schedule(work, campaign_id, at, any_hour=given.any_hour, version=version)
    return await _shown(work, campaign_id, response)


@router.delete("/{campaign_id}/schedule")
async def unschedule_campaign(work: Acting, campaign_id: UUID, response: Response) -> Campaign:
    """A draft again, with its list frozen anew."""
    await campaigns.unschedule(work, campaign_id)
    return await _shown(work, campaign_id, response)


@router.post("/{campaign_id}/pause", status_code=201)
async def pause_campaign(work: Acting, campaign_id: UUID, response: Response) -> Campaign:
    """Nothing further leaves; what is on the wire arrives."""
    await campaigns.pause(work, campaign_id)
    return await _shown(work, campaign_id, response)


@router.delete("/{campaign_id}/pause")
async def resume_campaign(work: Acting, campaign_id: UUID, response: Response) -> Campaign:
    await campaigns.resume(work, campaign_id)
    return await _shown(work, campaign_id, response)


@router.post("/{campaign_id}/cancellation", status_code=201)
async def cancel_campaign(work: Acting, campaign_id: UUID, response: Response) -> Campaign:
    """Call off what was not sent."""
    await campaigns.cancel(work, campaign_id)
    return await _shown(work, campaign_id, response)


@router.post("/{campaign_id}/retry", status_code=201)
async def retry_campaign(work: Acting, campaign_id: UUID, response: Response) -> Campaign:
    """Queue what failed again."""
    await campaigns.retry_failed(work, campaign_id)
    return await _shown(work, campaign_id, response)


@router.post("/{campaign_id}/clone", status_code=201)
async def clone_campaign(work: Acting, campaign_id: UUID, given: CloneIn, response: Response) -> Campaign:
    """The same choice as a new draft."""
    return await _made(work, await campaigns.clone(work, campaign_id, given.name), response)


async def _made(work: Work, campaign_id: UUID, response: Response) -> Campaign:
    response.headers["Location"] = f"/api/v1/campaigns/{campaign_id}"
    return await _shown(work, campaign_id, response)


async def _shown(work: Work, campaign_id: UUID, response: Response) -> Campaign:
    found = await results.show(work, campaign_id)
    etags.tag(response, found.version)
    return Campaign.model_validate(found)
