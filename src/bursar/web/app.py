"""Puts the web door together: guards, static files, error pages, and the pages of each folder."""

import pkgutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib import import_module

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bursar.billing.tills.inbounds import Inbox
from bursar.core.errors import Refusal
from bursar.core.settings import Settings
from bursar.house import House
from bursar.outbox.hit_writer import HitWriter
from bursar.outbox.tracking import Tracking
from bursar.web import errors, pages, preferences
from bursar.web.security import BodyLimit, RequestIds, SameSite, SecurityHeaders, Site

PAGE_FOLDERS = ("bursar.web.staff", "bursar.web.public", "bursar.web.portal")
ONE_DAY_S, ONE_YEAR_S = 24 * 3600, 365 * 24 * 3600


def create_web(
    house: House | None, site: Site | None = None, *, routers: Iterable[APIRouter] | None = None
) -> FastAPI:
    """The web application. Pages find `house` at `app.state.house`, and its office at `app.state.office`.

    Without `site` the settings say how people come here. `routers` replaces the pages found in
    `PAGE_FOLDERS`; without a `house` none of them may open a Work.
    """
    site = site or (_site_of(house.settings) if house else Site())
    web = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_last_arrivals,
        middleware=_guards(site),
        exception_handlers={
            Refusal: errors.refused,
            HTTPException: errors.http_failed,
            RequestValidationError: errors.unreadable,
        },
    )
    web.state.house, web.state.site = house, site
    web.state.office = house.office if house else None
    if house:
        web.state.hits = HitWriter(house.office)
        web.state.tracking = Tracking(house.office, web.state.hits)
        web.state.inbox = Inbox(house.office, house.till_desk)
    web.mount("/static", Static(directory=pages.STATIC), name="static")
    web.include_router(preferences.router)
    for router in found_routers() if routers is None else routers:
        web.include_router(router)
    return web


def _site_of(settings: Settings) -> Site:
    return Site(base_url=settings.base_url, checkout_hosts=settings.checkout_hosts)


@asynccontextmanager
async def _last_arrivals(web: FastAPI) -> AsyncIterator[None]:
    """Before the process ends, what came in and waits is stored and answered."""
    yield
    if web.state.house:
        await web.state.hits.close()
        await web.state.inbox.close()


def _guards(site: Site) -> list[Middleware]:
    """From the outside in: each one's answer passes through those above it."""
    return [
        Middleware(RequestIds),
        Middleware(SecurityHeaders, site=site),
        Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
        Middleware(errors.LastResort),
        Middleware(BodyLimit, uploads=site.uploads),
        Middleware(SameSite, site=site),
    ]


def found_routers() -> list[APIRouter]:
    """The `router` of every module in the page folders, in the order of their names."""
    found = []
    for folder in PAGE_FOLDERS:
        package = import_module(folder)
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
            router = getattr(import_module(f"{folder}.{module.name}"), "router", None)
            if router is not None:
                found.append(router)
    return found


class Static(StaticFiles):
    """Files whose address carries their content's hash are kept for a year, the others for a day."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code in {200, 304}:
            hashed = scope["query_string"].startswith(b"v=")
            response.headers["Cache-Control"] = (
                f"public, max-age={ONE_YEAR_S}, immutable" if hashed else f"public, max-age={ONE_DAY_S}"
            )
        return response
