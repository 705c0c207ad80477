"""What is done to a template: published, thrown away, renamed, copied, taken out of the choice."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.work import Work
from bursar.outbox import templates
from bursar.outbox.template_words import VersionInput
from bursar.outbox.templates import Version
from bursar.web import pages, reading
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
ONE = "/templates/{template_id:uuid}"
MOST_COPIES = 50


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
    return _back(request, template_id, N_("It is not offered for new messages any more."))


@router.post(ONE + "/return")
async def bring_back(request: Request, template_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await templates.edit_template(work, template_id, active=True)
    return _back(request, template_id, N_("It is offered again."))


@router.post(ONE + "/copies")
async def copy(request: Request, template_id: UUID) -> Response:
    """The newest words of every language, as drafts of a template of their own."""
    async with viewer_work(request) as work:
        copy_id = await _copied(work, template_id)
    return _back(request, copy_id, N_("A copy, as drafts: nothing of it is used before you publish it."))


async def _copied(work: Work, template_id: UUID) -> UUID:
    template, versions = await templates.get_template(work, template_id)
    newest: dict[str, Version] = {}
    for version in versions:
        newest.setdefault(version.locale, version)
    if not newest:
        raise Invalid(N_("There is nothing in it to copy."), code="nothing_to_copy")
    first, *others = (_words(one) for one in newest.values())
    copy_id, _ = await templates.create_template(
        work,
        code=await _free_code(work, template.code),
        name=template.name,
        category=template.category,
        first=first,
    )
    for words in others:
        await templates.save_draft(work, copy_id, words)
    return copy_id


def _words(version: Version) -> VersionInput:
    shape: Any = version.body_format
    return VersionInput(version.locale, version.subject, version.body, shape)


async def _free_code(work: Work, code: str) -> str:
    taken = {one.code for one in await templates.list_templates(work)}
    for number in range(2, MOST_COPIES):
        candidate = f"{code[:55]}-{number}"
        if candidate not in taken:
            return candidate
    raise Conflict(N_("There are too many copies of this one already."), code="too_many_copies")


def _back(request: Request, template_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/templates/{template_id}", toast=toast)
