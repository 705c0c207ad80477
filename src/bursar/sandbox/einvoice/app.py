"""A service provider of the UAE network, simulated on the wire.

PUT /documents/{uuid} with the XML · GET /documents/{uuid} · GET /documents · PUT /behaviour: how many of the next
submissions to lose the answer of, to refuse as down, or to decide on only after so many questions.

A document is known by its UUID. The same one sent again gets the answer of the first time; other bytes under a
known UUID are a conflict.
"""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bursar.sandbox.einvoice.validator import Finding, findings

LARGEST_BYTES = 5 * 1024 * 1024


@dataclass
class Held:
    """A document that arrived; `waits` are the questions it still answers with "received"."""

    number: int
    digest: bytes
    found: list[Finding]
    waits: int

    def told(self) -> dict[str, Any]:
        status = "received" if self.waits > 0 else "rejected" if self.found else "accepted"
        complaints = self.found if status == "rejected" else []
        return {
            "id": f"ASP-{self.number:06}",
            "status": status,
            "errors": [complaint._asdict() for complaint in complaints],
        }


@dataclass
class Behaviour:
    """How often more to misbehave, and for how many questions to keep a decision back."""

    lose: int = 0
    down: int = 0
    later: int = 0


@dataclass
class Desk:
    """What the provider knows. `arrivals` counts submissions, the same document's too."""

    held: dict[str, Held] = field(default_factory=dict)
    behaviour: Behaviour = field(default_factory=Behaviour)
    arrivals: int = 0


def provider(desk: Desk) -> Starlette:
    app = Starlette(
        routes=[
            Route("/documents", _documents),
            Route("/documents/{uuid:uuid}", _submit, methods=["PUT"]),
            Route("/documents/{uuid:uuid}", _ask),
            Route("/behaviour", _behave, methods=["PUT"]),
        ]
    )
    app.state.desk = desk
    return app


async def _submit(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    if desk.behaviour.down:
        desk.behaviour.down -= 1
        return _refused(503, "down for maintenance")
    body = await request.body()
    if request.headers.get("content-type", "").partition(";")[0] != "application/xml":
        return _refused(415, "send application/xml")
    if len(body) > LARGEST_BYTES:
        return _refused(413, "too large")
    uuid, digest = str(request.path_params["uuid"]), sha256(body).digest()
    desk.arrivals += 1
    if uuid not in desk.held:
        desk.held[uuid] = Held(len(desk.held) + 1, digest, findings(body, uuid), desk.behaviour.later)
    if desk.held[uuid].digest != digest:
        return _refused(409, "another document has this UUID")
    if desk.behaviour.lose:
        desk.behaviour.lose -= 1
        return _refused(504, "the answer was lost on its way")
    return JSONResponse(desk.held[uuid].told(), status_code=202)


async def _ask(request: Request) -> Response:
    held = request.app.state.desk.held.get(str(request.path_params["uuid"]))
    if held is None:
        return _refused(404, "unknown document")
    held.waits -= 1
    return JSONResponse(held.told())


async def _documents(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    told = {uuid: held.told() for uuid, held in desk.held.items()}
    return JSONResponse({"arrivals": desk.arrivals, "documents": told})


async def _behave(request: Request) -> Response:
    try:
        request.app.state.desk.behaviour = Behaviour(**json.loads(await request.body()))
    except (TypeError, ValueError) as error:
        return _refused(422, str(error))
    return Response(status_code=204)


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status)
