"""A web application around routes that need no Work."""

from fastapi import APIRouter, FastAPI

from bursar.web.app import create_web
from bursar.web.security import Site


def a_web(*routers: APIRouter, site: Site | None = None) -> FastAPI:
    """The real application, guards and all, with these routes instead of the product's pages."""
    return create_web(None, site, routers=routers)
