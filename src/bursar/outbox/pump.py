"""The pump: in each worker, lanes that claim, call and settle, and a watch over leases, throttles and runs.

Nothing here holds what the database does not know: a killed pump is a pump that was never started, but for
the leases it leaves behind.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import sample
from typing import Any
from uuid import UUID

import structlog

from bursar.core.errors import N_
from bursar.core.files import FileStore
from bursar.core.work import Office
from bursar.outbox import pausing, runs, settling
from bursar.outbox.attaching import attach
from bursar.outbox.batches import Account, Claimed
from bursar.outbox.claiming import LEASE, claim
from bursar.outbox.composing import Composers
from bursar.outbox.letters import Letters
from bursar.outbox.ports import AccountRef, Outcome, Result, Sender, SenderFactory
from bursar.outbox.queries import reserving as queries
from bursar.outbox.queries import runs as run_queries
from bursar.outbox.queries import settling as settling_queries
from bursar.outbox.states import SIGNS_IN_BY_CONSENT

log = structlog.get_logger(__name__)

IDLE = 0.2  # seconds between looks when nothing is due
WATCH = 1.0  # seconds between rounds of the watch
LOOK_AHEAD = 4  # accounts that a lane may find due for it at a look
SPREAD = 4  # of how many times as many that wait they are drawn
UNMADE = N_("The sign-in of this account could not be read. Connect it again.")
TROUBLE = timedelta(seconds=5)  # an account whose claim or call broke in our own code rests this long
SETTLE_AGAIN = (0.5, 2.0, 5.0, 10.0, 20.0)
"""Seconds between tries to write down what the wire said: a database that is busy or starts anew costs no answers."""


@dataclass(frozen=True, slots=True)
class _Out:
    """A sender that is kept open, and the settings it was made from."""

    made_from: tuple[Any, ...]
    sender: Sender


class Pump:
    """One worker's part of the outbox. `lanes` batches are in hand at a time."""

    def __init__(
        self,
        office: Office,
        letters: Letters,
        composers: Composers,
        senders: SenderFactory,
        files: FileStore,
        *,
        lanes: int,
        lease: timedelta = LEASE,
    ) -> None:
        self._office, self._letters, self._composers, self._senders = office, letters, composers, senders
        self._files = files
        self._lanes, self._lease = lanes, lease
        self._due: deque[tuple[UUID, UUID]] = deque()
        self._nap = IDLE
        self._looking = asyncio.Lock()
        self._out: dict[UUID, _Out] = {}
        self._in_hand: dict[UUID, Claimed] = {}
        self._resting: dict[UUID, float] = {}
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Until `stop`; what is in hand by then is settled first."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._lanes):
                    group.create_task(self._lane())
                group.create_task(self._watch())
                group.create_task(self._hold())
            await self._finish()  # runs whose last send was settled after the watch had looked
        finally:
            for out in self._out.values():
                await out.sender.close()

    def stop(self) -> None:
        """Claim nothing more."""
        self._stop.set()

    async def run_until_idle(self) -> None:
        """`run`, and stop by itself once `is_idle`, with finished runs closed."""
        async with asyncio.TaskGroup() as group:
            running = group.create_task(self.run())
            while not running.done() and not await self.is_idle():
                await self._pause(IDLE)
            await self._finish()
            self.stop()

    async def is_idle(self) -> bool:
        """No send due, sending or leased. Waits for pace and leases, not for windows, quota or broken accounts."""
        async with self._office.scan() as work:
            on_the_wire = (await work.db.execute(settling_queries.open_claims())).one()
            waiting = await work.db.scalar(queries.waiting_accounts(work.now))
        return not on_the_wire.many and waiting is None and not self._in_hand

    async def _lane(self) -> None:
        while not self._stop.is_set():
            try:
                due = await self._next()
            except Exception:
                # No database: a lane that ended here would take the others with it, from the middle of a call.
                log.exception("look_failed")
                await self._pause(TROUBLE.total_seconds())
                continue
            if due is None:
                await self._pause(self._nap)
                continue
            try:
                await self._carry(*due)
            except Exception:
                # Our own mistake or a lost database: this account rests, the others go on.
                log.exception("claim_or_settle_failed", tenant=str(due[0]), account=str(due[1]))
                self._rest(due[1], TROUBLE.total_seconds())

    async def _carry(self, tenant_id: UUID, account_id: UUID) -> None:
        claimed = await claim(
            self._office, tenant_id, account_id, self._letters, self._composers, lease=self._lease
        )
        if claimed is None:
            self._rest(account_id, IDLE)
            return
        if claimed.full and not claimed.account.batch_interval:
            self._due.append((tenant_id, account_id))  # more of the same; another lane may take it
        if not claimed.letters:
            return
        self._in_hand[claimed.id] = claimed
        try:
            await self._settle(claimed, await self._deliver(claimed))
        finally:
            self._in_hand.pop(claimed.id, None)

    async def _settle(self, claimed: Claimed, outcomes: list[Outcome]) -> None:
        """Its lease is renewed meanwhile: an accepted letter whose answer was lost would become uncertain."""
        for seconds in SETTLE_AGAIN:
            try:
                return await settling.settle(self._office, claimed, outcomes)
            except Exception:
                log.exception("settle_failed", tenant=str(claimed.tenant_id), claim=str(claimed.id))
            await asyncio.sleep(seconds)
        return await settling.settle(self._office, claimed, outcomes)

    async def _deliver(self, claimed: Claimed) -> list[Outcome]:
        try:
            sender = await self._sender(claimed.tenant_id, claimed.account)
        except Exception:
            # No way out could be made, a lost secret say: nothing left the house, and that is known.
            log.exception("no_sender", tenant=str(claimed.tenant_id), account=str(claimed.account.id))
            return [Outcome(one.send_id, Result.ERROR, text=UNMADE) for one in claimed.letters]
        if not claimed.attachments:
            return await sender.deliver(claimed.letters)
        letters, lost = await attach(self._files, claimed.letters, claimed.attachments)
        return [*lost, *(await sender.deliver(letters) if letters else ())]

    def _rest(self, account_id: UUID, seconds: float) -> None:
        self._resting[account_id] = asyncio.get_running_loop().time() + seconds

    async def _next(self) -> tuple[UUID, UUID] | None:
        """The next account to claim for: fair, since the scan puts the longest waiting first."""
        if not self._due:
            async with self._looking:
                if not self._due:
                    await self._look()
        while self._due:
            tenant_id, account_id = self._due.popleft()
            if self._resting.get(account_id, 0) <= asyncio.get_running_loop().time():
                return tenant_id, account_id
        return None

    async def _look(self) -> None:
        """Some of those that have waited longest, by lot: workers that all took the first would take turns.

        Few at a time, since what another worker has served meanwhile is asked for in vain. When nobody may send
        yet, the nap ends as soon as the first may: a batch that is late is never made up for (R97).
        """
        few = LOOK_AHEAD * self._lanes
        async with self._office.scan() as work:
            now, soon = work.now, work.now + timedelta(seconds=IDLE)
            rows = (await work.db.execute(queries.due_accounts(now, soon, few * SPREAD))).all()
        due = [row for row in rows if row.next_batch_at <= now]
        self._due.extend((row.tenant_id, row.id) for row in sample(due, min(few, len(due))))
        self._nap = (rows[0].next_batch_at - now).total_seconds() if rows and not due else IDLE

    async def _sender(self, tenant_id: UUID, account: Account) -> Sender:
        made_from = (
            account.kind,
            repr(sorted(account.settings.items())),
            account.secret_id,
            account.validated_at,  # a new password keeps its place in the vault
        )
        out = self._out.get(account.id)
        if out is not None and out.made_from == made_from:
            return out.sender
        secret = None
        if account.secret_id is not None and account.kind not in SIGNS_IN_BY_CONSENT:
            async with self._office.work(tenant_id, read_only=True) as work:
                secret = await work.vault.get(account.secret_id)
        out = self._out.get(account.id)
        if out is not None and out.made_from == made_from:
            return out.sender  # another lane was quicker
        way = self._senders(account.kind, account.settings, secret, AccountRef(tenant_id, account.id))
        made = self._out[account.id] = _Out(made_from, way)
        if out is not None:
            await out.sender.close()
        return made.sender

    async def _watch(self) -> None:
        while not self._stop.is_set() or self._in_hand:
            try:
                await self._sweep()
                await self._wake()
                await self._finish()
            except Exception:
                log.exception("watch_failed")
            await (asyncio.sleep(IDLE) if self._stop.is_set() else self._pause(WATCH))

    async def _hold(self) -> None:
        """Apart from the watch, whose rounds take as long as many tenants' locks make them: leases do not wait."""
        every, last = self._lease.total_seconds() / 3, 0.0
        while not self._stop.is_set() or self._in_hand:
            now = asyncio.get_running_loop().time()
            if now - last >= every:
                try:
                    await self._renew()
                    last = now
                except Exception:
                    log.exception("renew_failed")
            await (asyncio.sleep(IDLE) if self._stop.is_set() else self._pause(min(WATCH, every)))

    async def _renew(self) -> None:
        """A worker that lives keeps its leases; only a dead one's run out."""
        by_tenant: dict[UUID, list[UUID]] = {}
        for one in self._in_hand.values():
            by_tenant.setdefault(one.tenant_id, []).append(one.id)
        for tenant_id, ids in by_tenant.items():
            async with self._office.work(tenant_id, cause="pump") as work:
                await work.db.execute(settling_queries.renew_leases(work, ids, work.now + self._lease))

    async def _sweep(self) -> None:
        async with self._office.scan() as work:
            expired = (await work.db.execute(settling_queries.expired_claims(work.now))).all()
        for row in expired:
            lost = await settling.sweep(self._office, row.tenant_id, row.id)
            if lost:
                log.warning("leases_expired", tenant=str(row.tenant_id), claim=str(row.id), uncertain=lost)

    async def _wake(self) -> None:
        """Throttled accounts whose time has come."""
        async with self._office.scan() as work:
            rows = await work.db.execute(run_queries.throttled_accounts(work.now))
            by_tenant = _grouped({row.id: row.tenant_id for row in rows})
        for tenant_id, ids in by_tenant.items():
            async with self._office.work(tenant_id, cause="pump") as work:
                await pausing.until_passed(work, ids)

    async def _finish(self) -> None:
        async with self._office.scan() as work:
            rows = await work.db.execute(run_queries.runs_done())
            by_tenant = _grouped({row.id: row.tenant_id for row in rows})
        for tenant_id, ids in by_tenant.items():
            async with self._office.work(tenant_id, cause="pump") as work:
                await runs.finish_those_done(work, ids)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return


def _grouped(owners: Mapping[UUID, UUID]) -> dict[UUID, list[UUID]]:
    by_tenant: dict[UUID, list[UUID]] = {}
    for row_id, tenant_id in owners.items():
        by_tenant.setdefault(tenant_id, []).append(row_id)
    return by_tenant
