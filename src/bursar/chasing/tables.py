"""Chasing's tables: campaigns, for each invoice asked for whether it is in and why not, and who is not written to."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from bursar.chasing.states import CampaignKind, CampaignState, Covers, ExcludedReason, GroupBy
from bursar.core.schema import (
    choice,
    day,
    document,
    flag,
    instant,
    of_tenant,
    ref,
    same_tenant,
    tenant_table,
    text,
    whole,
)

campaigns = tenant_table(
    "campaigns",
    of_tenant(),
    text("name", nullable=False),
    text("description"),
    choice("kind", CampaignKind),
    ref("template_id", "templates"),
    ref("sending_account_id", "sending_accounts"),
    text("sender_name"),
    text("reply_to"),
    choice("group_by", GroupBy),
    document("selection"),  # a filter, or the pasted numbers: what was asked for
    instant("scheduled_for"),
    text("time_zone"),
    text("pause_reason"),
    ref("run_id", "runs", nullable=True),
    document("totals"),
    instant("started_at"),
    instant("completed_at"),
    text("last_error"),
    sa.Column("created_by", UUID),
    whole("holdout_percent", server_default="0"),  # of the customers, kept out to compare with
    sa.CheckConstraint("holdout_percent between 0 and 50", name="holdout_percent"),
    state=CampaignState,
)

campaign_invoices = tenant_table(
    "campaign_invoices",
    ref("campaign_id", "campaigns", index=False),
    ref("run_id", "runs"),
    ref("invoice_id", "invoices", nullable=True),
    text("asked_for"),  # the number as it was pasted
    flag("included", default=True),
    choice("excluded_reason", ExcludedReason, nullable=True),
    sa.UniqueConstraint("tenant_id", "campaign_id", "run_id", "invoice_id"),
    sa.CheckConstraint("included = (excluded_reason is null)", name="reason"),
    sa.CheckConstraint("num_nonnulls(invoice_id, asked_for) >= 1", name="subject"),
    changes=False,
)

# Who is not written to, whatever a campaign chooses: a customer, or one invoice of theirs.
exclusions = tenant_table(
    "exclusions",
    ref("customer_id", "customers"),
    ref("invoice_id", "invoices", nullable=True),
    choice("covers", Covers),
    text("reason", nullable=False),
    day("until"),  # the last day on which it holds; null: until it is lifted
    instant("lifted_at"),
    sa.Column("created_by", UUID),
    sa.Index(
        "exclusions_live_key",
        "tenant_id",
        "customer_id",
        "invoice_id",
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("lifted_at is null"),
    ),
)

# Who was taken out of one campaign by hand; every list that it is given anew leaves them out again.
campaign_exclusions = tenant_table(
    "campaign_exclusions",
    ref("campaign_id", "campaigns", index=False),
    ref("customer_id", "customers"),
    ref("invoice_id", "invoices", nullable=True),
    text("reason"),
    sa.Column("created_by", UUID),
    sa.UniqueConstraint(
        "tenant_id",
        "campaign_id",
        "customer_id",
        "invoice_id",
        name="campaign_exclusions_key",
        postgresql_nulls_not_distinct=True,
    ),
    changes=False,
)

# Texts that a campaign tries against each other; without rows its template is the only one.
variants = tenant_table(
    "variants",
    ref("campaign_id", "campaigns", index=False),
    text("label", nullable=False),
    ref("template_id", "templates"),
    whole("share"),  # of a hundred customers
    sa.UniqueConstraint("tenant_id", "campaign_id", "label"),
    sa.UniqueConstraint("tenant_id", "campaign_id", "template_id"),
    sa.CheckConstraint("share between 1 and 99", name="share"),
    changes=False,
)

# Customers of a frozen list who are not written to, so that there is somebody to compare with.
holdouts = tenant_table(
    "holdouts",
    ref("campaign_id", "campaigns", index=False),
    ref("run_id", "runs"),
    ref("customer_id", "customers"),
    sa.UniqueConstraint("tenant_id", "campaign_id", "run_id", "customer_id"),
    changes=False,
)


def is_excluded(
    invoices: sa.FromClause, today: date | sa.ColumnElement[date], *covers: Covers
) -> sa.ColumnElement[bool]:
    """Invoices of whom somebody said that they are not to be written about; of any reach unless `covers` narrows it."""
    e = exclusions
    conditions = [
        same_tenant(e, invoices),
        e.c.customer_id == invoices.c.customer_id,
        sa.or_(e.c.invoice_id.is_(None), e.c.invoice_id == invoices.c.id),
        e.c.lifted_at.is_(None),
        sa.or_(e.c.until.is_(None), e.c.until >= today),
    ]
    if covers:
        conditions.append(e.c.covers.in_(covers))
    return sa.exists().where(*conditions)
