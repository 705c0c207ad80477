"""What is done with a template as a whole: found, copied, made the usual one of its kind, taken back to old words."""

from uuid import UUID

from bursar.core.errors import N_, Conflict, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.outbox import templates
from bursar.outbox.queries import templates as queries
from bursar.outbox.templates import Template, Version

MOST_COPIES = 50


async def find_template(work: Work, named: UUID | str) -> tuple[Template, list[Version]]:
    """By its id or its code. Raises `NotFound`."""
    try:
        template_id = UUID(str(named))
    except ValueError:
        row = (await work.db.execute(queries.by_code(work, str(named)))).one_or_none()
        if row is None:
            raise NotFound("template") from None
        template_id = row.id
    return await templates.get_template(work, template_id)


async def copy_template(work: Work, template_id: UUID) -> UUID:
    """A template of its own with the newest words of every language, as drafts; its id.

    Raises `NotFound`, `Conflict` if there is nothing in it, or its name was copied too often.
    """
    work.allow(AgentRole.AGENT)
    template, versions = await templates.get_template(work, template_id)
    newest: dict[str, Version] = {}
    for version in versions:
        newest.setdefault(version.locale, version)
    if not newest:
        raise Conflict(N_("There is nothing in it to copy."), code="nothing_to_copy")
    first, *others = (one.words for one in newest.values())
    copy_id, _ = await templates.create_template(
        work,
        code=await free_code(work, template.code),
        name=template.name,
        category=template.category,
        first=first,
        description=template.description,
    )
    for words in others:
        await templates.save_draft(work, copy_id, words)
    return copy_id


async def free_code(work: Work, code: str) -> str:
    """`code` if nobody has it, else with a number behind it. Raises `Conflict` when all of those are taken."""
    taken = set(await work.db.scalars(queries.codes(work)))
    for candidate in (code, *(f"{code[:55]}-{number}" for number in range(2, MOST_COPIES))):
        if candidate not in taken:
            return candidate
    raise Conflict(N_("There are too many copies of this one already."), code="too_many_copies")


async def make_usual(work: Work, template_id: UUID) -> None:
    """Notices of its kind take these words from now on, and new campaigns are offered them first.

    Raises `NotFound`, `Conflict` for one that is archived or has nothing published.
    """
    work.allow(AgentRole.ADMIN)
    row = (await work.db.execute(queries.one(work, template_id, lock=True))).one_or_none()
    if row is None:
        raise NotFound("template")
    await templates.versions_for(work, template_id, [None])
    if row.is_default:
        return
    before = list(await work.db.scalars(queries.unmake_usual(work, row.channel, row.category)))
    await work.db.execute(queries.edit(work, template_id, {"is_default": True}))
    turned = [(one, True) for one in before] + [(template_id, False)]
    records = [
        Record(one, changes={"before": {"is_default": was}, "after": {"is_default": not was}})
        for one, was in turned
    ]
    await work.record("template.edit", *records)


async def go_back(work: Work, version_id: UUID) -> UUID:
    """Publish words of an earlier version again, as a new one; its id. What was published between stays to be seen.

    Raises `NotFound`, `Conflict` while the language has a draft: it would be lost.
    """
    work.allow(AgentRole.AGENT)
    row = (await work.db.execute(queries.one_version(work, version_id))).one_or_none()
    if row is None:
        raise NotFound("template version")
    _, versions = await templates.get_template(work, row.template_id)
    same = [one for one in versions if one.locale == row.locale]
    if any(one.published_at is None for one in same):
        raise Conflict(
            N_("There is a draft in this language. Publish it or throw it away first."),
            code="draft_in_the_way",
        )
    if same[0].id == version_id:
        raise Conflict(N_("These words are in use already."), code="version_in_use")
    again = next(one for one in same if one.id == version_id)
    draft = await templates.save_draft(work, row.template_id, again.words)
    await templates.publish(work, draft)
    return draft
