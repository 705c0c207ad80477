"""What arrives one by one and is answered when it is stored: many in one commit (performance.md 5).

Adaptive group commit: while one flush commits, what arrives gathers for the next. There is no timer, so a lone arrival
waits for nobody and a crowd costs few commits.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar, cast
from uuid import UUID

from bursar.core.errors import N_, TooMany

Arrival = TypeVar("Arrival")
Answer = TypeVar("Answer")
log = logging.getLogger(__name__)

LARGEST_FLUSH = 2_000
WAITING_ROOM = 20_000  # some two seconds of work; beyond that somebody is better told to come again


class Gathering(Generic[Arrival, Answer]):
    """One process's way of storing. `store` writes what came for each tenant in one transaction, tenants in order,
    and gives an answer for each arrival, or raises and has written nothing.

    At most `lanes` flushes are under way at a time, each on a connection: one computes while the other commits.
    """

    def __init__(
        self,
        store: Callable[[Mapping[UUID, Sequence[Arrival]]], Awaitable[Mapping[UUID, Sequence[Answer]]]],
        *,
        name: str,
        lanes: int = 2,
        waiting_room: int = WAITING_ROOM,
    ) -> None:
        self._store, self._name, self._most_lanes, self._room = store, name, lanes, waiting_room
        self._waiting: deque[tuple[UUID, Arrival, asyncio.Future[Answer]]] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
        self._closed = False

    async def add(self, tenant_id: UUID, arrival: Arrival) -> Answer:
        """Store it; returns after its commit.

        Raises `TooMany` when more wait than can be served soon, and what the database said when it failed.
        """
        if self._closed or len(self._waiting) >= self._room:
            raise TooMany(
                N_("Too much is going on right now. Try again in a moment."), code="busy", seconds=1
            )
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((tenant_id, arrival, future))
        if len(self._lanes) < self._most_lanes:
            self._lanes.add(asyncio.create_task(self._drain(), name=self._name))
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
            # Here and not in a callback of the task: whoever is answered may come again before that is called.
            self._lanes.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _flush(self, flush: Sequence[tuple[UUID, Arrival, asyncio.Future[Answer]]]) -> None:
        """Store all in one transaction; if that fails, tenant by tenant, so that one cannot spoil the others."""
        by_tenant: dict[UUID, list[tuple[Arrival, asyncio.Future[Answer]]]] = {}
        for tenant_id, arrival, future in flush:
            if not future.done():
                by_tenant.setdefault(tenant_id, []).append((arrival, future))
        try:
            await self._answer(by_tenant)
        except Exception as error:
            if len(by_tenant) == 1:
                _fail(by_tenant, error)
                return
            log.warning(
                "a flush of %s failed and is tried again tenant by tenant", self._name, exc_info=error
            )
            for tenant_id, theirs in by_tenant.items():
                try:
                    await self._answer({tenant_id: theirs})
                except Exception as theirs_alone:  # noqa: BLE001  it is theirs who wait to handle
                    _fail({tenant_id: theirs}, theirs_alone)

    async def _answer(
        self, by_tenant: Mapping[UUID, Sequence[tuple[Arrival, asyncio.Future[Answer]]]]
    ) -> None:
        if not by_tenant:
            return
        arrived = {tenant_id: [arrival for arrival, _ in theirs] for tenant_id, theirs in by_tenant.items()}
        answers = await self._store(arrived)
        for tenant_id, theirs in by_tenant.items():
            for (_, future), answer in zip(theirs, answers[tenant_id], strict=True):
                if not future.done():
                    future.set_result(answer)


def _fail(
    by_tenant: Mapping[UUID, Sequence[tuple[Arrival, "asyncio.Future[Answer]"]]], error: Exception
) -> None:
    for theirs in by_tenant.values():
        for _, future in theirs:
            if not future.done():
                future.set_exception(error)
