"""`python -m bursar.sandbox.imap`: SMTP and IMAP over the same mailboxes. Its first line says where, as JSON."""

import argparse
import sys

import uvloop

from bursar.sandbox.imap.boxes import Boxes
from bursar.sandbox.imap.control import control
from bursar.sandbox.imap.desk import Desk, ImapSettings
from bursar.sandbox.imap.server import ImapServer
from bursar.sandbox.serving import beside, listening, port_of
from bursar.sandbox.serving import serve as serve_doors
from bursar.sandbox.smtp.certificate import server_context
from bursar.sandbox.smtp.control import control as smtp_control
from bursar.sandbox.smtp.dialogue import SinkSettings
from bursar.sandbox.smtp.sink import Sink
from bursar.sandbox.smtp.store import MemoryStore


def parsed(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bursar.sandbox.imap", description=__doc__)
    option = parser.add_argument
    option("--host", default="127.0.0.1")
    option("--port", type=int, default=0, help="IMAP; 0: any free one")
    option("--smtp-port", type=int, default=0, help="SMTP; 0: any free one")
    option("--control-port", type=int, default=0, help="HTTP; 0: any free one")
    option("--tls", choices=("none", "starttls", "implicit"), default="none", help="of IMAP")
    option("--password", default="sandbox", help="everybody's")
    return parser.parse_args(given)


async def serve(options: argparse.Namespace) -> None:
    """Until a signal ends it."""
    context, pem = server_context(["localhost", options.host]) if options.tls != "none" else (None, None)
    store = MemoryStore()
    settings = ImapSettings(
        host=options.host,
        port=options.port,
        password=options.password,
        context=context,
        implicit_tls=options.tls == "implicit",
    )
    desk = Desk(settings, Boxes(store))
    opened = listening(options.host, {"control_port": options.control_port})
    smtp = SinkSettings(host=options.host, port=options.smtp_port)
    async with Sink(smtp, store) as sink, ImapServer(desk) as server:
        told = {"host": options.host, "port": server.port, "smtp_port": sink.port}
        told |= {"control_port": port_of(opened["control_port"])}
        told |= {"certificate": pem} if pem else {}
        await serve_doors(opened, {"control_port": beside(control(desk), smtp=smtp_control(sink))}, told)


if __name__ == "__main__":
    uvloop.run(serve(parsed(sys.argv[1:])))
