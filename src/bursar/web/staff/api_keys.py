"""Keys with which programs act for somebody."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid, NotAllowed
from bursar.core.work import Work
from bursar.tenancy import api_keys
from bursar.tenancy.rules import SCOPES
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()

REFUSED = (Invalid, Conflict)


@router.get("/settings/api-keys")
async def show_keys(request: Request) -> Response:
    return await _keys(request, Form())


async def _keys(request: Request, form: Form, made: str | None = None) -> Response:
    async with viewer_work(request, read_only=True) as work:
        keys = await _keys_of(work)
    return pages.render(
        request,
        "staff/api_keys.html",
        status=form.status,
        form=form,
        keys=keys,
        scopes=SCOPES,
        made=made,
    )


async def _keys_of(work: Work) -> list[api_keys.ApiKey] | None:
    """None for who may not see them."""
    try:
        return await api_keys.list_api_keys(work)
    except NotAllowed:
        return None


@router.post("/settings/api-keys")
async def create_key(request: Request) -> Response:
    typed, scopes = await reading.typed(request), await reading.chosen(request, "scopes")
    try:
        async with viewer_work(request) as work:
            made = await api_keys.create_api_key(work, name=typed.get("name", ""), scopes=scopes)
    except REFUSED as refusal:
        return await _keys(request, Form({**typed, "scopes": scopes}).refused(refusal))
    return await _keys(request, Form(), made.text)


@router.post("/settings/api-keys/{key_id}/revocation")
async def revoke_key(request: Request, key_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await api_keys.revoke_api_key(work, key_id)
    return pages.see_other(request, "/settings/api-keys", toast=N_("The key works no more."))
