"""What the doors of tracking call: a pixel was fetched, a link followed. No HTTP here.

Tokens are signed and say tenant, send and link, so nothing is looked up before a hit is stored (R126). A
target comes from the send's own row, never from the request (R106); what only looks (HEAD) asks `target_of`.
"""

from dataclasses import dataclass
from ipaddress import ip_address

from bursar.core.errors import TooMany
from bursar.core.tokens import BadToken, Kind, Signed, verify
from bursar.core.work import Office
from bursar.outbox.hit_writer import Arrival, HitWriter
from bursar.outbox.hits import Address, Hit
from bursar.outbox.queries import tracking as queries
from bursar.outbox.states import EngagementKind


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asked, as the request says. `purpose` is the header Sec-Purpose, Purpose or X-Moz."""

    user_agent: str = ""
    ip: str | None = None
    purpose: str = ""


class Tracking:
    """One process's doorkeeper of pixels and links."""

    def __init__(self, office: Office, writer: HitWriter) -> None:
        self._office, self._writer = office, writer

    async def opened(self, token: str, visitor: Visitor) -> None:
        """Store an opening and return after its commit; for a token that is none of ours, nothing happens.

        The reader gets the same picture either way. Raises what `HitWriter.write` raises.
        """
        signed = self._read(Kind.PIXEL, token)
        if signed is not None:
            await self._writer.write(self._arrival(signed, EngagementKind.OPEN, visitor))

    async def clicked(self, token: str, visitor: Visitor) -> str | None:
        """Store a click and return, after its commit, where the link leads; None for one that is none of ours.

        In a rush that we cannot store the reader is sent on uncounted.
        """
        signed = self._read(Kind.LINK, token)
        if signed is None:
            return None
        try:
            return await self._writer.write(self._arrival(signed, EngagementKind.CLICK, visitor))
        except TooMany:
            return await self.target_of(token)

    async def target_of(self, token: str) -> str | None:
        """Where a link leads, counting nothing."""
        signed = self._read(Kind.LINK, token)
        if signed is None:
            return None
        async with self._office.work(signed.tenant_id, read_only=True, must_exist=False) as work:
            return await work.db.scalar(queries.target_of(work, signed.id, signed.extra))

    def _read(self, kind: Kind, token: str) -> Signed | None:
        try:
            return verify(self._office.keyring, kind, token)
        except BadToken:
            return None

    def _arrival(self, signed: Signed, kind: EngagementKind, visitor: Visitor) -> Arrival:
        position = signed.extra if kind is EngagementKind.CLICK else None
        hit = Hit(
            kind,
            self._office.clock.now(),
            visitor.user_agent,
            _address(visitor.ip),
            position,
            purpose=visitor.purpose,
        )
        return Arrival(signed.tenant_id, signed.id, hit)


def _address(ip: str | None) -> Address | None:
    try:
        return ip_address(ip) if ip else None
    except ValueError:
        return None
