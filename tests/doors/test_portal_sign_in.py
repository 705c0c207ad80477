"""Coming into a firm's portal: a link in a mail, once, for minutes; and nobody learns who is a customer."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.schema import metadata
from bursar.outbox.tables import sends
from bursar.tenancy.rules import PORTAL_LINK_LASTS
from bursar.tenancy.tables import customer_sign_in_tokens, sessions
from tests.makers.billing import told_of
from tests.makers.portal import HUDA, Portal, a_portal, open_portal
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
async def portal(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Portal]:
    async with a_portal(addresses, clock, keyring) as portal:
        yield portal


async def test_an_address_a_mail_one_press_and_the_customer_is_in(portal: Portal) -> None:
    huda = await portal.customer(locale="en")

    asked = await portal.ask("Huda@NOOR.example")
    [link] = await portal.deliver()
    shown = await portal.web.get(link)
    entered = await portal.web.post(link)
    home = await portal.web.get(entered.headers["location"])

    assert asked.status_code == 200
    assert "If Working Title knows this address" in asked.text
    assert (shown.status_code, shown.headers["referrer-policy"]) == (200, "no-referrer")
    assert "One more press" in shown.text
    assert (entered.status_code, entered.headers["location"]) == (303, f"{portal.home}/home")
    cookie = entered.headers["set-cookie"].lower()
    assert "bursar_portal=" in cookie
    assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/"))
    assert home.status_code == 200
    assert "Noor Trading" in home.text
    async with portal.work() as work:
        assert await told_of(work, huda) == ["customer.active", "customer.ask_sign_in", "customer.sign_in"]


async def test_nobody_learns_whether_an_address_is_a_customers(portal: Portal) -> None:
    await portal.customer()
    known = await portal.ask(HUDA)
    unknown = await portal.ask("hada@noor.example")
    assert known.status_code == unknown.status_code == 200
    assert known.text == unknown.text
    async with portal.house.office.directory() as work:
        waiting = sa.text(
            "select count(*) from procrastinate_jobs where task_name = 'tenancy.send_sign_in_link'"
        )
        assert await work.db.scalar(waiting) == 2, "what takes time is left to a job for both"
    assert len(await portal.deliver()) == 1


async def test_what_is_no_address_is_said_beside_the_field(portal: Portal) -> None:
    for typed in ("", "huda", "huda@noor.example, omar@noor.example", "Huda <huda@noor.example>"):
        answer = await portal.ask(typed)
        assert answer.status_code == 422, typed
        assert 'aria-invalid="true"' in answer.text
    assert await portal.deliver() == []


async def test_no_table_holds_what_opens_the_door(portal: Portal) -> None:
    await portal.customer()
    await portal.ask()
    [link] = await portal.deliver()
    token = link.rpartition("/")[2]
    async with portal.work() as work:
        for table in metadata.sorted_tables:
            if "tenant_id" in table.c:
                held = sa.text(f"select count(*) from {table.name} t where t::text like '%' || :token || '%'")
                assert await work.db.scalar(held, {"token": token}) == 0, table.name
    [send] = await portal.rows(sends)
    assert (send.purpose, send.stream, send.state) == ("sign_in", "transactional", "sent")


async def test_a_scanner_that_looks_uses_nothing_up(portal: Portal) -> None:
    await portal.customer()
    await portal.ask()
    [link] = await portal.deliver()
    before = await portal.rows(customer_sign_in_tokens)
    for _ in range(3):
        assert (await portal.web.get(link)).status_code == 200
        assert (await portal.web.head(link)).status_code == 200
    assert await portal.rows(customer_sign_in_tokens) == before
    assert await portal.rows(sessions) == []
    assert (await portal.web.post(link)).status_code == 303


async def test_a_link_works_once_and_its_twins_end_with_it(portal: Portal, clock: FixedClock) -> None:
    await portal.customer()
    await portal.ask()
    await portal.write()
    clock.advance(timedelta(minutes=2))
    await portal.ask()
    first, second = await portal.deliver()
    assert (await portal.web.post(second)).status_code == 303
    for link in (first, second):
        for answer in (await portal.web.get(link), await portal.web.post(link)):
            assert answer.status_code == 404
            assert "does not work any more" in answer.text
    assert len(await portal.rows(sessions)) == 1


async def test_a_link_is_over_after_its_minutes(portal: Portal, clock: FixedClock) -> None:
    await portal.customer()
    await portal.ask()
    [link] = await portal.deliver()
    clock.advance(PORTAL_LINK_LASTS - timedelta(seconds=1))
    assert (await portal.web.get(link)).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert (await portal.web.post(link)).status_code == 404


async def test_a_mail_that_waited_for_its_mailbox_gives_all_its_minutes(
    portal: Portal, clock: FixedClock
) -> None:
    await portal.customer()
    await portal.ask()
    await portal.write()
    clock.advance(timedelta(minutes=40))
    [link] = await portal.deliver()
    clock.advance(PORTAL_LINK_LASTS - timedelta(seconds=1))
    assert (await portal.web.post(link)).status_code == 303


async def test_a_mail_that_waited_for_hours_does_not_go(portal: Portal, clock: FixedClock) -> None:
    await portal.customer()
    await portal.ask()
    await portal.write()
    clock.advance(timedelta(hours=2, minutes=1))
    assert await portal.deliver() == []
    assert [(row.state, row.reason) for row in await portal.rows(sends)] == [("suppressed", "too_late")]


async def test_asked_again_within_a_minute_it_is_one_mail(portal: Portal) -> None:
    await portal.customer()
    for _ in range(3):
        await portal.ask()
    assert len(await portal.deliver()) == 1


async def test_who_asks_too_often_waits(portal: Portal) -> None:
    answers = [await portal.ask("nobody@noor.example") for _ in range(9)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert answers[-1].status_code == 429
    assert "Wait" in answers[-1].text


async def test_links_of_another_firm_changed_ones_and_made_up_ones_open_nothing(
    portal: Portal, keyring: Keyring
) -> None:
    await portal.customer()
    other = await a_tenant(portal.house.office)
    elsewhere = await open_portal(portal.house, other)
    await portal.ask()
    [link] = await portal.deliver()
    token = link.rpartition("/")[2]
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    for path in (
        f"/portal/{elsewhere}/enter/{token}",
        f"{portal.home}/enter/{changed}",
        f"{portal.home}/enter/short",
        f"{portal.home}/enter/{'A' * 64}",
    ):
        for answer in (await portal.web.get(path), await portal.web.post(path)):
            assert answer.status_code == 404, path
    nowhere = await portal.web.get("/portal/no-such-firm")
    assert nowhere.status_code == 404
    assert (await portal.web.post("/portal/no-such-firm", data={"email": HUDA})).status_code == 404
    assert (await portal.web.post(f"/portal/no-such-firm/enter/{token}")).status_code == 404
    assert await portal.rows(sessions) == []


@pytest.mark.parametrize(
    ("locale", "direction", "subject", "word"),
    [
        ("ar", "rtl", "رابط دخولكم", "ضغطة واحدة"),
        ("he", "rtl", "הקישור שלכם", "עוד לחיצה"),
        ("fr", "ltr", "Votre lien vers", "Encore un clic"),
    ],
)
async def test_the_mail_and_the_page_speak_the_customers_language(
    portal: Portal, locale: str, direction: str, subject: str, word: str
) -> None:
    await portal.customer(locale=locale)
    await portal.ask()
    [link] = await portal.deliver()
    assert subject in portal.story.messages()[-1]["subject"]
    page = await portal.web.get(link)
    assert f'<html lang="{locale}" dir="{direction}">' in page.text
    assert word in page.text
    assert '<html lang="en" dir="ltr">' in (await portal.web.get(f"{link}?lang=en")).text


async def test_another_sites_form_does_not_let_anybody_in(portal: Portal) -> None:
    await portal.customer()
    await portal.ask()
    [link] = await portal.deliver()
    answer = await portal.web.post(link, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert await portal.rows(sessions) == []
