"""Core's tables: the journal and its seals, keys and secrets, files, inbounds, idempotency."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INET, UUID

from bursar.core.kinds import ActorType, FileState, Stream
from bursar.core.schema import (
    Reach,
    choice,
    document,
    instant,
    sealed,
    tenant_table,
    text,
    texts,
    whole,
)

# Tenancy lies above core: customer_id here has no foreign key. Partitioned by month of `id`, whose upper
# 48 bits are the database's clock.
events = tenant_table(
    "events",
    text("entity_type", nullable=False),
    sa.Column("entity_id", UUID, nullable=False),
    text("type", nullable=False),
    sa.Column("customer_id", UUID),
    *choice("actor_type", ActorType),
    sa.Column("actor_id", UUID),
    document("changes"),
    document("payload"),
    sealed("private"),
    text("cause"),
    sa.Column("ip", INET),
    text("user_agent"),
    text("request_id"),
    sa.Index(None, "tenant_id", "entity_type", "entity_id", "id"),
    sa.Index(None, "tenant_id", "customer_id", "id"),
    sa.Index(None, "tenant_id", "type", "id"),
    # What people did is rare between what jobs do; the events of jobs pay for neither index.
    sa.Index(
        "events_actor_idx", "tenant_id", "actor_id", "id", postgresql_where=sa.text("actor_id is not null")
    ),
    sa.Index(
        "events_people_idx",
        "tenant_id",
        "actor_type",
        "id",
        postgresql_where=sa.text("actor_type <> 'system'"),
    ),
    changes=False,
    reach=Reach.CUSTOMER,
    postgresql_partition_by="range (id)",
)

subject_keys = tenant_table(
    "subject_keys",
    sa.Column("customer_id", UUID, nullable=False),
    sealed("wrapped_key"),
    instant("destroyed_at"),
    sa.UniqueConstraint("tenant_id", "customer_id"),
)

seals = tenant_table(
    "seals",
    *choice("stream", Stream),
    whole("number"),
    sa.Column("up_to_id", UUID, nullable=False),
    whole("row_count"),
    sealed("hash", nullable=False),
    sealed("previous_hash", nullable=False),
    sa.UniqueConstraint("tenant_id", "stream", "number"),
    changes=False,
)

# A walk along both chains that somebody asked for. How far it is stands here, so that whoever goes on after a crash
# knows; a bad seal is known by its text.
journal_checks = tenant_table(
    "journal_checks",
    texts("anchors"),
    whole("sealed_rows"),
    whole("checked_rows", server_default="0"),
    *choice("stream", Stream),
    whole("number", server_default="0"),
    sa.Column("up_to_id", UUID, nullable=False),
    sealed("hash", nullable=False),
    text("first_bad"),
    instant("finished_at"),
)

inbounds = tenant_table(
    "inbounds",
    text("provider", nullable=False),
    text("external_id", nullable=False),
    text("kind", nullable=False),
    document("payload"),
    instant("received_at", nullable=False),
    instant("handled_at"),
    text("error"),
    whole("attempts", server_default="0"),
    instant("try_at"),  # not before then; somebody may have it in hand
    sa.UniqueConstraint("tenant_id", "provider", "external_id"),
    sa.Index(
        "inbounds_waiting_idx", "tenant_id", "received_at", postgresql_where=sa.text("handled_at is null")
    ),
)

tenant_keys = tenant_table(
    "tenant_keys",
    sealed("wrapped_key", nullable=False),
    text("key_id", nullable=False),
    sa.UniqueConstraint("tenant_id"),
)

secrets = tenant_table(
    "secrets",
    text("purpose", nullable=False),
    sealed("ciphertext", nullable=False),
    instant("rotated_at"),
)

files = tenant_table(
    "files",
    text("key", nullable=False),
    text("name", nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    text("media_type", nullable=False),
    sealed("sha256", nullable=False),
    sa.UniqueConstraint("tenant_id", "key"),
    sa.Index("files_waiting_idx", "tenant_id", "id", postgresql_where=sa.text("state = 'quarantined'")),
    state=FileState,
)

idempotency_keys = tenant_table(
    "idempotency_keys",
    *choice("actor_type", ActorType),
    sa.Column("actor_id", UUID, nullable=False),
    text("key", nullable=False),
    sealed("fingerprint", nullable=False),
    whole("status", nullable=True),
    document("response", nullable=True),
    instant("expires_at", nullable=False),
    sa.UniqueConstraint("tenant_id", "actor_type", "actor_id", "key"),
)
