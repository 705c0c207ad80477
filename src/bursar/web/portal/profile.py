"""How a customer can be reached, as they see and change it."""

from typing import cast

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import NotFound, Refusal
from bursar.tenancy import portal
from bursar.tenancy.customer_fields import CustomerInput
from bursar.tenancy.portal import ONES_OWN, Profile
from bursar.tenancy.portal_sign_in import Guest
from bursar.web import reading
from bursar.web.forms import Form
from bursar.web.portal.guests import Signed, path_of, portal_router
from bursar.web.portal.rendering import go, page
from bursar.web.sessions import office_of, origin_of

router = portal_router()


@router.api_route("/profile", methods=["GET", "HEAD"])
async def show_profile(request: Request, guest: Signed) -> Response:
    return await _profile(request, guest)


@router.post("/profile")
async def edit_profile(request: Request, slug: str, guest: Signed) -> Response:
    """What else a form may bring is nobody's to change here and is not read."""
    typed = await reading.typed(request)
    given = cast("CustomerInput", {name: typed[name] for name in ONES_OWN if name in typed})
    try:
        async with guest.act(office_of(request), origin_of(request)) as work:
            await portal.edit_profile(work, guest.customer_id, given)
    except NotFound:
        raise
    except Refusal as refusal:
        return await _profile(request, guest, Form(typed).refused(refusal))
    return go(request, path_of(slug, "profile", "saved"))


@router.api_route("/profile/saved", methods=["GET", "HEAD"])
async def show_saved_profile(request: Request, guest: Signed) -> Response:
    return await _profile(request, guest, saved=True)


async def _profile(
    request: Request, guest: Guest, form: Form | None = None, *, saved: bool = False
) -> Response:
    async with guest.look(office_of(request)) as work:
        told = await portal.profile_of(work, guest.customer_id)
    return await page(
        request,
        guest,
        "portal/profile.html",
        "profile",
        form=form or Form(_typed(told)),
        profile=told,
        saved=saved,
    )


def _typed(told: Profile) -> dict[str, str]:
    """The fields as they would have been typed."""
    plain = {name: getattr(told, name) or "" for name in ("full_name", "phone", "city", "country")}
    locale = (told.locale or "").partition("-")[0]
    return {**plain, "locale": locale, "address_lines": "\n".join(told.address_lines)}
