"""How a campaign stands: figures derived from rows, never kept in counters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.chasing.queries import campaigns as queries
from bursar.chasing.queries import freezing as sets
from bursar.chasing.queries import results
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.outbox import runs
from bursar.outbox.states import SendState

FINAL = frozenset(
    {
        SendState.SENT,
        SendState.DELIVERED,
        SendState.BOUNCED,
        SendState.FAILED,
        SendState.SUPPRESSED,
        SendState.CANCELLED,
    }
)
HUMAN = frozenset({"human_likely", "unknown"})


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the texts that a campaign tries against another; `share` of a hundred customers get it."""

    label: str
    template_id: UUID
    template: str  # its code
    name: str
    share: int


@dataclass(frozen=True, slots=True)
class CampaignShown:
    """A campaign as its people see it. `total` is the number of sends; `counts` add up to it."""

    id: UUID
    version: int
    name: str
    kind: str
    group_by: str
    state: str
    pause_reason: str | None
    scheduled_for: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    run_id: UUID | None
    template_id: UUID
    sending_account_id: UUID
    selection: Mapping[str, Any]
    total: int
    counts: Mapping[str, int]
    excluded: Mapping[str, int]
    open_amounts: tuple[Money, ...]
    any_hour: bool = False
    description: str | None = None
    variants: tuple[Variant, ...] = ()
    holdout_percent: int = 0
    sender_name: str | None = None
    reply_to: str | None = None

    @property
    def done(self) -> int:
        """Sends about which nothing more will happen by itself."""
        return sum(count for state, count in self.counts.items() if state in FINAL)


@dataclass(frozen=True, slots=True)
class FoundCampaign:
    """A line of a search."""

    id: UUID
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class CampaignResults:
    """What came of it. `human` counts sends opened or clicked by people as far as one can tell (R104)."""

    not_sent: Mapping[tuple[str, str | None], int]
    dropped: Mapping[str, int]
    opened: int = 0
    clicked: int = 0
    machine_opened: int = 0
    collected: tuple[Money, ...] = field(default=())


async def show(work: Work, campaign_id: UUID) -> CampaignShown:
    """Raises `NotFound`, for another tenant's too."""
    row = (await work.db.execute(queries.one(work, campaign_id))).one_or_none()
    if row is None:
        raise NotFound("campaign")
    return (await _shown(work, [row]))[0]


async def list_campaigns(
    work: Work, *, state: str | None = None, before: UUID | None = None, limit: int = 50
) -> list[CampaignShown]:
    """Newest first."""
    rows = (await work.db.execute(queries.listed(work, state=state, before=before, limit=limit))).all()
    return await _shown(work, rows)


async def find_campaigns(work: Work, text: str, *, limit: int = 10) -> list[FoundCampaign]:
    """Those with `text` in their name, newest first."""
    rows = await work.db.execute(queries.called(work, text, limit))
    return [FoundCampaign(row.id, row.name, row.state) for row in rows]


async def names_of_campaigns(work: Work, ids: Sequence[UUID]) -> dict[UUID, str]:
    return {row.id: row.name for row in await work.db.execute(queries.names(work, ids))}


async def _shown(work: Work, rows: Sequence[Row[Any]]) -> list[CampaignShown]:
    """All of a list with four queries, however long it is."""
    ids = [row.run_id for row in rows if row.run_id is not None]
    counts = await runs.count_states_of(work, ids)
    excluded: dict[UUID, dict[str, int]] = {run_id: {} for run_id in ids}
    for one in await work.db.execute(sets.excluded(work, ids)):
        excluded[one.run_id][one.reason] = one.many
    any_hour = set(await work.db.scalars(results.any_hour(work, ids)))
    variants: dict[UUID, list[Variant]] = {}
    for one in await work.db.execute(queries.variants_of(work, [row.id for row in rows])):
        variant = Variant(one.label, one.template_id, one.code, one.name, one.share)
        variants.setdefault(one.campaign_id, []).append(variant)
    return [
        CampaignShown(
            row.id,
            row.version,
            row.name,
            row.kind,
            row.group_by,
            row.state,
            row.pause_reason,
            row.scheduled_for,
            row.started_at,
            row.completed_at,
            row.run_id,
            row.template_id,
            row.sending_account_id,
            row.selection,
            sum(counts.get(row.run_id, {}).values()),
            counts.get(row.run_id, {}),
            excluded.get(row.run_id, {}),
            tuple(Money(one["balance_minor"], one["currency"]) for one in row.totals or ()),
            row.run_id in any_hour,
            row.description,
            tuple(variants.get(row.id, ())),
            row.holdout_percent,
            row.sender_name,
            row.reply_to,
        )
        for row in rows
    ]


async def results_of(work: Work, campaign_id: UUID) -> CampaignResults:
    """What was not sent and why, what was dropped since the freeze, who read it, what money came in since."""
    row = (await work.db.execute(queries.one(work, campaign_id))).one_or_none()
    if row is None:
        raise NotFound("campaign")
    if row.run_id is None:
        return CampaignResults({}, {})
    not_sent = {
        (one.state, one.reason): one.many
        for one in await work.db.execute(results.suppressed(work, row.run_id))
    }
    dropped = {one.reason: one.many for one in await work.db.execute(results.dropped(work, row.run_id))}
    engaged = (await work.db.execute(results.engaged(work, row.run_id))).all()
    money: tuple[Money, ...] = ()
    if row.started_at is not None:
        rows = await work.db.execute(results.collected(work, row.run_id, row.started_at))
        money = tuple(Money(one.amount_minor, one.currency) for one in rows)
    return CampaignResults(
        not_sent,
        dropped,
        opened=sum(one.sends for one in engaged if one.kind == "open" and one[1] in HUMAN),
        clicked=sum(one.sends for one in engaged if one.kind == "click" and one[1] in HUMAN),
        machine_opened=sum(one.sends for one in engaged if one.kind == "open" and one[1] not in HUMAN),
        collected=money,
    )


@dataclass(frozen=True, slots=True)
class ListedInvoice:
    """One line of the frozen list: in, or left out and why. `invoice_id` is None for a number nobody knows."""

    number: str
    invoice_id: UUID | None
    customer_id: UUID | None
    balance: Money | None
    excluded_reason: str | None


async def frozen_list(
    work: Work, run_id: UUID, *, included: bool, reason: str | None = None, limit: int = 200, offset: int = 0
) -> list[ListedInvoice]:
    """The invoices of a run that are in, or those that are not (for `reason`, if one is given)."""
    rows = await work.db.execute(
        queries.list_of_run(work, run_id, included=included, reason=reason, limit=limit, offset=offset)
    )
    return [
        ListedInvoice(
            row.asked_for,
            row.invoice_id,
            row.customer_id,
            Money(row.balance_minor, row.currency) if row.currency else None,
            row.excluded_reason,
        )
        for row in rows
    ]
