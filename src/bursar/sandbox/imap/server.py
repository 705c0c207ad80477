"""An IMAP server for the mailboxes of the SMTP sink: `async with ImapServer(desk) as server`, then `server.port`."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from bursar.sandbox.imap.desk import Desk
from bursar.sandbox.imap.dialogue import Closed, Dialogue

MAX_LINE = 64 * 1024
GONE = (
    Closed,
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
)


@dataclass
class ImapServer:
    desk: Desk
    port: int = 0
    _open: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        settings = self.desk.settings
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

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        self.desk.connections += 1
        dialogue = Dialogue(self.desk, reader, writer, self.desk.connections)
        try:
            with suppress(*GONE):
                await dialogue.run()
            writer.close()
        except asyncio.CancelledError:  # the server is closing; streams of Python 3.11 complain when told so
            writer.transport.abort()
