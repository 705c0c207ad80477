"""Files that we made ourselves from rows: a printed document, an e-invoice. Nobody sent them, so nobody judges them.

Such a file has the id of what it is made from. Bytes are put first, then the row: whoever makes it a second time,
after a crash or at the same moment, finds the bytes there, and they are the same.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from bursar.core.errors import NotFound
from bursar.core.files import FileStore, Stored, key_of
from bursar.core.kinds import FileState
from bursar.core.queries import files as queries
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Made:
    """What was put for one row; `name` is what a reader's computer calls it."""

    id: UUID
    name: str
    media_type: str
    stored: Stored


async def put(
    files: FileStore, tenant_id: UUID, file_id: UUID, name: str, media_type: str, data: bytes
) -> Made:
    """Write the bytes, or learn what stands there already. No Work may be open: a store may be far away."""
    key = key_of(tenant_id, file_id)
    try:
        stored = await files.put(key, data)
    except FileExistsError:
        before = await files.read(key)
        stored = Stored(key, len(before), hashlib.sha256(before).digest())
    return Made(file_id, name, media_type, stored)


async def keep(work: Work, made: Sequence[Made]) -> None:
    """Their rows, with the SHA-256 of what was put."""
    if not made:
        return
    rows = [
        {
            "id": one.id,
            "key": one.stored.key,
            "name": one.name,
            "size_bytes": one.stored.size_bytes,
            "media_type": one.media_type,
            "sha256": one.stored.sha256,
            "state": FileState.CLEAN,
        }
        for one in made
    ]
    await work.db.execute(queries.add_made_files(work.tenant_id, rows))


async def key_and_hash(work: Work, file_id: UUID) -> tuple[str, bytes]:
    """Where its bytes are and what they must hash to. Raises `NotFound`."""
    row = (await work.db.execute(queries.file_of(work.tenant_id, file_id))).one_or_none()
    if row is None or row.state != FileState.CLEAN:
        raise NotFound("file")
    return row.key, row.sha256
