"""A new firm has something to say: the library of templates, put into its own."""

from uuid import UUID

from bursar.core.kinds import AgentRole
from bursar.core.work import Happened, Work
from bursar.outbox import defaults, tags
from bursar.outbox.queries import templates as queries
from bursar.outbox.states import Channel, TemplateSource
from bursar.outbox.tags import Category
from bursar.outbox.template_words import VersionInput, columns_of


async def tenant_created(work: Work, _happened: Happened) -> None:
    """Called when a firm is made (`reactions.py`): it can write from the first minute."""
    await install_library(work)


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


async def install_library(work: Work) -> int:
    """The templates every firm starts with, published in each of our languages; how many were new.

    Safe to repeat: a code that is there is left alone, whatever became of it.
    """
    work.allow(AgentRole.ADMIN)
    library = defaults.library()
    english = {one.code: one for one in library if one.locale == "en"}
    first_of: dict[Category, str] = {}
    for one in english.values():
        first_of.setdefault(one.category, one.code)
    rows = [
        {
            "code": one.code,
            "name": one.name,
            "channel": Channel.EMAIL,
            "category": one.category,
            "source": TemplateSource.SYSTEM,
            "is_default": first_of[one.category] == one.code,
        }
        for one in english.values()
    ]
    added = {row.code: row.id for row in await work.db.execute(queries.add_library(work, rows))}
    versions = [
        {
            **columns_of(VersionInput(one.locale, one.subject, one.body, "html")),
            "template_id": added[one.code],
            "number": 1,
            "required_tags": sorted(tags.required_tags(one.category)),
            "published_at": work.now,
        }
        for one in library
        if one.code in added
    ]
    if versions:
        await work.db.execute(queries.add_versions(work, versions))
    return len(added)
