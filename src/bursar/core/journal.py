"""Reading the journal: what happened to one thing, around one customer, or by what a reader asks; newest first.

Everybody who is signed in reads it, a viewer too: it tells of rows that they may see anyway, and an accountant from
outside has that role. From where somebody acted says more of the person than of the books: administrators see it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.kinds import ActorType, AgentRole
from bursar.core.queries import journal as queries
from bursar.core.registry import Say, describe, types_of
from bursar.core.seals import first_id_at
from bursar.core.work import Work

PAGE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `private` is None when there was nothing personal, or its customer was erased (R110).

    `ip` and `user_agent` are None for who may not see them.
    """

    id: UUID
    at: datetime
    type: str
    entity_type: str
    entity_id: UUID
    customer_id: UUID | None
    actor_type: str
    actor_id: UUID | None
    cause: str | None
    changes: Mapping[str, Any]
    payload: Mapping[str, Any]
    private: Mapping[str, Any] | None
    ip: str | None
    user_agent: str | None
    request_id: str | None

    def sentence(self, say: Say) -> str:
        """What happened, in the language of `say`; who did it stands beside it."""
        facts = {**self.payload, **(self.changes.get("after") or {}), **(self.private or {})}
        facts |= facts.pop("after", None) or {}
        return describe(self.type, facts, say)


@dataclass(frozen=True, slots=True)
class Page:
    """`before` is the cursor of the next, older page, or None at the beginning of all."""

    entries: list[Entry]
    before: UUID | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks for; what is not set does not narrow. `until` itself is not in it.

    `entity_type` alone is a kind of thing, with `entity_id` one of them.
    """

    since: datetime | None = None
    until: datetime | None = None
    types: Collection[str] = ()
    entity_type: str | None = None
    entity_id: UUID | None = None
    customer_id: UUID | None = None
    actor_type: ActorType | None = None
    actor_id: UUID | None = None


async def find(work: Work, wanted: Wanted, *, before: UUID | None = None, limit: int = PAGE) -> Page:
    """The newest events that fit, older than `before`."""
    about, types = _narrowed(wanted)
    ends = [one for one in (before, first_id_at(wanted.until) if wanted.until else None) if one]
    statement = queries.events_wanted(
        work.tenant_id,
        about=about,
        types=types,
        actor_type=wanted.actor_type,
        since=first_id_at(wanted.since) if wanted.since else None,
        before=min(ends, default=None),
        limit=limit + 1,
    )
    rows = (await work.db.execute(statement)).all()
    shown = rows[:limit]
    private = await work.vault.open_each(
        {row.id: (row.customer_id, row.private) for row in shown if row.private and row.customer_id}
    )
    entries = [_entry(work, row, private.get(row.id)) for row in shown]
    return Page(entries, shown[-1].id if len(rows) > limit else None)


def _narrowed(wanted: Wanted) -> tuple[dict[str, object], Collection[str]]:
    """Equal columns, and types. A kind of thing is asked for by the types of its events, which have an index."""
    names = ("entity_type", "entity_id", "customer_id", "actor_id")
    about = {name: getattr(wanted, name) for name in names if getattr(wanted, name) is not None}
    if (
        wanted.entity_type
        and not wanted.entity_id
        and not wanted.types
        and (own := types_of(wanted.entity_type))
    ):
        del about["entity_type"]
        return about, own
    return about, wanted.types


def sees_origins(work: Work) -> bool:
    """Whether this actor may know from where others acted."""
    role = work.actor.role
    return work.actor.type is ActorType.SYSTEM or (role is not None and role.reaches(AgentRole.ADMIN))


def _entry(work: Work, row: Row[Any], private: Mapping[str, Any] | None) -> Entry:
    told = Entry(**{**row._mapping, "private": private, "ip": str(row.ip) if row.ip else None})  # noqa: SLF001  public in all but name
    return told if sees_origins(work) else replace(told, ip=None, user_agent=None, request_id=None)


async def timeline(
    work: Work, entity_type: str, entity_id: UUID, *, before: UUID | None = None, limit: int = PAGE
) -> Page:
    """What happened to one thing."""
    return await find(work, Wanted(entity_type=entity_type, entity_id=entity_id), before=before, limit=limit)


async def timeline_of_customer(
    work: Work,
    customer_id: UUID,
    *,
    types: Collection[str] = (),
    before: UUID | None = None,
    limit: int = PAGE,
) -> Page:
    """What happened around one customer over all rooms; `types` chooses."""
    return await find(work, Wanted(customer_id=customer_id, types=types), before=before, limit=limit)


async def timeline_of_tenant(
    work: Work, *, types: Collection[str] = (), before: UUID | None = None, limit: int = PAGE
) -> Page:
    """All that happened; `types` chooses."""
    return await find(work, Wanted(types=types), before=before, limit=limit)
