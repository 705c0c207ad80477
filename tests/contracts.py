"""Our own beliefs of a vendor's wire, held against every request an adapter makes (`integrations/<vendor>/contract.json`)."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import jsonschema

INTEGRATIONS = Path(__file__).parents[1] / "src" / "bursar" / "integrations"


class OffContract(AssertionError):
    """A request that our contract does not have."""


class Reader:
    """Who knows a vendor's contract. `seen` names each request that fitted."""

    broken: list[str] = []  # noqa: RUF012  of all of them, so that a test can ask at its end

    def __init__(self, vendor: str) -> None:
        told = json.loads((INTEGRATIONS / vendor / "contract.json").read_text())
        self._requests: list[dict[str, Any]] = told["requests"]
        self._headers: dict[str, Any] = told.get("headers", {})
        self.seen: list[str] = []

    def read(self, request: httpx2.Request, body: bytes) -> None:
        try:
            jsonschema.validate(
                {name.lower(): value for name, value in request.headers.items()}, self._headers
            )
            self.seen.append(fits(request, body, self._requests))
        except (OffContract, jsonschema.ValidationError) as problem:
            Reader.broken.append(str(problem))
            raise


class Watching(httpx2.AsyncHTTPTransport):
    """The network, with a reader in between."""

    broken = Reader.broken

    def __init__(self, vendor: str) -> None:
        super().__init__(trust_env=False)
        self._reader = Reader(vendor)
        self.seen = self._reader.seen

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._reader.read(request, await request.aread())
        return await super().handle_async_request(request)


class WatchingThreads(httpx2.HTTPTransport):
    """The same for a client that waits in a thread. `instead` answers in the network's place."""

    def __init__(self, vendor: str, instead: httpx2.BaseTransport | None = None) -> None:
        super().__init__(trust_env=False)
        self._reader, self._instead = Reader(vendor), instead
        self.seen = self._reader.seen

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self._reader.read(request, request.read())
        return (self._instead or super()).handle_request(request)


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
    if one.get("keyed", False) and not request.headers.get("idempotency-key"):
        raise OffContract(f"{one['name']}: no idempotency key")
    if "body" in one:
        jsonschema.validate(parsed(body, media), one["body"])
    elif body:
        raise OffContract(f"{one['name']}: a body")
    if not request.headers.get("authorization", "").startswith("Bearer "):
        raise OffContract(f"{one['name']}: unsigned")
    return one["name"]


def parsed(body: bytes, media: str | None) -> Any:
    """What was posted. A form's fields keep their brackets. Raises `OffContract` for one that comes twice."""
    if media == "application/json":
        return json.loads(body)
    if media != "application/x-www-form-urlencoded":
        return body.decode()
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body))
    if len(dict(pairs)) != len(pairs):
        raise OffContract("a field twice")
    return dict(pairs)
