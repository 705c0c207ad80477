"""Templates through their verbs: drafted, published, chosen by language, installed for a new firm."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tables import events
from bursar.core.work import Actor, Office, Work
from bursar.outbox.defaults import LADDER, USUAL, library
from bursar.outbox.letters import Letters
from bursar.outbox.tables import template_versions
from bursar.outbox.tags import Category
from bursar.outbox.template_library import install_library
from bursar.outbox.template_words import VersionInput, preview
from bursar.outbox.templates import (
    create_template,
    discard_draft,
    edit_template,
    get_template,
    list_templates,
    publish,
    save_draft,
    version_for,
    versions_for,
)
from bursar.tenancy.tables import tenants
from tests.makers.outbox import BODY, a_send
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

WORDS = VersionInput("en", "Open invoices of {{ customer.name }}", BODY)


def words(locale: str, subject: str = "Open invoices") -> VersionInput:
    return VersionInput(locale, subject, BODY)


async def a_draft(work: Work, code: str = "gentle") -> tuple[UUID, UUID]:
    return await create_template(
        work, code=code, name="Gentle", category=Category.OVERDUE_NOTICE, first=WORDS
    )


async def published(work: Work, *locales: str) -> tuple[UUID, dict[str, UUID]]:
    template, first = await a_draft(work)
    await discard_draft(work, first)
    versions = {}
    for locale in locales:
        versions[locale] = await save_draft(work, template, words(locale))
        await publish(work, versions[locale])
    return template, versions


async def test_a_template_begins_as_a_draft_and_is_used_once_published(work: Work) -> None:
    template, draft = await a_draft(work)

    with pytest.raises(Conflict) as refusal:
        await version_for(work, template, "en")
    assert refusal.value.code == "template_not_published"
    await publish(work, draft)

    assert await version_for(work, template, "en") == draft
    assert await version_for(work, "gentle", "en") == draft
    (one,) = await list_templates(work)
    assert (one.code, one.published, one.drafts, one.source) == ("gentle", ("en",), (), "custom")


async def test_what_is_published_stays_and_a_new_draft_follows(work: Work) -> None:
    template, first = await a_draft(work)
    assert await save_draft(work, template, words("en", "Better")) == first
    await publish(work, first)

    second = await save_draft(work, template, words("en", "Best"))

    assert await version_for(work, template, "en") == first
    with pytest.raises(Conflict):
        await publish(work, first)
    with pytest.raises(Conflict):
        await discard_draft(work, first)
    await publish(work, second)
    assert await version_for(work, template, "en") == second
    _, versions = await get_template(work, template)
    assert [(one.number, one.subject) for one in versions] == [(2, "Best"), (1, "Better")]
    with pytest.raises(DBAPIError, match="published template version does not change"):
        await work.db.execute(
            sa.update(template_versions)
            .where(template_versions.c.tenant_id == work.tenant_id, template_versions.c.id == first)
            .values(body="other")
        )


async def test_a_discarded_draft_leaves_what_was_published(work: Work) -> None:
    template, versions = await published(work, "en")
    draft = await save_draft(work, template, words("en", "Other"))

    await discard_draft(work, draft)

    _, left = await get_template(work, template)
    assert [one.id for one in left] == [versions["en"]]
    with pytest.raises(NotFound):
        await publish(work, draft)


@pytest.mark.parametrize(
    ("has", "firm", "asked", "given"),
    [
        (("ar", "en", "fr"), "en", "ar", "ar"),
        (("ar", "en", "fr"), "en", "ar-AE", "ar"),
        (("ar", "en", "fr"), "en", "fr_CA", "fr"),
        (("ar", "en", "fr"), "ar", "he", "ar"),
        (("ar", "en", "fr"), "ar-AE", None, "ar"),
        (("fr", "en"), "ar", "he", "en"),
        (("fr", "ar"), "he", "en", "fr"),
    ],
)
async def test_a_reader_gets_their_language_or_the_nearest(work: Work, has, firm, asked, given) -> None:
    await work.db.execute(sa.update(tenants).where(tenants.c.tenant_id == work.tenant_id).values(locale=firm))
    template, versions = await published(work, *has)
    await work.db.execute(
        sa.insert(template_versions).values(
            tenant_id=work.tenant_id, template_id=template, number=9, locale="he", subject="s", body="b",
            body_format="html",
        )  # a draft is nobody's language yet
    )  # fmt: skip

    assert await version_for(work, template, asked) == versions[given]


async def test_many_languages_are_chosen_at_once(work: Work) -> None:
    template, versions = await published(work, "en", "ar")

    found = await versions_for(work, template, ["ar", "en", "he", None])

    assert found == {"ar": versions["ar"], "en": versions["en"], "he": versions["en"], None: versions["en"]}


async def test_a_template_taken_out_of_use_is_not_chosen(work: Work) -> None:
    template, _ = await published(work, "en")

    await edit_template(work, template, active=False, name="Old")

    with pytest.raises(Conflict) as refusal:
        await version_for(work, template, "en")
    assert refusal.value.code == "template_inactive"
    assert await list_templates(work, active_only=True) == []
    await edit_template(work, template, active=True)
    assert await version_for(work, template, "en")
    with pytest.raises(NotFound):
        await version_for(work, uuid4(), "en")
    with pytest.raises(NotFound):
        await version_for(work, "nothing", "en")


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        (VersionInput("xx", "s", BODY), "locale", "locale_unknown"),
        (VersionInput("en", " ", BODY), "subject", "subject_not_one_line"),
        (VersionInput("en", "s", "<p>Hello</p>"), "body", "required_tag_missing"),
        (VersionInput("en", "s", BODY + "{{ customer.salary }}"), "body", None),
        (VersionInput("en", "s", BODY + "<script>x</script>"), "body", None),
        (VersionInput("en", "s", BODY + "{% if %}"), "body", None),
        (VersionInput("en", "s", "x" * 200_001), "body", "body_too_long"),
        (VersionInput("en", "s", BODY, "pdf"), "body_format", "body_format"),  # pyright: ignore[reportArgumentType]  from a form
    ],
)
async def test_words_that_cannot_be_sent_are_refused_by_field(work: Work, given, field, code) -> None:
    template, draft = await a_draft(work)

    with pytest.raises(Invalid) as refusal:
        await save_draft(work, template, given)

    assert refusal.value.field == field
    assert code is None or refusal.value.code == code
    _, versions = await get_template(work, template)
    assert [(one.id, one.subject) for one in versions] == [(draft, WORDS.subject)]


async def test_a_code_names_one_template_of_the_firm(work: Work) -> None:
    await a_draft(work)

    with pytest.raises(Conflict) as refusal:
        await a_draft(work)
    assert refusal.value.field == "code"
    for code in ("", "Über", "two words", "1st", "x" * 80):
        with pytest.raises(Invalid) as invalid:
            await a_draft(work, code)
        assert invalid.value.field == "code"


def test_a_preview_shows_sample_values_and_counts_nothing() -> None:
    shown = preview(WORDS, Category.OVERDUE_NOTICE)

    assert shown.subject == "Open invoices of Huda Salem"
    assert "INV-2041: AED 1,625.00" in shown.html
    assert 'href="https://pay.example/i/2041"' in shown.html
    assert "\x01" not in shown.html + shown.text
    assert "\r" not in shown.text


async def test_the_library_is_there_once_in_every_language_and_ready(work: Work, keyring) -> None:
    assert await install_library(work) == sorted({one.code for one in library()})
    assert await install_library(work) == []

    found = await list_templates(work)
    assert {one.code for one in found} >= set(LADDER)
    assert all({"ar", "en"} <= set(one.published) and one.source == "system" for one in found)
    notices = ("invoice_issued", "before_due", "overdue_gentle", "receipt")
    assert all(one.published == ("ar", "en", "fr", "he") for one in found if one.code in notices)
    assert {one.category: one.code for one in found if one.is_default} == USUAL
    letters = Letters(keyring, "https://bursar.example")
    await letters.load(
        work, [await version_for(work, one.id, lang) for one in found for lang in one.published]
    )


async def test_uses_are_counted(work: Work) -> None:
    template, versions = await published(work, "en", "ar")
    for locale in ("en", "en", "ar"):
        await a_send(work, template_version_id=versions[locale])

    found, _ = await get_template(work, template)

    assert found.recent_uses == 3


async def test_the_journal_tells_what_was_made_and_published(work: Work) -> None:
    template, draft = await a_draft(work)
    await publish(work, draft)
    await edit_template(work, template, name="Gentler")
    await edit_template(work, template, name="Gentler")

    told = await work.db.execute(
        sa.select(events.c.type, events.c.entity_id)
        .where(events.c.tenant_id == work.tenant_id, events.c.entity_type == "template")
        .order_by(events.c.id)
    )
    assert [tuple(row) for row in told] == [
        (f"template.{event}", template) for event in ("create", "publish", "edit")
    ]


async def test_a_viewer_changes_nothing(work: Work) -> None:
    template, draft = await a_draft(work)
    work.actor = Actor(ActorType.AGENT, None, AgentRole.VIEWER)

    for act in (
        a_draft(work, "other"), save_draft(work, template, WORDS), publish(work, draft),
        discard_draft(work, draft), edit_template(work, template, name="x"), install_library(work),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            await act


async def test_templates_of_another_firm_are_not_there(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(theirs) as work:
        template, draft = await a_draft(work)
    async with office.work(ours) as work:
        for act in (
            save_draft(work, template, WORDS), publish(work, draft), discard_draft(work, draft),
            edit_template(work, template, name="x"), get_template(work, template), version_for(work, template, "en"),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await act
        await a_draft(work)
