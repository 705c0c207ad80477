"""Filters that somebody keeps under a name: their own, for nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from bursar.tenancy.queries import saved_views as queries

LONGEST_NAME = 60
MOST = 30
"""Of one noun and one agent: more than anybody reads."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """`filter` is what a list of `noun` is asked for."""

    id: UUID
    noun: str
    name: str
    filter: Mapping[str, Any]


async def list_views(work: Work, noun: str) -> list[SavedView]:
    """The actor's own, by name; a program has none."""
    if work.actor.id is None:
        return []
    return [_view(row) for row in await work.db.execute(queries.views_of(work, work.actor.id, noun))]


async def save_view(work: Work, noun: str, name: str, given: Mapping[str, Any]) -> UUID:
    """Keep a filter; the same name again keeps the new one. Raises `Invalid` for a name that is none."""
    agent_id = _agent(work)
    called = _name(name)
    kept = await list_views(work, noun)
    if len(kept) >= MOST and called not in {one.name for one in kept}:
        raise Conflict(
            N_("You keep %(most)s views already. Delete one first."), code="too_many_views", most=MOST
        )
    return (await work.db.execute(queries.keep_view(work, agent_id, noun, called, dict(given)))).scalar_one()


async def rename_view(work: Work, view_id: UUID, name: str) -> None:
    """Raises `NotFound`, also for somebody else's, and `Conflict` for a name that another view has."""
    agent_id, called = _agent(work), _name(name)
    mine = (await work.db.execute(queries.view(work, agent_id, view_id))).one_or_none()
    if mine is None:
        raise NotFound("view")
    taken = await list_views(work, mine.noun)
    if any(one.name == called and one.id != view_id for one in taken):
        raise Conflict(N_("Another view has this name."), code="name_taken", field="name")
    await work.db.execute(queries.rename_view(work, agent_id, view_id, called))


async def delete_view(work: Work, view_id: UUID) -> None:
    """Raises `NotFound`, also for somebody else's."""
    if (await work.db.execute(queries.drop_view(work, _agent(work), view_id))).first() is None:
        raise NotFound("view")


def _agent(work: Work) -> UUID:
    work.allow(AgentRole.VIEWER)
    if work.actor.id is None:
        raise NotFound("agent")
    return work.actor.id


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(N_("Give a name of at most 60 characters."), code="name_not_usable", field="name")
    return name


def _view(row: sa.Row[Any]) -> SavedView:
    return SavedView(row.id, row.noun, row.name, row.filter)
