"""What the firm says about itself."""

from typing import Any, cast

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.tenancy import tenants
from bursar.tenancy.portal_links import PATH
from bursar.tenancy.tenants import TenantInput
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import signed_in, staff_router, viewer_work

router = staff_router()

PROFILE = (
    *("name", "legal_name", "legal_name_local", "tax_number", "registration_number"),
    *("registration_authority", "address_lines", "city", "subdivision", "country", "currency"),
    *("time_zone", "locale"),
)


@router.get("/settings")
async def show_settings(request: Request) -> Response:
    async with viewer_work(request) as work:
        firm = await tenants.this_tenant(work)
    values = {name: getattr(firm, name) for name in PROFILE}
    return _profile(request, Form({**values, "address_lines": "\n".join(firm.address_lines)}))


@router.post("/settings")
async def save_settings(request: Request) -> Response:
    typed = await reading.typed(request)
    given: dict[str, Any] = {name: typed[name] for name in PROFILE if name in typed}
    try:
        async with viewer_work(request) as work:
            await tenants.edit_tenant(work, cast("TenantInput", given))
    except (Invalid, Conflict) as refusal:
        return _profile(request, Form(typed).refused(refusal))
    return pages.see_other(request, "/settings", toast=N_("Saved."))


def _profile(request: Request, form: Form) -> Response:
    base_url = request.app.state.house.settings.base_url
    portal = f"{base_url}{PATH}{signed_in(request).tenant_slug}"
    return pages.render(request, "staff/settings.html", status=form.status, form=form, portal=portal)
