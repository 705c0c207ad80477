"""ClamAV by its INSTREAM command: the bytes go over a socket, a verdict comes back, nothing is stored there."""

import asyncio
import contextlib
import struct

from bursar.core.scanning import ScannerDown, Verdict

CHUNK_BYTES = 64 * 1024
DEADLINE_S = 30.0
"""For one file, all in all: a page waits for it."""


class Clamd:
    """`address` is host:port, or unix:/path/of/the/socket."""

    def __init__(self, address: str, *, deadline_s: float = DEADLINE_S) -> None:
        self._address, self._deadline_s = address, deadline_s

    async def scan(self, data: bytes) -> Verdict:
        """Raises `ScannerDown` for anything but a verdict: an error is never taken for "clean"."""
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await self._ask(data)
        except (OSError, TimeoutError, EOFError) as why:
            raise ScannerDown(str(why)) from why
        if answer.endswith(b" FOUND"):
            return Verdict.INFECTED
        if answer == b"stream: OK":
            return Verdict.CLEAN
        raise ScannerDown(answer[:200].decode("ascii", "replace"))

    async def _ask(self, data: bytes) -> bytes:
        reader, writer = await self._connect()
        try:
            writer.write(b"zINSTREAM\0")
            for start in range(0, len(data), CHUNK_BYTES):
                chunk = data[start : start + CHUNK_BYTES]
                writer.write(struct.pack("!L", len(chunk)) + chunk)
                await writer.drain()
            writer.write(struct.pack("!L", 0))
            await writer.drain()
            return (await reader.readuntil(b"\0")).rstrip(b"\0")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._address.startswith("unix:"):
            return await asyncio.open_unix_connection(self._address.removeprefix("unix:"))
        host, _, port = self._address.rpartition(":")
        return await asyncio.open_connection(host, int(port))
