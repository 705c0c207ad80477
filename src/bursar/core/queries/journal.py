"""Which events: of one thing, around one customer, or by whatever a reader asks for."""

from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa

from bursar.core.tables import events


def events_before(
    tenant_id: UUID, before: UUID | None, limit: int, types: Collection[str], about: Mapping[str, object]
) -> sa.Select:
    """Events older than `before`, newest first, whose columns equal `about` and whose type is one of `types`."""
    chosen = [events.c.tenant_id == tenant_id, *(events.c[name] == value for name, value in about.items())]
    if before is not None:
        chosen.append(events.c.id < before)
    if types:
        chosen.append(events.c.type.in_(types))
    shown = (
        events.c.id, events.c.created_at.label("at"), events.c.type, events.c.entity_type, events.c.entity_id,
        events.c.customer_id, events.c.actor_type, events.c.actor_id, events.c.cause, events.c.changes,
        events.c.payload, events.c.private,
    )  # fmt: skip
    return sa.select(*shown).where(*chosen).order_by(events.c.id.desc()).limit(limit)


def was_told(tenant_id: UUID, type_: str, entity_id: UUID) -> sa.Select:
    """Whether the journal has such an event about this row."""
    return sa.select(events.c.id).where(
        events.c.tenant_id == tenant_id,
        events.c.entity_type == type_.partition(".")[0],
        events.c.entity_id == entity_id,
        events.c.type == type_,
    )
