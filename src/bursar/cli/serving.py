"""`bursar serve`: the web door, until a signal."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import structlog
import typer
import uvicorn

from bursar.cli import running
from bursar.cli.building import Building
from bursar.core.errors import N_
from bursar.core.stopping import on_signal
from bursar.house import House

GRACE_S = 20
"""How long a request or a page's live stream may take to end."""
LONGEST_HEADERS_BYTES = 32 * 1024

log = structlog.get_logger(__name__)


class _Server(uvicorn.Server):
    """Without its own handlers, which raise each signal again after the shutdown: a wanted end is no failure."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        def stop() -> None:
            self.should_exit = True

        with on_signal(stop):
            yield


def serve(
    ctx: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 is any free one.", min=0, max=65_535)
    ] = 8000,
    proxies: Annotated[
        str | None, typer.Option(metavar="NETWORKS", help="Proxies whose word on who asks is taken.")
    ] = None,
) -> None:
    """Serve the staff app, public pages and the API."""
    building: Building = ctx.obj

    async def act(house: House) -> None:
        config = uvicorn.Config(
            building.site(house),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=proxies is not None,
            forwarded_allow_ips=proxies,
            h11_max_incomplete_event_size=LONGEST_HEADERS_BYTES,
            timeout_graceful_shutdown=GRACE_S,
        )
        with listening(host, port) as door:
            log.info("serving", url=f"http://{host}:{door.getsockname()[1]}")
            await _Server(config).serve(sockets=[door])
        log.info("served")

    running.run(ctx, act)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Raises `CannotStart` where nothing can listen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise running.CannotStart(
            N_(
                "Nothing can listen on %(host)s port %(port)s (%(reason)s). Choose another, or end what is there."
            ),
            code="cannot_listen",
            field="port",
            host=host,
            port=port,
            reason=error.strerror or type(error).__name__,
        ) from error
    with door:
        yield door
