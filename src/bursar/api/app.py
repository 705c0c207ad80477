"""Puts the API together: its routes, its refusals, its document. It is mounted at /api/v1 by the composition."""

import pkgutil
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from bursar.api import problems
from bursar.api.acting import SCHEME
from bursar.api.auth import Limits
from bursar.api.guards import Guard
from bursar.core.errors import Refusal
from bursar.house import House

MOUNTED_AT = "/api/v1"
UPLOADS = ("/imports",)
DESCRIPTION = """The back office of a service firm, for programs.

Sign in with `Authorization: Bearer <key>`; a key acts as the agent who made it, within its scopes.
Amounts are digits with a point and a currency. Lists come in pages: pass `next_cursor` as `cursor`.
A parameter that is not documented, or is given twice, is refused.
Answers about one thing carry an `ETag`; send it as `If-Match` to change only what you have seen.
Send `Idempotency-Key` with a POST to be able to repeat it. Refusals are problem details (RFC 9457), in the
language of `Accept-Language` where it is one of ours."""


def create_api(house: House, *, limits: Limits | None = None) -> FastAPI:
    """The sub-application of API v1. `limits` replaces the usual pace of keys."""
    api = FastAPI(
        title="Bursar API",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": MOUNTED_AT}],
        root_path_in_servers=False,
        redirect_slashes=False,
        responses=problems.responses(),
        middleware=[Middleware(Guard, secure=house.settings.secure, uploads=UPLOADS)],
        exception_handlers={
            Refusal: problems.refused,
            HTTPException: problems.http_failed,
            RequestValidationError: problems.unreadable,
        },
        generate_unique_id_function=lambda route: route.name,
    )
    api.state.house, api.state.limits = house, limits or Limits()
    for router in routers():
        api.include_router(router)
    document = _document(api)
    api.openapi = lambda: document
    api.state.methods, api.state.queries = _methods(document), _queries(document)
    return api


def routers() -> list[APIRouter]:
    """Those of every module in v1, in the order of their names."""
    package = import_module("bursar.api.v1")
    modules = sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name)
    found = [vars(import_module(f"{package.__name__}.{module.name}")) for module in modules]
    return [value for module in found for value in module.values() if isinstance(value, APIRouter)]


def _document(api: FastAPI) -> dict[str, Any]:
    """FastAPI's, with the key's scheme and the shape of a refusal."""
    document = api.openapi()
    components = document.setdefault("components", {})
    components["securitySchemes"] = {SCHEME: {"type": "http", "scheme": "bearer"}}
    schemas = components.setdefault("schemas", {})
    problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document


def _methods(document: Mapping[str, Any]) -> list[tuple[re.Pattern[str], tuple[str, ...]]]:
    """What each address knows, for Allow; whole words before places that stand for any."""
    return [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), tuple(sorted(_known(operations))))
        for path, operations in sorted(document["paths"].items(), key=lambda item: item[0].count("{"))
    ]


def _queries(document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The parameters that each operation reads from an address' query, each of which is one value."""
    return {
        one["operationId"]: tuple(told["name"] for told in one.get("parameters", ()) if told["in"] == "query")
        for operations in document["paths"].values()
        for one in operations.values()
    }


def _known(operations: Mapping[str, Any]) -> set[str]:
    known = {method.upper() for method in operations} | {"OPTIONS"}
    return known | {"HEAD"} if "GET" in known else known
