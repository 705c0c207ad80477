"""Where providers tell what became of messages and money: the address is signed, and so must be what comes (R128)."""

import logging

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from bursar.billing.tills.inbounds import Inbox
from bursar.billing.tills.ports import Forged as ForgedAtTill
from bursar.billing.tills.tills import HOOK_PATH as TILL_PATH
from bursar.core.errors import NotFound, TooMany
from bursar.house import House
from bursar.outbox import provider_events
from bursar.outbox.amazon import HOOK_PATH
from bursar.outbox.ports import Forged, NoAnswer

router = APIRouter()
logger = logging.getLogger(__name__)


@router.post(HOOK_PATH + "{token}")
async def take_ses_event(request: Request, token: str) -> Response:
    """Answered once it is kept; 503 asks to be told again. What is wrong with a request stays with us."""
    house: House = request.app.state.house
    try:
        await provider_events.receive(house.office, house.event_desk, token, await request.body())
    except NotFound:
        return PlainTextResponse("not found\n", status_code=404)
    except Forged as forged:
        logger.warning("an event was not believed: %s", forged)
        return PlainTextResponse("not accepted\n", status_code=403)
    except NoAnswer:
        return PlainTextResponse("later\n", status_code=503)
    return PlainTextResponse("thank you\n")


@router.post(TILL_PATH + "stripe/{token}")
async def take_stripe_event(request: Request, token: str) -> Response:
    """Answered once it is kept, whatever it says; it is told again after any answer that is not 2xx."""
    inbox: Inbox = request.app.state.inbox
    try:
        await inbox.receive(token, await request.body(), request.headers.get("stripe-signature", ""))
    except NotFound:
        return PlainTextResponse("not found\n", status_code=404)
    except (ForgedAtTill, ValueError) as refused:
        logger.warning("an event was not believed: %s", refused)
        return PlainTextResponse("not accepted\n", status_code=400)
    except TooMany:
        return PlainTextResponse("later\n", status_code=503)
    return PlainTextResponse("thank you\n")
