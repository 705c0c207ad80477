"""Hits on pixels and links, stored before they are answered, many in one commit (performance.md 5)."""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bursar.core.across import run_across
from bursar.core.gathering import WAITING_ROOM, Gathering
from bursar.core.work import Office
from bursar.outbox import hits
from bursar.outbox.hits import Class, Hit
from bursar.outbox.queries import tracking as queries
from bursar.outbox.states import EngagementKind

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


class HitWriter:
    """One process's way of storing hits. Two lanes are a quarter faster than one (`benchmarks.hits`). They lock
    tenants and sends in the same order, so they never wait for each other in a circle.
    """

    def __init__(self, office: Office, *, lanes: int = 2, waiting_room: int = WAITING_ROOM) -> None:
        self._office = office
        self._recent = Recent()
        self._gathering = Gathering(self._store, name="hits", lanes=lanes, waiting_room=waiting_room)

    async def write(self, arrival: Arrival) -> str | None:
        """Store a hit; returns after its commit, with the target of the link that was followed, if it exists.

        Raises `TooMany` when more wait than can be served soon, and what the database said when it failed.
        """
        return await self._gathering.add(arrival.tenant_id, self._row(arrival))

    async def close(self) -> None:
        """Take no more, and return when all that wait are answered."""
        await self._gathering.close()

    async def _store(
        self, arrived: Mapping[UUID, Sequence[Mapping[str, Any]]]
    ) -> dict[UUID, list[str | None]]:
        told = {
            tenant_id: {
                "rows": json.dumps([{"n": number, **row} for number, row in enumerate(theirs)]),
                "people": PEOPLE,
            }
            for tenant_id, theirs in arrived.items()
        }
        answers = await run_across(self._office, queries.STORE, told, cause="hits")
        targets: dict[UUID, dict[int, str | None]] = {
            tenant_id: dict(rows) for tenant_id, rows in answers.items()
        }
        return {
            tenant_id: [targets[tenant_id].get(number) for number in range(len(theirs))]
            for tenant_id, theirs in arrived.items()
        }

    def _row(self, arrival: Arrival) -> dict[str, Any]:
        """Judged once, as it arrives: a flush that is tried again must not count it as a burst."""
        hit = arrival.hit
        earlier = self._recent.before(arrival)
        agent, network = hits.read_agent(hit.user_agent), hits.truncated(hit.ip)
        return {
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
