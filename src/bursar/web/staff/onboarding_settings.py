"""What whoever takes an offer agrees to, and whom they may ask."""

from dataclasses import asdict
from typing import cast

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.onboarding.preferences import OnboardingInput, change_onboarding_settings, onboarding_settings
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()

PATH = "/settings/offers"
NAMES = ("terms_text", "terms_url", "terms_version", "contact_email", "contact_phone")


@router.get(PATH)
async def show_offer_settings(request: Request) -> Response:
    async with viewer_work(request) as work:
        told = await onboarding_settings(work)
    return _page(request, Form(asdict(told)))


@router.post(PATH)
async def save_offer_settings(request: Request) -> Response:
    typed = await reading.typed(request)
    given = {name: typed[name] for name in NAMES if name in typed}
    try:
        async with viewer_work(request) as work:
            await change_onboarding_settings(work, cast("OnboardingInput", given))
    except (Invalid, Conflict) as refusal:
        return _page(request, Form(typed).refused(refusal))
    return pages.see_other(request, PATH, toast=N_("Saved."))


def _page(request: Request, form: Form) -> Response:
    return pages.render(request, "staff/onboarding_settings.html", status=form.status, form=form)
