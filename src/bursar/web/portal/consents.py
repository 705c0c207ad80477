"""What may be sent to a customer beyond what they asked for: said by themselves, with when and how (R51)."""

from fastapi import Request
from starlette.responses import Response

from bursar.core.formats import format_day
from bursar.core.work import Origin
from bursar.tenancy import portal
from bursar.tenancy.portal_sign_in import Guest
from bursar.tenancy.states import ConsentPurpose, ConsentState
from bursar.web import reading
from bursar.web.portal.guests import Signed, path_of, portal_router
from bursar.web.portal.rendering import go, language_of, page
from bursar.web.portal.words import words
from bursar.web.sessions import office_of, origin_of

router = portal_router()


@router.api_route("/consents", methods=["GET", "HEAD"])
async def show_consents(request: Request, guest: Signed) -> Response:
    return await _consents(request, guest)


@router.post("/consents")
async def answer_consents(request: Request, slug: str, guest: Signed) -> Response:
    """A ticked box is a yes, an empty one takes an earlier yes back."""
    typed = await reading.typed(request)
    given = {
        (purpose, channel): ConsentState.GRANTED if typed.get(f"{purpose}-{channel}") else ConsentState.DENIED
        for purpose, channel in portal.OFFERED
    }
    code = language_of(request, guest.locale).code
    async with guest.act(office_of(request), origin_of(request)) as work:
        await portal.answer(work, guest.customer_id, given, proof=_proof(guest, origin_of(request), code))
    return go(request, path_of(slug, "consents", "saved"))


@router.api_route("/consents/saved", methods=["GET", "HEAD"])
async def show_saved_consents(request: Request, guest: Signed) -> Response:
    return await _consents(request, guest, saved=True)


def _proof(guest: Guest, origin: Origin, code: str) -> str:
    """How it was given: by whoever was signed in, in which language the words stood, from where."""
    return f"portal, session {guest.session_id}, words in {code}, from {origin.ip or 'unknown'}"


async def _consents(request: Request, guest: Guest, *, saved: bool = False) -> Response:
    async with guest.look(office_of(request)) as work:
        answers = await portal.answers_of(work, guest.customer_id)
        zone = work.zone
    code = language_of(request, guest.locale).code
    t = words(code)
    shown: dict[ConsentPurpose, list[dict[str, object]]] = {}
    for one in answers:
        said = t["said_on"].format(day=format_day(one.at.astimezone(zone).date(), code)) if one.at else None
        shown.setdefault(one.purpose, []).append(
            {
                "name": f"{one.purpose}-{one.channel}",
                "label": t[f"channel_{one.channel}"],
                "granted": one.consent is ConsentState.GRANTED,
                "said": said,
            }
        )
    groups = [
        (purpose, t[f"purpose_{purpose}"].format(firm=guest.firm.name), each)
        for purpose, each in shown.items()
    ]
    return await page(request, guest, "portal/consents.html", "consents", groups=groups, saved=saved)
