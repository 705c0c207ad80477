"""The wire: bytes out, replies in, in order, each within its time. It knows nothing of what is said.

A plain `asyncio.Protocol`: streams cost a third of the throughput here (performance.md, 11).
"""

import asyncio
import re
import ssl
from collections import deque
from typing import NamedTuple, cast

MAX_REPLY = 64 * 1024  # bytes; a server that answers more than this is not answering
MAX_LINES = 1_000  # of one reply: empty lines weigh nothing and would never end
MAX_WAITING = 100  # replies that nobody has read; at most five commands are ever on their way
ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?= |$)")


class Reply(NamedTuple):
    """One whole answer: the basic code, and its lines without code and line end."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def text(self) -> str:
        """The lines as one, for people: control characters are blanks, at most 500 characters."""
        raw = b" ".join(self.lines).decode("utf-8", "replace")[:500]
        return raw if raw.isprintable() else "".join(c if c.isprintable() else " " for c in raw)

    @property
    def enhanced(self) -> str | None:
        """The status of RFC 3463 at the start of the text, only if its class agrees with the code's."""
        match = ENHANCED.match(self.lines[0].decode("ascii", "replace"))
        return match[0] if match and match[1] == str(self.code)[0] else None


class Lost(Exception):
    """The connection is gone; nothing more will be answered on it."""


class Slow(Lost):
    """The answer did not come in time; the connection was dropped because it can no longer be trusted."""


class Nonsense(Lost):
    """The other side does not speak SMTP; the connection was dropped."""


class Wire(asyncio.Protocol):
    """One connection. `reply()` may be awaited by one task at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._lost: Lost | None = None
        self._rest = b""
        self._lines: list[bytes] = []
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Any unsent byte pauses the writing, so that `drain` means "left this process"."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(
            high=1, low=0
        )  # 0 would make TLS transports pause for nothing

    def data_received(self, data: bytes) -> None:
        """Cut what came into replies; what is not one ends the connection."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line.rstrip(b"\r"))
            if len(self._lines) > MAX_LINES or len(self._replies) > MAX_WAITING:
                self.drop(Nonsense("too many lines"))
                break
        if len(self._rest) > MAX_REPLY or sum(map(len, self._lines)) > MAX_REPLY:
            self.drop(Nonsense("too long"))
        if self._replies:
            self._wake()

    def _take(self, line: bytes) -> None:
        code, separator = line[:3], line[3:4]
        if len(code) != 3 or not code.isdigit() or separator not in (b" ", b"-", b""):
            self.drop(Nonsense("not a reply"))
            return
        self._lines.append(line[4:])
        if separator != b"-":
            self._replies.append(Reply(int(code), tuple(self._lines)))
            self._lines.clear()

    def connection_lost(self, exc: Exception | None) -> None:
        """Replies that came before the end can still be read."""
        self._lost = self._lost or Lost(str(exc or "closed"))
        self._wake()
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def pause_writing(self) -> None:
        """Some bytes are still ours."""
        self._paused = True

    def resume_writing(self) -> None:
        """The last byte went to the kernel."""
        self._paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def is_fresh(self) -> bool:
        """Open, and nothing was said unasked (a server says 421 before it hangs up on the idle)."""
        return self._lost is None and not self._replies and not self._rest and not self._lines

    def write(self, data: bytes) -> None:
        """Send without waiting. Raises `Lost` if the connection is already gone: then no byte of it left."""
        if self._lost is not None or self._transport is None or self._transport.is_closing():
            raise self._lost or Lost("closed")
        self._transport.write(data)

    async def drain(self, seconds: float) -> None:
        """Until everything written left this process. Raises `Lost` or `Slow`."""
        if self._paused and self._lost is None:
            self._drained = self._loop.create_future()
            await self._in_time(self._drained, seconds)
        if self._lost is not None:
            raise self._lost

    async def reply(self, seconds: float) -> Reply:
        """The next answer. Raises `Lost`, `Slow` after `seconds`, `Nonsense`."""
        while not self._replies:
            if self._lost is not None:
                raise self._lost
            self._waiter = self._loop.create_future()
            await self._in_time(self._waiter, seconds)
        return self._replies.popleft()

    async def _in_time(self, waiter: asyncio.Future[None], seconds: float) -> None:
        """A bare timer: `asyncio.timeout` costs as much again as the wait itself."""
        timer = self._loop.call_later(seconds, self._too_slow)
        try:
            await waiter
        finally:
            timer.cancel()

    def _too_slow(self) -> None:
        self.drop(Slow("no answer in time"))
        self.connection_lost(None)

    def drop(self, why: Lost | None = None) -> None:
        """End it now, without a word. What was already answered stays readable."""
        self._lost = self._lost or why or Lost("dropped")
        if self._transport is not None:
            self._transport.abort()

    async def encrypt(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """STARTTLS was agreed: from here on TLS. Raises `ssl.SSLError`, `OSError`, `Nonsense`.

        An answer that came early was put there by somebody in the middle (CVE-2011-0411).
        """
        if not self.is_fresh or self._transport is None:
            self.drop(Nonsense("spoke before TLS"))
            raise Nonsense("spoke before TLS")
        self._transport = await self._loop.start_tls(
            self._transport, self, context, server_hostname=host, ssl_handshake_timeout=seconds
        )
        if self._transport is None:
            raise Lost("closed during the handshake")
        self._transport.set_write_buffer_limits(high=1, low=0)

    def hang_up(self) -> None:
        """Let go after the last word: what is written still goes out."""
        self._lost = self._lost or Lost("closed")
        if self._transport is not None:
            self._transport.close()
