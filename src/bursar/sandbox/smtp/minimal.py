"""A sink for benchmarks: reads, counts, notes Message-IDs, and does as little else as honesty allows."""

import asyncio
import re
import socket
from dataclasses import dataclass, field
from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)\r$", re.IGNORECASE | re.MULTILINE)
EHLO = b"250-minimal.invalid\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
ANSWERS = {
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"DATA": b"354 Go\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
    b"NOOP": b"250 2.0.0 Ok\r\n",
    b"EHLO": EHLO,
    b"HELO": b"250 minimal.invalid\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
END = b"\r\n.\r\n"


@dataclass(slots=True)
class Tally:
    """What came in whole. `headless` have no Message-ID; `torn` connections ended inside a message."""

    message_ids: list[str] = field(default_factory=list)
    messages: int = 0
    octets: int = 0
    headless: int = 0
    torn: int = 0


class Minimal(asyncio.Protocol):
    """One connection. Answers to commands that came together leave together."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._in_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"220 minimal.invalid ESMTP\r\n")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        self._tally.torn += self._in_body

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        answers, at = [], 0
        while True:
            end = data.find(END, at) if self._in_body else data.find(b"\r\n", at)
            if end < 0:
                break
            if self._in_body:
                self._count(data, at, end)
                answers.append(b"250 2.0.0 Ok\r\n")
                at, self._in_body = end + len(END), False
            else:
                verb = data[at : at + 4].upper()
                answers.append(ANSWERS.get(verb, b"500 5.5.2 Unknown\r\n"))
                at, self._in_body = end + 2, verb == b"DATA"
        self._rest = data[at:]
        if answers and self._transport is not None:
            self._transport.write(b"".join(answers))
            if answers[-1].startswith(b"221"):
                self._transport.close()

    def _count(self, data: bytes, start: int, end: int) -> None:
        tally = self._tally
        found = MESSAGE_ID.search(data, start, end)
        if found:
            tally.message_ids.append(found[1].decode("ascii", "replace"))
        else:
            tally.headless += 1
        tally.messages += 1
        tally.octets += end - start


async def listen(tally: Tally, host: str, port: int) -> tuple[asyncio.Server, int]:
    """Start it; the port it got."""
    listening = socket.create_server((host, port), backlog=128)
    server = await asyncio.get_running_loop().create_server(lambda: Minimal(tally), sock=listening)
    return server, listening.getsockname()[1]


def control(tally: Tally) -> Starlette:
    """GET /stats · GET /message-ids."""

    async def stats(_: Request) -> JSONResponse:
        numbers = {name: getattr(tally, name) for name in ("messages", "octets", "headless", "torn")}
        return JSONResponse({**numbers, "different": len(set(tally.message_ids))})

    async def message_ids(_: Request) -> JSONResponse:
        return JSONResponse(tally.message_ids)

    return Starlette(routes=[Route("/stats", stats), Route("/message-ids", message_ids)])
