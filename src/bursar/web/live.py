"""Server-sent events: progress that a page shows while it happens."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Send

HEARTBEAT = timedelta(seconds=15)
"""Shorter than the idle limit of the proxies people put in front (nginx: 60 s)."""

CLOSING_S = 5.0


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `data` is usually a fragment of HTML. `id` lets a browser say where it left off."""

    name: str
    data: str
    id: str | None = None

    def encode(self) -> bytes:
        lines = [f"event: {_one_line(self.name)}"]
        if self.id is not None:
            lines.append(f"id: {_one_line(self.id)}")
        lines += [f"data: {line}" for line in self.data.splitlines() or [""]]
        return ("\n".join(lines) + "\n\n").encode()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def stream(events: AsyncGenerator[Event, None], heartbeat: timedelta = HEARTBEAT) -> StreamingResponse:
    """An answer that lasts until `events` ends or the reader leaves, whichever is first.

    The generator is closed in both cases, so whatever it holds is given back. It must not keep a Work
    open between two events. A last event `end` tells the page to stop connecting again.
    """
    return _Live(
        _frames(events, heartbeat.total_seconds()),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},  # nginx would gather them otherwise
    )


class _Live(StreamingResponse):
    async def stream_response(self, send: Send) -> None:
        frames = self.body_iterator
        try:
            await super().stream_response(send)
        finally:  # a reader who left cancels this task; closing must still be allowed to wait
            with anyio.move_on_after(CLOSING_S, shield=True):
                await frames.aclose()  # pyright: ignore[reportAttributeAccessIssue]  # ours is a generator


async def _frames(events: AsyncGenerator[Event, None], heartbeat_s: float) -> AsyncIterator[bytes]:
    upcoming: asyncio.Future[Event] | None = None
    async with aclosing(events):
        try:
            yield b"retry: 3000\n\n"
            while True:
                # A task and not a timeout around anext(): a timeout would cancel the generator half way.
                upcoming = upcoming or asyncio.ensure_future(anext(events))
                done, _ = await asyncio.wait({upcoming}, timeout=heartbeat_s)
                if not done:
                    yield b": still here\n\n"
                    continue
                finished, upcoming = upcoming, None
                try:
                    event = finished.result()
                except StopAsyncIteration:
                    yield Event("end", "").encode()
                    return
                yield event.encode()
        finally:
            if upcoming is not None:
                upcoming.cancel()
                with anyio.CancelScope(shield=True):
                    await asyncio.gather(upcoming, return_exceptions=True)
