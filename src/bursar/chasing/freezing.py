"""Freeze a campaign: choose the invoices, say why the others are out, and order one held send a person."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.chasing.queries import campaigns as queries
from bursar.chasing.queries import freezing as sets
from bursar.core.errors import N_, Conflict, Counted, Invalid
from bursar.core.jobs import take_statistics
from bursar.core.work import Work
from bursar.outbox import runs
from bursar.outbox.ordering import Order, order_many
from bursar.outbox.reasons import REASONS
from bursar.outbox.states import MailStream, Purpose, RunReason

LEAP = 1_000  # so many new rows are told to the planner at once


async def freeze(work: Work, campaign: Row[Any]) -> UUID:
    """A new held run with one send a customer (or an invoice), an earlier one closed; returns the run.

    Raises `Invalid` (422) when no invoice can be written about, with how many were left out and why, and
    `Conflict` for a campaign that is not a draft.
    """
    if campaign.state != "draft":
        raise Conflict(N_("Only a draft can be prepared again. Unschedule it first."), code="not_a_draft")
    if campaign.run_id is not None:
        await runs.close(work, campaign.run_id, RunReason.REFROZEN)
    run_id = await runs.freeze(work, Purpose.CAMPAIGN)
    await _choose(work, campaign, run_id)
    totals = [dict(row._mapping) for row in await work.db.execute(sets.totals())]  # noqa: SLF001  a row's mapping is its public face, for all the underscore
    if not totals:
        raise await _nobody(work, run_id)
    await _order(work, campaign, run_id)
    if sum(one["invoices"] for one in totals) >= LEAP:
        await work.defer(take_statistics, tables=["campaign_invoices", "sends", "send_subjects"])
    await work.db.execute(queries.edit(work, campaign.id, {"run_id": run_id, "totals": totals}))
    return run_id


async def _choose(work: Work, campaign: Row[Any], run_id: UUID) -> None:
    numbers: Sequence[str] = campaign.selection.get("numbers", ())
    if numbers:
        await _refuse_ambiguous(work, numbers)
    await work.db.execute(sets.CREATE_CHOSEN)
    await work.db.execute(sets.forget_chosen())
    await work.db.execute(sets.choose(work, campaign.kind, campaign.selection, campaign.id))
    await work.db.execute(sets.ANALYZE_CHOSEN)
    if campaign.holdout_percent:
        await work.db.execute(sets.hold_out(campaign.id, campaign.holdout_percent))
        await work.db.execute(sets.note_holdouts(work, campaign.id, run_id))
    await work.db.execute(sets.fill(work, campaign.id, run_id))
    if numbers:
        await work.db.execute(sets.note_unknown(work, campaign.id, run_id, numbers))


async def _refuse_ambiguous(work: Work, numbers: Sequence[str]) -> None:
    found = (await work.db.execute(queries.ambiguous_numbers(work, numbers))).all()
    if found:
        told = "; ".join(f"{row.number} ({', '.join(sorted(row.series))})" for row in found[:5])
        raise Invalid(
            N_(
                "These numbers stand in more than one series, so it is not clear which is meant: %(numbers)s."
            ),
            code="number_ambiguous",
            field="invoices",
            numbers=told,
        )


async def _nobody(work: Work, run_id: UUID) -> Invalid:
    rows = (await work.db.execute(sets.excluded(work, [run_id]))).all()
    if not rows:
        return Invalid(
            N_("No open invoice fits this choice, so there is nobody to write to."),
            code="campaign_empty",
            field="invoices",
        )
    return Invalid(
        N_("None of these invoices can be written about (%(reasons)s)."),
        code="campaign_empty",
        field="invoices",
        reasons=Counted({REASONS.get(row.reason, row.reason): row.many for row in rows}),
    )


async def _order(work: Work, campaign: Row[Any], run_id: UUID) -> None:
    chosen = (await work.db.execute(queries.variants_of(work, [campaign.id]))).all()
    texts = [await _text(work, one.template_id, one.share) for one in chosen]
    texts = texts or [await _text(work, campaign.template_id, sets.HUNDRED)]
    order = Order(
        Purpose.CAMPAIGN,
        MailStream.REMINDER,
        run_id=run_id,
        sending_account_id=campaign.sending_account_id,
    )
    await order_many(work, order, "invoice", sets.due(campaign.id, run_id, campaign.group_by, texts))


async def _text(work: Work, template_id: UUID, share: int) -> sets.Text:
    versions = {row.locale: row.id for row in await work.db.execute(sets.published(work, template_id))}
    if not versions:
        raise Invalid(
            N_("This template has no published version yet. Publish one first."),
            code="template_unpublished",
            field="template",
        )
    home = str(await work.db.scalar(queries.tenant_locale(work))).partition("-")[0]
    locale = next((one for one in (home, "en", *versions) if one in versions), home)
    return sets.Text(versions, (locale, versions[locale]), share)
