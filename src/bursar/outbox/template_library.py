"""A new firm has something to say: the library of templates, put into its own."""

from typing import Any
from uuid import UUID

from bursar.core.kinds import AgentRole
from bursar.core.work import Happened, Record, Work
from bursar.outbox import defaults, tags
from bursar.outbox.defaults import LibraryTemplate
from bursar.outbox.queries import templates as queries
from bursar.outbox.states import Channel, TemplateSource
from bursar.outbox.tags import Category
from bursar.outbox.template_words import columns_of


async def tenant_created(work: Work, _happened: Happened) -> None:
    """Called when a firm is made (`reactions.py`): it can write from the first minute."""
    await _install(work)


async def words_for(work: Work, category: Category) -> tuple[dict[str, UUID], str] | None:
    """The newest published versions of a category's default template by language, and the language of all others:
    the firm's own if it is among them, else English, else whichever is there. None if there is nothing to say.
    """
    rows = (await work.db.execute(queries.versions_of_category(work, category))).all()
    versions = {row.locale: row.id for row in rows}
    if not versions:
        return None
    wished = (rows[0].of_tenant.partition("-")[0], "en", *sorted(versions))
    return versions, next(locale for locale in wished if locale in versions)


async def missing_of_library(work: Work) -> list[LibraryTemplate]:
    """What `install_library` would add, in English."""
    codes = set(await work.db.scalars(queries.codes(work)))
    return [one for one in defaults.library() if one.locale == "en" and one.code not in codes]


async def install_library(work: Work) -> list[str]:
    """The templates every firm starts with, published in each of our languages; the codes that were new.

    Safe to repeat: a code that is there is left alone, whatever became of it, and so is the firm's own usual one.
    """
    work.allow(AgentRole.ADMIN)
    added = await _install(work)
    records = [Record(id_, payload={"code": code}) for code, id_ in sorted(added.items())]
    if records:
        await work.record("template.create", *records)
    return sorted(added)


async def _install(work: Work) -> dict[str, UUID]:
    missing = await missing_of_library(work)
    if not missing:
        return {}
    taken = set(await work.db.scalars(queries.categories_with_default(work)))
    rows = [
        {
            "code": one.code,
            "name": one.name,
            "channel": Channel.EMAIL,
            "category": one.category,
            "source": TemplateSource.SYSTEM,
            "is_default": defaults.USUAL[one.category] == one.code and one.category not in taken,
        }
        for one in missing
    ]
    added = {row.code: row.id for row in await work.db.execute(queries.add_library(work, rows))}
    versions = [_version(work, one, added[one.code]) for one in defaults.library() if one.code in added]
    if versions:
        await work.db.execute(queries.add_versions(work, versions))
    return added


def _version(work: Work, one: LibraryTemplate, template_id: UUID) -> dict[str, Any]:
    return {
        **columns_of(one.words),
        "template_id": template_id,
        "number": 1,
        "required_tags": sorted(tags.required_tags(one.category)),
        "published_at": work.now,
    }
