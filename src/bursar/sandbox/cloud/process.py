"""A simulated vendor as a process of its own: its interface on one port, its control door and the pages on others."""

import argparse
from collections.abc import Callable, Mapping, Sequence

from starlette.types import ASGIApp

from bursar.sandbox import serving
from bursar.sandbox.cloud.control import control
from bursar.sandbox.cloud.desk import Desk
from bursar.sandbox.cloud.post import Post
from bursar.sandbox.cloud.tokens import Client
from bursar.sandbox.mailboxes.app import pages
from bursar.sandbox.mailboxes.box import Box

NewDesk = Callable[[Post, Client], Desk]
Settings = Callable[[str, Client], Mapping[str, str]]


def arguments(name: str, doc: str | None, given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m bursar.sandbox.{name}", description=doc)
    option = parser.add_argument
    option("--host", default="127.0.0.1")
    option("--port", type=int, default=0, help="0: any free one")
    option("--control-port", type=int, default=0, help="HTTP; 0: any free one")
    option("--pages-port", type=int, help="HTTP pages that show every mailbox; 0: any free one")
    option(
        "--mailbox",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="somebody who has one; more on the page",
    )
    option("--client-id", default=f"bursar-{name}")
    option("--client-secret", default=f"secret-of-{name}")
    option(
        "--redirect", action="append", default=[], metavar="URL", help="registered; none: any address will do"
    )
    return parser.parse_args(given)


async def run(
    options: argparse.Namespace, new_desk: NewDesk, vendor: Callable[[Desk], ASGIApp], settings: Settings
) -> None:
    """Until a signal ends it."""
    client = Client(options.client_id, options.client_secret, tuple(options.redirect))
    post = Post()
    desk = new_desk(post, client)
    for address in options.mailbox:
        desk.accounts.open(address)
    doors: dict[str, ASGIApp] = {"port": vendor(desk), "control_port": control(desk)}
    ports = {"port": options.port, "control_port": options.control_port}
    if options.pages_port is not None:
        doors["pages_port"], ports["pages_port"] = pages(Box(post, post)), options.pages_port
    opened = serving.listening(options.host, ports)
    told = {name: serving.port_of(one) for name, one in opened.items()}
    url = f"http://{options.host}:{told['port']}"
    line = {**told, "host": options.host, "url": url, "settings": settings(url, client)}
    await serving.serve(opened, doors, line)
