"""Sequences and their ladders: one, all in their order, and what their templates can say."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.dml import ReturningDelete

from bursar.chasing.tables import sequence_touches, sequences
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import Channel
from bursar.outbox.tables import template_versions, templates


def add(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    """A sequence after all others."""
    s = sequences.alias("others")
    last = sa.select(sa.func.coalesce(sa.func.max(s.c.position), 0) + 1).where(
        s.c.tenant_id == work.tenant_id
    )
    row = {
        "tenant_id": work.tenant_id,
        "created_by": work.actor.id,
        "position": last.scalar_subquery(),
        **values,
    }
    return sa.insert(sequences).values(row).returning(sequences.c.id)


def edit(work: Work, sequence_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    return (
        sa.update(sequences)
        .where(sequences.c.tenant_id == work.tenant_id, sequences.c.id == sequence_id)
        .values(**values)
    )


def one(work: Work, sequence_id: UUID, *, lock: bool = False) -> sa.Select:
    found = sa.select(sequences).where(sequences.c.tenant_id == work.tenant_id, sequences.c.id == sequence_id)
    return found.with_for_update(key_share=True) if lock else found


def listed(work: Work, *, archived: bool) -> sa.Select:
    """In the order in which they are asked for an invoice; those of the past only if `archived`."""
    found = sa.select(sequences).where(sequences.c.tenant_id == work.tenant_id)
    if not archived:
        found = found.where(sequences.c.archived_at.is_(None))
    return found.order_by(sequences.c.position, sequences.c.id)


def active(work: Work) -> sa.Select:
    """Those that write, in their order."""
    return (
        sa.select(sequences)
        .where(sequences.c.tenant_id == work.tenant_id, sequences.c.active)
        .order_by(sequences.c.position, sequences.c.id)
    )


def active_anywhere() -> sa.Select:
    """Tenants with a sequence that writes; read as bursar_scan, so no tenant_id is named."""
    return sa.select(sequences.c.tenant_id).where(sequences.c.active).distinct()


def put_in_order(work: Work, ids: Sequence[UUID]) -> sa.Update:
    """Each of these at its place in the list, counted from 1."""
    wanted = (
        sa.func.unnest(uuids(ids))
        .table_valued(sa.column("id", sa.UUID), with_ordinality="place", name="wanted")
        .render_derived()
    )
    return (
        sa.update(sequences)
        .where(sequences.c.tenant_id == work.tenant_id, sequences.c.id == wanted.c.id)
        .values(position=wanted.c.place)
    )


def add_touches(work: Work, sequence_id: UUID, touches: Sequence[Mapping[str, Any]]) -> sa.Insert:
    fixed = {"tenant_id": work.tenant_id, "sequence_id": sequence_id}
    return sa.insert(sequence_touches).values([{**fixed, **touch} for touch in touches])


def remove_touches(work: Work, sequence_id: UUID) -> sa.Delete | ReturningDelete:
    """A ladder that is about to be written anew."""
    return sa.delete(sequence_touches).where(
        sequence_touches.c.tenant_id == work.tenant_id, sequence_touches.c.sequence_id == sequence_id
    )


def touches_of(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """The touches of these sequences, earliest first, with their templates and in which languages those speak."""
    k, t, v = sequence_touches, templates, template_versions
    languages = (
        sa.select(sa.func.array_agg(aggregate_order_by(v.c.locale.distinct(), v.c.locale)))
        .where(same_tenant(v, t), v.c.template_id == t.c.id, v.c.published_at.is_not(None))
        .scalar_subquery()
    )
    return (
        sa.select(
            k.c.sequence_id,
            k.c.offset_days,
            k.c.channel,
            k.c.severity,
            k.c.template_id,
            t.c.code,
            t.c.name,
            sa.func.coalesce(languages, sa.literal([], sa.ARRAY(sa.Text))).label("languages"),
        )
        .join(t, same_tenant(t, k) & (t.c.id == k.c.template_id))
        .where(k.c.tenant_id == work.tenant_id, k.c.sequence_id == sa.any_(uuids(ids)))
        .order_by(k.c.sequence_id, k.c.offset_days)
    )


def templates_called(work: Work, codes: Sequence[str]) -> sa.Select:
    """Those of these templates that are there and in use."""
    t = templates
    return sa.select(t.c.id, t.c.code).where(
        t.c.tenant_id == work.tenant_id,
        t.c.active,
        t.c.channel == Channel.EMAIL,
        t.c.code == sa.any_(sa.literal(list(codes), sa.ARRAY(sa.Text))),
    )


def unpublished(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Codes of those templates of which no version was published in any language."""
    t, v = templates, template_versions
    published = sa.exists().where(same_tenant(v, t), v.c.template_id == t.c.id, v.c.published_at.is_not(None))
    return (
        sa.select(t.c.code)
        .where(t.c.tenant_id == work.tenant_id, t.c.id == sa.any_(uuids(ids)), ~published)
        .order_by(t.c.code)
    )
