"""One version of a template beside another, and the way back to it."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, NotFound
from bursar.outbox import template_acts, templates
from bursar.outbox.template_differences import differences
from bursar.outbox.templates import Version
from bursar.web import pages, reading
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.template_forms import direction

router = staff_router()
ONE = "/templates/{template_id:uuid}/versions/{version_id:uuid}"


@router.get(ONE)
async def show_version(request: Request, template_id: UUID, version_id: UUID, against: str = "") -> Response:
    """What it says otherwise than `against`; than the one before it unless another is asked for."""
    async with viewer_work(request, read_only=True) as work:
        template, versions = await templates.get_template(work, template_id)
    version = _found(versions, version_id)
    same = [one for one in versions if one.locale == version.locale]
    others = [one for one in same if one.id != version_id]
    wanted = reading.cursor(against)
    older = next((one for one in others if one.number < version.number), None)
    other = next((one for one in others if one.id == wanted), older or (others[0] if others else None))
    first, second = (
        (version, version) if other is None else sorted((other, version), key=lambda one: one.number)
    )
    in_use = next((one for one in same if one.published_at), None)
    return pages.render(
        request,
        "staff/template_version.html",
        template=template,
        version=version,
        against=other,
        others=others,
        in_use=in_use is not None and in_use.id == version_id,
        lines=differences(first.words, second.words),
        dir=direction(version.locale),
    )


@router.post(ONE + "/return")
async def go_back(request: Request, template_id: UUID, version_id: UUID) -> Response:
    async with viewer_work(request) as work:
        _, versions = await templates.get_template(work, template_id)
        version = _found(versions, version_id)
        await template_acts.go_back(work, version_id)
    toast = N_("Published again: new messages take these words.")
    return pages.see_other(request, f"/templates/{template_id}?locale={version.locale}", toast=toast)


def _found(versions: list[Version], version_id: UUID) -> Version:
    found = next((one for one in versions if one.id == version_id), None)
    if found is None:
        raise NotFound("template version")
    return found
