"""What a payment provider tells: believed if it is signed, stored once, answered at once, applied by a job (R128)."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import structlog

from bursar.billing.queries import till_events as queries
from bursar.billing.tills import inbound_jobs
from bursar.billing.tills.ports import Forged, TillDesk, TillEvent
from bursar.core import inbounds
from bursar.core.errors import N_, NotFound
from bursar.core.gathering import Gathering
from bursar.core.tokens import Kind, Signed, verify
from bursar.core.work import Office, Record

log = structlog.get_logger(__name__)

REMEMBERED_S = 10.0
"""How long a till's secrets are used without being read again; a new one is looked for when none fits."""
ASKED_AGAIN_S = 1.0
UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89abAB])")
OTHER_MONEY = N_("The provider told of the other kind of money, test or live, at the address of this till.")
OTHER_ACCOUNT = N_("The provider told of another account at the address of this till.")


@dataclass(frozen=True, slots=True)
class Hook:
    """What is needed to believe what comes to a till's address. `secrets` are two while one is being replaced."""

    till_id: UUID
    provider: str
    account_id: str | None
    live: bool
    secrets: tuple[bytes, ...]


class Inbox:
    """One process's way of taking what providers tell. `receive` answers when it is stored.

    Many are stored in one commit; the secrets of a till are opened once in `REMEMBERED_S`.
    """

    def __init__(self, office: Office, desk: TillDesk, *, lanes: int = 2) -> None:
        self._office, self._desk = office, desk
        self._hooks: dict[Signed, tuple[asyncio.Task[Hook], float]] = {}
        self._gathering: Gathering[dict[str, Any], None] = Gathering(
            self._store, name="inbounds", lanes=lanes
        )
        self._announcing: set[asyncio.Task[None]] = set()
        self._unannounced: set[UUID] = set()

    async def receive(self, token: str, body: bytes, signature: str) -> None:
        """One request to a till's address.

        Raises `NotFound` for an address that is nobody's, `Forged` for what the provider did not sign just now, or of
        another account or kind of money than the till's, `ValueError` for what is no event, `TooMany`.
        """
        signed = verify(self._office.keyring, Kind.INBOUND, token)
        hook = await self._believed(signed, body, signature)
        told: Any = orjson.loads(body)
        event = self._desk.read(told if isinstance(told, dict) else {})
        if wrong := _mismatch(hook, event):
            await self._tell_owner(signed, wrong)
            raise Forged(wrong)
        payload = _storable(told) if UNSTORABLE.search(body) else orjson.Fragment(body)
        row = {
            "provider": hook.provider,
            "external_id": event.event_id,
            "kind": event.type,
            "payload": {"till_id": str(hook.till_id), "event": payload},
            "received_at": self._office.clock.now().isoformat(),
        }
        await self._gathering.add(signed.tenant_id, row)

    async def close(self) -> None:
        """Take no more; whoever waits is answered, and what was stored is announced."""
        await self._gathering.close()
        while self._announcing:
            await asyncio.wait(self._announcing)

    async def _believed(self, signed: Signed, body: bytes, signature: str) -> Hook:
        hook, read_at = await self._hook(signed)
        try:
            self._desk.verify(body, signature, hook.secrets, self._office.clock.now())
        except Forged:
            if asyncio.get_running_loop().time() - read_at < ASKED_AGAIN_S:
                raise
            self._hooks.pop(signed, None)  # the secret may have been replaced a moment ago
            hook, _ = await self._hook(signed)
            self._desk.verify(body, signature, hook.secrets, self._office.clock.now())
        return hook

    async def _hook(self, signed: Signed) -> tuple[Hook, float]:
        """Read once, however many come at that moment. Raises `NotFound` for a till that is gone or closed."""
        now = asyncio.get_running_loop().time()
        known = self._hooks.get(signed)
        if known is None or now - known[1] >= REMEMBERED_S:
            known = self._hooks[signed] = (asyncio.create_task(self._read(signed), name="read hook"), now)
        try:
            return await asyncio.shield(known[0]), known[1]
        except Exception:
            if self._hooks.get(signed) is known:
                del self._hooks[signed]
            raise

    async def _read(self, signed: Signed) -> Hook:
        """Raises `NotFound`, with a line in the log."""
        async with self._office.work(signed.tenant_id, read_only=True, must_exist=False) as work:
            row = (await work.db.execute(queries.hook_of(work, signed.id))).one_or_none()
            if row is None or row.webhook_secret_id is None:
                log.warning("hook_for_nobody", tenant=str(signed.tenant_id), till=str(signed.id))
                raise NotFound("link")
            secrets = tuple((await work.vault.get(row.webhook_secret_id)).split())
        return Hook(row.id, row.provider, row.account_id, row.live, secrets)

    async def _tell_owner(self, signed: Signed, error: str) -> None:
        """Once, until somebody has looked at the till again."""
        log.warning("hook_mismatch", tenant=str(signed.tenant_id), till=str(signed.id), error=error)
        async with self._office.work(signed.tenant_id, cause="provider") as work:
            if (await work.db.execute(queries.note_once(work, signed.id, error))).first():
                await work.record("till.mismatch", Record(signed.id, payload={"because": error}))

    async def _store(self, arrived: Mapping[UUID, Sequence[dict[str, Any]]]) -> dict[UUID, list[None]]:
        new = await inbounds.store(self._office, arrived)
        self._unannounced |= {tenant_id for tenant_id, ids in new.items() if ids}
        if self._unannounced and not self._announcing:
            task = asyncio.create_task(self._announce(), name="announce inbounds")
            self._announcing.add(task)
        return {tenant_id: [None] * len(theirs) for tenant_id, theirs in arrived.items()}

    async def _announce(self) -> None:
        """A job for each tenant that has something to apply, after the commit: a job that runs already may have
        looked before it. What is lost here by a crash is found by the clock.
        """
        try:
            while self._unannounced:
                tenants, self._unannounced = self._unannounced, set()
                try:
                    await inbound_jobs.apply_soon(self._office, tenants)
                except Exception:
                    log.exception("inbounds_not_announced")
        finally:
            self._announcing.clear()


def _mismatch(hook: Hook, event: TillEvent) -> str | None:
    """Signed with the till's own secret, and yet not its: test money at a live till, or another account's."""
    if event.live is not hook.live:
        return OTHER_MONEY
    if event.account_id is not None and event.account_id != hook.account_id:
        return OTHER_ACCOUNT
    return None


def _storable(told: Any) -> Any:
    """Without the characters that PostgreSQL's jsonb cannot hold."""
    if isinstance(told, str):
        return told.replace("\0", "")
    if isinstance(told, list):
        return [_storable(one) for one in told]
    if isinstance(told, dict):
        return {_storable(key): _storable(value) for key, value in told.items()}
    return told
