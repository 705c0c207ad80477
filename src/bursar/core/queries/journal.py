"""Which events: of one thing, around one customer, or by whatever a reader asks for."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.kinds import ActorType
from bursar.core.tables import events

SHOWN = (
    events.c.id, events.c.created_at.label("at"), events.c.type, events.c.entity_type, events.c.entity_id,
    events.c.customer_id, events.c.actor_type, events.c.actor_id, events.c.cause, events.c.changes,
    events.c.payload, events.c.private, events.c.ip, events.c.user_agent, events.c.request_id,
)  # fmt: skip


def events_wanted(
    tenant_id: UUID,
    *,
    about: Mapping[str, object],
    types: Collection[str],
    actor_type: ActorType | None,
    since: UUID | None,
    before: UUID | None,
    limit: int,
) -> sa.Select:
    """The newest events from the id `since` on and below the id `before`, whose columns equal `about` and whose
    type is one of `types`, if any are given.

    Several types are looked for one by one, each in its own index, and the newest of all of them are kept: as one
    list they would be sought for in a row through the whole journal, however rare they are. A rare thing, customer
    or actor that `about` names is found first, and its types are looked at then.
    """
    chosen = [events.c.tenant_id == tenant_id, *(events.c[name] == value for name, value in about.items())]
    if since is not None:
        chosen.append(events.c.id >= since)
    if before is not None:
        chosen.append(events.c.id < before)
    if actor_type is not None:
        # Written out: the index of people's events is partial, and a parameter does not prove what it needs.
        chosen.append(events.c.actor_type == sa.literal_column(f"'{ActorType(actor_type)}'"))
    if len(types) > 1 and not about:
        return _newest_of_each(chosen, sorted(types), limit)
    if types:
        chosen.append(events.c.type.in_(sorted(types)))
    return sa.select(*SHOWN).where(*chosen).order_by(events.c.id.desc()).limit(limit)


def _newest_of_each(
    chosen: Sequence[sa.ColumnElement[bool]], types: Sequence[str], limit: int
) -> sa.Select[Any]:
    kinds = (
        sa.func.unnest(sa.literal(list(types), sa.ARRAY(sa.Text)))
        .table_valued("type", name="kinds")
        .render_derived()
    )
    newest = (
        sa.select(*SHOWN)
        .where(*chosen, events.c.type == kinds.c.type)
        .order_by(events.c.id.desc())
        .limit(limit)
        .lateral("newest")
    )
    return (
        sa.select(newest).select_from(kinds.join(newest, sa.true())).order_by(newest.c.id.desc()).limit(limit)
    )


def was_told(tenant_id: UUID, type_: str, entity_id: UUID) -> sa.Select:
    """Whether the journal has such an event about this row."""
    return sa.select(events.c.id).where(
        events.c.tenant_id == tenant_id,
        events.c.entity_type == type_.partition(".")[0],
        events.c.entity_id == entity_id,
        events.c.type == type_,
    )
