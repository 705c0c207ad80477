"""Idempotency-Key on every POST: what tells two requests apart, and how an answer is kept and given again."""

import hmac
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bursar.core.idempotency import Answer, Claim, claim_key, find_answer, keep_answer
from bursar.core.keys import Keyring, Purpose
from bursar.core.work import Work

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_HEADERS = ("location", "etag", "content-type")
SAID_ONCE = "kept_without"
"""Names a field of the answer that is said once and not kept: `request.state.kept_without = "text"`."""

PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Under the same key the same request acts once within 24 hours and is answered alike.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


def key_of(request: Request) -> str | None:
    return request.headers.get(HEADER) if request.method == "POST" else None


def fingerprint(request: Request, body: bytes, keyring: Keyring) -> bytes:
    """Method, address and body under a key of ours: a body may hold a password, and a bare hash can be guessed."""
    told = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    return hmac.digest(keyring.key(Purpose.TOKEN_MAC), b"idempotency\n" + told, "sha256")


async def first(work: Work, request: Request, body: bytes) -> Claim | None:
    """Before anything is written: take the key, or find the answer it has; None without a key."""
    key = key_of(request)
    return None if key is None else await claim_key(work, key, fingerprint(request, body, work.keyring))


async def answered(work: Work, request: Request, body: bytes) -> Response | None:
    """For acts in several Works: what was answered before, if it was."""
    key = key_of(request)
    if key is None:
        return None
    claim = await find_answer(work, key, fingerprint(request, body, work.keyring))
    return replay(claim.answer) if claim and claim.answer else None


async def keep(work: Work, claim: Claim, request: Request, response: Response) -> None:
    """Remember the answer; a refusal never comes here, its Work is undone and its key with it."""
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    body = bytes(response.body).decode()
    hidden = getattr(request.state, SAID_ONCE, None)
    if hidden is not None:
        body = json.dumps({**json.loads(body), hidden: None})
    await keep_answer(work, claim, Answer(response.status_code, {"body": body, "headers": headers}))


def replay(answer: Answer) -> Response:
    headers = {**answer.response["headers"], REPLAYED: "true"}
    return Response(answer.response["body"], answer.status, headers=headers)
