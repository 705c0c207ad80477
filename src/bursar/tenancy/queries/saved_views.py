"""Statements over the views that agents keep for themselves."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningDelete

from bursar.core.work import Work
from bursar.tenancy.tables import saved_views


def views_of(work: Work, agent_id: UUID, noun: str) -> sa.Select:
    return (
        sa.select(saved_views)
        .where(
            saved_views.c.tenant_id == work.tenant_id,
            saved_views.c.agent_id == agent_id,
            saved_views.c.noun == noun,
        )
        .order_by(saved_views.c.name)
    )


def view(work: Work, agent_id: UUID, view_id: UUID) -> sa.Select:
    return sa.select(saved_views).where(
        saved_views.c.tenant_id == work.tenant_id,
        saved_views.c.agent_id == agent_id,
        saved_views.c.id == view_id,
    )


def keep_view(work: Work, agent_id: UUID, noun: str, name: str, given: dict[str, Any]) -> sa.Insert:
    row = insert(saved_views).values(
        tenant_id=work.tenant_id, agent_id=agent_id, noun=noun, name=name, filter=given
    )
    return row.on_conflict_do_update(
        index_elements=["tenant_id", "agent_id", "noun", "name"], set_={"filter": row.excluded.filter}
    ).returning(saved_views.c.id)


def rename_view(work: Work, agent_id: UUID, view_id: UUID, name: str) -> sa.Update:
    return (
        sa.update(saved_views)
        .where(
            saved_views.c.tenant_id == work.tenant_id,
            saved_views.c.agent_id == agent_id,
            saved_views.c.id == view_id,
        )
        .values(name=name)
    )


def drop_view(work: Work, agent_id: UUID, view_id: UUID) -> ReturningDelete:
    return (
        sa.delete(saved_views)
        .where(
            saved_views.c.tenant_id == work.tenant_id,
            saved_views.c.agent_id == agent_id,
            saved_views.c.id == view_id,
        )
        .returning(saved_views.c.id)
    )
