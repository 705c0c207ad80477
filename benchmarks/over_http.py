"""Webhooks over HTTP at a steady pace, at a web process of its own: how long each waits for its answer."""

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

from bursar.billing.tills.tills import hook_path
from bursar.house import House
from tests.makers.hooks import a_till, an_event, signature

RATE = 200  # a second
CALLERS = 50


SERVE = """
import sys, uvicorn
from bursar import app
uvicorn.run(app.site(app.build()), host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
"""


@asynccontextmanager
async def a_web_process(house: House) -> AsyncIterator[int]:
    """On the same database, with the same keys; where it listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    url = house.addresses.app.set(drivername="postgresql").render_as_string(hide_password=False)
    told = {"DATABASE_URL": url, "BURSAR_DATA_DIR": str(house.settings.data_dir)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, str(port), env={**os.environ, **told}
    )
    try:
        for _ in range(1_200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def answers(house: House, tenant_id: UUID, seconds: int) -> list[float]:
    """How long each of 200 requests a second waited, sorted; they come in time, whether others were answered or not."""
    async with house.office.work(tenant_id) as work:
        till_id = await a_till(work, is_primary=False, secret="whsec_over_http")
        path = hook_path(work, "stripe", till_id)
    async with a_web_process(house) as port:
        callers = [await Caller.ring(port, path) for _ in range(CALLERS)]
        free: asyncio.Queue[Caller] = asyncio.Queue()
        waits: list[float] = []

        async def one(due: float) -> None:
            event = an_event(
                "product.updated", {"id": uuid4().hex, "object": "product"}, house.office.clock.now()
            )
            body = json.dumps({**event, "padding": "x" * 2_000}).encode()
            header = signature(body, house.office.clock.now(), "whsec_over_http")
            caller = await free.get()
            await caller.tell(body, header)
            waits.append(time.perf_counter() - due)  # from when it should have begun: a queue is no excuse
            free.put_nowait(caller)

        for caller in callers:
            free.put_nowait(caller)
        await asyncio.gather(*(one(time.perf_counter()) for _ in range(CALLERS)))  # everybody warm
        waits.clear()
        began = time.perf_counter()
        running = []
        for number in range(RATE * seconds):
            due = began + number / RATE
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            running.append(asyncio.create_task(one(due)))
        await asyncio.gather(*running)
        for caller in callers:
            caller.writer.close()
    return sorted(waits)


@dataclass(slots=True)
class Caller:
    """A connection that is kept open, by a client so small that it takes little of the machine."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: str

    @classmethod
    async def ring(cls, port: int, path: str) -> "Caller":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return cls(reader, writer, f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n")

    async def tell(self, body: bytes, header: str) -> None:
        told = f"{self.head}Stripe-Signature: {header}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.writer.write(told.encode() + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self.reader.readexactly(int(length.split(b":")[1]))
