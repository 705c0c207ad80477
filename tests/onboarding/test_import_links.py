"""Sheets of prospects: a link for each, mailed; twice the same sheet offers nothing twice."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import pytest

from bursar.catalog.products import archive_product
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import NotAllowed
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import SYSTEM, Actor, Office
from bursar.onboarding.importers import import_desk
from bursar.onboarding.link_list import PaymentLink, list_links
from bursar.tenancy.imports import ImportReport, import_sheet
from bursar.tenancy.states import ImportKind
from tests.makers.catalog import a_product
from tests.makers.sheets import csv_of
from tests.makers.story import Story, a_story
from tests.makers.tenancy import acting

pytestmark = pytest.mark.anyio

HEADING = ("E-mail", "Product", "Name", "Agreed price", "Language", "Message", "Valid until")


@pytest.fixture
async def story(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    async with a_story(addresses, clock, keyring) as told:
        async with told.house.office.work(told.tenant_id) as work:
            await a_product(work, code="FORM", name="Formation", minor=1_000_00)
            await a_product(work, code="VISA", name="Visa", minor=None)
            await archive_product(work, await a_product(work, code="OLD"))
            for code in ("T1", "T2"):
                await a_product(work, code=code, name="Twin")
        yield told


async def bring(
    story: Story, *rows: tuple[str, ...], apply: bool = True, actor: Actor = SYSTEM
) -> ImportReport:
    return await import_sheet(
        import_desk(story.house.office),
        story.tenant_id,
        actor,
        ImportKind.PAYMENT_LINKS,
        "prospects.csv",
        csv_of(HEADING, *rows),
        apply=apply,
    )


async def links(office: Office, tenant_id: UUID) -> list[PaymentLink]:
    async with office.work(tenant_id) as work:
        return list(reversed((await list_links(work)).rows))


LINA = ("lina@x.example", "FORM", "Lina", "", "Arabic", "As agreed.", "2026-12-31")
OMAR = ("omar@x.example", "Visa", "", "450", "", "", "")


async def test_each_prospect_gets_a_link_of_their_own_by_mail(story: Story) -> None:
    report = await bring(story, LINA, OMAR)
    await story.pump(1).run_until_idle()

    assert (report.created, report.refused) == (2, 0)
    lina, omar = await links(story.house.office, story.tenant_id)
    assert (lina.email, lina.product_code, lina.name, lina.locale, lina.note, lina.until, lina.agreed) == (
        "lina@x.example",
        "FORM",
        "Lina",
        "ar",
        "As agreed.",
        date(2026, 12, 31),
        None,
    )
    assert (omar.product_code, omar.agreed, omar.locale) == ("VISA", Money(450_00, "AED"), "en")
    assert sorted(str(letter["To"]) for letter in story.messages()) == [
        "Lina <lina@x.example>",
        "omar@x.example",
    ]


async def test_a_dry_run_makes_and_mails_nothing(story: Story) -> None:
    report = await bring(story, LINA, OMAR, apply=False)

    assert (report.created, report.refused) == (2, 0)
    assert await links(story.house.office, story.tenant_id) == []


async def test_the_same_sheet_twice_offers_nothing_twice(story: Story) -> None:
    await bring(story, LINA, OMAR)
    report = await bring(story, LINA, ("LINA@x.example", "Formation", "", "", "", "", ""))

    assert (report.created, report.unchanged, report.refused) == (0, 2, 0)
    await story.pump(1).run_until_idle()
    assert len(story.messages()) == 2


@pytest.mark.parametrize(
    ("row", "field", "said"),
    [
        (("", "FORM", "", "", "", "", ""), "email", "Give the e-mail address"),
        (("nobody", "FORM", "", "", "", "", ""), "email", "nobody"),
        (("a@x.example", "", "", "", "", "", ""), "product", "Say which product"),
        (("a@x.example", "NOPE", "", "", "", "", ""), "product", "There is no product “NOPE”"),
        (("a@x.example", "Twin", "", "", "", "", ""), "product", "Several products"),
        (("a@x.example", "OLD", "", "", "", "", ""), "product_id", "not sold any more"),
        (("a@x.example", "VISA", "", "", "", "", ""), "price", "Say what this person pays"),
        (("a@x.example", "FORM", "", "0", "", "", ""), "price", "more than zero"),
        (("a@x.example", "FORM", "", "-5", "", "", ""), "price", "more than zero"),
        (("a@x.example", "FORM", "", "", "Klingon", "", ""), "locale", "Write the language"),
        (("a@x.example", "FORM", "", "", "", "", "2026-11-01"), "until", "over already"),
        (("a@x.example", "FORM", '=HYPERLINK("http://x")', "", "", "", ""), "name", "formula"),
    ],
)
async def test_a_row_that_cannot_be_offered_is_refused_by_name_in_the_dry_run_too(
    story: Story, row: tuple[str, ...], field: str, said: str
) -> None:
    for apply in (False, True):
        report = await bring(story, row, LINA, apply=apply)
        [refused] = [one for one in report.rows if one.outcome == "refused"]
        assert (refused.number, refused.field) == (2, field)
        assert said in refused.reason
        assert report.created == 1


async def test_a_prospect_who_stands_twice_in_a_sheet_is_offered_it_once(story: Story) -> None:
    report = await bring(story, LINA, LINA)

    assert (report.created, report.refused) == (1, 1)


async def test_a_viewer_brings_in_no_prospects(story: Story) -> None:
    with pytest.raises(NotAllowed):
        await bring(story, LINA, actor=acting(AgentRole.VIEWER))
