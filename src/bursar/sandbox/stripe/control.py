"""The other door of this Stripe: what came, what shall go wrong, what time it is. `--help` says what it can do."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bursar.sandbox.cloud.troubles import Trouble
from bursar.sandbox.stripe import paying
from bursar.sandbox.stripe.control_money import money_routes
from bursar.sandbox.stripe.control_post import post_routes
from bursar.sandbox.stripe.desk import Desk
from bursar.sandbox.stripe.fate import Unheard
from bursar.sandbox.stripe.refusing import Refusal
from bursar.sandbox.stripe.returning import Settled
from bursar.sandbox.stripe.world import NoSuch

Answering = Callable[[Desk, Request], Awaitable[Response]]


def control(desk: Desk) -> Starlette:
    """Answers 404 for what is not there, 409 for what cannot happen any more, 422 for what it does not understand."""

    def at(path: str, answer: Answering, *methods: str) -> Route:
        async def asked(request: Request) -> Response:
            return await answer(desk, request)

        return Route(path, asked, methods=methods or ["GET"])

    return Starlette(
        routes=[
            at("/accounts", _accounts, "GET", "POST"),
            at("/accounts/{id}/revocation", _revocation, "POST", "DELETE"),
            at("/calls", _calls),
            at("/errors", _errors),
            at("/troubles", _troubles, "GET", "PUT", "POST"),
            at("/stalled", _stalled),
            at("/release", _release, "POST"),
            at("/settings", _settings, "GET", "PUT"),
            at("/clock", _clock, "GET", "PUT"),
            at("/reset", _reset, "POST"),
            *money_routes(desk),
            *post_routes(desk),
        ],
        exception_handlers={
            NoSuch: _said(404),
            paying.NotOpen: _said(409),
            Settled: _said(409),
            Refusal: _said(409),
            Unheard: _said(422),
            TypeError: _said(422),
            ValueError: _said(422),
        },
    )


def _said(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def say(_: Request, problem: Exception) -> Response:
        return JSONResponse({"error": type(problem).__name__, "about": str(problem)}, status)

    return say


async def _accounts(desk: Desk, request: Request) -> Response:
    world = desk.world
    if request.method == "POST":
        given: dict[str, str] = await request.json()
        world.open_account(given.pop("name"), **given)
    return JSONResponse(accounts(desk), 201 if request.method == "POST" else 200)


def accounts(desk: Desk) -> list[dict[str, Any]]:
    """Everybody who has one, with the keys of both modes; in the order they were opened."""
    tests = [one for one in desk.world.ledgers if not one.live]
    return [
        {
            "id": one.account["id"],
            "name": one.account["business_profile"]["name"],
            "test_key": one.key,
            "live_key": desk.world.other_mode(one).key,
        }
        for one in tests
    ]


async def _revocation(desk: Desk, request: Request) -> Response:
    mine = [one for one in desk.world.ledgers if one.account["id"] == request.path_params["id"]]
    if not mine:
        raise NoSuch(request.path_params["id"])
    for ledger in mine:
        ledger.revoked = request.method == "POST"
    return Response(status_code=204)


async def _calls(desk: Desk, request: Request) -> Response:
    since = int(request.query_params.get("since", 0))
    return JSONResponse([asdict(noted) for noted in list(desk.calls)[since:]])


async def _errors(desk: Desk, _: Request) -> Response:
    return JSONResponse(dict(desk.world.contract.errors))


async def _troubles(desk: Desk, request: Request) -> Response:
    if request.method != "GET":
        given: list[dict[str, Any]] = await request.json()
        added = [Trouble.parse(one, desk.world.contract.errors) for one in given]
        kept = desk.troubles.held if request.method == "POST" else []
        desk.troubles.held = [*kept, *added]
    return JSONResponse(desk.troubles.as_json())


async def _stalled(desk: Desk, request: Request) -> Response:
    asked = request.query_params
    seconds = float(asked.get("wait", 0))
    found = await desk.troubles.stalled(count=int(asked.get("count", 1)), seconds=seconds)
    return JSONResponse([asdict(stall) for stall in found])


async def _release(desk: Desk, _: Request) -> Response:
    desk.troubles.release()
    return Response(status_code=204)


async def _settings(desk: Desk, request: Request) -> Response:
    if request.method == "PUT":
        given: dict[str, Any] = await request.json()
        unknown = sorted(given.keys() - desk.settings.keys())
        if unknown:
            raise Unheard(f"unknown: {unknown}; there are {sorted(desk.settings)}")
        desk.settings |= given
    return JSONResponse(desk.settings)


async def _clock(desk: Desk, request: Request) -> Response:
    """What ran out meanwhile is expired before the answer."""
    clock, expired = desk.world.clock, 0
    if request.method == "PUT":
        given: dict[str, float] = await request.json()
        match given:
            case {"now": now}:
                clock.set(now)
            case {"ahead_s": seconds}:
                clock.offset_s += seconds
            case _:
                raise Unheard('say {"now": …} or {"ahead_s": …}')
        expired = paying.expire_due(desk.world)
    return JSONResponse({"now": clock.now(), "expired": expired})


async def _reset(desk: Desk, _: Request) -> Response:
    desk.forget()
    return Response(status_code=204)
