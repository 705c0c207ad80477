"""Where providers tell what became of messages. The address is signed, and so must be what comes there (R128)."""

import logging

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from bursar.core.errors import NotFound
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
