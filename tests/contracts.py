"""Our own beliefs of a vendor's wire, held against every request an adapter makes (`integrations/<vendor>/contract.json`)."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import jsonschema

INTEGRATIONS = Path(__file__).parents[1] / "src" / "bursar" / "integrations"


class OffContract(AssertionError):
    """A request that our contract does not have."""


class Watching(httpx2.AsyncHTTPTransport):
    """The network, with a reader who knows the contract in between. `seen` names each request that fitted."""

    broken: list[str] = []  # noqa: RUF012  of all of them, so that a test can ask at its end

    def __init__(self, vendor: str) -> None:
        super().__init__(trust_env=False)
        told = json.loads((INTEGRATIONS / vendor / "contract.json").read_text())
        self._requests: list[dict[str, Any]] = told["requests"]
        self.seen: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            self.seen.append(fits(request, await request.aread(), self._requests))
        except (OffContract, jsonschema.ValidationError) as problem:
            Watching.broken.append(str(problem))
            raise
        return await super().handle_async_request(request)


def fits(request: httpx2.Request, body: bytes, requests: list[dict[str, Any]]) -> str:
    """The name of the request this is. Raises `OffContract` or what jsonschema raises."""
    one = next(
        (
            one
            for one in requests
            if one["method"] == request.method and re.fullmatch(one["path"], request.url.path)
        ),
        None,
    )
    if one is None:
        raise OffContract(f"{request.method} {request.url.path}")
    query = dict(request.url.params)
    if len(query) != len(request.url.params.multi_items()):
        raise OffContract(f"a parameter twice: {request.url}")
    jsonschema.validate(query, one.get("query", {"maxProperties": 0}))
    media = request.headers.get("content-type")
    if media != one.get("media"):
        raise OffContract(f"{one['name']}: media type {media}")
    if "body" in one:
        jsonschema.validate(json.loads(body) if media == "application/json" else body.decode(), one["body"])
    elif body:
        raise OffContract(f"{one['name']}: a body")
    if not request.headers.get("authorization", "").startswith("Bearer "):
        raise OffContract(f"{one['name']}: unsigned")
    return one["name"]
