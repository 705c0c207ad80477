"""A firm that notes who came to its addresses, its mails, and a person in front of the sandbox's mailboxes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bursar.sandbox.smtp.store import Kept, MemoryStore

STOP_PAGE = (
    '<form method="post" action="/language"></form><form method="post" action="/u/1?lang=fr">'
    '<input type="radio" name="scope" value="all"><input type="radio" name="scope" value="reminders" checked>'
    '<input type="hidden" name="token" value="t"><button>Stop</button></form>'
)


def kept(number: int = 1) -> Kept:
    return Kept(
        number,
        1,
        "billing@firm.example.com",
        ["noura@almas.example.com"],
        1_800_000_000.0,
        "<1@firm>",
        None,
        False,
        10,
    )


def a_message(at: str, *, language: str = "en", one_click: bool = False) -> bytes:
    message = EmailMessage()
    message["From"] = "Working Title <billing@firm.example.com>"
    message["Reply-To"] = "desk@firm.example.com"
    message["To"] = "Noura Al Suwaidi <noura@almas.example.com>"
    message["Subject"] = "فواتير الموسم" if language == "ar" else "Two invoices are open"
    message["Message-ID"] = "<1@firm.example.com>"
    if one_click:
        message["List-Unsubscribe"] = f"<{at}/u/1>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("Please pay 100.00.\n")
    message.add_alternative(
        f'<p>Please pay.</p><a href="{at}/l/1">How <b>to</b> pay</a> <a href="mailto:desk@firm.example.com">us</a>'
        f'<a href="{at}/u/1">Stop them here</a><img src="{at}/o/1" width="1"><img src="data:image/gif;base64,AA">'
        "<script>alert(1)</script>",
        subtype="html",
    )
    message["Content-Language"] = language  # setting the content forgets it
    return message.as_bytes().replace(b"\n", b"\r\n")


@dataclass
class Firm:
    """The sender's web server: what came, and from which program."""

    came: list[tuple[str, str, str, str]] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        form = (await request.body()).decode()
        self.came.append((request.method, request.url.path, request.headers["user-agent"], form))
        if request.url.path.startswith("/l/"):
            return RedirectResponse("https://shop.example.com/how-to-pay", status_code=302)
        return HTMLResponse(STOP_PAGE)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.answer, methods=["GET", "POST"])])

    def paths(self) -> list[tuple[str, str]]:
        return sorted((method, path) for method, path, _, _ in self.came)


@dataclass
class Person:
    """Somebody in front of the pages, with the store behind them and the firm at the other end."""

    client: httpx2.AsyncClient
    firm: Firm
    firm_url: str
    store: MemoryStore

    async def gets(self, *, language: str = "en", one_click: bool = False) -> None:
        message = a_message(self.firm_url, language=language, one_click=one_click)
        await self.store.keep(kept(len(self.store.kept) + 1), message)

    async def presses(self, button: str, number: int = 1, **form: str) -> dict[str, Any]:
        answer = await self.client.post(
            f"/messages/{number}/{button}", data=form, headers={"Accept": "application/json"}
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def sees(self, path: str = "/messages/1") -> str:
        return (await self.client.get(path)).text


@asynccontextmanager
async def a_server(app: Starlette) -> AsyncIterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
