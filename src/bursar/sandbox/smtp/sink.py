"""An SMTP server that keeps what it accepts and misbehaves on demand."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from bursar.sandbox.smtp.behaviour import Behaviour, HungUp
from bursar.sandbox.smtp.dialogue import Desk, Dialogue, SinkSettings
from bursar.sandbox.smtp.store import MemoryStore, Store

MAX_LINE = 64 * 1024  # bytes; a longer one ends the connection
GONE = (
    HungUp,
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
)


@dataclass(slots=True)
class Sink:
    """The server: `async with Sink() as sink`, then `sink.port`."""

    settings: SinkSettings = field(default_factory=SinkSettings)
    store: Store = field(default_factory=MemoryStore)
    behaviour: Behaviour = field(default_factory=Behaviour)
    port: int = 0
    connections: int = 0
    _desk: Desk = field(init=False)
    _open: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    def __post_init__(self) -> None:
        self._desk = Desk(self.settings, self.store, self.behaviour)

    async def __aenter__(self) -> Self:
        settings = self.settings
        context = settings.context if settings.implicit_tls else None
        self._server = await asyncio.start_server(
            self._serve, settings.host, settings.port, ssl=context, limit=MAX_LINE
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open)
        await asyncio.sleep(0)  # closed transports say so in the next turn of the loop

    @property
    def open_connections(self) -> int:
        """How many clients are there just now."""
        return len(self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        self.connections += 1
        dialogue = Dialogue(self._desk, reader, writer, self.connections)
        most = self.settings.max_connections
        try:
            with suppress(*GONE):
                await (dialogue.run() if most is None or len(self._open) <= most else dialogue.turn_away())
            writer.close()
        except asyncio.CancelledError:  # the sink is closing; streams of Python 3.11 complain when told so
            writer.transport.abort()
