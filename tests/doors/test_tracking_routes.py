"""Pixels, links and the way out, as mail programs, scanners and people ask for them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from httpx2 import AsyncClient, Response

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.tokens import Kind, sign
from bursar.house import House
from bursar.notifications.tables import notifications
from bursar.outbox.suppressions import suppress
from bursar.outbox.tables import suppressions
from tests.conftest import NOW
from tests.makers.outbox import a_send, engagements_of, the_send
from tests.makers.staff import a_browser, a_house
from tests.makers.tenancy import a_customer, a_tenant, an_agent

pytestmark = pytest.mark.anyio

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
LINKS = ["https://pay.example/1?a=b&c=%20", "https://pay.example/2"]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
FROM_ELSEWHERE = {
    "origin": "https://mail.example",
    "sec-fetch-site": "cross-site",
    "cookie": "bursar_session=x",
}


@dataclass(frozen=True, slots=True)
class Mail:
    """One sent reminder and a browser without anybody signed in."""

    house: House
    web: AsyncClient
    tenant: UUID
    send: UUID

    def token(self, kind: Kind, extra: int = 0) -> str:
        return sign(self.house.keyring, kind, self.tenant, self.send, extra)

    async def hits(self) -> list[str]:
        async with self.house.office.work(self.tenant) as work:
            return [hit.kind for hit in await engagements_of(work, self.send)]

    async def stopped(self) -> list[tuple[str, str, bool]]:
        async with self.house.office.work(self.tenant) as work:
            found = sa.select(suppressions.c.reason, suppressions.c.scope, suppressions.c.lifted_at)
            rows = await work.db.execute(
                found.where(suppressions.c.tenant_id == self.tenant).order_by(suppressions.c.id)
            )
            return [(row.reason, row.scope, row.lifted_at is None) for row in rows]

    async def opt_out(self, method: str = "POST", **given: Any) -> Response:
        return await self.web.request(method, f"/u/{self.token(Kind.UNSUBSCRIBE)}", **given)


async def a_mail(house: House, web: AsyncClient, **given: Any) -> Mail:
    tenant = await a_tenant(house.office)
    async with house.office.work(tenant) as work:
        row = {"state": "sent", "sent_at": NOW - timedelta(hours=1), "links": LINKS, **given}
        customer = await a_customer(work)
        return Mail(house, web, tenant, await a_send(work, customer_id=customer, **row))


@pytest.fixture
async def mail(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Mail]:
    async with a_house(addresses, clock, keyring) as house, a_browser(house) as web:
        web.headers["user-agent"] = FIREFOX
        yield await a_mail(house, web, to_address="huda@noor.example")


async def test_the_picture_is_shown_anywhere_kept_nowhere_and_counted(mail: Mail):
    answer = await mail.web.get(f"/o/{mail.token(Kind.PIXEL)}", headers={"sec-fetch-site": "cross-site"})

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"GIF89a")
    assert await mail.hits() == ["open"]


@pytest.mark.parametrize("token", ["x", "A" * 80, "%00", "..%2f..%2fetc"])
async def test_a_forged_picture_looks_like_every_other(mail: Mail, token: str):
    answer = await mail.web.get(f"/o/{token}")

    assert answer.status_code in {200, 404}
    assert await mail.hits() == []
    if answer.status_code == 200:
        assert answer.content == (await mail.web.get(f"/o/{mail.token(Kind.PIXEL)}")).content


async def test_a_link_leads_to_its_stored_target(mail: Mail):
    answer = await mail.web.get(f"/l/{mail.token(Kind.LINK, 0)}")

    assert (answer.status_code, answer.headers["location"]) == (302, LINKS[0])
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert await mail.hits() == ["click"]


async def test_looking_with_head_never_counts(mail: Mail):
    picture = await mail.web.head(f"/o/{mail.token(Kind.PIXEL)}")
    link = await mail.web.head(f"/l/{mail.token(Kind.LINK, 1)}")

    assert (picture.status_code, link.status_code, link.headers["location"]) == (200, 302, LINKS[1])
    assert await mail.hits() == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_link_that_the_mail_did_not_have_is_a_calm_page(mail: Mail, method: str):
    good = mail.token(Kind.LINK, 1)
    for token in ("x", good[:-2] + "AA", mail.token(Kind.LINK, 7), mail.token(Kind.PIXEL)):
        answer = await mail.web.request(method, f"/l/{token}?url=https://evil.example")
        assert answer.status_code == 404
        assert "location" not in answer.headers
    assert await mail.hits() == []
    assert "This link does not work" in (await mail.web.get("/l/x")).text
    assert "sign-in" not in (await mail.web.get("/l/x")).text


async def test_looking_at_the_way_out_changes_nothing(mail: Mail):
    for _ in range(2):
        page = await mail.opt_out("GET")
        assert page.status_code == 200
        assert "Working Title" in page.text
        assert "Stop the reminders?" in page.text
        assert "huda@noor.example" in page.text
    assert (await mail.opt_out("HEAD")).status_code == 405
    assert await mail.stopped() == []


async def test_one_click_answers_plainly_without_a_redirect_from_any_site_and_twice(mail: Mail):
    for _ in range(2):
        answer = await mail.opt_out(data=ONE_CLICK, headers=FROM_ELSEWHERE)
        assert (answer.status_code, answer.text) == (200, "unsubscribed\n")
        assert "set-cookie" not in answer.headers
    assert await mail.stopped() == [("unsubscribe", "reminders", True)]
    assert await mail.hits() == ["unsubscribe"]


async def test_one_click_may_come_as_multipart_or_with_nothing(mail: Mail):
    assert (await mail.opt_out(files={"List-Unsubscribe": (None, "One-Click")})).text == "unsubscribed\n"
    assert (await mail.opt_out()).status_code == 200
    assert await mail.stopped() == [("unsubscribe", "reminders", True)]


async def test_what_waits_for_the_address_is_stopped_at_once(mail: Mail):
    async with mail.house.office.work(mail.tenant) as work:
        waiting = await a_send(work, to_address="huda@noor.example")

    await mail.opt_out(data=ONE_CLICK)

    async with mail.house.office.work(mail.tenant) as work:
        assert (await the_send(work, waiting)).state == "suppressed"


async def test_the_button_confirms_and_offers_the_way_back(mail: Mail):
    page = await mail.opt_out()

    assert (page.status_code, "No more reminders" in page.text) == (200, True)
    assert "No more reminders" in (await mail.opt_out("GET")).text

    back = await mail.web.post(f"/u/{mail.token(Kind.UNSUBSCRIBE)}/return")

    assert "You will hear from us again" in back.text
    assert await mail.stopped() == [("unsubscribe", "reminders", False)]
    assert "Stop the reminders?" in (await mail.opt_out("GET")).text


async def test_the_way_back_lifts_no_word_of_an_agent(mail: Mail):
    async with mail.house.office.work(mail.tenant) as work:
        await suppress(work, "huda@noor.example")
    await mail.opt_out()

    back = await mail.web.post(f"/u/{mail.token(Kind.UNSUBSCRIBE)}/return")

    assert "Only invoices, receipts and answers still come" in back.text
    assert await mail.stopped() == [("manual", "all", True), ("unsubscribe", "reminders", False)]


async def test_its_reader_reads_it_in_the_language_of_the_mail(mail: Mail):
    arabic = await a_mail(mail.house, mail.web, locale="ar")

    page = await arabic.opt_out("GET", headers={"accept-language": "en"})
    assert 'lang="ar" dir="rtl"' in page.text
    confirmed = await arabic.opt_out(headers={"accept-language": "en"})
    assert 'lang="ar" dir="rtl"' in confirmed.text
    assert f'href="/u/{arabic.token(Kind.UNSUBSCRIBE)}?lang=en"' in confirmed.text
    english = await arabic.web.get(f"/u/{arabic.token(Kind.UNSUBSCRIBE)}?lang=en")
    assert 'lang="en" dir="ltr"' in english.text


@pytest.mark.parametrize(
    ("chosen", "left"),
    [("reminders", ["marketing", "all"]), ("marketing", ["reminders", "all"]), ("all", [])],
)
async def test_its_reader_chooses_what_ends_and_takes_all_of_it_back(
    mail: Mail, chosen: str, left: list[str]
):
    asked = (await mail.opt_out("GET")).text
    for scope in ("reminders", "marketing", "all"):
        assert f'name="scope" value="{scope}"' in asked

    page = (await mail.opt_out(data={"scope": chosen})).text

    assert await mail.stopped() == [("unsubscribe", chosen, True)]
    assert [one for one in ("reminders", "marketing", "all") if f'value="{one}"' in page] == left
    await mail.opt_out(data=ONE_CLICK)
    await mail.web.post(f"/u/{mail.token(Kind.UNSUBSCRIBE)}/return")
    assert not any(holds for _, _, holds in await mail.stopped())


async def test_a_choice_that_is_not_offered_ends_the_stream_of_the_message(mail: Mail):
    await mail.opt_out(data={"scope": "reviews"})
    assert await mail.stopped() == [("unsubscribe", "reminders", True)]


async def test_the_owner_is_told_that_a_reader_left_and_once(mail: Mail):
    await an_agent(mail.house.office, mail.tenant, role=AgentRole.OWNER)
    await an_agent(mail.house.office, mail.tenant, role=AgentRole.AGENT, email="aide@firm.example")

    for _ in range(2):
        await mail.opt_out(data=ONE_CLICK)

    async with mail.house.office.work(mail.tenant) as work:
        kinds = (
            await work.db.scalars(
                sa.select(notifications.c.kind).where(notifications.c.tenant_id == mail.tenant)
            )
        ).all()
    assert list(kinds) == ["suppression.unsubscribe"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_forged_way_out_is_a_calm_page_that_tells_nothing(mail: Mail, method: str):
    unknown = sign(mail.house.keyring, Kind.UNSUBSCRIBE, mail.tenant, uuid4())
    nowhere = sign(mail.house.keyring, Kind.UNSUBSCRIBE, uuid4(), mail.send)
    for token in ("x", unknown, nowhere, mail.token(Kind.LINK)):
        answer = await mail.web.request(method, f"/u/{token}")
        assert answer.status_code == 404
        assert "Working Title" not in answer.text
    assert (await mail.web.post(f"/u/{unknown}/return")).status_code == 404
    assert await mail.stopped() == []
