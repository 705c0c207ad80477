"""How a vendor of the sandbox starts: one server on several ports; the first line it prints says where, as JSON."""

import json
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

Doors = Mapping[str, ASGIApp]


def listening(host: str, ports: Mapping[str, int]) -> dict[str, socket.socket]:
    """A socket for each name; port 0 takes any free one."""
    return {name: socket.create_server((host, port)) for name, port in ports.items()}


def beside(main: Starlette, **others: ASGIApp) -> Starlette:
    """`main` with others below the paths of their names."""
    main.routes.extend(Mount(f"/{name}", other) for name, other in others.items())
    return main


def port_of(opened: socket.socket) -> int:
    return opened.getsockname()[1]


async def serve(opened: Mapping[str, socket.socket], doors: Doors, told: Mapping[str, Any]) -> None:
    """An application on each socket of the same name, until a signal ends it. `told` is printed once all listen."""
    behind = {port_of(opened[name]): door for name, door in doors.items()}

    async def by_port(scope: Scope, receive: Receive, send: Send) -> None:
        await behind[scope["server"][1]](scope, receive, send)

    config = uvicorn.Config(
        by_port, log_level="warning", access_log=False, lifespan="off", server_header=False
    )
    server = uvicorn.Server(config)
    say(told)
    await server.serve(sockets=list(opened.values()))


def say(told: Mapping[str, Any]) -> None:
    """One line on standard output, for the process that started this one."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


class Endings:
    """Ends an exchange as networks do: an answer that never arrives, or arrives twice.

    An application asks for it by `ending_of(request.scope)`. ASGI knows no such thing, so this takes uvicorn's
    transport from behind `send`; nothing but a closed connection tells a client what a lost answer does.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        ending = scope["sandbox.ending"] = Ending()
        parts: list[Any] = []

        async def hold(part: Any) -> None:
            parts.append(part)

        await self.app(scope, receive, hold)
        if ending.lost:
            _transport(send).abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        for part in parts:
            await send(part)
        if ending.twice:
            _transport(send).write(_as_bytes(parts))


class Ending:
    """How this exchange is to end, if not as usual."""

    def __init__(self) -> None:
        self.lost = False
        self.twice = False


def ending_of(scope: Scope) -> Ending:
    return scope["sandbox.ending"]


def _transport(send: Callable[..., Any]) -> Any:
    return getattr(send, "__self__").transport  # noqa: B009  a bare Callable has none


def _as_bytes(parts: list[Any]) -> bytes:
    start, *rest = parts
    head = b"".join(name + b": " + value + b"\r\n" for name, value in start["headers"])
    body = b"".join(part.get("body", b"") for part in rest)
    return b"HTTP/1.1 %d Again\r\n%s\r\n%s" % (start["status"], head, body)
