"""The outbox's tables. `sends` has one row for each recipient and touch, and is built for being settled fast."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INET, JSONB, UUID

from bursar.core.schema import (
    Reach,
    choice,
    day,
    document,
    flag,
    instant,
    of_tenant,
    ref,
    same_tenant,
    sealed,
    tenant_table,
    text,
    texts,
    whole,
)
from bursar.outbox.outcomes import Figure, Outcome
from bursar.outbox.states import (
    AccountKind,
    AccountState,
    BodyFormat,
    Channel,
    EngagementKind,
    HandledAs,
    IncomingClass,
    MailStream,
    Purpose,
    RunReason,
    RunState,
    Scope,
    SendState,
    SuppressionReason,
    TemplateSource,
    Verdict,
)

sending_accounts = tenant_table(
    "sending_accounts",
    of_tenant(),
    choice("channel", Channel),
    choice("kind", AccountKind),
    text("address", nullable=False),
    text("display_name"),
    text("reply_to"),
    ref("secret_id", "secrets", nullable=True),
    document("settings"),
    flag("is_primary", default=False),
    whole("batch_size", server_default="5"),
    sa.Column("batch_interval", sa.Interval, nullable=False, server_default=sa.text("interval '3 seconds'")),
    whole("daily_quota", server_default="500"),
    instant("next_batch_at", nullable=False, server_default=sa.text("now()")),
    instant("throttled_until"),
    instant("connect_by"),  # only while connecting: who is not connected by then is given up
    instant("last_validated_at"),
    text("last_error"),
    instant("token_expires_at"),  # of the access token in the vault, where the provider gives such
    instant("refreshing_until"),  # somebody is asking for the next one: nobody else does until then
    sa.Column("created_by", UUID),
    sa.UniqueConstraint("tenant_id", "kind", "address"),
    sa.Index(
        "sending_accounts_primary_key",
        "tenant_id",
        "channel",
        unique=True,
        postgresql_where=sa.text("is_primary"),
    ),
    sa.CheckConstraint("batch_size between 1 and 500", name="batch_size"),
    sa.CheckConstraint("daily_quota >= 1", name="daily_quota"),
    sa.CheckConstraint("batch_interval >= interval '0'", name="batch_interval"),
    state=AccountState,
)

# One way to a provider's consent page and back. Only the hash of its state is kept, and nobody comes back twice.
mailbox_sign_ins = tenant_table(
    "mailbox_sign_ins",
    ref("sending_account_id", "sending_accounts"),
    sealed("state_hash", nullable=False),
    ref("verifier_id", "secrets", nullable=True),  # PKCE's; destroyed when the sign-in ends, either way
    flag("reads", default=False),
    sa.Column("agent_id", UUID),
    sa.Column("session_id", UUID),
    instant("expires_at", nullable=False),
    instant("ended_at"),
    sa.UniqueConstraint("tenant_id", "state_hash"),
)

account_usage = tenant_table(
    "account_usage",
    ref("sending_account_id", "sending_accounts", index=False),
    instant("hour", nullable=False),
    whole("accepted", server_default="0"),
    whole("uncertain", server_default="0"),
    sa.UniqueConstraint("tenant_id", "sending_account_id", "hour"),
    changes=True,
)

templates = tenant_table(
    "templates",
    of_tenant(),
    text("code", nullable=False),
    text("name", nullable=False),
    text("description"),
    choice("channel", Channel),
    text("category", nullable=False),
    choice("source", TemplateSource),
    whole("max_invoice_count", nullable=True),
    flag("is_default", default=False),
    flag("active", default=True),
    sa.Column("created_by", UUID),
    sa.UniqueConstraint("tenant_id", "code"),
    sa.Index(
        "templates_default_key",
        "tenant_id",
        "channel",
        "category",
        unique=True,
        postgresql_where=sa.text("is_default"),
    ),
)

# Immutable once published: a guard trigger lets nothing but published_at change, and that once.
template_versions = tenant_table(
    "template_versions",
    ref("template_id", "templates", index=False),
    whole("number"),
    text("locale", nullable=False),
    text("subject", nullable=False),
    text("preheader", nullable=False, server_default=""),  # what a mailbox shows beside the subject
    text("body", nullable=False),
    choice("body_format", BodyFormat),
    texts("required_tags"),
    document("sample_data"),
    instant("published_at"),
    sa.UniqueConstraint("tenant_id", "template_id", "number", "locale"),
    sa.Index(
        "template_versions_draft_key",
        "tenant_id",
        "template_id",
        "locale",
        unique=True,
        postgresql_where=sa.text("published_at is null"),
    ),
)

runs = tenant_table(
    "runs",
    of_tenant(),
    choice("purpose", Purpose),
    choice("reason", RunReason, nullable=True),
    flag("any_hour", default=False),
    instant("release_at"),
    instant("released_at"),
    sa.Column("released_by", UUID),
    sa.Index(
        "runs_planned_idx",
        "tenant_id",
        "release_at",
        postgresql_where=sa.text("state = 'held' and release_at is not null"),
    ),
    state=RunState,
)

# No index names `state` or a lease, and half of each page stays free: settling is a HOT update.
sends = tenant_table(
    "sends",
    sa.Column("customer_id", UUID),
    choice("purpose", Purpose),
    sa.Column("stream", sa.Text, nullable=False),
    text("touch_key", nullable=False),
    sa.Column("run_id", UUID),
    choice("channel", Channel),
    text("to_address"),
    text("address_key"),
    text("to_name"),
    text("locale", nullable=False),
    sa.Column("template_version_id", UUID),
    text("subject"),
    document("merge_data", nullable=True),
    document("reviewed", nullable=True),  # the facts that a person saw: {"<invoice id>": balance_minor, …}
    text("edited_subject"),
    text("edited_body"),
    sa.Column("priority", sa.SmallInteger, nullable=False, server_default="5"),
    text("reason"),
    sa.Column("sending_account_id", UUID),
    text("message_id"),
    text("provider_message_id"),
    text("provider_response"),
    text("thread_id"),
    text("provider_thread_id"),  # what the provider calls the conversation; a reminder stays in it (R103)
    text("final_message_id"),  # where the provider put its own in place of ours
    sa.Column("links", sa.ARRAY(sa.Text)),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("delays", sa.SmallInteger, nullable=False, server_default="0"),
    instant("queue_at"),
    instant("first_deferred_at"),
    sa.Column("claim_id", UUID),
    instant("sent_at"),
    instant("delivered_at"),
    instant("bounced_at"),
    instant("failed_at"),
    instant("opened_at"),
    instant("clicked_at"),
    instant("replied_at"),
    whole("open_count", server_default="0"),
    whole("click_count", server_default="0"),
    sealed("content_sha256"),
    sa.UniqueConstraint("tenant_id", "purpose", "touch_key", "channel"),
    sa.CheckConstraint(
        "stream in (" + ", ".join(f"'{stream}'" for stream in MailStream) + ")", name="stream"
    ),
    sa.CheckConstraint("queue_at is null or state = 'queued'", name="queue_at"),
    *(
        sa.ForeignKeyConstraint(
            ["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], ondelete="RESTRICT"
        )
        for column, target in (
            ("customer_id", "customers"),
            ("run_id", "runs"),
            ("template_version_id", "template_versions"),
            ("sending_account_id", "sending_accounts"),
        )
    ),
    sa.Index(
        "sends_due_idx",
        "tenant_id",
        "sending_account_id",
        "priority",
        "queue_at",
        postgresql_where=sa.text("queue_at is not null"),
    ),
    sa.Index(None, "tenant_id", "run_id"),
    sa.Index("sends_of_customer_idx", "tenant_id", "customer_id", sa.text("id desc")),
    # What went wrong or was stopped, for people; a send that goes as it should never has a reason.
    sa.Index("sends_reason_idx", "tenant_id", "reason", "id", postgresql_where=sa.text("reason is not null")),
    sa.Index(
        None,
        "tenant_id",
        "provider_message_id",
        postgresql_where=sa.text("provider_message_id is not null"),
    ),
    sa.Index(
        None,
        "tenant_id",
        "final_message_id",
        postgresql_where=sa.text("final_message_id is not null"),
    ),
    sa.Index(
        None,
        "tenant_id",
        "provider_thread_id",
        postgresql_where=sa.text("provider_thread_id is not null"),
    ),
    state=SendState,
    changes=False,  # its attempts tell its story; an updated_at would be one more trigger on the hot path
    reach=Reach.CUSTOMER,
    storage={"fillfactor": 50},
)

send_subjects = sa.Table(
    "send_subjects",
    sends.metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("send_id", UUID, nullable=False),
    sa.Column("customer_id", UUID),
    text("subject_type", nullable=False),
    sa.Column("subject_id", UUID, nullable=False),
    text("touch"),
    instant("dropped_at"),
    text("reason"),
    sa.PrimaryKeyConstraint("tenant_id", "send_id", "subject_type", "subject_id"),
    sa.ForeignKeyConstraint(["tenant_id", "send_id"], ["sends.tenant_id", "sends.id"], ondelete="RESTRICT"),
    sa.Index(
        "send_subjects_live_idx",
        "tenant_id",
        "subject_type",
        "subject_id",
        postgresql_where=sa.text("dropped_at is null"),
    ),
    sa.Index(
        "send_subjects_rung_key",
        "tenant_id",
        "subject_type",
        "subject_id",
        "touch",
        unique=True,
        postgresql_where=sa.text("touch is not null and dropped_at is null"),
    ),
    info={"noun": "send_subject", "reach": Reach.CUSTOMER, "states": None, "changes": False},
)

contact_days = sa.Table(
    "contact_days",
    sends.metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    text("key", nullable=False),  # an address key, or customer/<id>
    day("on_date", nullable=False),
    sa.Column("send_id", UUID, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "key", "on_date"),
    sa.ForeignKeyConstraint(["tenant_id", "send_id"], ["sends.tenant_id", "sends.id"], ondelete="RESTRICT"),
    sa.Index(None, "tenant_id", "send_id"),
    info={"noun": "contact_day", "reach": Reach.FIRM, "states": None, "changes": False},
)

claims = tenant_table(
    "claims",
    ref("sending_account_id", "sending_accounts", index=False),
    sa.Column("send_ids", sa.ARRAY(UUID), nullable=False),
    whole("room", server_default="0"),  # what it holds of the quota: asked for at first, then taken
    instant("lease_until", nullable=False),
    instant("settled_at"),
    sa.Index(
        "claims_open_idx",
        "tenant_id",
        "sending_account_id",
        "lease_until",
        postgresql_where=sa.text("settled_at is null"),
    ),
    changes=False,
    storage={"fillfactor": 80},
)

attempts = tenant_table(
    "attempts",
    sa.Column("send_id", UUID, nullable=False),
    sa.Column("number", sa.SmallInteger, nullable=False),
    instant("started_at", nullable=False),
    instant("finished_at", nullable=False),
    text("outcome", nullable=False),
    text("error_code"),
    text("error"),
    sa.ForeignKeyConstraint(["tenant_id", "send_id"], ["sends.tenant_id", "sends.id"], ondelete="RESTRICT"),
    sa.Index(None, "tenant_id", "send_id"),
    changes=False,
)

# Partitioned by month of `id`, like events; engagement_guards keeps provider callbacks unique over months.
engagements = tenant_table(
    "engagements",
    sa.Column("send_id", UUID, nullable=False),
    sa.Column("run_id", UUID),
    choice("kind", EngagementKind),
    instant("at", nullable=False),
    text("source", nullable=False),
    text("class", nullable=False),
    sa.Column("link_position", sa.SmallInteger),
    text("user_agent"),
    text("device"),
    text("client"),
    sa.Column("ip_truncated", INET),
    text("country"),
    text("city"),
    text("provider_event_id"),
    sa.Column("payload", JSONB),
    sa.ForeignKeyConstraint(["tenant_id", "send_id"], ["sends.tenant_id", "sends.id"], ondelete="RESTRICT"),
    sa.Index(None, "tenant_id", "send_id"),
    sa.Index(None, "tenant_id", "run_id"),
    changes=False,
    postgresql_partition_by="range (id)",
)

engagement_guards = tenant_table(
    "engagement_guards",
    text("provider_event_id", nullable=False),
    sa.UniqueConstraint("tenant_id", "provider_event_id"),
    changes=False,
)

# What the sends came to that were ordered in one hour, counted anew from their rows by a job. `day` is the firm's
# day that they count for: of being handed over, or of being ordered. Whose the keys are, the sends' own keys hold.
send_rollups = tenant_table(
    "send_rollups",
    of_tenant(),
    instant("hour", nullable=False),
    day("day", nullable=False),
    choice("purpose", Purpose),
    sa.Column("run_id", UUID),
    sa.Column("template_id", UUID),
    sa.Column("sending_account_id", UUID),
    choice("outcome", Outcome),
    text("reason"),  # of one that did not arrive
    whole("sends"),
    *(whole(figure) for figure in Figure),
    sa.Index(None, "tenant_id", "hour"),
    sa.Index(None, "tenant_id", "day"),
    changes=False,
)

# Up to which send the rollups go (ids below it), and in whose days: another time zone, and they count for nothing.
rollup_marks = tenant_table(
    "rollup_marks",
    of_tenant(),
    sa.Column("counted_to", UUID, nullable=False),
    text("time_zone", nullable=False),
    sa.UniqueConstraint("tenant_id"),
)

# What a send counted as before it changed: a trigger's log, from which the job and the readers know what of the
# rollups is old. The job that counts the hour anew takes its rows away.
send_changes = tenant_table(
    "send_changes",
    sa.Column("send_id", UUID, nullable=False),
    choice("outcome", Outcome),
    text("reason"),
    sa.Column("template_version_id", UUID),
    sa.Column("sending_account_id", UUID),
    instant("sent_at"),
    *(sa.Column(figure, sa.Boolean, nullable=False) for figure in Figure if figure is not Figure.ACCEPTED),
    changes=False,
)

suppressions = tenant_table(
    "suppressions",
    of_tenant(),
    text("address_key", nullable=False),
    choice("channel", Channel),
    choice("scope", Scope),
    choice("reason", SuppressionReason),
    ref("source_send_id", "sends", nullable=True),
    ref("incoming_message_id", "incoming_messages", nullable=True),
    text("note"),
    instant("expires_at"),
    instant("lifted_at"),
    sa.Column("lifted_by", UUID),
    text("lifted_because"),
    sa.Column("created_by", UUID),
    sa.Index(
        "suppressions_live_key",
        "tenant_id",
        "address_key",
        "channel",
        "scope",
        "reason",
        unique=True,
        postgresql_where=sa.text("lifted_at is null"),
    ),
)

incoming_messages = tenant_table(
    "incoming_messages",
    choice("channel", Channel),
    text("from_address", nullable=False),
    ref("customer_id", "customers", nullable=True),
    ref("send_id", "sends", nullable=True),
    text("subject"),
    text("body"),
    choice("class", IncomingClass),
    text("provider_message_id", nullable=False),
    instant("received_at", nullable=False),
    instant("handled_at"),
    sa.Column("handled_by", UUID),
    ref("sending_account_id", "sending_accounts", nullable=True),
    text("from_name"),
    text("message_id"),  # its own, which an answer of ours refers to
    whole("cut_at", nullable=True),  # where in the body quoted history begins
    text("evidence"),  # the header that told its class
    flag(
        "perhaps_automatic", default=False
    ),  # a person's, as far as we know, but its subject sounds like a machine's
    choice("verdict", Verdict, nullable=True),
    document("report", nullable=True),
    choice("handled_as", HandledAs, nullable=True),
    sa.CheckConstraint("handled_as is null or handled_at is not null", name="handled"),
    sa.CheckConstraint("verdict is null or class = 'report'", name="report"),
    sa.UniqueConstraint("tenant_id", "channel", "provider_message_id"),
    sa.Index(
        "incoming_messages_waiting_idx", "tenant_id", "id", postgresql_where=sa.text("handled_at is null")
    ),
    reach=Reach.CUSTOMER,
)

# Where a folder of a mailbox was read to, and when it is read again. One that is stopped keeps its place.
mailbox_cursors = tenant_table(
    "mailbox_cursors",
    ref("sending_account_id", "sending_accounts", index=False),
    text("folder", nullable=False),
    document("position"),  # the reader's own words for it
    instant("read_until"),  # the newest message that was seen
    instant("next_read_at", nullable=False, server_default=sa.text("now()")),
    instant("lease_until"),
    instant("last_read_at"),
    whole("failures", server_default="0"),  # in a row
    text("last_error"),
    instant("stopped_at"),
    sa.UniqueConstraint("tenant_id", "sending_account_id", "folder"),
    sa.Index(
        "mailbox_cursors_due_idx", "tenant_id", "next_read_at", postgresql_where=sa.text("stopped_at is null")
    ),
)


def suppression_of(
    address_key: sa.ColumnElement[str],
    tenant_id: sa.ColumnElement[UUID],
    channel: object,
    stream: sa.ColumnElement[str],
) -> sa.ScalarSelect[str]:
    """Why nothing of `stream` may go to an address, or null: the condition that every room asks (R109).

    A hard bounce, a complaint and an erasure stop everything; an opt-out stops its own scope, and never
    what a person asked for.
    """
    reason, scope = suppressions.c.reason, suppressions.c.scope
    always = reason.in_(
        (SuppressionReason.HARD_BOUNCE, SuppressionReason.COMPLAINT, SuppressionReason.ERASURE)
    )
    theirs = sa.case(
        (stream == MailStream.REMINDER, scope.in_((Scope.ALL, Scope.REMINDERS))),
        (stream == MailStream.MARKETING, scope.in_((Scope.ALL, Scope.MARKETING))),
        else_=sa.false(),
    )
    return (
        sa.select(reason)
        .where(
            suppressions.c.tenant_id == tenant_id,
            suppressions.c.address_key == address_key,
            suppressions.c.channel == channel,
            suppressions.c.lifted_at.is_(None),
            sa.or_(suppressions.c.expires_at.is_(None), suppressions.c.expires_at > sa.func.now()),
            sa.or_(always, theirs),
        )
        .order_by(sa.desc(always))
        .limit(1)
        .scalar_subquery()
    )


def has_replied(customers: sa.FromClause) -> sa.ColumnElement[bool]:
    """Customers with an answer from a person that no agent has dealt with yet."""
    waiting = incoming_messages.alias("waiting")  # whoever asks may look at others of theirs besides
    return sa.exists().where(
        same_tenant(waiting, customers),
        waiting.c.customer_id == customers.c.id,
        waiting.c["class"] == IncomingClass.HUMAN,
        waiting.c.handled_at.is_(None),
    )
