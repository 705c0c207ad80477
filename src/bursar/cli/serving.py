"""`bursar serve`: the web door, until a signal."""

from typing import Annotated

import typer
import uvicorn

from bursar.cli import running
from bursar.cli.building import Building
from bursar.cli.output import Answer
from bursar.house import House

GRACE_S = 20
"""How long a request or a page's live stream may take to end."""
LONGEST_HEADERS_BYTES = 32 * 1024


def serve(
    ctx: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65_535)] = 8000,
    proxy: Annotated[
        str | None, typer.Option(metavar="NETWORKS", help="Proxies whose word on who asks is taken.")
    ] = None,
) -> None:
    """Serve the staff app, public pages and the API."""
    building: Building = ctx.obj

    async def act(house: House) -> Answer | None:
        config = uvicorn.Config(
            building.site(house),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=proxy is not None,
            forwarded_allow_ips=proxy,
            h11_max_incomplete_event_size=LONGEST_HEADERS_BYTES,
            timeout_graceful_shutdown=GRACE_S,
        )
        server = uvicorn.Server(config)
        await server.serve()
        if not server.started:
            raise running.cannot_listen(host, port)
        return None

    running.run(ctx, act)
