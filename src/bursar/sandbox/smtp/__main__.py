"""`python -m bursar.sandbox.smtp`: the sink as a process. Its first line says where it listens, as JSON."""

import argparse
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path

import uvloop
from starlette.types import ASGIApp

from bursar.sandbox.mailboxes.app import pages
from bursar.sandbox.mailboxes.box import Box
from bursar.sandbox.mailboxes.replying import Carrier
from bursar.sandbox.serving import listening, port_of
from bursar.sandbox.serving import serve as serve_doors
from bursar.sandbox.smtp import minimal
from bursar.sandbox.smtp.certificate import server_context
from bursar.sandbox.smtp.control import control
from bursar.sandbox.smtp.dialogue import SinkSettings
from bursar.sandbox.smtp.sink import Sink
from bursar.sandbox.smtp.store import FolderStore, MemoryStore


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m bursar.sandbox.smtp", description=__doc__)
    option = parser.add_argument
    option("--host", default="127.0.0.1")
    option("--port", type=int, default=0, help="0: any free one")
    option("--control-port", type=int, default=0, help="HTTP; 0: any free one")
    option("--pages-port", type=int, help="HTTP pages that show every mailbox; 0: any free one")
    option("--store", type=Path, help="folder to keep messages in, synced before each 250; else memory")
    option("--tls", choices=("none", "starttls", "implicit"), default="none")
    option("--username", default="sender")
    option("--password", help="demand AUTH with it")
    option("--latency", type=float, default=0, metavar="MS", help="before each final 250")
    option("--max-connections", type=int)
    option("--max-messages", type=int, help="on one connection; then 421")
    option("--idle", type=float, default=300, metavar="S", help="then 421")
    option("--minimal", action="store_true", help="for benchmarks: count only, no options but the ports")
    return parser.parse_args(arguments)


async def serve(options: argparse.Namespace) -> None:
    """Until a signal ends it."""
    if options.minimal:
        tally = minimal.Tally()
        server, port = await minimal.listen(tally, options.host, options.port)
        await _serve_http({"control_port": minimal.control(tally)}, options, {"port": port})
        server.close()
        return
    context, pem = server_context(["localhost", options.host]) if options.tls != "none" else (None, None)
    settings = SinkSettings(
        host=options.host,
        port=options.port,
        context=context,
        implicit_tls=options.tls == "implicit",
        username=options.username,
        password=options.password,
        latency=options.latency / 1000,
        max_connections=options.max_connections,
        max_messages=options.max_messages,
        idle=options.idle,
    )
    store = FolderStore(options.store) if options.store else MemoryStore()
    async with Sink(settings, store) as sink:
        told = {"port": sink.port} | ({"certificate": pem} if pem else {})
        doors: dict[str, ASGIApp] = {"control_port": control(sink)}
        if options.pages_port is not None:
            doors["pages_port"] = pages(Box(store, _carrier(options, sink.port, pem)))
        await _serve_http(doors, options, told)


def _carrier(options: argparse.Namespace, port: int, pem: str | None) -> Carrier:
    """How the readers of the pages send their answers: into this very sink."""
    context = ssl.create_default_context(cadata=pem) if pem else None
    implicit = options.tls == "implicit"
    return Carrier(options.host, port, options.username, options.password, context, implicit)


async def _serve_http(
    doors: Mapping[str, ASGIApp], options: argparse.Namespace, told: Mapping[str, object]
) -> None:
    opened = listening(options.host, {name: getattr(options, name) for name in doors})
    ports = {name: port_of(one) for name, one in opened.items()}
    await serve_doors(opened, doors, {**told, **ports, "host": options.host})


if __name__ == "__main__":
    uvloop.run(serve(parsed(sys.argv[1:])))
