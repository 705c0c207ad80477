"""Mailboxes at Google and Microsoft through the doors: a browser goes there and comes back; programs are told where."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.house import House
from bursar.outbox import pausing
from bursar.outbox.accounts import Account, list_accounts
from tests.makers.api import a_program
from tests.makers.outbox import an_account
from tests.makers.staff import Staff, a_house, sign_in
from tests.makers.tenancy import a_tenant
from tests.makers.vendors import settings_of
from tests.vendors import Vendor

pytestmark = pytest.mark.anyio
PATHS = {"gmail": "google", "graph": "microsoft"}


@pytest.fixture(params=["gmail", "graph"])
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return request.getfixturevalue(request.param)


@pytest.fixture
async def house(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring, vendor: Vendor
) -> AsyncIterator[House]:
    async with a_house(shared_addresses, clock, keyring, **settings_of(vendor)) as house:
        yield house


@pytest.fixture
async def staff(house: House) -> Staff:
    return await sign_in(house, await a_tenant(house.office))


async def the_account(staff: Staff) -> Account:
    async with staff.work() as work:
        [account] = await list_accounts(work)
    return account


def way_out(page: str, vendor: Vendor) -> str:
    """The one link that leads to the provider."""
    [url] = {unescape(one) for one in re.findall(r'href="([^"]+)"', page) if one.startswith(vendor.url)}
    return url


async def back(staff: Staff, location: str) -> Any:
    """The browser follows the provider home; its cookie comes with it."""
    path = urlsplit(location)
    headers = {"sec-fetch-site": "cross-site"}
    return await staff.browser.get(f"{path.path}?{path.query}", headers=headers)


async def connected(staff: Staff, vendor: Vendor, box: str, **typed: str) -> Any:
    page = await staff.post(f"/sending-accounts/new/{PATHS[vendor.name]}", address=box, **typed)
    assert page.status_code == 200, page.text
    return await back(staff, vendor.consent(way_out(page.text, vendor), box))


async def test_one_address_and_one_yes_connect_a_mailbox(staff: Staff, vendor: Vendor) -> None:
    box = vendor.mailbox()
    assert (
        "We never see the password" in (await staff.get(f"/sending-accounts/new/{PATHS[vendor.name]}")).text
    )

    answer = await connected(staff, vendor, box, display_name="Working Title", reads="yes")

    account = await the_account(staff)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sending-accounts/{account.id}")
    assert (account.state, account.is_primary, account.reads) == ("active", True, True)
    shown = (await staff.get(f"/sending-accounts/{account.id}")).text
    assert "send, and look into the mailbox" in shown
    assert "Mail server" not in shown
    assert "password" not in shown.lower()


async def test_the_redirect_is_ours_to_the_letter(staff: Staff, vendor: Vendor) -> None:
    page = await staff.post(f"/sending-accounts/new/{PATHS[vendor.name]}", address=vendor.mailbox())

    asked = parse_qs(urlsplit(way_out(page.text, vendor)).query)

    assert asked["redirect_uri"] == [f"http://127.0.0.1:8000/sending-accounts/consents/{PATHS[vendor.name]}"]
    assert asked["code_challenge_method"] == ["S256"]


async def test_the_code_travels_no_further(staff: Staff, vendor: Vendor) -> None:
    answer = await back(staff, f"/sending-accounts/consents/{PATHS[vendor.name]}?state=x&code=y")

    assert answer.status_code == 404
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_another_browser_of_the_same_owner_cannot_finish(staff: Staff, vendor: Vendor) -> None:
    box = vendor.mailbox()
    page = await staff.post(f"/sending-accounts/new/{PATHS[vendor.name]}", address=box)
    location = vendor.consent(way_out(page.text, vendor), box)
    stranger = await sign_in(staff.house, staff.tenant_id)

    answer = await back(stranger, location)

    assert answer.status_code == 409
    assert "Begin again" in answer.text
    assert (await the_account(staff)).state == "connecting"


async def test_another_firm_cannot_finish(staff: Staff, vendor: Vendor) -> None:
    box = vendor.mailbox()
    page = await staff.post(f"/sending-accounts/new/{PATHS[vendor.name]}", address=box)
    location = vendor.consent(way_out(page.text, vendor), box)
    other = await sign_in(staff.house, await a_tenant(staff.house.office))

    assert (await back(other, location)).status_code == 404


async def test_another_mailbox_is_said_in_words(staff: Staff, vendor: Vendor) -> None:
    page = await staff.post(f"/sending-accounts/new/{PATHS[vendor.name]}", address=vendor.mailbox())

    answer = await back(staff, vendor.consent(way_out(page.text, vendor), vendor.mailbox()))

    assert answer.status_code == 422
    assert "That was another mailbox" in answer.text


async def test_an_address_that_is_none_comes_back_with_what_was_typed(staff: Staff, vendor: Vendor) -> None:
    page = await staff.post(
        f"/sending-accounts/new/{PATHS[vendor.name]}", address="nobody", display_name="WT"
    )

    assert page.status_code == 422
    assert 'value="WT"' in page.text


async def test_a_locked_out_mailbox_signs_in_again(staff: Staff, vendor: Vendor) -> None:
    box = vendor.mailbox()
    await connected(staff, vendor, box)
    account = await the_account(staff)
    async with staff.work() as work:
        await pausing.needs_reauth(work, account.id, "gone")
    assert "/consent" in (await staff.get(f"/sending-accounts/{account.id}")).text

    page = await staff.post(f"/sending-accounts/{account.id}/consent")
    await back(staff, vendor.consent(way_out(page.text, vendor), box))

    assert (await the_account(staff)).state == "active"


@pytest.mark.parametrize("role", [AgentRole.ADMIN, AgentRole.AGENT, AgentRole.VIEWER])
async def test_only_owners_go_there(house: House, vendor: Vendor, role: AgentRole) -> None:
    staff = await sign_in(house, await a_tenant(house.office), role)

    answer = await staff.post(f"/sending-accounts/new/{PATHS[vendor.name]}", address=vendor.mailbox())

    assert answer.status_code == 403


async def test_a_password_mailbox_has_nobody_to_ask(staff: Staff, vendor: Vendor) -> None:
    async with staff.work() as work:
        account = await an_account(work, state="needs_reauth")

    answer = await staff.post(f"/sending-accounts/{account}/consent")

    assert answer.status_code == 409


async def test_a_provider_the_operator_has_not_set_up_is_said(staff: Staff, vendor: Vendor) -> None:
    other = {"gmail": "microsoft", "graph": "google"}[vendor.name]

    page = await staff.post(f"/sending-accounts/new/{other}", address="a@firm.example")

    assert page.status_code == 409
    assert "not known to the provider yet" in page.text


async def test_a_program_is_told_where_an_owner_goes(house: House, vendor: Vendor) -> None:
    program, box = await a_program(house), vendor.mailbox()
    kind = {"gmail": "gmail", "graph": "outlook"}[vendor.name]

    told = await program.post(f"/sending-accounts/{kind}", {"address": box, "reads": True})

    assert told["url"].startswith(vendor.url)
    shown = await program.get(f"/sending-accounts/{told['account_id']}")
    assert (shown["state"], shown["kind"], shown["reads"]) == ("connecting", kind, True)
    again = await program.refused("POST", f"/sending-accounts/{told['account_id']}/consent", {})
    assert again == (409, "account_idle")
    refused = await program.refused(
        "POST", f"/sending-accounts/{told['account_id']}/reconnection", {"password": "x"}
    )
    assert refused == (409, "signs_in_elsewhere")
