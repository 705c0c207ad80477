"""Coming in: password, second factor, slowing down, which firm, links that set a password, going out."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from pyotp.totp import TOTP

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.house import House
from bursar.tenancy import accounts
from bursar.tenancy.second_factor import begin_totp, confirm_totp
from bursar.tenancy.sessions import session_actor
from bursar.tenancy.tenants import create_tenant
from bursar.web.security import SESSION_COOKIE
from tests.conftest import NOW
from tests.makers.staff import HTMX, a_browser, a_house

pytestmark = pytest.mark.anyio

EMAIL, PASSWORD = "rania@workingtitle.example", "seven grey herons at noon"
FIRM: dict[str, Any] = {
    "slug": "working-title",
    "name": "Working Title",
    "country": "AE",
    "currency": "AED",
    "time_zone": "Asia/Dubai",
    "locale": "en",
}


@pytest.fixture
async def house(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[House]:
    async with a_house(addresses, clock, keyring) as house:
        await create_tenant(house.office, owner_email=EMAIL, owner_name="Rania", password=PASSWORD, **FIRM)
        yield house


@pytest.fixture
async def browser(house: House) -> AsyncIterator[AsyncClient]:
    async with a_browser(house) as browser:
        yield browser


def form(**given: str) -> dict[str, str]:
    return {"email": EMAIL, "password": PASSWORD, **given}


async def test_the_right_password_leads_to_where_one_was(browser: AsyncClient):
    asked = await browser.get("/customers?q=noor")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/sign-in?next=%2Fcustomers%3Fq%3Dnoor",
    )
    page = await browser.get(asked.headers["location"])
    assert 'value="/customers?q=noor"' in page.text

    entered = await browser.post("/sign-in", data=form(next="/customers?q=noor"))

    assert (entered.status_code, entered.headers["location"]) == (303, "/customers?q=noor")
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await browser.get("/customers?q=noor")).status_code == 200


async def test_no_other_site_is_gone_to_after_signing_in(browser: AsyncClient):
    for target in ("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"):
        entered = await browser.post("/sign-in", data=form(next=target))
        assert entered.headers["location"] == "/"


async def test_a_wrong_password_and_an_unknown_address_are_told_the_same(browser: AsyncClient):
    wrong = await browser.post("/sign-in", data=form(password="another password"))
    unknown = await browser.post("/sign-in", data=form(email="nobody@workingtitle.example"))

    for answer in (wrong, unknown):
        assert answer.status_code == 401
        assert "The e-mail address, the password or the code is not right." in answer.text
        assert "set-cookie" not in answer.headers
        assert PASSWORD not in answer.text


async def test_with_htmx_a_refusal_replaces_the_answer_alone(browser: AsyncClient):
    answer = await browser.post("/sign-in", data=form(password="another password"), headers=HTMX)

    assert answer.status_code == 422
    assert answer.text.strip().startswith('<div id="answer">')


async def test_guessing_is_slowed_down_and_says_for_how_long(browser: AsyncClient, clock: FixedClock):
    for _ in range(6):
        await browser.post("/sign-in", data=form(password="another password"))

    answer = await browser.post("/sign-in", data=form())

    assert answer.status_code == 429
    assert "Too many attempts. Wait 1 seconds, then try again." in answer.text
    clock.advance(timedelta(seconds=2))
    assert (await browser.post("/sign-in", data=form())).status_code == 303


async def test_the_second_factor_is_asked_for_after_the_password(browser: AsyncClient, house: House):
    await browser.post("/sign-in", data=form())
    signed = await session_actor(house.office, browser.cookies[SESSION_COOKIE])
    offer = await begin_totp(house.office, signed)
    codes = await confirm_totp(house.office, signed, TOTP(offer.secret).at(NOW - timedelta(seconds=30)))

    asked = await browser.post("/sign-in", data=form())
    assert asked.status_code == 200
    assert 'name="code"' in asked.text
    wrong = await browser.post("/sign-in", data=form(code="000000"))
    assert wrong.status_code == 401
    assert 'name="code"' in wrong.text
    assert (await browser.post("/sign-in", data=form(code=TOTP(offer.secret).at(NOW)))).status_code == 303
    assert (await browser.post("/sign-in", data=form(code=codes[0]))).status_code == 303
    assert (await browser.post("/sign-in", data=form(code=codes[0]))).status_code == 401


async def test_whoever_works_for_two_firms_chooses_and_may_change(browser: AsyncClient, house: House):
    second = await create_tenant(
        house.office, **{**FIRM, "slug": "second-act", "name": "Second Act"}, owner_email=EMAIL
    )

    entered = await browser.post("/sign-in", data=form())
    assert entered.headers["location"] == "/tenants"
    choice = await browser.get("/tenants")
    assert "Second Act" in choice.text
    assert "Working Title" in choice.text

    changed = await browser.post(f"/tenants/{second.id}/session")
    assert changed.headers["location"] == "/"
    assert "Second Act" in (await browser.get("/")).text


async def test_a_firm_of_somebody_else_cannot_be_entered(browser: AsyncClient, house: House):
    other = await create_tenant(
        house.office, **{**FIRM, "slug": "second-act"}, owner_email="other@second.example"
    )
    await browser.post("/sign-in", data=form())

    assert (await browser.post(f"/tenants/{other.id}/session")).status_code == 404


async def test_looking_at_an_invitation_uses_nothing_up(browser: AsyncClient, house: House):
    new = await create_tenant(
        house.office, **{**FIRM, "slug": "second-act"}, owner_email="omar@second.example"
    )
    path = f"/password/{new.invitation}"
    for _ in range(2):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "omar@second.example" in page.text
        assert page.headers["referrer-policy"] == "no-referrer"

    weak = await browser.post(path, data={"password": "short"})
    assert weak.status_code == 422
    done = await browser.post(path, data={"password": "four calm boats come home"})
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
    assert (await browser.post(path, data={"password": "five calm boats come home"})).status_code == 404
    entered = await browser.post(
        "/sign-in", data={"email": "omar@second.example", "password": "four calm boats come home"}
    )
    assert entered.status_code == 303


async def test_a_reset_link_ends_every_session(browser: AsyncClient, house: House, clock: FixedClock):
    await browser.post("/sign-in", data=form())
    clock.advance(timedelta(minutes=1))
    reset = await accounts.request_reset(house.office, EMAIL)
    assert reset is not None
    assert (await browser.get("/customers")).status_code == 200

    await browser.post(f"/password/{reset.token}", data={"password": "four calm boats come home"})

    assert (await browser.get("/customers")).status_code == 303


async def test_a_made_up_link_leads_nowhere(browser: AsyncClient):
    assert (await browser.get("/password/abc")).status_code == 404


async def test_signing_out_ends_the_session_and_twice_is_no_error(browser: AsyncClient, house: House):
    await browser.post("/sign-in", data=form())
    token = browser.cookies[SESSION_COOKIE]

    out = await browser.post("/sign-out")

    assert out.headers["location"] == "/sign-in"
    browser.cookies.set(SESSION_COOKIE, token)
    assert (await browser.get("/customers")).headers["location"] == "/sign-in?next=%2Fcustomers"
    assert (await browser.post("/sign-out")).status_code == 303


async def test_a_change_that_found_nobody_comes_back_to_its_page(browser: AsyncClient, clock: FixedClock):
    await browser.post("/sign-in", data=form())
    clock.advance(timedelta(hours=9))

    answer = await browser.post(
        "/customers", data={"full_name": "Noor"}, headers={"referer": f"{browser.base_url}/customers/new"}
    )

    assert answer.headers["location"] == "/sign-in?next=%2Fcustomers%2Fnew"
    elsewhere = await browser.post("/customers", headers={"referer": "https://elsewhere.example/x"})
    assert elsewhere.headers["location"] == "/sign-in"
