"""Letters, senders, and servers that follow a script: what the SMTP tests are made of."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from bursar.integrations.smtp.adapter import Deadlines, SmtpSender, SmtpSettings
from bursar.outbox.ports import Letter, Outcome
from bursar.sandbox.smtp.behaviour import Act, Beat, Rule
from bursar.sandbox.smtp.sink import Sink

LOOPBACK = ("127.0.0.0/8",)
QUICK = Deadlines(connect=2, command=0.3, data=0.3, call=20)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def a_letter(to: str = "customer@example.org", *, text: str = "Please pay.\r\n", **given: Any) -> Letter:
    send_id = uuid4()
    head = (
        f"Message-ID: <{send_id}@firm.example>\r\nFrom: firm@example.com\r\nTo: {to}\r\nSubject: Invoice\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
    )
    message = given.get("message", (head + text).encode())
    return Letter(send_id, given.get("sender", "firm@example.com"), to, message)


def a_sender(port: int, *, host: str = "127.0.0.1", **given: Any) -> SmtpSender:
    outside = {name: given.pop(name) for name in ("lookup", "trust", "deadlines") if name in given}
    plain = {"tls": "none", "connections": 1, "allowed_networks": LOOPBACK, "helo_name": "bursar.example"}
    return SmtpSender(SmtpSettings(host, port, **{**plain, **given}), **{"deadlines": QUICK, **outside})


def misbehaving(beat: Beat, act: Act, **given: Any) -> Rule:
    return Rule(beat, act, **given)


async def delivered(sender: SmtpSender, *letters: Letter) -> list[Outcome]:
    """The outcomes in the order of the letters, and the sender closed."""
    try:
        outcomes = {outcome.send_id: outcome for outcome in await sender.deliver(letters)}
    finally:
        await sender.close()
    assert len(outcomes) == len(letters)
    return [outcomes[letter.send_id] for letter in letters]


def kept_for(sink: Sink) -> list[str]:
    return [recipient for message in sink.store.kept for recipient in message.recipients]


@asynccontextmanager
async def a_server(talk: Talk) -> AsyncIterator[int]:
    """A server that says what `talk` says, whoever comes; its port. Ends when every dialogue has."""
    dialogues: set[asyncio.Task[Any] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dialogues.add(asyncio.current_task())
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*(dialogue for dialogue in dialogues if dialogue))


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  the condition is in a server that has no event for it
            await asyncio.sleep(0.005)
