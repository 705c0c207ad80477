"""Work: one act, one transaction. And the Office, which opens it: the only place that commits."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg.errors
import sqlalchemy as sa
from procrastinate.tasks import Task
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bursar.core.clock import Clock
from bursar.core.errors import N_, Conflict, NotAllowed, NotFound
from bursar.core.keys import Keyring
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.queries import work as queries
from bursar.core.vault import Vault

NOBODY = UUID(int=0)
"""The tenant of a Work that acts on global tables only: inside the wall it sees nothing."""

MAX_ROUNDS = 20
"""Reactions may cause events that cause reactions; more rounds than this are a circle."""


class Role(StrEnum):
    """As whom the database sees one transaction."""

    AGENT = "bursar_agent"
    CUSTOMER = "bursar_customer"
    SYSTEM = "bursar_system"
    SCAN = "bursar_scan"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `role` is an agent's; a customer or the system has none."""

    type: ActorType
    id: UUID | None = None
    role: AgentRole | None = None


SYSTEM = Actor(ActorType.SYSTEM)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, for the journal. An `ip` that is no address is none; zones (fe80::1%eth0) go."""

    ip: str | None = None
    user_agent: str | None = None
    request_id: str | None = None

    def __post_init__(self) -> None:
        bare = (self.ip or "").partition("%")[0]
        try:
            object.__setattr__(self, "ip", str(ip_address(bare)))
        except ValueError:
            object.__setattr__(self, "ip", None)


@dataclass(frozen=True, slots=True)
class Happened:
    """One kind of event and all the rows it happened to in one statement: reactions take sets."""

    type: str
    ids: tuple[UUID, ...]
    because: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """One event to write. `private` holds personal data: it is written under the customer's key (R110)."""

    entity_id: UUID
    customer_id: UUID | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, Any] = field(default_factory=dict)


class Work:
    """The first argument of every verb: connection, tenant, actor, cause, and what time it is."""

    def __init__(
        self,
        db: AsyncConnection,
        tenant_id: UUID,
        *,
        actor: Actor,
        cause: str | None,
        origin: Origin,
        now: datetime,
        zone: tzinfo,
        keyring: Keyring,
    ) -> None:
        self.db, self.tenant_id, self.actor, self.cause, self.origin = db, tenant_id, actor, cause, origin
        self.now, self.zone, self.keyring = now, zone, keyring
        self.happened: list[Happened] = []
        self.vault = Vault(db, tenant_id, keyring, now)

    @property
    def today(self) -> date:
        """The tenant's calendar day; due dates are compared with it."""
        return self.now.astimezone(self.zone).date()

    def allow(self, needed: AgentRole, *, customer: bool = False) -> None:
        """Raises `NotAllowed` unless the actor is an agent of that role or higher, or the system.

        `customer` lets a customer act too, on what their door has found to be theirs.
        """
        if self.actor.type is ActorType.SYSTEM or (customer and self.actor.type is ActorType.CUSTOMER):
            return
        if self.actor.role is None or not self.actor.role.reaches(needed):
            raise NotAllowed(needed)

    async def record(self, event: str, *records: Record) -> None:
        """Write events that no state trigger writes, `<noun>.<event>`, in this transaction."""
        if not records:
            return
        rows = [
            {
                "entity_id": record.entity_id,
                "customer_id": record.customer_id,
                "changes": record.changes,
                "payload": record.payload,
            }
            for record in records
        ]
        await self._seal_private(records, rows)
        await self.db.execute(
            queries.ADD_EVENTS,
            {
                "tenant_id": self.tenant_id,
                "entity_type": event.partition(".")[0],
                "type": event,
                "actor_type": self.actor.type,
                "actor_id": self.actor.id,
                "cause": self.cause,
                "ip": self.origin.ip,
                "user_agent": self.origin.user_agent,
                "request_id": self.origin.request_id,
                "rows": json.dumps(rows, default=_plain),
            },
        )
        self.happened.append(Happened(event, tuple(record.entity_id for record in records)))

    async def record_each(self, event: str, rows: sa.Select) -> None:
        """The same for a set that stays in the database: an event for each of `rows`, which give entity_id,
        customer_id and payload. Nothing reacts to it: reactions are handed ids, and these are never fetched.
        """
        told = {
            "tenant_id": self.tenant_id,
            "entity_type": event.partition(".")[0],
            "type": event,
            "actor_type": self.actor.type,
            "actor_id": self.actor.id,
            "cause": self.cause,
            "ip": self.origin.ip,
            "user_agent": self.origin.user_agent,
            "request_id": self.origin.request_id,
        }
        await self.db.execute(queries.add_events_of(told, rows))

    async def _seal_private(self, records: Sequence[Record], rows: list[dict[str, Any]]) -> None:
        """Personal data is bound to its event's id, so ids are drawn first, from the database's clock."""
        if not any(record.private for record in records):
            return
        ids = list(await self.db.scalars(queries.new_ids(len(rows))))
        told = {
            event_id: record
            for event_id, record in zip(ids, records, strict=True)
            if record.private and record.customer_id is not None
        }
        sealed = await self.vault.seal_personal(
            {event_id: record.private for event_id, record in told.items()},
            {event_id: record.customer_id for event_id, record in told.items() if record.customer_id},
        )
        for event_id, row in zip(ids, rows, strict=True):
            row.update(id=event_id, private=sealed[event_id].hex() if event_id in sealed else None)

    async def defer(self, task: "Task[Any, Any, Any]", **arguments: Any) -> None:
        """Enqueue a job in this transaction: it exists if, and only if, this Work commits."""
        raw = (await self.db.get_raw_connection()).driver_connection
        await task.configure(connection=raw).defer_async(tenant_id=str(self.tenant_id), **arguments)


def _plain(value: Any) -> Any:
    """What JSON has no word for, as the journal writes it."""
    return dict(value) if isinstance(value, Mapping) else str(value)


Reaction = Callable[[Work, Happened], Awaitable[None]]


class Office:
    """Opens Works on one database. Doors hold it; nothing else begins or ends a transaction."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        keyring: Keyring,
        reactions: Mapping[str, Sequence[Reaction]] | None = None,
        *,
        cause: str | None = None,
    ) -> None:
        self.engine, self.clock, self.keyring = engine, clock, keyring
        self._reactions, self._cause = reactions or {}, cause

    def caused_by(self, cause: str) -> "Office":
        """The same Office for somebody who acts as the system: `cause` stands first in what they journal."""
        return Office(self.engine, self.clock, self.keyring, self._reactions, cause=cause)

    @asynccontextmanager
    async def work(
        self,
        tenant_id: UUID,
        *,
        actor: Actor = SYSTEM,
        role: Role | None = None,
        customer_id: UUID | None = None,
        cause: str | None = None,
        origin: Origin = Origin(),
        read_only: bool = False,
        must_exist: bool = True,
    ) -> AsyncIterator[Work]:
        """One transaction of `actor` in one tenant; committed when the block ends without an exception.

        An agent acts as bursar_agent, everybody else as bursar_system unless `role` says otherwise. Raises
        `NotFound` for an unknown tenant, `Conflict` when somebody else holds what this Work needs.
        """
        if role is None:
            role = Role.AGENT if actor.type is ActorType.AGENT else Role.SYSTEM
        cause = ", ".join(one for one in (self._cause, cause) if one) or None
        async with self.transaction(read_only=read_only) as db:
            zone = await db.scalar(
                queries.SET_CONTEXT,
                {
                    "role": role,
                    "tenant": tenant_id,
                    "customer": customer_id,
                    "actor_type": actor.type,
                    "actor_id": actor.id,
                    "cause": cause,
                    "ip": origin.ip,
                    "user_agent": origin.user_agent,
                    "request_id": origin.request_id,
                },
            )
            if zone is None and must_exist and tenant_id != NOBODY:
                raise NotFound(N_("tenant"))
            work = Work(
                db,
                tenant_id,
                actor=actor,
                cause=cause,
                origin=origin,
                now=self.clock.now(),
                zone=ZoneInfo(zone) if zone else UTC,
                keyring=self.keyring,
            )
            yield work
            await self._react(work)

    def new_tenant_work(
        self, tenant_id: UUID, *, origin: Origin = Origin()
    ) -> AbstractAsyncContextManager[Work]:
        """A Work inside a tenant that does not exist yet: the one in which its first row is written."""
        return self.work(tenant_id, origin=origin, must_exist=False)

    def directory(self, *, origin: Origin = Origin()) -> AbstractAsyncContextManager[Work]:
        """A Work on the global tables (accounts, slugs, sign-in attempts); sees no tenant's rows."""
        return self.work(NOBODY, origin=origin)

    def scan(self) -> AbstractAsyncContextManager[Work]:
        """A read-only Work over the queue columns of all tenants: where is work due?"""
        return self.work(NOBODY, role=Role.SCAN, read_only=True)

    @asynccontextmanager
    async def transaction(self, *, read_only: bool) -> AsyncIterator[AsyncConnection]:
        """The one place that commits. For `core` alone: everybody else opens a Work."""
        async with self.engine.connect() as db:
            if read_only:
                await db.execution_options(postgresql_readonly=True)
            try:
                yield db
                await db.commit()
            except DBAPIError as error:
                if isinstance(error.orig, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
                    raise Conflict(
                        N_("Somebody else is working on this right now. Try again in a moment."), code="busy"
                    ) from error
                raise

    async def _react(self, work: Work) -> None:
        done = 0
        for _ in range(MAX_ROUNDS):
            fresh = work.happened[done:]
            if not fresh:
                return
            done += len(fresh)
            for happened in fresh:
                for reaction in self._reactions.get(happened.type, ()):
                    await reaction(work, happened)
        raise RuntimeError(f"reactions run in a circle: {[one.type for one in work.happened[-3:]]}")
