"""Refusals and failures as RFC 9457 problem details. What is said never comes from the database."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bursar.billing.issuing import Incomplete
from bursar.core.errors import N_, NotFound, NotSignedIn, Refusal, StaleVersion, TooMany
from bursar.core.translations import places_of, preferred, say

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
KIND = "urn:bursar:problem:"

UNREADABLE = N_("The request does not have the form that is documented. See the list of errors.")
WENT_WRONG = N_("Something broke on our side and nothing was changed. Try again in a moment.")
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""As RFC 9110 says them; Python learned the new ones late."""

TEXTS = {
    400: N_("The request could not be read."),
    404: N_("There is nothing at this address."),
    405: N_("This address does not know that method."),
    413: N_("The request is too large."),
    415: N_("Send the body as %(expected)s."),
}

TOLD = {
    400: "The request could not be read.",
    401: "The API key is missing, unknown or revoked.",
    403: "The key lacks the scope, or its agent the role.",
    404: "No such thing in this tenant; the same answer for another tenant's.",
    409: "Its present condition forbids this, or a twin of this request is still at work.",
    412: "It was changed since the version that If-Match names.",
    413: "The body is too large.",
    415: "The body has another media type than documented.",
    422: "A value cannot be used; `errors` names each field.",
    429: "Too many requests with this key; `Retry-After` says in how many seconds to go on.",
}
"""What each status means anywhere in this API, for its document."""


class FieldError(BaseModel):
    """One thing that is wrong with the request."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="Where, as a path: body.lines.0.quantity, query.limit, header.If-Match.")
    code: str
    detail: str


class Problem(BaseModel):
    """RFC 9457. `code` is stable and meant for programs, `detail` is for people in the language they asked for."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(examples=[f"{KIND}illegal_move"])
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None
    request_id: str | None = None
    allowed: list[str] | None = Field(default=None, description="The events that the present state permits.")
    errors: list[FieldError] | None = None


def responses() -> dict[int | str, dict[str, Any]]:
    """Every status that may come instead of an answer, for each operation of the document."""
    return {status: _documented(status, text) for status, text in TOLD.items()}


def _documented(status: int, text: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == 429:
        shown["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return shown


async def refused(request: Request, refusal: Refusal) -> Response:
    """A verb, or the door itself, said no."""
    status = 412 if isinstance(refusal, StaleVersion) else refusal.status
    allowed = getattr(refusal, "allowed", None)
    told = {
        "field": refusal.field,
        "allowed": list(allowed) if allowed is not None else None,
        "errors": _lacking(request, refusal) if isinstance(refusal, Incomplete) else None,
    }
    response = _problem(request, status, refusal.code, refusal.message, places_of(refusal), told)
    if isinstance(refusal, NotSignedIn):
        response.headers["WWW-Authenticate"] = 'Bearer realm="bursar"'
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.params.get("seconds", 1))
    return response


def _lacking(request: Request, refusal: Incomplete) -> list[dict[str, str]]:
    """Each thing that is missing: where it is mended, its key, and words for it."""
    language = preferred(request.headers.get("accept-language", ""))
    return [
        {
            "field": f"{item.where}.{item.column or item.key}",
            "code": item.key,
            "detail": say(language, item.message, item.params),
        }
        for item in refusal.items
    ]


async def unreadable(request: Request, failure: RequestValidationError) -> Response:
    """The request is not what the document says. A path that cannot be an id is nothing here: 404."""
    errors = failure.errors()
    if any(error["loc"][:1] == ("path",) for error in errors):
        return await refused(request, NotFound("resource"))
    if any(error["type"] == "json_invalid" for error in errors):
        return _problem(request, 400, "json_invalid", TEXTS[400])
    listed = [_field_error(error) for error in errors]
    told = {"field": listed[0]["field"], "errors": listed}
    return _problem(request, 422, "request_invalid", UNREADABLE, told=told)


def _field_error(error: Mapping[str, Any]) -> dict[str, str]:
    place = ".".join(str(part) for part in error["loc"])
    return {"field": place, "code": error["type"], "detail": error["msg"]}


async def http_failed(request: Request, failure: HTTPException) -> Response:
    """What the router refuses: an unknown address, an unknown method, a body that cannot be parsed."""
    status = failure.status_code
    methods = _methods_of(request) if status == 405 else ()
    if status == 405 and request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": ", ".join(methods)})
    code = HTTPStatus(status).phrase.lower().replace(" ", "_")
    response = _problem(request, status, code, TEXTS.get(status, TEXTS[400]))
    if methods:
        response.headers["Allow"] = ", ".join(methods)
    return response


def _methods_of(request: Request) -> Sequence[str]:
    """All that this address knows; the router itself would name the first route's only."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    for pattern, methods in request.app.state.methods:
        if pattern.fullmatch(path):
            return methods
    return ()


def broken(request: Request, failure: Exception) -> Response:
    """The last resort: written down here, and told to nobody outside."""
    logger.error("API request failed: %s %s", request.method, request.url.path, exc_info=failure)
    return _problem(request, 500, "internal_error", WENT_WRONG)


def _problem(
    request: Request,
    status: int,
    code: str,
    message: str,
    params: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
) -> Response:
    language = preferred(request.headers.get("accept-language", ""))
    body = Problem(
        type=KIND + code,
        title=TITLES.get(status) or HTTPStatus(status).phrase,
        status=status,
        detail=say(language, message, params),
        code=code,
        request_id=request.scope.get("state", {}).get("request_id"),
        **(told or {}),
    )
    return JSONResponse(
        body.model_dump(exclude_none=True),
        status,
        media_type=MEDIA_TYPE,
        headers={"Content-Language": language, "Vary": "Accept-Language"},
    )
