"""Being in a firm's portal: how long, as whom, and who is out at once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from httpx2 import AsyncClient

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.schema import metadata
from bursar.core.tokens import new_token
from bursar.tenancy.customers import edit_customer, reinstate_customer, suspend_customer
from bursar.tenancy.rules import PORTAL_IDLE, PORTAL_LONGEST
from bursar.tenancy.tables import sessions
from tests.makers.portal import Portal, a_portal, open_portal
from tests.makers.staff import ADDRESS, a_browser, sign_in
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
async def portal(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Portal]:
    async with a_portal(addresses, clock, keyring) as portal:
        yield portal


async def test_without_a_session_every_page_leads_to_the_door(portal: Portal) -> None:
    for below in ("home", "orders", "invoices", "payments", "profile", "consents", "customers"):
        answer = await portal.web.get(f"{portal.home}/{below}")
        assert (answer.status_code, answer.headers["location"]) == (303, portal.home)


async def test_a_session_is_good_at_its_own_firm_alone(portal: Portal) -> None:
    await portal.customer()
    browser = await portal.sign_in()
    elsewhere = await open_portal(portal.house, await a_tenant(portal.house.office, name="Elsewhere"))
    answer = await browser.get(f"/portal/{elsewhere}/home")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/portal/{elsewhere}")
    assert "Noor" not in (await browser.get(f"/portal/{elsewhere}")).text


async def test_a_session_ends_idle_at_its_longest_and_when_its_customer_says_so(
    portal: Portal, clock: FixedClock
) -> None:
    await portal.customer()
    idle = await portal.sign_in()
    clock.advance(PORTAL_IDLE)
    assert (await idle.get(f"{portal.home}/home")).status_code == 303

    busy = await portal.sign_in()
    for _ in range(int(PORTAL_LONGEST / timedelta(hours=20))):
        clock.advance(timedelta(hours=20))
        assert (await busy.get(f"{portal.home}/home")).status_code == 200
    clock.advance(timedelta(hours=20))
    assert (await busy.get(f"{portal.home}/home")).status_code == 303

    done = await portal.sign_in()
    token = done.cookies["bursar_portal"]
    answer = await done.post(f"{portal.home}/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, portal.home)
    done.cookies.set("bursar_portal", token)
    assert (await done.get(f"{portal.home}/home")).status_code == 303


async def test_whom_the_firm_sends_away_is_out_at_once_and_gets_no_link(portal: Portal) -> None:
    huda = await portal.customer()
    await portal.ask()
    [link] = await portal.deliver()
    browser = await _in(portal, huda)
    async with portal.work() as work:
        await suspend_customer(work, huda, reason="fraud")
    assert (await browser.get(f"{portal.home}/home")).status_code == 303
    assert (await portal.web.post(link)).status_code == 404
    await portal.ask()
    assert len(await portal.deliver()) == 1
    async with portal.work() as work:
        await reinstate_customer(work, huda)
    assert (await browser.get(f"{portal.home}/home")).status_code == 303


async def test_who_has_not_paid_yet_comes_in_to_pay(portal: Portal) -> None:
    await portal.customer(state="suspended", suspended_reason="unpaid")
    assert (await (await portal.sign_in()).get(f"{portal.home}/home")).status_code == 200


async def test_another_address_is_another_reader(portal: Portal) -> None:
    huda = await portal.customer()
    browser = await portal.sign_in()
    async with portal.work() as work:
        await edit_customer(work, huda, {"email": "omar@noor.example"})
    assert (await browser.get(f"{portal.home}/home")).status_code == 303


async def test_all_customers_of_an_address_are_theirs_and_nobody_elses(portal: Portal) -> None:
    first = await portal.customer(company_name="Noor Trading")
    second = await portal.customer(company_name="Noor Retail")
    stranger = await portal.customer(company_name="Qamar", email="qamar@moon.example")
    ended = await portal.customer(company_name="Noor Ended", state="suspended", suspended_reason="admin")
    browser = await portal.sign_in()
    home = await browser.get(f"{portal.home}/home")
    listed = await browser.get(f"{portal.home}/customers")
    assert "Good day, Noor Trading" in home.text
    assert "Noor Retail" in listed.text
    assert not any(name in listed.text for name in ("Qamar", "Noor Ended"))
    before = browser.cookies["bursar_portal"]
    for other in (stranger, ended, UUID(int=7)):
        assert (await browser.post(f"{portal.home}/customers/{other}/session")).status_code == 404

    answer = await browser.post(f"{portal.home}/customers/{second}/session")

    assert answer.status_code == 303
    assert browser.cookies["bursar_portal"] != before
    assert "Good day, Noor Retail" in (await browser.get(f"{portal.home}/home")).text
    assert [row.customer_id for row in await portal.rows(sessions) if row.revoked_at is None] == [second]
    assert {row.customer_id for row in await portal.rows(sessions)} == {first, second}


async def test_a_firm_without_an_address_of_its_own_is_reached_at_its_contact(portal: Portal) -> None:
    firm = await portal.customer(email=None)
    async with portal.work() as work:
        contact = metadata.tables["customer_contacts"]
        row = {"name": "Omar", "email": "omar@noor.example", "email_key": "omar@noor.example"}
        await work.db.execute(
            sa.insert(contact).values(tenant_id=work.tenant_id, customer_id=firm, role="billing", **row)
        )
    browser = await portal.sign_in("omar@noor.example")
    assert "Noor Trading" in (await browser.get(f"{portal.home}/home")).text


async def _in(portal: Portal, customer: UUID) -> AsyncClient:
    """A browser with a session of this customer, without a mail."""
    token = new_token(portal.story.tenant_id)
    async with portal.work() as work:
        row = {
            "tenant_id": work.tenant_id,
            "token_hash": token.hash,
            "customer_id": customer,
            "expires_at": work.now + PORTAL_LONGEST,
            "idle_expires_at": work.now + PORTAL_IDLE,
        }
        await work.db.execute(sa.insert(sessions).values(row))
    browser = a_browser(portal.house)
    browser.cookies.set("bursar_portal", token.text)
    return browser


async def test_a_firm_finds_the_address_of_its_portal_among_its_settings(portal: Portal) -> None:
    owner = await sign_in(portal.house, portal.story.tenant_id)
    shown = (await owner.get("/settings")).text
    assert f'href="{ADDRESS}{portal.home}"' in shown
    assert (await portal.web.get(portal.home)).status_code == 200
