"""checkout.stripe.com: the page on which a person pays, and one that shows a firm what came of it. No JavaScript.

GET / · POST /deeds · GET, POST /c/pay/{id} · GET, POST /c/pay/{id}/confirmation · GET /style.css
"""

from collections.abc import Mapping
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bursar.sandbox.mailboxes.app import OwnButtons
from bursar.sandbox.stripe import currencies, fate, paying, returning
from bursar.sandbox.stripe.cards import BY_NAME, CARDS, is_number
from bursar.sandbox.stripe.ledger import Thing
from bursar.sandbox.stripe.refusing import Refusal
from bursar.sandbox.stripe.world import Act, NoSuch, World

STYLE = (resources.files("bursar.sandbox.stripe") / "style.css").read_text("utf-8")
TEMPLATES = Environment(
    loader=PackageLoader("bursar.sandbox.stripe"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"
DEEDS = {
    "came": "The money came",
    "bounced": "It did not come",
    "expire": "Let it run out",
    "refund": "Refund all of it",
    "dispute": "The payer disputes it",
    "won": "The firm wins",
    "lost": "The firm loses",
}


def pages(world: World) -> Starlette:
    """The world in `app.state`."""
    TEMPLATES.globals.update(amount=currencies.shown)
    app = Starlette(
        routes=[
            Route("/", _overview),
            Route("/deeds", _do, methods=["POST"]),
            Route("/style.css", _style),
            Route("/c/pay/{id}", _checkout, methods=["GET"]),
            Route("/c/pay/{id}", _pay, methods=["POST"]),
            Route("/c/pay/{id}/confirmation", _asked, methods=["GET"]),
            Route("/c/pay/{id}/confirmation", _confirm, methods=["POST"]),
        ],
        middleware=[Middleware(OwnButtons)],
        exception_handlers={NoSuch: _nothing, paying.NotOpen: _closed},
    )
    app.state.world = world
    return app


def _found(request: Request) -> tuple[Act, Thing]:
    return fate.session_of(request.app.state.world, request.path_params["id"])


async def _checkout(request: Request) -> Response:
    act, session = _found(request)
    if session["status"] != "open":
        raise paying.NotOpen(session["id"])
    return _page(act, session, "checkout.html", problem=_last_problem(act, session))


async def _pay(request: Request) -> Response:
    """A card that is declined leads back to the page, and so does one that is none."""
    act, session = _found(request)
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        card = _chosen(form)
        fate.attempt(act, session, card, form)
    except fate.Unheard as unheard:
        return _page(act, session, "checkout.html", problem=str(unheard), typed=form, status=422)
    return _onwards(act, session)


def _chosen(form: Mapping[str, str]) -> str:
    """The name of the card: of the button that was pressed, or of the number that was typed. Raises `Unheard`."""
    if form.get("card"):
        return form["card"]
    if form.get("method") == "sepa_debit":
        return fate.LATER
    number = "".join(form.get("number", "").split())
    if not is_number(number):
        raise fate.Unheard("Your card number is invalid.")
    if number not in CARDS:
        raise fate.Unheard("This is no test card. See the list below.")
    return CARDS[number].name


def _onwards(act: Act, session: Thing) -> Response:
    if session["status"] == "complete":
        back = session["success_url"].replace(PLACEHOLDER, session["id"])
        return RedirectResponse(back, 303)
    here = f"/c/pay/{session['id']}"
    asks = act.ledger.asides[session["id"]].waiting
    return RedirectResponse(f"{here}/confirmation" if asks else here, 303)


async def _asked(request: Request) -> Response:
    """The bank's page, as it looks to the holder of the card."""
    act, session = _found(request)
    if session["status"] != "open" or not act.ledger.asides[session["id"]].waiting:
        return RedirectResponse(f"/c/pay/{session['id']}", 303)
    return _page(act, session, "confirmation.html")


async def _confirm(request: Request) -> Response:
    act, session = _found(request)
    agreed = (await request.form()).get("decision") == "agree"
    fate.confirm(act, session, agreed=agreed)
    return _onwards(act, session)


def _last_problem(act: Act, session: Thing) -> str:
    intent = act.ledger.find("payment_intent", session["payment_intent"])
    return ((intent or {}).get("last_payment_error") or {}).get("message", "")


async def _closed(request: Request, _: Exception) -> Response:
    act, session = _found(request)
    return _page(act, session, "closed.html", status=410 if session["status"] == "expired" else 200)


async def _nothing(request: Request, _: Exception) -> Response:  # noqa: ARG001  as Starlette calls it
    html = TEMPLATES.get_template("nothing.html").render(title="Nothing here")
    return HTMLResponse(html, 404, headers=_headers("'none'"))


async def _overview(request: Request) -> Response:
    world: World = request.app.state.world
    paying.expire_due(world)
    rows = [_row(Act(world, ledger), session) for ledger, session in world.sessions()]
    rows.sort(key=lambda row: row["session"]["created"], reverse=True)
    html = TEMPLATES.get_template("overview.html").render(
        title="Payments", rows=rows, deeds=DEEDS, said=request.query_params.get("said", "")
    )
    return HTMLResponse(html, headers=_headers("'self'"))


def _row(act: Act, session: Thing) -> dict[str, Any]:
    intent = act.ledger.find("payment_intent", session["payment_intent"])
    charge = act.ledger.find("charge", intent["latest_charge"]) if intent else None
    dispute = next(iter(act.ledger.of("dispute", charge=charge["id"])), None) if charge else None
    return {
        "session": session,
        "account": act.ledger.account["business_profile"]["name"],
        "url": act.ledger.asides[session["id"]].url,
        "charge": charge,
        "dispute": dispute,
        "possible": list(_possible(session, charge, dispute)),
    }


def _possible(session: Thing, charge: Thing | None, dispute: Thing | None) -> list[str]:
    """What can still happen to it."""
    if session["status"] == "open":
        return ["expire"]
    if charge is not None and charge["status"] == "pending":
        return ["came", "bounced"]
    if session["payment_status"] != "paid" or charge is None:
        return []
    if dispute is not None:
        return [] if dispute["status"] in {"won", "lost"} else ["won", "lost"]
    return [*([] if charge["refunded"] else ["refund"]), "dispute"]


async def _do(request: Request) -> Response:
    form = await request.form()
    world: World = request.app.state.world
    act, session = fate.session_of(world, str(form.get("session", "")))
    deed = str(form.get("deed", ""))
    if deed not in _row(act, session)["possible"]:
        return RedirectResponse("/?said=That+cannot+happen+any+more.", 303)
    try:
        _done(act, session, deed)
    except (Refusal, returning.Settled) as problem:
        return HTMLResponse(f"{problem}", 409)
    return RedirectResponse("/", 303)


def _done(act: Act, session: Thing, deed: str) -> None:
    intent = session["payment_intent"]
    match deed:
        case "came" | "bounced":
            paying.settle(act, session, came=deed == "came")
        case "expire":
            paying.expire(act, session)
        case "refund":
            fate.refund(act.world, intent, {"reason": "requested_by_customer"})
        case "dispute":
            fate.dispute(act.world, intent)
        case _:
            _, charge = fate.charge_of(act.world, intent)
            [dispute] = act.ledger.of("dispute", charge=charge["id"])
            fate.decide_dispute(act.world, dispute["id"], deed)


async def _style(_: Request) -> Response:
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=60"})


def _page(act: Act, session: Thing, name: str, *, status: int = 200, **shown: Any) -> Response:
    """A browser holds `form-action` against where the answer redirects to, so that is allowed by name."""
    aside = act.ledger.asides[session["id"]]
    firm = act.ledger.account["business_profile"]["name"]
    html = TEMPLATES.get_template(name).render(
        title=firm,
        firm=firm,
        live=act.ledger.live,
        session=session,
        items=aside.items,
        cards=[card for card in BY_NAME.values() if card.name != "paid"],
        usual=BY_NAME["paid"],
        **{"typed": {}, "problem": "", **shown},
    )
    back = urlsplit(session["success_url"])
    return HTMLResponse(html, status, headers=_headers(f"'self' {back.scheme}://{back.netloc}"))


def _headers(form_action: str) -> dict[str, str]:
    policy = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none';"
        f" form-action {form_action}"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
