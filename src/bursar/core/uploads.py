"""Files that people send: bytes first, judged, and a row only for what may stay (R141).

`take` puts and judges while no Work is open; `keep` writes the row in the Work of the act that the file belongs
to. What was put and never kept (a refusal, a crash) is removed by the daily sweep.
"""

import asyncio
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bursar.core.errors import N_
from bursar.core.file_checks import PAPERS, Kind, NotTaken, judge
from bursar.core.file_names import clean_name
from bursar.core.files import FileMissing, FileStore, Stored, new_key
from bursar.core.kinds import FileState
from bursar.core.moves import move
from bursar.core.queries import files as queries
from bursar.core.queries import journal as journal_queries
from bursar.core.scanning import Scanner, ScannerDown, Verdict
from bursar.core.states import CONDEMN_FILE, PASS_FILE
from bursar.core.work import Office, Record, Work

KEPT_UNKNOWN = timedelta(days=1)
"""Bytes without a row are somebody's upload in progress for so long, and nobody's after it."""
UNSCANNED = timedelta(hours=1)
"""A scanner that is down keeps files waiting; after this long an agent is told."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An upload that passed our own checks and waits for its row."""

    stored: Stored
    name: str
    media_type: str
    state: FileState


class Doorman:
    """Lets uploads in: the store, and a scanner if the operator has one."""

    def __init__(self, files: FileStore, scanner: Scanner | None = None) -> None:
        self.files, self._scanner = files, scanner

    async def take(
        self,
        tenant_id: UUID,
        name: str,
        data: bytes | AsyncIterable[bytes],
        *,
        allowed: Mapping[str, Kind] = PAPERS,
    ) -> Taken:
        """Store and judge an upload. Raises `NotTaken` or `FileTooLarge`; then nothing of it is kept.

        With a scanner that is down it is taken all the same, and stays in quarantine until one has looked.
        """
        stored = await self.files.put(new_key(tenant_id), data)
        try:
            whole = await self.files.read(stored.key)
            kind = await asyncio.to_thread(judge, name, whole, allowed)
            state = await self._scanned(whole)
        except NotTaken:
            await self.files.delete(stored.key)
            raise
        return Taken(stored, clean_name(name, kind.extension), kind.media_type, state)

    async def look_again(self, office: Office, tenant_id: UUID) -> int:
        """Scan what waits in quarantine, each file for itself; how many have their verdict now.

        Without a scanner our own checks were enough: a scanner that was taken away keeps nothing waiting.
        """
        async with office.work(tenant_id, cause="clock") as work:
            waiting = (await work.db.execute(queries.quarantined(tenant_id))).all()
        judged = 0
        for row in waiting:
            try:
                state = await self._scanned(await self.files.read(row.key))
            except NotTaken:
                state = FileState.INFECTED
            except FileMissing:
                continue
            async with office.work(tenant_id, cause="clock") as work:
                if state is FileState.QUARANTINED:
                    await _say_it_waits(work, row.id, row.created_at)
                    continue
                await move(work, CONDEMN_FILE if state is FileState.INFECTED else PASS_FILE, row.id)
            if state is FileState.INFECTED:
                await self.files.delete(row.key)
            judged += 1
        return judged

    async def sweep(self, office: Office, tenant_id: UUID) -> int:
        """Remove bytes that no row speaks of and nobody is about to; how many."""
        async with office.work(tenant_id, cause="clock") as work:
            known = set(await work.db.scalars(queries.file_keys(tenant_id)))
            until = work.now - KEPT_UNKNOWN
        removed = 0
        # What was kept since then is younger than the limit.
        async for key, at in self.files.stored(tenant_id):
            if key not in known and at < until:
                await self.files.delete(key)
                removed += 1
        return removed

    async def _scanned(self, data: bytes) -> FileState:
        if self._scanner is None:
            return FileState.CLEAN
        try:
            verdict = await self._scanner.scan(data)
        except ScannerDown:
            return FileState.QUARANTINED
        if verdict is Verdict.INFECTED:
            raise NotTaken(
                N_("The virus scanner refuses this file. Check the computer that it comes from."),
                code="file_infected",
                field="file",
            )
        return FileState.CLEAN


async def keep(work: Work, taken: Taken) -> UUID:
    """The row of an upload, in the Work of what it belongs to."""
    row = {
        "key": taken.stored.key,
        "name": taken.name,
        "size_bytes": taken.stored.size_bytes,
        "media_type": taken.media_type,
        "sha256": taken.stored.sha256,
        "state": taken.state,
    }
    return (await work.db.execute(queries.add_file(work.tenant_id, row))).scalar_one()


@dataclass(frozen=True, slots=True)
class Download:
    """What a route needs to hand a file out; `chunks` come while no Work is open."""

    name: str
    media_type: str
    size_bytes: int
    key: str


async def find(work: Work, file_id: UUID) -> Download:
    """A file that may be handed out. Raises `NotFound`, `StillQuarantined`."""
    row = (await work.db.execute(queries.file_of(work.tenant_id, file_id))).one_or_none()
    if row is None or row.state == FileState.INFECTED:
        raise FileMissing
    if row.state == FileState.QUARANTINED:
        raise StillQuarantined
    return Download(row.name, row.media_type, row.size_bytes, row.key)


class StillQuarantined(NotTaken):
    """Nobody opens it before the scanner has looked."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            N_("The virus scanner has not looked at this file yet. Try again in a few minutes."),
            code="file_quarantined",
        )


async def _say_it_waits(work: Work, file_id: UUID, since: datetime) -> None:
    if work.now - since < UNSCANNED:
        return
    if (
        await work.db.execute(journal_queries.was_told(work.tenant_id, "file.unscanned", file_id))
    ).first() is None:
        await work.record("file.unscanned", Record(file_id))
