"""The sink's other door: HTTP for whoever watches it or tells it how to misbehave."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bursar.sandbox.smtp.behaviour import Beat, Rule
from bursar.sandbox.smtp.sink import Sink


def control(sink: Sink) -> Starlette:
    """GET /stats · GET /messages?since=&to= · GET /messages/{number}/raw · GET, PUT, POST /rules ·
    GET /stalled?beat=&count=&wait= (answers as soon as so many are) · POST /release.
    """

    async def stats(_: Request) -> JSONResponse:
        return JSONResponse(
            {
                "messages": len(sink.store.kept),
                "connections": sink.connections,
                "open": sink.open_connections,
                "stalled": len(sink.behaviour.stalls),
            }
        )

    async def rules(request: Request) -> JSONResponse:
        if request.method != "GET":
            given: list[dict[str, Any]] = await request.json()
            try:
                added = [Rule.parse(rule) for rule in given]
            except (KeyError, TypeError, ValueError) as error:
                return JSONResponse({"error": str(error)}, status_code=422)
            kept = sink.behaviour.rules if request.method == "POST" else []
            sink.behaviour.rules = [*kept, *added]
        return JSONResponse(sink.behaviour.as_json())

    async def stalled(request: Request) -> JSONResponse:
        asked = request.query_params
        beat = Beat(asked["beat"]) if "beat" in asked else None
        found = await sink.behaviour.stalled(
            beat, count=int(asked.get("count", 1)), seconds=float(asked.get("wait", 0))
        )
        return JSONResponse(
            [{"beat": s.beat, "connection": s.connection, "recipient": s.recipient} for s in found]
        )

    async def release(_: Request) -> Response:
        sink.behaviour.release()
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route("/stats", stats),
            *_reading(sink),
            Route("/rules", rules, methods=["GET", "PUT", "POST"]),
            Route("/stalled", stalled),
            Route("/release", release, methods=["POST"]),
        ]
    )


def _reading(sink: Sink) -> list[Route]:
    """What was kept, for whoever counts it or shows it."""

    async def messages(request: Request) -> JSONResponse:
        since, to = int(request.query_params.get("since", 0)), request.query_params.get("to")
        return JSONResponse(
            [
                message.as_json()
                for message in sink.store.kept[since:]
                if to is None or to in message.recipients
            ]
        )

    async def raw(request: Request) -> Response:
        number = request.path_params["number"]
        if not 1 <= number <= len(sink.store.kept):
            return Response(status_code=404)
        return Response(sink.store.raw(number), media_type="message/rfc822")

    return [Route("/messages", messages), Route("/messages/{number:int}/raw", raw)]
