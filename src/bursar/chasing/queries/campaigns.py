"""Campaigns: one, many, and what their runs have come to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import invoices
from bursar.chasing.states import CampaignState
from bursar.chasing.tables import campaign_invoices, campaigns, variants
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import AccountState, Channel
from bursar.outbox.tables import sending_accounts, templates
from bursar.tenancy.tables import customer_contacts, customers, tenants


def add(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    row = {"tenant_id": work.tenant_id, "state": CampaignState.DRAFT, "created_by": work.actor.id, **values}
    return sa.insert(campaigns).values(row).returning(campaigns.c.id)


def one(work: Work, campaign_id: UUID, *, lock: bool = False) -> sa.Select:
    statement = sa.select(campaigns).where(
        campaigns.c.tenant_id == work.tenant_id, campaigns.c.id == campaign_id
    )
    return statement.with_for_update(key_share=True) if lock else statement


def run_of(work: Work, campaign_id: UUID) -> sa.Select:
    """The campaign's present run, if it has one."""
    return sa.select(campaigns.c.run_id).where(
        campaigns.c.tenant_id == work.tenant_id, campaigns.c.id == campaign_id
    )


def listed(work: Work, *, state: str | None, before: UUID | None, limit: int) -> sa.Select:
    """Campaigns, newest first."""
    conditions = [campaigns.c.tenant_id == work.tenant_id]
    if state:
        conditions.append(campaigns.c.state == state)
    if before:
        conditions.append(campaigns.c.id < before)
    return sa.select(campaigns).where(*conditions).order_by(campaigns.c.id.desc()).limit(limit)


def draft_over(work: Work, selection: Mapping[str, Any]) -> sa.Select:
    """The newest draft that was made over exactly this choice."""
    c = campaigns.c
    wanted = (c.tenant_id == work.tenant_id, c.state == CampaignState.DRAFT, c.selection == selection)
    return sa.select(c.id).where(*wanted).order_by(c.id.desc()).limit(1)


def names(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """What these campaigns are called."""
    return sa.select(campaigns.c.id, campaigns.c.name).where(
        campaigns.c.tenant_id == work.tenant_id, campaigns.c.id == sa.any_(uuids(ids))
    )


def called(work: Work, text: str, limit: int) -> sa.Select:
    """Campaigns with this in their name, newest first."""
    named = campaigns.c.name.icontains(text, autoescape=True)
    return (
        sa.select(campaigns.c.id, campaigns.c.name, campaigns.c.state)
        .where(campaigns.c.tenant_id == work.tenant_id, named)
        .order_by(campaigns.c.id.desc())
        .limit(limit)
    )


def edit(work: Work, campaign_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    """One campaign's own columns; its state is move()'s."""
    return (
        sa.update(campaigns)
        .where(campaigns.c.tenant_id == work.tenant_id, campaigns.c.id == campaign_id)
        .values(**values, version=campaigns.c.version + 1)
    )


def add_variants(work: Work, campaign_id: UUID, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    return sa.insert(variants).values(
        [{"tenant_id": work.tenant_id, "campaign_id": campaign_id, **row} for row in rows]
    )


def drop_variants(work: Work, campaign_id: UUID) -> sa.Delete:
    return sa.delete(variants).where(
        variants.c.tenant_id == work.tenant_id, variants.c.campaign_id == campaign_id
    )


def copy_variants(work: Work, old_id: UUID, new_id: UUID) -> sa.Insert:
    """The same for a clone."""
    v = variants
    rows = sa.select(v.c.tenant_id, sa.literal(new_id, sa.UUID), v.c.label, v.c.template_id, v.c.share).where(
        v.c.tenant_id == work.tenant_id, v.c.campaign_id == old_id
    )
    return sa.insert(v).from_select(["tenant_id", "campaign_id", "label", "template_id", "share"], rows)


def variants_of(work: Work, campaign_ids: Sequence[UUID]) -> sa.Select:
    """The texts that these campaigns try against each other, with their templates' codes and names."""
    v, t = variants, templates
    return (
        sa.select(v.c.campaign_id, v.c.label, v.c.template_id, v.c.share, t.c.code, t.c.name)
        .join(t, sa.and_(same_tenant(t, v), t.c.id == v.c.template_id))
        .where(v.c.tenant_id == work.tenant_id, v.c.campaign_id == sa.any_(uuids(campaign_ids)))
        .order_by(v.c.campaign_id, v.c.label)
    )


def of_runs(work: Work, run_ids: Sequence[UUID], states: Sequence[str]) -> sa.Select:
    """Campaigns in one of `states` whose present run is among `run_ids`."""
    return sa.select(campaigns.c.id, campaigns.c.run_id, campaigns.c.state).where(
        campaigns.c.tenant_id == work.tenant_id,
        campaigns.c.run_id == sa.any_(uuids(run_ids)),
        campaigns.c.state.in_(states),
    )


def due(now: datetime) -> sa.Select:
    """Scheduled campaigns of all tenants whose time has come; read as bursar_scan, so no tenant_id is named."""
    return sa.select(campaigns.c.tenant_id, campaigns.c.id).where(
        campaigns.c.state == CampaignState.SCHEDULED, campaigns.c.scheduled_for <= now
    )


def template_of_kind(work: Work, category: str, code: str | None) -> sa.Select:
    """The active mail template with this code, or the first of the category, defaults before others."""
    conditions = [
        templates.c.tenant_id == work.tenant_id,
        templates.c.active,
        templates.c.channel == Channel.EMAIL,
    ]
    conditions.append(templates.c.code == code if code else templates.c.category == category)
    return (
        sa.select(templates.c.id, templates.c.category, templates.c.max_invoice_count)
        .where(*conditions)
        .order_by(templates.c.is_default.desc(), templates.c.code)
        .limit(1)
    )


def account(work: Work, account_id: UUID | None) -> sa.Select:
    """The account with this id, or the tenant's primary mailbox."""
    a = sending_accounts
    chosen = a.c.id == account_id if account_id else a.c.is_primary
    return sa.select(a.c.id, a.c.state, a.c.address).where(
        a.c.tenant_id == work.tenant_id, a.c.channel == "email", chosen
    )


def usable(account_state: str) -> bool:
    """Whether an account in this state may be released through; the pump waits for a throttled one."""
    return account_state in (AccountState.ACTIVE, AccountState.THROTTLED)


def is_customers(work: Work, email_key: str) -> sa.Select:
    """Whether a customer, or somebody who is written to for one, has this address."""
    tables = (customers, customer_contacts)
    theirs = (sa.exists().where(t.c.tenant_id == work.tenant_id, t.c.email_key == email_key) for t in tables)
    return sa.select(sa.or_(*theirs))


def tenant_locale(work: Work) -> sa.Select:
    return sa.select(tenants.c.locale, tenants.c.time_zone).where(tenants.c.tenant_id == work.tenant_id)


def ambiguous_numbers(work: Work, numbers: Sequence[str]) -> sa.Select:
    """Numbers that more than one series of the tenant holds (R67), with those series."""
    return (
        sa.select(invoices.c.number, sa.func.array_agg(invoices.c.series).label("series"))
        .where(
            invoices.c.tenant_id == work.tenant_id,
            invoices.c.number == sa.any_(sa.literal(list(numbers), sa.ARRAY(sa.Text))),
        )
        .group_by(invoices.c.number)
        .having(sa.func.count() > 1)
        .order_by(invoices.c.number)
    )


def list_of_run(
    work: Work, run_id: UUID, *, included: bool, reason: str | None, limit: int, offset: int
) -> sa.Select:
    """The frozen list of a run: invoices (or pasted numbers) that are in, or those that are not, with why."""
    r, i = campaign_invoices, invoices
    narrowed = [r.c.excluded_reason == reason] if reason else []
    return (
        sa.select(
            r.c.asked_for,
            r.c.excluded_reason,
            i.c.id.label("invoice_id"),
            i.c.customer_id,
            i.c.currency,
            i.c.balance_minor,
            i.c.due_date,
        )
        .outerjoin(i, sa.and_(i.c.tenant_id == r.c.tenant_id, i.c.id == r.c.invoice_id))
        .where(r.c.tenant_id == work.tenant_id, r.c.run_id == run_id, r.c.included == included, *narrowed)
        .order_by(r.c.excluded_reason, r.c.asked_for)
        .limit(limit)
        .offset(offset)
    )
