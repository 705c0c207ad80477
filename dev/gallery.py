"""`python -m dev.gallery OUT_DIR`: every component on a few pages, in each language, as HTML files to look at.

The pages are invented and need no database, so the look of the product can be worked on alone; the tests
render and measure them too.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response
from starlette.testclient import TestClient

from bursar.core.errors import Conflict, Invalid
from bursar.core.money import Money
from bursar.web import languages, live, pages
from bursar.web.app import create_web
from bursar.web.forms import Form
from bursar.web.viewing import Viewer

NAMES = ("today", "invoices", "invoice", "wizard", "parts", "sign-in", "public")
NOW = datetime(2026, 11, 18, 8, 5, tzinfo=UTC)
VIEWER = Viewer(
    "Rania Haddad", "rania@workingtitle.example", "Working Title", "owner", "Asia/Dubai", unread=3
)
CUSTOMERS = (
    "Atelier Noor FZ-LLC",
    "Khalifa & Sons Trading",
    "مؤسسة الواحة للأزياء",
    "Maison Lavande",
    "Dar Al Qamar",
)


def create_gallery() -> FastAPI:
    """The real web application with the gallery's pages instead of the product's."""
    router = APIRouter()

    @router.get("/gallery/{name}")
    def show(request: Request, name: str) -> Response:
        _with_templates(languages.language_of(request).code)
        if name not in ("sign-in", "public"):
            request.state.viewer = VIEWER
        return pages.render(request, f"gallery/{name}.html", fragment="results", now=NOW, **values())

    @router.get("/gallery-progress")
    def progress(request: Request) -> Response:
        return live.stream(_sixty_sends(request))

    return create_web(None, routers=[router])


async def _sixty_sends(request: Request) -> AsyncGenerator[live.Event, None]:
    for done in (20, 40, 60):
        await asyncio.sleep(0.1)
        yield live.Event("progress", pages.render_text(request, "gallery/parts.html", "live", done=done))


def _with_templates(code: str) -> None:
    env = pages.environment(code)
    folders = [str(pages.TEMPLATES), str(Path(__file__).parent / "templates")]
    if not isinstance(env.loader, jinja2.FileSystemLoader) or len(env.loader.searchpath) == 1:
        env.loader = jinja2.FileSystemLoader(folders)


def values() -> dict[str, Any]:
    """One season of a small agency in Dubai."""
    refused = Form({"email": "accounts@", "name": "Season 26", "group_by": "customer", "days": "14"}).refused(
        Invalid(
            "%(value)s is not an e-mail address. Check it and enter it again.",
            code="email",
            field="email",
            value="accounts@",
        ),
        Conflict("This campaign was released already.", code="released"),
    )
    return {
        "invoices": [_invoice(number) for number in range(1, 9)],
        "total": Money(84_213_550, "AED"),
        "euros": Money(1_240_000, "EUR"),
        "collected": Money(21_904_000, "AED"),
        "moments": [NOW - timedelta(minutes=12), NOW - timedelta(hours=5), NOW - timedelta(days=2)],
        "fresh": Form(),
        "refused": refused,
    }


def _invoice(number: int) -> dict[str, Any]:
    states = ("issued", "overdue", "paid", "overdue", "draft", "overdue", "cancelled", "issued")
    return {
        "id": f"0000-{number}",
        "number": f"WT-2026-{1200 + number * 17}",
        "customer": CUSTOMERS[number % len(CUSTOMERS)],
        "balance": Money(number * 1_337_525, "AED"),
        "due": date(2026, 10, 3) + timedelta(days=number * 9),
        "state": states[number - 1],
        "next": NOW + timedelta(days=number),
    }


def write(folder: Path) -> list[Path]:
    """Every page in every language, with the addresses of static files pointing into this checkout."""
    client = TestClient(create_gallery())
    written = []
    for code in languages.OFFERED:
        for name in NAMES:
            text = client.get(f"/gallery/{name}", params={"lang": code}).raise_for_status().text
            target = folder / f"{name}-{code}.html"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text.replace('"/static/', f'"{pages.STATIC.as_uri()}/'), encoding="utf-8")
            written.append(target)
    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("\n".join(map(str, write(Path(sys.argv[1])))))
