"""Server-sent events: whole, alive while quiet, closed when nobody listens."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest

from bursar.web import live

pytestmark = [pytest.mark.pure, pytest.mark.anyio]


async def frames(events: AsyncGenerator[live.Event, None], heartbeat: timedelta) -> list[bytes]:
    sent = live.stream(events, heartbeat).body_iterator
    return [chunk async for chunk in sent if isinstance(chunk, bytes)]


async def two_events() -> AsyncGenerator[live.Event, None]:
    yield live.Event("progress", "<p>\n1</p>", id="7")
    await asyncio.sleep(0.05)
    yield live.Event("progress\nevent: forged", "2")


async def test_events_travel_whole_and_the_last_one_says_stop():
    sent = b"".join(await frames(two_events(), timedelta(seconds=5)))

    assert b"event: progress\nid: 7\ndata: <p>\ndata: 1</p>\n\n" in sent
    assert b"\nevent: forged" not in sent
    assert sent.endswith(b"event: end\ndata: \n\n")


async def test_a_quiet_stream_keeps_its_connection_and_loses_nothing():
    beaten_twice = asyncio.Event()

    async def quiet() -> AsyncGenerator[live.Event, None]:
        yield live.Event("progress", "1")
        await beaten_twice.wait()
        yield live.Event("progress", "2")

    sent = b""
    async for chunk in live.stream(quiet(), timedelta(milliseconds=5)).body_iterator:
        sent += chunk if isinstance(chunk, bytes) else b""
        if sent.count(b": still here") == 2:
            beaten_twice.set()

    assert sent.count(b"event: progress") == 2


async def test_when_the_reader_leaves_the_source_is_closed():
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[live.Event, None]:
        try:
            while True:
                yield live.Event("tick", "")
                await asyncio.sleep(0.001)
        finally:
            await asyncio.sleep(0.001)  # giving back a connection takes a moment too
            closed.set()

    sent = asyncio.Event()

    async def send(message: Any) -> None:
        if message.get("body", b"").startswith(b"event: tick"):
            sent.set()

    async def receive() -> Any:
        await sent.wait()
        return {"type": "http.disconnect"}

    scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
    await asyncio.wait_for(live.stream(endless())(scope, receive, send), 5)
    assert closed.is_set()


async def test_the_stream_says_what_it_is():
    headers = live.stream(two_events()).headers
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["x-accel-buffering"] == "no"
