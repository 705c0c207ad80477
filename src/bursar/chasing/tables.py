"""Chasing's tables: campaigns, and for each invoice asked for whether it is in, and why not."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from bursar.chasing.states import CampaignKind, CampaignState, ExcludedReason, GroupBy
from bursar.core.schema import choice, document, flag, instant, of_tenant, ref, tenant_table, text

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
