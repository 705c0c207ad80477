"""Reading the journal: what happened to one thing, or around one customer, newest first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bursar.core.queries import journal as queries
from bursar.core.registry import Say, describe
from bursar.core.work import Work

PAGE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `private` is None when there was nothing personal, or its customer was erased (R110)."""

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


async def timeline(
    work: Work, entity_type: str, entity_id: UUID, *, before: UUID | None = None, limit: int = PAGE
) -> Page:
    """What happened to one thing."""
    return await _page(work, limit, before, entity_type=entity_type, entity_id=entity_id)


async def timeline_of_customer(
    work: Work,
    customer_id: UUID,
    *,
    types: Collection[str] = (),
    before: UUID | None = None,
    limit: int = PAGE,
) -> Page:
    """What happened around one customer over all rooms; `types` chooses."""
    return await _page(work, limit, before, types, customer_id=customer_id)


async def timeline_of_tenant(
    work: Work, *, types: Collection[str] = (), before: UUID | None = None, limit: int = PAGE
) -> Page:
    """All that happened; `types` chooses."""
    return await _page(work, limit, before, types)


async def _page(
    work: Work, limit: int, before: UUID | None, types: Collection[str] = (), **about: object
) -> Page:
    statement = queries.events_before(work.tenant_id, before, limit + 1, types, about)
    rows = (await work.db.execute(statement)).all()
    shown = rows[:limit]
    private = await work.vault.open_each(
        {row.id: (row.customer_id, row.private) for row in shown if row.private and row.customer_id}
    )
    entries = [Entry(**{**row._mapping, "private": private.get(row.id)}) for row in shown]  # noqa: SLF001  public in all but name
    return Page(entries, shown[-1].id if len(rows) > limit else None)
