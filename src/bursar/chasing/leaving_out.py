"""Taken out of one campaign by hand: a customer, or single invoices by their numbers; and put back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.chasing.campaigns import campaign_row, prepare
from bursar.chasing.queries import leaving_out as queries
from bursar.chasing.selecting import check_selection
from bursar.chasing.states import CampaignState, ExcludedReason
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.outbox.states import Purpose
from bursar.outbox.taking_out import take_out
from bursar.tenancy import cells

LONGEST_REASON = 300  # characters
HELD = (CampaignState.DRAFT, CampaignState.SCHEDULED)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Somebody who was taken out of a campaign by hand; `invoice_id` is None for all of the customer's."""

    id: UUID
    customer_id: UUID
    customer_name: str
    invoice_id: UUID | None
    invoice_number: str | None
    reason: str | None


async def leave_out(
    work: Work,
    campaign_id: UUID,
    *,
    customers: Sequence[UUID] = (),
    numbers: Sequence[str] = (),
    reason: str | None = None,
) -> int:
    """Take customers and invoices out of a list that was not let go yet; returns how many messages that cancelled.

    Texts that were rewritten by hand stay, and every later list of this campaign leaves them out again. Raises
    `Conflict` once it is on its way, `Invalid` for numbers of which none is in it, `NotFound`.
    """
    work.allow(AgentRole.AGENT)
    campaign = await campaign_row(work, campaign_id, lock=True)
    if campaign.state not in HELD:
        raise Conflict(N_("This campaign was let go already. Cancel single messages instead."), code="let_go")
    named = check_selection({"numbers": list(numbers)})["numbers"] if numbers else []
    said = cells.parse_text(reason, field="reason", limit=LONGEST_REASON) if reason else None
    found = (await work.db.execute(queries.listed(work, campaign.run_id, customers, named))).all()
    if not found:
        raise Invalid(N_("Nothing of this is in the list."), code="not_in_the_list", field="invoices")
    whole = {row.customer_id for row in found} & set(customers)
    pairs = [(one, None) for one in whole]
    pairs += [(row.customer_id, row.invoice_id) for row in found if row.customer_id not in whole]
    await work.db.execute(queries.add(work, campaign_id, pairs, said))
    return await _take_out(work, campaign, found)


async def _take_out(work: Work, campaign: Row[Any], found: Sequence[Row[Any]]) -> int:
    ids = [row.invoice_id for row in found]
    await work.db.execute(queries.forget(work, campaign.run_id, ids))
    await work.db.execute(queries.note(work, campaign.id, campaign.run_id, ids))
    cancelled = await take_out(
        work,
        "invoice",
        ids,
        reason=ExcludedReason.BY_HAND,
        purposes=(Purpose.CAMPAIGN,),
        run_id=campaign.run_id,
        by_hand=True,
    )
    totals = [dict(row._mapping) for row in await work.db.execute(queries.totals(work, campaign.run_id))]  # noqa: SLF001  a row's mapping is its public face, for all the underscore
    await work.db.execute(queries.set_totals(work, campaign.id, totals))
    payload = {"invoices": len(ids), "messages": cancelled}
    await work.record("campaign.leave_out", Record(campaign.id, payload=payload))
    return cancelled


async def put_back(work: Work, campaign_id: UUID, left_out_id: UUID) -> None:
    """Undo one of them; the draft's list is frozen anew. Raises `NotFound`, and `Conflict` for what is no draft."""
    work.allow(AgentRole.AGENT)
    await campaign_row(work, campaign_id, lock=True)
    if not list(await work.db.scalars(queries.remove(work, campaign_id, left_out_id))):
        raise NotFound("exclusion")
    await prepare(work, campaign_id)


async def list_left_out(work: Work, campaign_id: UUID) -> list[LeftOut]:
    """By the names of the customers. Raises `NotFound`."""
    await campaign_row(work, campaign_id)
    return [
        LeftOut(row.id, row.customer_id, row.customer_name, row.invoice_id, row.invoice_number, row.reason)
        for row in await work.db.execute(queries.of_campaign(work, campaign_id))
    ]
