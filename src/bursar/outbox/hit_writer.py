"""Hits on pixels and links, stored before they are answered, many in one commit (performance.md 5).

Adaptive group commit: while one flush commits, the hits that arrive gather for the next. There is no timer, so
a lone hit waits for nobody and a crowd costs few commits.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from bursar.core.across import run_across
from bursar.core.errors import N_, TooMany
from bursar.core.work import Office
from bursar.outbox import hits
from bursar.outbox.hits import Class, Hit
from bursar.outbox.queries import tracking as queries
from bursar.outbox.states import EngagementKind

log = logging.getLogger(__name__)

LARGEST_FLUSH = 2_000
WAITING_ROOM = 20_000  # some two seconds of work; beyond that a reader is better sent on uncounted
REMEMBERED = max(hits.BURST_WITHIN, hits.OTHER_SYSTEM_WITHIN)
LONGEST_AGENT = 500  # characters
QUICK = {EngagementKind.OPEN: hits.TOO_QUICK_OPEN, EngagementKind.CLICK: hits.TOO_QUICK_CLICK}
PEOPLE = [Class.HUMAN_LIKELY, Class.PROXY, Class.UNKNOWN]
"""Whose hits set `opened_at` and `clicked_at`: those that may be people's. `open_count` and `click_count`
count every hit. A proxy is the reader's own mailbox provider, asked when the mail was opened."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A hit on something of one send, from a verified token."""

    tenant_id: UUID
    send_id: UUID
    hit: Hit


Waiting = tuple[Arrival, "asyncio.Future[str | None]"]


class HitWriter:
    """One process's way of storing hits. At most `lanes` flushes are under way at a time, each on a connection.

    Two are a quarter faster than one (`benchmarks.hits`): one computes while the other commits. They lock
    tenants and sends in the same order, so they never wait for each other in a circle.
    """

    def __init__(self, office: Office, *, lanes: int = 2, waiting_room: int = WAITING_ROOM) -> None:
        self._office, self._most_lanes, self._room = office, lanes, waiting_room
        self._waiting: deque[Waiting] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
        self._recent = Recent()
        self._closed = False

    async def write(self, arrival: Arrival) -> str | None:
        """Store a hit; returns after its commit, with the target of the link that was followed, if it exists.

        Raises `TooMany` when more wait than can be served soon, and what the database said when it failed.
        """
        if self._closed or len(self._waiting) >= self._room:
            raise TooMany(
                N_("Too much is going on right now. Try again in a moment."), code="busy", seconds=1
            )
        future: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, future))
        if len(self._lanes) < self._most_lanes:
            self._lanes.add(asyncio.create_task(self._drain(), name="hit writer"))
        return await future

    async def close(self) -> None:
        """Take no more, and return when all that wait are answered."""
        self._closed = True
        while self._lanes:
            await asyncio.wait(self._lanes)

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # who arrived in this very turn of the loop comes along
                flush = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_FLUSH))]
                await self._flush(flush)
        finally:
            # Here and not in a callback of the task: whoever is answered may write again before that is called.
            self._lanes.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _flush(self, flush: Sequence[Waiting]) -> None:
        """Store all in one transaction; if that fails, tenant by tenant, so that one cannot spoil the others."""
        by_tenant: dict[UUID, list[Waiting]] = {}
        for waiting in flush:
            if not waiting[1].done():
                by_tenant.setdefault(waiting[0].tenant_id, []).append(waiting)
        told = {tenant_id: self._told(theirs) for tenant_id, theirs in by_tenant.items()}
        try:
            await self._store(told, by_tenant)
        except Exception as error:
            if len(by_tenant) == 1:
                _fail(flush, error)
                return
            log.warning("a flush of hits failed and is tried again tenant by tenant", exc_info=error)
            for tenant_id, theirs in by_tenant.items():
                try:
                    await self._store({tenant_id: told[tenant_id]}, by_tenant)
                except Exception as theirs_alone:  # noqa: BLE001  it is theirs who wait to handle
                    _fail(theirs, theirs_alone)

    async def _store(self, told: dict[UUID, dict[str, Any]], by_tenant: dict[UUID, list[Waiting]]) -> None:
        if not told:
            return
        answers = await run_across(self._office, queries.STORE, told, cause="hits")
        for tenant_id, rows in answers.items():
            targets: dict[int, str | None] = dict(rows)
            for number, (_, future) in enumerate(by_tenant[tenant_id]):
                if not future.done():
                    future.set_result(targets.get(number))

    def _told(self, theirs: Sequence[Waiting]) -> dict[str, Any]:
        rows = [self._row(number, arrival) for number, (arrival, _) in enumerate(theirs)]
        return {"rows": json.dumps(rows), "people": PEOPLE}

    def _row(self, number: int, arrival: Arrival) -> dict[str, Any]:
        hit = arrival.hit
        earlier = self._recent.before(arrival)
        agent, network = hits.read_agent(hit.user_agent), hits.truncated(hit.ip)
        return {
            "n": number,
            "send_id": str(arrival.send_id),
            "kind": hit.kind,
            "at": hit.at.isoformat(),
            "position": hit.position,
            "user_agent": hit.user_agent[:LONGEST_AGENT].replace("\0", "") or None,
            "device": agent.device,
            "client": agent.client,
            "ip": str(network) if network else None,
            "class": hits.classify(hit, earlier=earlier),
            "if_quick": hits.classify(hit, sent_at=hit.at, earlier=earlier),
            "quick_s": QUICK[hit.kind].total_seconds(),
        }


class Recent:
    """The last seconds' hits of each send, as this process saw them: a scanner comes to one door in a rush."""

    def __init__(self) -> None:
        self._of_send: dict[UUID, deque[Hit]] = {}
        self._order: deque[tuple[datetime, UUID]] = deque()

    def before(self, arrival: Arrival) -> list[Hit]:
        """The hits before this one, which is remembered for those after it."""
        self._forget(arrival.hit.at - REMEMBERED)
        theirs = self._of_send.setdefault(arrival.send_id, deque(maxlen=20))
        earlier = list(theirs)
        theirs.append(arrival.hit)
        self._order.append((arrival.hit.at, arrival.send_id))
        return earlier

    def _forget(self, before: datetime) -> None:
        while self._order and self._order[0][0] < before:
            _, send_id = self._order.popleft()
            theirs = self._of_send.get(send_id)
            while theirs and theirs[0].at < before:
                theirs.popleft()
            if not theirs:
                self._of_send.pop(send_id, None)


def _fail(waiting: Sequence[Waiting], error: Exception) -> None:
    for _, future in waiting:
        if not future.done():
            future.set_exception(error)
