"""Where the bytes of files are: a folder, or a bucket that speaks S3. What they are is a row elsewhere.

Keys are made here, never from a file's name: `<tenant uuid>/<uuid>`. A key is written once. The order
of things is row, put, settle, so bytes without a settled row may be left behind by a crash; `stored`
lets a job find them.
"""

import hashlib
import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, S3Store

from bursar.core.errors import N_, Invalid, NotFound

LARGEST_BYTES = 25 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = re.compile(f"{_UUID}/{_UUID}")


class FileTooLarge(Invalid):
    """More bytes came than are taken; nothing was kept."""

    status = 413

    def __init__(self, largest: int) -> None:
        megabytes = largest / 1024 / 1024
        super().__init__(
            N_("This file is larger than %(megabytes)s MB. Make it smaller or send it in parts."),
            code="file_too_large",
            field="file",
            megabytes=f"{megabytes:.3g}",
        )


class FileMissing(NotFound):
    """Nothing is stored under the key."""

    def __init__(self) -> None:
        super().__init__("file")


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written: counted and hashed on its way in."""

    key: str
    size_bytes: int
    sha256: bytes


def new_key(tenant_id: UUID) -> str:
    """A key that was never used; the tenant stands first so that its files can be listed and removed."""
    return f"{tenant_id}/{uuid4()}"


def key_of(tenant_id: UUID, file_id: UUID) -> str:
    """The key of what is made from rows alone, and comes out the same however often it is made."""
    return f"{tenant_id}/{file_id}"


class FileStore:
    """One folder or bucket. Opens nothing until it is used; safe to share between requests."""

    def __init__(self, where: Path | str, *, largest: int = LARGEST_BYTES) -> None:
        """`where` is a folder, `file:///...` or `s3://bucket/prefix`; raises `ValueError` for anything else.

        Credentials, region and endpoint of a bucket come from the usual AWS_ variables.
        """
        self._store = _open(where)
        self._largest = largest

    async def put(self, key: str, data: bytes | AsyncIterable[bytes]) -> Stored:
        """Write once. Raises `FileTooLarge`, or `FileExistsError` if the key was written before.

        A bucket can refuse to overwrite only for a body sent whole, so up to `largest` bytes are held
        in memory. If `data` raises, nothing is stored.
        """
        counted = _Counted(_chunks(data), self._largest)
        try:
            await obstore.put_async(self._store, _checked(key), counted, mode="create")
        except AlreadyExistsError:
            raise FileExistsError(f"{key} is stored already") from None
        return Stored(key, counted.size, counted.hash.digest())

    async def get(self, key: str) -> AsyncIterator[bytes]:
        """The bytes in pieces. `FileMissing` is raised here, before an answer has begun."""
        try:
            found = await obstore.get_async(self._store, _checked(key))
        except FileNotFoundError:
            raise FileMissing from None
        return _plain(found)

    async def read(self, key: str) -> bytes:
        """All of it at once, for what needs it whole (an attachment). Raises `FileMissing`."""
        return b"".join([chunk async for chunk in await self.get(key)])

    async def delete(self, key: str) -> None:
        """Gone afterwards, whether or not it was there."""
        try:
            await obstore.delete_async(self._store, _checked(key))
        except FileNotFoundError:
            return

    async def stored(self, tenant_id: UUID) -> AsyncIterator[tuple[str, datetime]]:
        """Every key of one tenant and when it was written, in no order."""
        async for page in obstore.list(self._store, prefix=f"{tenant_id}/"):
            for each in page:
                yield each["path"], each["last_modified"]


class _Counted:
    """Passes chunks on while counting, hashing and refusing what is too much."""

    def __init__(self, chunks: AsyncIterable[bytes], largest: int) -> None:
        self._chunks, self._largest = chunks, largest
        self.size, self.hash = 0, hashlib.sha256()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > self._largest:
                raise FileTooLarge(self._largest)
            self.hash.update(chunk)
            yield chunk


async def _chunks(data: bytes | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(data, bytes):
        yield data
        return
    async for chunk in data:
        yield chunk


async def _plain(found: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for chunk in found.stream(min_chunk_size=_CHUNK_BYTES):
        yield bytes(chunk)


def _checked(key: str) -> str:
    # The library quietly turns "/etc/passwd" into a relative path: only our own shape passes.
    if not _KEY.fullmatch(key):
        raise ValueError("a file's key is made by new_key")
    return key


def _open(where: Path | str) -> LocalStore | S3Store:
    text = str(where)
    if text.startswith("s3://"):
        return S3Store.from_url(text)
    if text.startswith("file://"):
        text = text.removeprefix("file://")
    elif "://" in text:
        raise ValueError("files are kept in a folder or in s3://bucket/prefix, nowhere else")
    return LocalStore(Path(text).absolute(), mkdir=True, automatic_cleanup=True)
