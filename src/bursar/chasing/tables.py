"""Chasing's tables: campaigns, for each invoice asked for whether it is in and why not, and who is not written to.

Sequences: their touches, the list of each day with who is not in it, and how each customer is chased.
"""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from bursar.chasing.states import (
    CampaignKind,
    CampaignState,
    ChaseState,
    Covers,
    ExcludedReason,
    GroupBy,
    LeftOut,
    PauseReason,
)
from bursar.core.schema import (
    Reach,
    choice,
    currency,
    day,
    document,
    flag,
    instant,
    minor,
    of_tenant,
    ref,
    same_tenant,
    tenant_table,
    text,
    whole,
)
from bursar.outbox.states import Channel, Purpose

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


# A ladder of touches and whom it is for. The first in the order of `position` that applies to an invoice chases it.
sequences = tenant_table(
    "sequences",
    of_tenant(),
    text("name", nullable=False),
    text("description"),
    document("applies_to"),  # a segment, as `segments.check_segment` leaves it; empty is everybody
    whole("position", server_default="1"),
    choice("group_by", GroupBy, server_default="customer"),
    ref("sending_account_id", "sending_accounts", nullable=True),  # null: the primary one of the day
    text("sender_name"),
    text("reply_to"),
    flag("auto_release", default=False),
    sa.Column("release_time", sa.Time, nullable=False, server_default=sa.text("time '09:00'")),  # of the firm
    whole("gap_days", server_default="3"),  # between two letters to one person (R79)
    flag("active", default=False),
    instant("archived_at"),
    sa.Column("created_by", UUID),
    sa.CheckConstraint("gap_days between 1 and 60", name="gap_days"),
    sa.CheckConstraint("not (active and archived_at is not null)", name="archived"),
    sa.Index("sequences_active_idx", "tenant_id", "position", postgresql_where=sa.text("active")),
)

sequence_touches = tenant_table(
    "sequence_touches",
    ref("sequence_id", "sequences", index=False),
    whole("offset_days"),  # from the due date; before it is below zero
    choice("channel", Channel, server_default="email"),
    ref("template_id", "templates"),
    whole("severity"),  # the message says what the gravest of its touches says
    sa.UniqueConstraint("tenant_id", "sequence_id", "offset_days"),
    sa.CheckConstraint("offset_days between -60 and 365", name="offset_days"),
    sa.CheckConstraint("severity between 0 and 9", name="severity"),
    changes=False,
)

# The list of one day. It is staged customer by customer: `staged_to` is the last who was looked at, null at the end.
sequence_runs = tenant_table(
    "sequence_runs",
    ref("sequence_id", "sequences", index=False),
    ref("run_id", "runs"),
    ref("sending_account_id", "sending_accounts"),
    day("on_date", nullable=False),
    whole("freezes", server_default="1"),  # how often it was made from the beginning; part of its touch keys
    sa.Column("staged_to", UUID),
    instant("staged_at"),  # when the last customer had been looked at
    whole("listed", server_default="0"),  # messages in it then
    document("totals", default="[]"),
    sa.UniqueConstraint("tenant_id", "sequence_id", "on_date"),
)

sequence_exclusions = tenant_table(
    "sequence_exclusions",
    ref("run_id", "runs", index=False),
    ref("invoice_id", "invoices"),
    ref("customer_id", "customers", index=False),
    whole("offset_days"),  # the touch that it had reached
    choice("reason", LeftOut),
    sa.UniqueConstraint("tenant_id", "run_id", "invoice_id"),
    sa.Index(None, "tenant_id", "customer_id", "run_id"),
    changes=False,
)

# How one customer, or one of their invoices, stands on a sequence. Paid, promised, disputed: read live, not kept here.
chases = tenant_table(
    "chases",
    ref("sequence_id", "sequences", index=False),
    ref("customer_id", "customers"),
    ref("invoice_id", "invoices", nullable=True),  # null: all that the sequence covers of this customer
    whole("touch_number", server_default="0"),  # how many letters it has had since it was started
    day("last_touch_on"),
    day("next_touch_on"),
    choice("pause_reason", PauseReason, nullable=True),
    day("paused_until"),  # the first day on which it goes on
    text("note"),  # what the agent said who paused or stopped it
    sa.UniqueConstraint(
        "tenant_id",
        "sequence_id",
        "customer_id",
        "invoice_id",
        name="chases_key",
        postgresql_nulls_not_distinct=True,
    ),
    sa.CheckConstraint("(state = 'paused') = (pause_reason is not null)", name="paused"),
    sa.CheckConstraint("paused_until is null or state = 'paused'", name="paused_until"),
    sa.Index(
        "chases_paused_idx",
        "tenant_id",
        "paused_until",
        postgresql_where=sa.text("paused_until is not null"),
    ),
    sa.Index(
        "chases_quiet_idx",
        "tenant_id",
        "customer_id",
        postgresql_where=sa.text("state in ('paused', 'stopped')"),
    ),
    state=ChaseState,
    reach=Reach.CUSTOMER,
)


COUNTED_BY = ("run_id", "template_id", "sending_account_id")

# Money that came after a message: each payment on an invoice counts for the last message about it before, once its
# day is over. `day` is the message's, `days_after` how long after it the money came.
collection_rollups = tenant_table(
    "collection_rollups",
    of_tenant(),
    day("day", nullable=False),
    choice("purpose", Purpose),
    tuple(sa.Column(name, UUID) for name in COUNTED_BY),
    currency(),
    whole("days_after"),
    whole("days_after_first"),  # after the first message about the invoice
    whole("payments"),  # less those that were reversed
    minor("amount_minor"),
    sa.Index(None, "tenant_id", "day"),
    changes=False,
)

# Up to which payments that goes, up to which promises, and in whose days.
collection_marks = tenant_table(
    "collection_marks",
    of_tenant(),
    sa.Column("counted_to", UUID, nullable=False),
    sa.Column("promises_to", UUID, nullable=False),
    text("time_zone", nullable=False),
    sa.UniqueConstraint("tenant_id"),
)

# Which message a promise answered: the last one about its invoice before it. `day` is the message's.
promise_sends = tenant_table(
    "promise_sends",
    ref("promise_id", "promises", index=False),
    ref("send_id", "sends"),
    day("day", nullable=False),
    choice("purpose", Purpose),
    tuple(sa.Column(name, UUID) for name in COUNTED_BY),
    sa.UniqueConstraint("tenant_id", "promise_id"),
    sa.Index(None, "tenant_id", "day"),
    changes=False,
)


def is_excluded(
    invoices: sa.FromClause, today: date | sa.ColumnElement[date], *covers: Covers
) -> sa.ColumnElement[bool]:
    """Invoices of which somebody said that nothing of this reach is to be written about them."""
    # Two look-ups by equality, which the planner may hash; one with an "or" inside it would run for every row.
    e = exclusions
    in_time = sa.or_(e.c.until.is_(None), e.c.until >= today)
    live = [same_tenant(e, invoices), e.c.lifted_at.is_(None), in_time, e.c.covers.in_(covers)]
    return sa.or_(
        sa.exists().where(*live, e.c.customer_id == invoices.c.customer_id, e.c.invoice_id.is_(None)),
        sa.exists().where(*live, e.c.invoice_id == invoices.c.id),
    )
