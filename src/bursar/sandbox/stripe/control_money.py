"""The control door's hands: what people, banks, time and the firm itself do to checkouts and money."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bursar.sandbox.stripe import fate, paying
from bursar.sandbox.stripe.desk import Desk
from bursar.sandbox.stripe.ledger import Ledger, Thing
from bursar.sandbox.stripe.world import Act, World

Answering = Callable[[World, str, dict[str, Any]], Thing]
REFUND_NAMES = frozenset({"amount", "reason", "status", "metadata"})


def money_routes(desk: Desk) -> list[Route]:
    def doing(path: str, answer: Answering, *, method: str = "POST") -> Route:
        async def asked(request: Request) -> Response:
            given = await request.json() if await request.body() else {}
            return JSONResponse(answer(desk.world, request.path_params["id"], given))

        return Route(path, asked, methods=[method])

    return [
        Route("/sessions", _listing(desk)),
        doing("/sessions/{id}", _session, method="GET"),
        doing("/sessions/{id}", _distort, method="PATCH"),
        doing("/sessions/{id}/attempts", _attempt),
        doing("/sessions/{id}/confirmation", _confirm),
        doing("/sessions/{id}/settlement", _settle),
        doing("/sessions/{id}/expiry", _expire),
        doing("/payments/{id}/refunds", _refund),
        doing("/payments/{id}/disputes", _dispute),
        doing("/refunds/{id}/outcome", lambda world, told, given: fate.decide_refund(world, told, **given)),
        doing("/disputes/{id}/outcome", lambda world, told, given: fate.decide_dispute(world, told, **given)),
        doing("/objects/{id}", _object, method="GET"),
    ]


def _listing(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def listed(request: Request) -> Response:
        """?reference=&status=&email= of the asked-for kind only."""
        paying.expire_due(desk.world)
        wanted = dict(request.query_params)
        rows = [_told(ledger, session) for ledger, session in desk.world.sessions()]
        reference, status = wanted.get("reference"), wanted.get("status")
        return JSONResponse(
            [
                row
                for row in rows
                if reference in {None, row["session"]["client_reference_id"]}
                and status in {None, row["session"]["status"]}
                and wanted.get("email") in {None, row["session"]["customer_email"]}
            ]
        )

    return listed


def _told(ledger: Ledger, session: Thing) -> Thing:
    """With the address at which it could be paid, which the object loses when it is closed."""
    aside = ledger.asides[session["id"]]
    intent = ledger.find("payment_intent", session["payment_intent"])
    charge = ledger.find("charge", intent["latest_charge"]) if intent else None
    return {
        "session": session,
        "account": ledger.account["id"],
        "url": aside.url,
        "items": aside.items,
        "payer": aside.payer,
        "intent": intent,
        "charge": charge,
        "refunds": ledger.of("refund", charge=charge["id"]) if charge else [],
        "disputes": ledger.of("dispute", charge=charge["id"]) if charge else [],
    }


def _session(world: World, told: str, _: dict[str, Any]) -> Thing:
    act, session = fate.session_of(world, told)
    return _told(act.ledger, session)


def _distort(world: World, told: str, given: dict[str, Any]) -> Thing:
    """From now on Stripe says this of it. What Stripe never says is refused, and nothing is changed."""
    act, session = fate.session_of(world, told)
    anew = {**session, **given}
    problem = _problem(act, anew)
    if problem:
        raise fate.Unheard(problem)
    session.update(given)
    return _told(act.ledger, session)


def _problem(act: Act, anew: Thing) -> str:
    try:
        act.world.contract.check(anew)
    except Exception as problem:  # noqa: BLE001  whatever it is, it is said
        return str(problem)
    return ""


def _attempt(world: World, told: str, given: dict[str, Any]) -> Thing:
    act, session = fate.session_of(world, told)
    fate.attempt(act, session, given.pop("card", "paid"), given)
    return _told(act.ledger, session)


def _confirm(world: World, told: str, given: dict[str, Any]) -> Thing:
    act, session = fate.session_of(world, told)
    fate.confirm(act, session, agreed=given.get("agreed", True))
    return _told(act.ledger, session)


def _settle(world: World, told: str, given: dict[str, Any]) -> Thing:
    act, session = fate.session_of(world, told)
    paying.settle(act, session, came=given.get("came", True))
    return _told(act.ledger, session)


def _expire(world: World, told: str, _: dict[str, Any]) -> Thing:
    act, session = fate.session_of(world, told)
    paying.expire(act, session)
    return _told(act.ledger, session)


def _refund(world: World, told: str, given: dict[str, Any]) -> Thing:
    strange = sorted(given.keys() - REFUND_NAMES)
    if strange:
        raise fate.Unheard(f"unknown: {strange}; there are {sorted(REFUND_NAMES)}")
    return fate.refund(world, told, given)


def _dispute(world: World, told: str, given: dict[str, Any]) -> Thing:
    return fate.dispute(world, told, **given)


def _object(world: World, told: str, _: dict[str, Any]) -> Thing:
    """Whatever has this id."""
    for ledger in world.ledgers:
        if told in ledger.things:
            return ledger.things[told]
    raise fate.NoSuch(told)
