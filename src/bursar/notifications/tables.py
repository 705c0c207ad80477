"""What an agent or customer should know, and what an agent has to do."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from bursar.core.schema import Reach, day, document, instant, of_tenant, ref, tenant_table, text

notifications = tenant_table(
    "notifications",
    of_tenant(),
    ref("agent_id", "agents", nullable=True, index=False),
    ref("customer_id", "customers", nullable=True),
    sa.Column("event_id", UUID),
    text("kind", nullable=False),
    document("payload"),
    text("action_url"),
    instant("read_at"),
    sa.CheckConstraint("num_nonnulls(agent_id, customer_id) = 1", name="one_recipient"),
    sa.UniqueConstraint(
        "tenant_id", "event_id", "agent_id", "customer_id", postgresql_nulls_not_distinct=True
    ),
    sa.Index(
        "notifications_unread_idx", "tenant_id", "agent_id", "id", postgresql_where=sa.text("read_at is null")
    ),
    sa.Index(None, "tenant_id", "agent_id"),
    reach=Reach.CUSTOMER,
)

tasks = tenant_table(
    "tasks",
    of_tenant(),
    text("kind", nullable=False),
    text("about_type", nullable=False),
    sa.Column("about_id", UUID, nullable=False),
    ref("customer_id", "customers", nullable=True),
    ref("assignee", "agents", nullable=True),
    document("payload"),
    day("due_on"),
    instant("done_at"),
    sa.Index(
        "tasks_open_key",
        "tenant_id",
        "kind",
        "about_type",
        "about_id",
        unique=True,
        postgresql_where=sa.text("done_at is null"),
    ),
    reach=Reach.CUSTOMER,
)
