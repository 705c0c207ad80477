"""What the sink accepted, kept before it says 250: a test that kills processes can believe the count."""

import asyncio
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Kept:
    """One accepted message. `received_at`: seconds since 1970; `number` counts from 1, as they were accepted."""

    number: int
    connection: int
    sender: str
    recipients: list[str]
    received_at: float
    message_id: str
    user: str | None
    tls: bool
    size: int

    def as_json(self) -> dict[str, Any]:
        """As the control port and the index show it."""
        return asdict(self)


class Store(Protocol):
    """Where accepted messages stay."""

    @property
    def kept(self) -> list[Kept]: ...

    async def keep(self, message: Kept, raw: bytes) -> None:
        """Returns when the message is as safe as this store can make it."""
        ...

    def raw(self, number: int) -> bytes:
        """The bytes of message `number`, without its terminating dot, dots unstuffed."""
        ...

    def close(self) -> None:
        """No more messages will come."""
        ...


class MemoryStore:
    """Gone with the process."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self._raw: list[bytes] = []

    async def keep(self, message: Kept, raw: bytes) -> None:
        self.kept.append(message)
        self._raw.append(raw)

    def raw(self, number: int) -> bytes:
        return self._raw[number - 1]

    def close(self) -> None:
        self._raw.clear()


class FolderStore:
    """`messages.bin`, the bytes one after the other, and `index.jsonl`, a line each with its offset.

    Both are synced before `keep` returns, bytes first, so an index line never points at nothing;
    a line torn by a crash was not acknowledged and is cut off at the next start. Messages that
    arrive during a sync share the next one.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._index_path, self._bytes_path = folder / "index.jsonl", folder / "messages.bin"
        self.kept: list[Kept] = []
        self._offsets: list[int] = []
        self._load()
        self._index, self._bytes = self._index_path.open("ab"), self._bytes_path.open("ab")
        self._pending: list[tuple[Kept, bytes, asyncio.Future[None]]] = []
        self._syncing: asyncio.Task[None] | None = None

    def _load(self) -> None:
        whole = self._index_path.read_bytes() if self._index_path.exists() else b""
        whole = whole[: whole.rfind(b"\n") + 1]
        for line in whole.splitlines():
            entry = json.loads(line)
            self._offsets.append(entry.pop("offset"))
            self.kept.append(Kept(**entry))
        end = self._offsets[-1] + self.kept[-1].size if self.kept else 0
        for path, size in ((self._index_path, len(whole)), (self._bytes_path, end)):
            path.touch()
            os.truncate(path, size)

    async def keep(self, message: Kept, raw: bytes) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((message, raw, done))
        if self._syncing is None or self._syncing.done():
            self._syncing = asyncio.create_task(self._sync())
        await done

    async def _sync(self) -> None:
        while self._pending:
            batch, self._pending = self._pending, []
            offsets = await asyncio.to_thread(self._write, batch)
            for (message, _, done), offset in zip(batch, offsets, strict=True):
                self.kept.append(message)
                self._offsets.append(offset)
                if not done.done():
                    done.set_result(None)

    def _write(self, batch: list[tuple[Kept, bytes, asyncio.Future[None]]]) -> list[int]:
        offset, offsets = self._bytes.tell(), []
        lines = []
        for message, raw, _ in batch:
            offsets.append(offset)
            lines.append(json.dumps(message.as_json() | {"offset": offset}).encode() + b"\n")
            offset += len(raw)
        for file, chunks in ((self._bytes, [raw for _, raw, _ in batch]), (self._index, lines)):
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        return offsets

    def raw(self, number: int) -> bytes:
        with self._bytes_path.open("rb") as file:
            file.seek(self._offsets[number - 1])
            return file.read(self.kept[number - 1].size)

    def close(self) -> None:
        """Let go of the files; nothing is lost by not calling it."""
        self._index.close()
        self._bytes.close()
