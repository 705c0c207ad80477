"""Statements of every Work: whose it is, what it moves, what it tells the journal."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import uuids
from bursar.core.tables import events

SET_CONTEXT = sa.text(
    "select set_context(:role, :tenant, :customer, :actor_type, :actor_id, :cause, :ip, :user_agent, :request_id)"
)

TAKE_ROLE = sa.text("select set_config('role', :role, true)")
"""Until the transaction ends; whose it is, and who acts, stays."""

ANNOUNCE = sa.text("select announce(:event, :because)")

ADD_EVENTS = sa.text(
    """
    insert into events (tenant_id, id, entity_type, entity_id, type, customer_id, actor_type, actor_id, changes,
                        payload, private, cause, ip, user_agent, request_id)
    select :tenant_id, coalesce(r.id, uuidv7()), :entity_type, r.entity_id, :type, r.customer_id, :actor_type,
           :actor_id, r.changes, r.payload, decode(r.private, 'hex'), :cause, cast(:ip as inet), :user_agent,
           :request_id
      from json_to_recordset(cast(:rows as json))
           as r(id uuid, entity_id uuid, customer_id uuid, changes jsonb, payload jsonb, private text)
    """
)
"""New rows of the journal, all of one type and actor; the database's clock orders them. One text for any number
of rows: a VALUES list would be compiled anew for each."""


def add_events_of(told: Mapping[str, Any], rows: sa.Select) -> sa.Insert:
    """One event for each of `rows`, which name their tenant_id and give entity_id, customer_id and payload; `told`
    is what they have in common.
    """
    common = [sa.literal(value, events.c[name].type).label(name) for name, value in told.items()]
    each = rows.subquery("each")
    named = ("entity_id", "customer_id", "payload")
    filled = sa.select(*common, *(each.c[name] for name in named))
    return sa.insert(events).from_select([*told, *named], filled)


def new_ids(count: int) -> sa.Select:
    """Fresh ids from the database's clock, in order; no rows of a table."""
    return sa.select(sa.func.uuidv7()).select_from(sa.func.generate_series(1, count))


def move(
    table: sa.Table,
    tenant_id: UUID,
    ids: Sequence[UUID],
    sources: Sequence[str],
    values: Mapping[str, Any],
    version: int | None = None,
) -> sa.Update:
    """Those of `ids` that stand in one of `sources` (and at `version`), moved; nothing else."""
    chosen = [
        table.c.tenant_id == tenant_id,
        table.c.id == ids[0] if len(ids) == 1 else table.c.id == sa.any_(uuids(ids)),
        table.c.state.in_(sources),
    ]
    if version is not None:
        chosen.append(table.c.version == version)
    return sa.update(table).where(*chosen).values(**values, version=table.c.version + 1).returning(table.c.id)


def state_of(table: sa.Table, tenant_id: UUID, row_id: UUID) -> sa.Select:
    return sa.select(table.c.state, table.c.version).where(
        table.c.tenant_id == tenant_id, table.c.id == row_id
    )
