"""What is done with a template as a whole, and what two versions say differently."""

from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bursar.core.errors import Conflict, NotAllowed, NotFound
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import Actor, Office, Work
from bursar.outbox import defaults
from bursar.outbox.tables import template_versions, templates
from bursar.outbox.tags import Category
from bursar.outbox.template_acts import copy_template, find_template, go_back, make_usual
from bursar.outbox.template_differences import differences
from bursar.outbox.template_library import install_library, missing_of_library, words_for
from bursar.outbox.template_words import VersionInput
from bursar.outbox.templates import (
    create_template,
    discard_draft,
    edit_template,
    get_template,
    list_templates,
    publish,
    save_draft,
)
from tests.makers.outbox import BODY
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio


def words(subject: str, locale: str = "en") -> VersionInput:
    return VersionInput(locale, subject, BODY)


async def published(work: Work, code: str, *subjects: str) -> tuple[UUID, list[UUID]]:
    template, draft = await create_template(
        work, code=code, name=code, category=Category.OVERDUE_NOTICE, first=words(subjects[0])
    )
    versions = [draft]
    await publish(work, draft)
    for subject in subjects[1:]:
        versions.append(await save_draft(work, template, words(subject)))
        await publish(work, versions[-1])
    return template, versions


async def usual(work: Work) -> list[str]:
    return [
        one.code for one in await list_templates(work, category=Category.OVERDUE_NOTICE) if one.is_default
    ]


async def test_a_copy_has_the_newest_words_of_every_language_as_drafts(work: Work):
    template, _ = await published(work, "gentle", "Old", "New")
    await save_draft(work, template, words("جديد", "ar"))

    copy = await copy_template(work, template)

    found, versions = await get_template(work, copy)
    assert (found.code, found.published, found.drafts) == ("gentle-2", (), ("ar", "en"))
    assert {one.subject for one in versions} == {"New", "جديد"}


async def test_one_of_a_kind_is_the_usual_one_and_notices_take_its_words(work: Work):
    await install_library(work)
    ours, [version] = await published(work, "ours", "Ours")
    assert await usual(work) == ["overdue_gentle"]

    await make_usual(work, ours)
    await make_usual(work, ours)

    assert await usual(work) == ["ours"]
    assert await words_for(work, Category.OVERDUE_NOTICE) == ({"en": version}, "en")
    await edit_template(work, ours, active=False)
    assert await usual(work) == []


async def test_the_database_knows_one_usual_template_of_a_kind_and_one_draft_of_a_language(work: Work):
    await install_library(work)
    template, _ = await published(work, "ours", "Ours")
    await save_draft(work, template, words("Draft"))
    second = {
        "template_id": template, "number": 9, "locale": "en", "subject": "s", "body": "b", "body_format": "html",
    }  # fmt: skip

    for statement in (
        sa.update(templates)
        .where(templates.c.tenant_id == work.tenant_id, templates.c.id == template)
        .values(is_default=True),
        sa.insert(template_versions).values(tenant_id=work.tenant_id, **second),
    ):
        with pytest.raises(IntegrityError):
            async with work.db.begin_nested():
                await work.db.execute(statement)


async def test_what_is_archived_or_only_a_draft_cannot_be_the_usual_one(work: Work):
    template, _ = await create_template(
        work, code="draft", name="Draft", category=Category.OVERDUE_NOTICE, first=words("Draft")
    )

    with pytest.raises(Conflict):
        await make_usual(work, template)
    with pytest.raises(NotFound):
        await make_usual(work, work.tenant_id)


async def test_going_back_publishes_the_old_words_as_a_new_version(work: Work):
    template, [first, second] = await published(work, "gentle", "First", "Second")

    third = await go_back(work, first)

    _, versions = await get_template(work, template)
    assert [(one.id, one.number, one.subject) for one in versions] == [
        (third, 3, "First"), (second, 2, "Second"), (first, 1, "First"),
    ]  # fmt: skip
    with pytest.raises(Conflict) as refusal:
        await go_back(work, third)
    assert refusal.value.code == "version_in_use"


async def test_a_draft_is_not_lost_by_going_back(work: Work):
    template, [first, _] = await published(work, "gentle", "First", "Second")
    draft = await save_draft(work, template, words("Third"))

    with pytest.raises(Conflict) as refusal:
        await go_back(work, first)

    assert refusal.value.code == "draft_in_the_way"
    await discard_draft(work, draft)
    assert await go_back(work, first)


async def test_it_is_found_by_its_code_too(work: Work):
    template, _ = await published(work, "gentle", "First")

    assert (await find_template(work, "gentle"))[0].id == template
    assert (await find_template(work, str(template)))[0].id == template
    with pytest.raises(NotFound):
        await find_template(work, "nothing")


async def test_the_library_adds_what_is_missing_and_leaves_what_is_there(work: Work):
    await create_template(
        work, code="thanks", name="Mine", category=Category.OVERDUE_NOTICE, first=words("Mine")
    )
    ours, _ = await published(work, "ours", "Ours")
    await make_usual(work, ours)

    added = await install_library(work)

    assert added == sorted({one.code for one in defaults.library()} - {"thanks"})
    assert await missing_of_library(work) == []
    assert await usual(work) == ["ours"]
    assert next(one.name for one in await list_templates(work) if one.code == "thanks") == "Mine"


async def test_a_viewer_does_none_of_it_and_an_agent_does_not_choose_the_usual_one(work: Work):
    template, [version] = await published(work, "gentle", "First")
    work.actor = Actor(ActorType.AGENT, None, AgentRole.VIEWER)
    for act in (copy_template(work, template), go_back(work, version), make_usual(work, template)):
        with pytest.raises(NotAllowed):
            await act
    work.actor = Actor(ActorType.AGENT, None, AgentRole.AGENT)
    for act in (make_usual(work, template), install_library(work)):
        with pytest.raises(NotAllowed):
            await act


async def test_another_firms_template_is_not_there(office: Office):
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(theirs) as work:
        template, [version] = await published(work, "gentle", "First")
    async with office.work(ours) as work:
        for act in (
            copy_template(work, template), make_usual(work, template), go_back(work, version),
            find_template(work, str(template)), find_template(work, "gentle"),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await act


def test_differences_are_told_line_by_line():
    before = VersionInput("en", "Hello", "<p>One</p>\n<p>Two</p>")
    after = VersionInput("en", "Hello", "<p>One</p>\n<p>Three</p>", preheader="Beside")

    assert [(one.change.value, one.text) for one in differences(before, after)] == [
        ("same", "Hello"), ("new", "Beside"), ("same", ""), ("same", "<p>One</p>"),
        ("gone", "<p>Two</p>"), ("new", "<p>Three</p>"),
    ]  # fmt: skip


def test_blocks_are_compared_as_people_read_them():
    gentle, firm = (
        next(one.words for one in defaults.library() if (one.code, one.locale) == (code, "en"))
        for code in ("overdue_gentle", "overdue_firm")
    )

    told = {(one.change.value, one.text) for one in differences(gentle, firm)}

    assert ("same", "[See and pay → pay]") in told
    assert ("new", "[Name a payment date → promise]") in told
    assert ("same", "[number, due_date, days_overdue, balance + totals]") in told
    assert not any("kind" in text for _, text in told)
