"""What providers told us, kept as it came: worked off by the room that understands it, looked at by people (R128).

Whoever tells is answered once a row is committed; the same thing told again is no second row. What could not be applied
is tried again after a while, and stands on a page when that did not help.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.across import run_across
from bursar.core.errors import NotFound
from bursar.core.kinds import AgentRole
from bursar.core.queries import inbounds as queries
from bursar.core.schema import rows_text
from bursar.core.work import Happened, Office, Record, Work

MOST_ATTEMPTS = 8
"""With the pauses between them that is a day."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
LARGEST_PAGE = 200
LONGEST_ERROR = 500  # characters


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing that a provider told. `payload` is None in lists: it may hold what people are called."""

    id: UUID
    provider: str
    external_id: str
    kind: str
    received_at: datetime
    handled_at: datetime | None
    error: str | None
    attempts: int
    try_at: datetime | None
    payload: Mapping[str, Any] | None = None

    @property
    def stuck(self) -> bool:
        """It was tried so often that it waits for a person."""
        return self.handled_at is None and self.attempts >= MOST_ATTEMPTS

    @property
    def status(self) -> str:
        """One word: applied, stuck, failing (it is tried again), or waiting for its first try."""
        if self.handled_at is not None:
            return "applied"
        if self.stuck:
            return "stuck"
        return "failing" if self.error else "waiting"


async def store(
    office: Office, arrived: Mapping[UUID, Sequence[Mapping[str, Any]]]
) -> dict[UUID, frozenset[str]]:
    """Rows of many tenants in one transaction; the external ids that are new, by tenant."""
    told = {tenant_id: {"rows": rows_text(theirs)} for tenant_id, theirs in arrived.items()}
    answers = await run_across(office, queries.STORE, told, cause="provider")
    return {tenant_id: frozenset(row[0] for row in rows) for tenant_id, rows in answers.items()}


async def keep(
    work: Work, provider: str, external_id: str, kind: str, payload: Mapping[str, Any]
) -> UUID | None:
    """One thing that was told; None if it is here already. `inbound.kept` happened otherwise."""
    row = {"provider": provider, "external_id": external_id, "kind": kind, "payload": dict(payload)}
    inbound_id = await work.db.scalar(queries.add(work.tenant_id, {**row, "received_at": work.now}))
    if inbound_id is not None:
        work.happened.append(Happened("inbound.kept", (inbound_id,)))
    return inbound_id


async def lock_waiting(
    work: Work, provider: str, *, ids: Sequence[UUID] | None = None, limit: int = LARGEST_PAGE
) -> list[sa.Row[Any]]:
    """What waits of one provider and nobody else has in hand, locked: those of `ids`, else those whose time it is."""
    statement = queries.lock_waiting(
        work.tenant_id, provider, ids=ids, now=work.now, most_attempts=MOST_ATTEMPTS, limit=limit
    )
    return list((await work.db.execute(statement)).all())


async def waiting(office: Office, provider: str, *, for_: timedelta, limit: int) -> list[tuple[UUID, UUID]]:
    """(tenant, inbound) of those that have waited so long, over all tenants."""
    async with office.scan() as scan:
        rows = await scan.db.execute(queries.waiting(provider, scan.now - for_, limit))
        return [(row.tenant_id, row.id) for row in rows]


async def tenants_waiting(office: Office, provider: str, *, for_: timedelta) -> list[UUID]:
    """Whose are due and have waited so long."""
    async with office.scan() as scan:
        statement = queries.tenants_waiting(provider, scan.now - for_, scan.now, MOST_ATTEMPTS)
        return sorted(await scan.db.scalars(statement))


async def handled(work: Work, ids: Sequence[UUID], *, note: str | None = None) -> None:
    """These are worked off; `note` says what is odd about them."""
    if ids:
        values = {"handled_at": work.now, "error": note, "try_at": None}
        await work.db.execute(queries.change(work.tenant_id, ids, values, spend=True))


async def in_hand(work: Work, ids: Sequence[UUID], *, until: datetime) -> None:
    """Nobody else takes these up until then; whoever has them may be killed meanwhile."""
    if ids:
        await work.db.execute(queries.change(work.tenant_id, ids, {"try_at": until}, spend=False))


async def postpone(
    work: Work, inbound: sa.Row[Any], error: str, *, pause: timedelta | None = None, spend: bool = True
) -> None:
    """It could not be applied, and why. Without a `pause` each is four times as long as the one before."""
    longer = min(FIRST_PAUSE * 4**inbound.attempts, LONGEST_PAUSE)
    values = {"error": error[:LONGEST_ERROR], "try_at": work.now + (pause or longer)}
    await work.db.execute(queries.change(work.tenant_id, [inbound.id], values, spend=spend))


async def list_inbounds(
    work: Work,
    *,
    waits: bool | None = None,
    provider: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Inbound]:
    """The newest first, older than `before`: those that `waits` to be applied, or those that were."""
    statement = queries.listed(
        work.tenant_id, waits=waits, provider=provider, before=before, limit=min(limit, LARGEST_PAGE + 1)
    )
    return [Inbound(**row._mapping) for row in await work.db.execute(statement)]  # noqa: SLF001  public in all but name


async def count_stuck(work: Work) -> int:
    """How many wait for a person."""
    return (await work.db.scalars(queries.count_stuck(work.tenant_id, MOST_ATTEMPTS))).one()


async def get_inbound(work: Work, inbound_id: UUID) -> Inbound:
    """With what was told. Raises `NotFound`."""
    row = (await work.db.execute(queries.one(work.tenant_id, inbound_id))).one_or_none()
    if row is None:
        raise NotFound("inbound")
    names = [name for name in Inbound.__dataclass_fields__ if name != "payload"]
    return Inbound(**{name: getattr(row, name) for name in names}, payload=row.payload)


async def replay(work: Work, inbound_id: UUID) -> None:
    """It is to be applied again, from the beginning: what was applied already stays as it is. Raises `NotFound`."""
    work.allow(AgentRole.AGENT)
    values = {"handled_at": None, "error": None, "attempts": 0, "try_at": None}
    again = (
        await work.db.execute(queries.change(work.tenant_id, [inbound_id], values, spend=False))
    ).one_or_none()
    if again is None:
        raise NotFound("inbound")
    await work.record("inbound.replay", Record(inbound_id))
