"""Analytics: what messages came to, over a period and by what they were sent with; and the messages behind a number."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.v1.sends import Send
from bursar.api.values import Day, Shown, ShownMoney, Strict
from bursar.chasing.analytics import overview
from bursar.chasing.asking import WINDOWS, Asked, Dimension, Interval
from bursar.outbox.outcomes import Figure, Outcome
from bursar.outbox.states import Purpose

router = door("/analytics", "sends", tag="analytics")


class Narrowed(Strict):
    """Which messages. Without days, the last twelve weeks; both days are included, as the firm's calendar has them."""

    first: Day | None = None
    last: Day | None = None
    purpose: Purpose | None = None
    campaign_id: UUID | None = None
    sequence_id: UUID | None = None
    template_id: UUID | None = None
    sending_account_id: UUID | None = None


class AnalyticsQuery(Narrowed):
    """`days` are the windows within which money counts after a message: up to three numbers from 1 to 90."""

    interval: Interval = Interval.WEEK
    days: Annotated[str, Field(pattern=r"^[0-9]{1,2}(,[0-9]{1,2}){0,2}$")] = ",".join(map(str, WINDOWS))
    by: Dimension | None = None


class BehindQuery(Narrowed, Paging):
    outcome: Outcome | None = None
    figure: Figure | None = None
    reason: Annotated[str, Field(max_length=100)] | None = None


class Counts(Shown):
    """`outcomes` add up to `ordered`; a message may be in several of `figures`."""

    ordered: int
    outcomes: dict[Outcome, int]
    figures: dict[Figure, int]


class Collected(Shown):
    """Money that came within each of the asked windows of days, in their order."""

    within: list[ShownMoney]


class Promised(Shown):
    made: int
    kept: int
    broken: int


class Part(Shown):
    """A period, named by its first day, or one campaign, sequence, template, mailbox or purpose."""

    id: UUID | date | str | None
    name: str | None
    counts: Counts
    collected: dict[str, Collected]
    promised: Promised


class Reason(Shown):
    """Why messages did not arrive or did not go."""

    outcome: Outcome
    reason: str | None
    many: int


class Results(Shown):
    """Exact at this moment; each currency by itself. Half of the payments came within `median_days` days of the first
    message about their invoice.
    """

    first: date
    last: date
    days: list[int]
    counts: Counts
    reasons: list[Reason]
    collected: dict[str, Collected]
    promised: Promised
    median_days: int | None
    periods: list[Part]
    parts: dict[Dimension, list[Part]]


@router.get("")
async def get_analytics(work: Acting, asked: Annotated[AnalyticsQuery, Query()]) -> Results:
    """What messages came to: over all, by period, and by what `by` names."""
    windows = tuple(sorted({int(days) for days in asked.days.split(",")}))
    wanted = Asked(**asked.model_dump(exclude={"days", "by"}), windows=windows)
    found = await overview.results(work, wanted, by=[asked.by] if asked.by else [])
    return Results.model_validate(
        {
            "first": found.first,
            "last": found.last,
            "days": list(found.windows),
            "counts": found.counts,
            "reasons": [
                Reason(outcome=outcome, reason=reason, many=many)
                for (outcome, reason), many in found.reasons.items()
            ],
            "collected": found.collected,
            "promised": found.promised,
            "median_days": found.median_days,
            "periods": found.periods,
            "parts": found.parts,
        }
    )


@router.get("/sends")
async def list_behind(work: Acting, asked: Annotated[BehindQuery, Query()]) -> Listed[Send]:
    """The messages that a number counts, the newest first."""
    narrowed = set(Narrowed.model_fields)
    page = await overview.behind(
        work,
        Asked(**asked.model_dump(include=narrowed)),
        outcome=asked.outcome,
        figure=asked.figure,
        reason=asked.reason,
        cursor=asked.after,
        limit=asked.limit,
    )
    items = [Send.model_validate(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)
