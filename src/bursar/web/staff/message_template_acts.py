"""What is done to a template: published, thrown away, renamed, copied, archived, made the usual one."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_
from bursar.outbox import template_acts, template_library, templates
from bursar.web import pages, reading
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
ONE = "/templates/{template_id:uuid}"


@router.post(ONE + "/versions/{version_id:uuid}/publication")
async def publish(request: Request, template_id: UUID, version_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await templates.publish(work, version_id)
    return _back(request, template_id, N_("Published: new messages take these words."))


@router.post(ONE + "/versions/{version_id:uuid}/discarding")
async def discard(request: Request, template_id: UUID, version_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await templates.discard_draft(work, version_id)
    return _back(request, template_id, N_("The draft is thrown away."))


@router.post(ONE + "/name")
async def rename(request: Request, template_id: UUID) -> Response:
    typed = await reading.typed(request)
    async with viewer_work(request) as work:
        await templates.edit_template(work, template_id, name=typed.get("name", ""))
    return _back(request, template_id, N_("Saved."))


@router.post(ONE + "/retirement")
async def retire(request: Request, template_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await templates.edit_template(work, template_id, active=False)
    return _back(request, template_id, N_("Archived: it is not offered any more."))


@router.post(ONE + "/return")
async def bring_back(request: Request, template_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await templates.edit_template(work, template_id, active=True)
    return _back(request, template_id, N_("It is offered again."))


@router.post(ONE + "/copies")
async def copy(request: Request, template_id: UUID) -> Response:
    """The newest words of every language, as drafts of a template of their own."""
    async with viewer_work(request) as work:
        copy_id = await template_acts.copy_template(work, template_id)
    return _back(request, copy_id, N_("A copy, as drafts: nothing of it is used before you publish it."))


@router.post(ONE + "/usual")
async def make_usual(request: Request, template_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await template_acts.make_usual(work, template_id)
    return _back(request, template_id, N_("It is the usual one of its kind now."))


@router.post("/templates/library")
async def install(request: Request) -> Response:
    """What of our library is not here yet."""
    async with viewer_work(request) as work:
        await template_library.install_library(work)
    return pages.see_other(
        request, "/templates", toast=N_("They are here, published in each language we have.")
    )


def _back(request: Request, template_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/templates/{template_id}", toast=toast)
