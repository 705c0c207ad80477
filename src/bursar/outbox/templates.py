"""What is said, in which words: templates, and their versions in each language.

A version is a draft until it is published, and then it stays: it is what somebody received (R139). Each
language has its own row of numbers, at most one draft, and the newest published one is what new sends take.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.outbox import tags
from bursar.outbox.queries import templates as queries
from bursar.outbox.skeletons import CompiledTemplate
from bursar.outbox.states import BodyFormat, Channel, TemplateSource
from bursar.outbox.tags import Category
from bursar.outbox.template_words import VersionInput, check_version, columns_of
from bursar.tenancy import cells

LONGEST_NAME = 120
LOOKED_BACK, MOST_LOOKED_AT = timedelta(days=30), 20_000
LAST_RESORT = "en"
_CODE = re.compile(r"[a-z][a-z0-9_-]{1,60}")


@dataclass(frozen=True, slots=True)
class Version:
    """`published_at` is None for the draft."""

    id: UUID
    template_id: UUID
    number: int
    locale: str
    subject: str
    body: str
    body_format: BodyFormat
    published_at: datetime | None
    preheader: str = ""

    @property
    def words(self) -> VersionInput:
        return VersionInput(self.locale, self.subject, self.body, self.body_format.value, self.preheader)


@dataclass(frozen=True, slots=True)
class Template:
    """`recent_uses` counts among the newest 20,000 sends of the last 30 days."""

    id: UUID
    code: str
    name: str
    description: str | None
    category: Category
    source: TemplateSource
    is_default: bool
    active: bool
    published: tuple[str, ...]
    drafts: tuple[str, ...]
    recent_uses: int


async def create_template(
    work: Work,
    *,
    code: str,
    name: str,
    category: Category,
    first: VersionInput,
    description: str | None = None,
    source: TemplateSource = TemplateSource.CUSTOM,
) -> tuple[UUID, UUID]:
    """A template with its first draft; their ids. Raises `Invalid` by field, `Conflict` for a code that is taken."""
    work.allow(AgentRole.AGENT)
    if not _CODE.fullmatch(code):
        raise Invalid(
            N_("Write a short code of small letters, digits, - and _, beginning with a letter."),
            code="code_not_usable",
            field="code",
        )
    compiled = check_version(first, category)
    values = {
        "code": code,
        "name": cells.parse_name(name, field="name", limit=LONGEST_NAME),
        "description": cells.parse_text(description, field="description") if description else None,
        "channel": Channel.EMAIL,
        "category": category,
        "source": source,
        "created_by": work.actor.id,
    }
    template_id = await work.db.scalar(queries.add(work, values))
    if template_id is None:
        raise Conflict(N_("There is a template of this code already."), code="code_taken", field="code")
    await work.record("template.create", Record(template_id, payload={"code": code, "category": category}))
    row = _row(template_id, 1, first, compiled, category)
    return template_id, (await work.db.scalars(queries.add_versions(work, [row]))).one()


async def edit_template(
    work: Work,
    template_id: UUID,
    *,
    name: str | None = None,
    description: str | None = None,
    active: bool | None = None,
) -> None:
    """Rename it, or archive it: it is not offered for new messages, nor the usual one any more; what was ordered with
    it goes. Raises `NotFound`.
    """
    work.allow(AgentRole.AGENT)
    row = await _locked(work, template_id)
    wanted: dict[str, Any] = {"active": active}
    if active is False:
        wanted["is_default"] = False
    if name is not None:
        wanted["name"] = cells.parse_name(name, field="name", limit=LONGEST_NAME)
    if description is not None:
        wanted["description"] = description and cells.parse_text(description, field="description")
    before = row._asdict()
    changed = {key: value for key, value in wanted.items() if value is not None and before[key] != value}
    if changed:
        await work.db.execute(queries.edit(work, template_id, changed))
        changes = {"before": {key: before[key] for key in changed}, "after": changed}
        await work.record("template.edit", Record(template_id, changes=changes))


async def save_draft(work: Work, template_id: UUID, given: VersionInput) -> UUID:
    """The draft of a language, made or replaced; its id. Raises `NotFound`, `Invalid` by field."""
    work.allow(AgentRole.AGENT)
    template = await _locked(work, template_id)
    category = Category(template.category)
    compiled = check_version(given, category)
    rows = await work.db.execute(queries.versions_of(work, template_id))
    same = [row for row in rows if row.locale == given.locale]
    row = _row(template_id, same[0].number if same else 1, given, compiled, category)
    if same and same[0].published_at is None:
        await work.db.execute(queries.edit_draft(work, same[0].id, row))
        return same[0].id
    row["number"] = same[0].number + 1 if same else 1
    return (await work.db.scalars(queries.add_versions(work, [row]))).one()


async def publish(work: Work, version_id: UUID) -> None:
    """From now on new sends take these words; sends that were ordered before keep theirs.

    Raises `NotFound`, `Conflict` for one that is published, `Invalid` if it can no longer be used as it is.
    """
    work.allow(AgentRole.AGENT)
    row = (await work.db.execute(queries.one_version(work, version_id))).one_or_none()
    if row is None:
        raise NotFound("template version")
    given = _version(row).words
    check_version(given, Category(row.category))
    if row.published_at or not await work.db.scalar(
        queries.edit_draft(work, version_id, {"published_at": work.now})
    ):
        raise Conflict(N_("This version is published and stays as it is."), code="version_published")
    payload = {"version": row.number, "locale": row.locale}
    await work.record("template.publish", Record(row.template_id, payload=payload))


async def discard_draft(work: Work, version_id: UUID) -> None:
    """Raises `NotFound`, `Conflict` for a published one."""
    work.allow(AgentRole.AGENT)
    row = (await work.db.execute(queries.one_version(work, version_id))).one_or_none()
    if row is None:
        raise NotFound("template version")
    if row.published_at or not await work.db.scalar(queries.drop_draft(work, version_id)):
        raise Conflict(N_("This version is published and stays as it is."), code="version_published")


async def list_templates(
    work: Work, *, category: Category | None = None, active_only: bool = False
) -> list[Template]:
    """By category and name."""
    uses = await work.db.execute(queries.recent_uses(work, work.now - LOOKED_BACK, MOST_LOOKED_AT))
    counts = {row.template_id: row.uses for row in uses}
    rows = await work.db.execute(queries.all_of_tenant(work, category, active_only=active_only))
    return [_template(row, counts.get(row.id, 0)) for row in rows]


async def get_template(work: Work, template_id: UUID) -> tuple[Template, list[Version]]:
    """With all its versions, the newest of each language first. Raises `NotFound`."""
    found = next((one for one in await list_templates(work) if one.id == template_id), None)
    if found is None:
        raise NotFound("template")
    rows = await work.db.execute(queries.versions_of(work, template_id))
    return found, [_version(row) for row in rows]


async def version_for(work: Work, template: UUID | str, locale: str | None) -> UUID:
    """The published version for one reader; see `versions_for`."""
    return (await versions_for(work, template, [locale]))[locale]


async def versions_for(
    work: Work, template: UUID | str, locales: Iterable[str | None]
) -> dict[str | None, UUID]:
    """For each language the published version that its readers get, in two queries however many there are.

    The language itself (ar-AE, then ar), else the firm's, else English, else the one that was published
    first: a firm that writes in one language only means it for everybody. Raises `NotFound`, and `Conflict`
    for a template that has nothing published or is not to be used any more.
    """
    found = await _active(work, template)
    rows = (await work.db.execute(queries.current_versions(work, found.id))).all()
    if not rows:
        raise Conflict(N_("Publish this template first."), code="template_not_published")
    by_locale = {row.locale: row.id for row in rows}
    oldest = min(rows, key=lambda row: (row.published_at, row.id)).locale
    return {
        locale: next(
            by_locale[each]
            for each in (*_ways(locale), *_ways(rows[0].of_tenant), LAST_RESORT, oldest)
            if each in by_locale
        )
        for locale in locales
    }


def _ways(locale: str | None) -> tuple[str, ...]:
    return (locale, re.split("[-_]", locale)[0]) if locale else ()


async def _active(work: Work, template: UUID | str) -> Row[Any]:
    by_id = isinstance(template, UUID)
    statement = queries.one(work, template) if by_id else queries.by_code(work, template)
    found = (await work.db.execute(statement)).one_or_none()
    if found is None:
        raise NotFound("template")
    if not found.active:
        raise Conflict(
            N_("This template is not to be used any more. Choose another."), code="template_inactive"
        )
    return found


async def _locked(work: Work, template_id: UUID) -> Row[Any]:
    row = (await work.db.execute(queries.one(work, template_id, lock=True))).one_or_none()
    if row is None:
        raise NotFound("template")
    return row


def _row(
    template_id: UUID, number: int, given: VersionInput, compiled: CompiledTemplate, category: Category
) -> dict[str, Any]:
    return {
        **columns_of(given),
        "template_id": template_id,
        "number": number,
        "required_tags": sorted(tags.required_tags(category) & compiled.used_tags),
    }


def _template(row: Row[Any], uses: int) -> Template:
    return Template(
        row.id,
        row.code,
        row.name,
        row.description,
        Category(row.category),
        TemplateSource(row.source),
        row.is_default,
        row.active,
        tuple(row.published or ()),
        tuple(row.drafts or ()),
        uses,
    )


def _version(row: Row[Any]) -> Version:
    return Version(
        row.id,
        row.template_id,
        row.number,
        row.locale,
        row.subject,
        row.body,
        BodyFormat(row.body_format),
        row.published_at,
        row.preheader,
    )
