"""The control door's post office: who listens, what was told, what is on its way, and what is told as well."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bursar.sandbox.stripe.courier import ORDERS, Courier, Endpoint, new_secret
from bursar.sandbox.stripe.desk import Desk
from bursar.sandbox.stripe.fate import Unheard
from bursar.sandbox.stripe.ledger import Ledger, Thing, new_id
from bursar.sandbox.stripe.world import Act, NoSuch, World

Answering = Callable[[World, Request], Awaitable[Response]]


def post_routes(desk: Desk) -> list[Route]:
    def at(path: str, answer: Answering, *methods: str) -> Route:
        async def asked(request: Request) -> Response:
            return await answer(desk.world, request)

        return Route(path, asked, methods=methods or ["GET"])

    return [
        at("/endpoints", _endpoints, "GET", "POST"),
        at("/endpoints/{id}", _remove, "DELETE"),
        at("/endpoints/{id}/rotation", _rotate, "POST", "DELETE"),
        at("/endpoints/{id}/parcels", _parcel, "POST"),
        at("/events", _events, "GET", "POST"),
        at("/events/{id}/resend", _resend, "POST"),
        at("/deliveries", _deliveries),
        at("/flush", _flush, "POST"),
        at("/idle", _idle),
        at("/behaviour", _behave, "GET", "PUT"),
    ]


def _ledger(world: World, given: dict[str, Any]) -> Ledger:
    """Of the named account, else of the first, in the named mode, else in test mode."""
    account, live = given.pop("of", None), given.pop("live", False)
    found = [one for one in world.ledgers if account in {None, one.account["id"]} and one.live is live]
    if not found:
        raise NoSuch(account or "account")
    return found[0]


async def _endpoints(world: World, request: Request) -> Response:
    courier = world.courier
    if request.method == "POST":
        given: dict[str, Any] = await request.json()
        ledger = _ledger(world, given)
        url, secret = given.pop("url"), given.pop("secret", None) or new_secret()
        events = given.pop("events", ["*"])
        if given:
            raise Unheard(f"unknown: {sorted(given)}")
        made = Endpoint(ledger.account["id"], ledger.live, url, [secret], events)
        courier.endpoints.append(made)
        return JSONResponse(asdict(made), 201)
    return JSONResponse([asdict(one) for one in courier.endpoints])


def _endpoint(courier: Courier, request: Request) -> Endpoint:
    told = request.path_params["id"]
    found = next((one for one in courier.endpoints if one.id == told), None)
    if found is None:
        raise NoSuch(told)
    return found


async def _remove(world: World, request: Request) -> Response:
    world.courier.endpoints.remove(_endpoint(world.courier, request))
    return Response(status_code=204)


async def _rotate(world: World, request: Request) -> Response:
    """POST: a further secret signs as well; DELETE: only the newest does from now on."""
    endpoint = _endpoint(world.courier, request)
    if request.method == "POST":
        given = await request.json() if await request.body() else {}
        endpoint.secrets.append(given.get("secret") or new_secret())
    else:
        endpoint.secrets = endpoint.secrets[-1:]
    return JSONResponse(asdict(endpoint))


async def _parcel(world: World, request: Request) -> Response:
    """The body of this request, byte for byte, signed and brought to the endpoint."""
    courier = world.courier
    endpoint = _endpoint(courier, request)
    courier.start(courier.bring(courier.parcel({}, endpoint, await request.body())))
    return Response(status_code=202)


async def _events(world: World, request: Request) -> Response:
    if request.method == "POST":
        return JSONResponse(await _publish(world, await request.json()), 201)
    wanted = request.query_params
    objects = set(wanted.getlist("object"))
    rows = [
        {**event, "of": ledger.account["id"]}
        for ledger in world.ledgers
        for event in ledger.newest("event")
        if wanted.get("type") in {None, event["type"]} and _is_about(event["data"]["object"], objects)
    ]
    return JSONResponse(rows)


def _is_about(thing: Thing, objects: set[str]) -> bool:
    """About one of these, or about money of a payment intent that is one of them."""
    return not objects or bool(objects & {thing.get("id"), thing.get("payment_intent")})


async def _publish(world: World, given: dict[str, Any]) -> Thing:
    """As it is said, whether Stripe would say it or not."""
    ledger = _ledger(world, given)
    type_, thing = given.pop("type"), given.pop("object")
    thing = ledger.things.get(thing, {"id": thing}) if isinstance(thing, str) else thing
    return Act(world, ledger).publish(type_, {"object": thing}, **given.pop("instead", {}))


async def _resend(world: World, request: Request) -> Response:
    """To all who listen now, whatever the behaviour says; {"times"}: how often, {"as_new"}: under another id."""
    given = await request.json() if await request.body() else {}
    ledger, event = world.holding("event", request.path_params["id"])
    if given.get("as_new"):
        event = ledger.put({**event, "id": new_id("evt")})
    endpoints = world.courier.listening(ledger.account["id"], event["type"], live=ledger.live)
    return JSONResponse({"sent": world.courier.hand_over(event, endpoints, times=given.get("times", 1))})


async def _deliveries(world: World, request: Request) -> Response:
    wanted = request.query_params
    return JSONResponse(
        [
            asdict(one)
            for one in world.courier.deliveries
            if wanted.get("event") in {None, one.event}
            and wanted.get("type") in {None, one.type}
            and wanted.get("object") in {None, one.object}
        ]
    )


async def _flush(world: World, request: Request) -> Response:
    given = await request.json() if await request.body() else {}
    order = given.get("order", "as_is")
    if order not in ORDERS:
        raise Unheard(f"there is no order {order!r}; there are {sorted(ORDERS)}")
    return JSONResponse({"flushed": world.courier.flush(order)})


async def _idle(world: World, request: Request) -> Response:
    seconds = float(request.query_params.get("seconds", 10))
    return JSONResponse({"idle": await world.courier.idle(seconds)})


async def _behave(world: World, request: Request) -> Response:
    """PUT: what is named; the rest stays."""
    if request.method == "PUT":
        world.courier.behave(replace(world.courier.behaviour, **await request.json()))
    return JSONResponse(asdict(world.courier.behaviour))
