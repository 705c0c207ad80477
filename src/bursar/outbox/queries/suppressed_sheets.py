"""Sets of suppressions, as a sheet brings them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from bursar.core.work import Work
from bursar.outbox.states import Channel
from bursar.outbox.tables import suppressions

GIVEN = {
    "address_key": sa.Text(),
    "scope": sa.Text(),
    "reason": sa.Text(),
    "note": sa.Text(),
    "expires_at": sa.DateTime(timezone=True),
}


def in_force(work: Work, keys: Sequence[str]) -> sa.Select:
    """Those about one of these e-mail addresses that nobody lifted."""
    s = suppressions.c
    return sa.select(s.id, s.address_key, s.scope, s.reason).where(
        s.tenant_id == work.tenant_id,
        s.channel == Channel.EMAIL,
        s.lifted_at.is_(None),
        s.address_key == sa.any_(sa.literal(list(keys), sa.ARRAY(sa.Text))),
    )


def add_listed(work: Work, rows: Sequence[Mapping[str, Any]], created_by: UUID | None) -> sa.Insert:
    """In the order of the addresses, since two sheets may hold the same ones; gives the new ones."""
    plain = [
        {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
        for row in rows
    ]
    given = (
        sa.func.jsonb_to_recordset(sa.literal(plain, JSONB))
        .table_valued(*(sa.column(name, kind) for name, kind in GIVEN.items()))
        .render_derived(with_types=True)
    )
    told: dict[str, Any] = {
        "tenant_id": sa.literal(work.tenant_id, sa.UUID()),
        "channel": sa.literal(Channel.EMAIL, sa.Text()),
        "created_at": sa.literal(work.now, sa.DateTime(timezone=True)),
        "created_by": sa.literal(created_by, sa.UUID()),
    }
    chosen = sa.select(*told.values(), *(given.c[name] for name in GIVEN)).order_by(
        given.c.address_key, given.c.scope, given.c.reason
    )
    s = suppressions.c
    return (
        insert(suppressions)
        .from_select([*told, *GIVEN], chosen)
        .on_conflict_do_nothing()
        .returning(s.id, s.address_key, s.scope, s.reason)
    )
