"""Templates: what is said, in which words, in each language; drafts become versions that stay."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed
from bursar.api.values import Flag, Made, Prose, Shown, Strict
from bursar.core.errors import NotFound
from bursar.core.work import Work
from bursar.outbox import template_acts, templates
from bursar.outbox.states import BodyFormat, TemplateSource
from bursar.outbox.tags import Category
from bursar.outbox.template_words import VersionInput

router = door("/templates", "templates", tag="templates")
Locale = Literal["en", "ar", "he", "fr"]


class Words(Strict):
    """The words of one language, in Liquid; a body of the format "blocks" is a list of blocks as JSON in a string."""

    locale: Locale
    subject: Annotated[str, Field(min_length=1, max_length=500)]
    body: Annotated[str, Field(min_length=1, max_length=200_000)]
    body_format: Literal["html", "text", "blocks"] = "html"
    preheader: Annotated[str, Field(max_length=200)] = ""

    def version(self) -> VersionInput:
        return VersionInput(self.locale, self.subject, self.body, self.body_format, self.preheader)


class TemplateIn(Strict):
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{1,60}$")]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    category: Category
    description: Prose | None = None
    first: Words


class TemplateChange(Strict):
    """`active: false` archives it: it is not offered any more; what was ordered with it goes."""

    name: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    description: Prose | None = None
    active: Flag | None = None


class Template(Shown):
    """`recent_uses` counts sends of the last 30 days, of at most the newest 20,000."""

    id: UUID
    code: str
    name: str
    description: str | None
    category: Category
    source: TemplateSource
    is_default: bool
    active: bool
    published: list[str]
    drafts: list[str]
    recent_uses: int


class Version(Shown):
    """A draft has no `published_at`."""

    id: UUID
    template_id: UUID
    number: int
    locale: str
    subject: str
    body: str
    body_format: BodyFormat
    published_at: datetime | None
    preheader: str


class TemplateWithVersions(Template):
    versions: list[Version]


class TemplateQuery(Strict):
    category: Category | None = None
    active_only: bool = False


@router.get("")
async def list_templates(work: Acting, asked: Annotated[TemplateQuery, Query()]) -> Listed[Template]:
    """By category and name."""
    found = await templates.list_templates(work, **asked.model_dump())
    return Listed(items=[Template.model_validate(row) for row in found], next_cursor=None)


@router.post("", status_code=201)
async def create_template(work: Acting, given: TemplateIn, response: Response) -> TemplateWithVersions:
    """With its first draft, which says nothing until it is published."""
    plain = given.model_dump(exclude={"first"})
    template_id, _ = await templates.create_template(work, first=given.first.version(), **plain)
    response.headers["Location"] = f"/api/v1/templates/{template_id}"
    return await _shown(work, template_id)


@router.get("/{template_id}")
async def get_template(work: Acting, template_id: UUID) -> TemplateWithVersions:
    return await _shown(work, template_id)


@router.patch("/{template_id}")
async def edit_template(work: Acting, template_id: UUID, given: TemplateChange) -> TemplateWithVersions:
    await templates.edit_template(work, template_id, **given.model_dump())
    return await _shown(work, template_id)


@router.post("/{template_id}/copies", status_code=201)
async def copy_template(work: Acting, template_id: UUID) -> TemplateWithVersions:
    """With the newest words of every language, as drafts."""
    return await _shown(work, await template_acts.copy_template(work, template_id))


@router.post("/{template_id}/usual", status_code=201)
async def make_usual(work: Acting, template_id: UUID) -> TemplateWithVersions:
    """Notices of its kind take these words from now on."""
    await template_acts.make_usual(work, template_id)
    return await _shown(work, template_id)


@router.post("/{template_id}/drafts", status_code=201)
async def save_draft(work: Acting, template_id: UUID, given: Words) -> Made:
    """The draft of a language, made or replaced."""
    return Made(id=await templates.save_draft(work, template_id, given.version()))


@router.post("/{template_id}/versions/{version_id}/publication", status_code=201)
async def publish_version(work: Acting, template_id: UUID, version_id: UUID) -> TemplateWithVersions:
    """New sends take these words from now on."""
    await _must_have(work, template_id, version_id)
    await templates.publish(work, version_id)
    return await _shown(work, template_id)


@router.post("/{template_id}/versions/{version_id}/return", status_code=201)
async def go_back(work: Acting, template_id: UUID, version_id: UUID) -> TemplateWithVersions:
    """Words of an earlier version, published again as a new one."""
    await _must_have(work, template_id, version_id)
    await template_acts.go_back(work, version_id)
    return await _shown(work, template_id)


@router.delete("/{template_id}/versions/{version_id}", status_code=204)
async def discard_draft(work: Acting, template_id: UUID, version_id: UUID) -> None:
    """What was published stays."""
    await _must_have(work, template_id, version_id)
    await templates.discard_draft(work, version_id)


async def _must_have(work: Work, template_id: UUID, version_id: UUID) -> None:
    _, versions = await templates.get_template(work, template_id)
    if version_id not in {version.id for version in versions}:
        raise NotFound("template version")


async def _shown(work: Work, template_id: UUID) -> TemplateWithVersions:
    found, versions = await templates.get_template(work, template_id)
    plain = Template.model_validate(found).model_dump()
    return TemplateWithVersions(**plain, versions=[Version.model_validate(one) for one in versions])
