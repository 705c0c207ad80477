"""Mailboxes in the browser: connected after a try, paced, made the first choice, switched off."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.outbox import pausing
from bursar.outbox.accounts import Account, get_account, list_accounts
from bursar.outbox.ports import Health
from tests.makers.outbox import an_account
from tests.makers.senders import Senders
from tests.makers.staff import Staff, a_browser, come_back, sign_in, staff_of
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

PACE = {"batch_size": "20", "batch_interval": "60", "daily_quota": "400", "connections": "2"}
TYPED = {
    "address": "billing@wt.example",
    "display_name": "Working Title",
    "host": "smtp.wt.example",
    "port": "587",
    "tls": "starttls",
    "username": "billing@wt.example",
    "password": "s3cret-and-long",
    **PACE,
}
NO = Health(ok=False, code="535", text="The mail server refused the user name or password.")


@pytest.fixture
def senders() -> Senders:
    return Senders()


@pytest.fixture
async def staff(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, senders: Senders
) -> AsyncIterator[Staff]:
    """An owner, in a house whose mail servers answer as the test wants."""
    async with staff_of(addresses, clock, keyring) as staff:
        house = replace(staff.house, senders=senders)
        yield await come_back(house, staff.tenant_id, staff.actor)


async def only_account(staff: Staff) -> Account:
    async with staff.work() as work:
        [account] = await list_accounts(work)
    return account


async def account_of(staff: Staff, account_id: UUID) -> Account:
    async with staff.work() as work:
        return await get_account(work, account_id)


async def made(staff: Staff, **given: Any) -> UUID:
    async with staff.work() as work:
        return await an_account(work, **given)


async def test_a_firm_without_a_mailbox_is_shown_the_way(staff: Staff):
    assert "No mailbox yet" in (await staff.get("/sending-accounts")).text
    assert "Try it out and connect" in (await staff.get("/sending-accounts/new")).text


async def test_a_mailbox_is_tried_out_and_connected(staff: Staff, senders: Senders):
    answer = await staff.post("/sending-accounts", **TYPED)

    account = await only_account(staff)
    assert answer.headers["location"] == f"/sending-accounts/{account.id}"
    assert (account.state, account.is_primary, account.batch_interval) == (
        "active",
        True,
        timedelta(minutes=1),
    )
    [(_, _, secret)] = senders.asked
    assert secret == b"s3cret-and-long"
    page = (await staff.get("/sending-accounts")).text
    assert "billing@wt.example" in page
    assert "20 every 60 seconds" in page


async def test_a_server_that_does_not_let_us_in_says_so_and_the_password_is_not_shown(
    staff: Staff, senders: Senders
):
    senders.health = NO

    answer = await staff.post("/sending-accounts", **TYPED)

    assert answer.status_code == 422
    assert "refused the user name or password" in answer.text
    assert 'value="smtp.wt.example"' in answer.text
    assert "s3cret" not in answer.text
    page = (await staff.get("/sending-accounts")).text
    assert "It is not connected yet" in page


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"address": "billing"}, "address"),
        ({"host": "smtp wt"}, "host"),
        ({"port": "x"}, "port"),
        ({"port": "70000"}, "port"),
        ({"batch_size": "0"}, "batch_size"),
        ({"batch_interval": "7200"}, "batch_interval"),
        ({"daily_quota": ""}, "daily_quota"),
        ({"username": ""}, "username"),
    ],
)
async def test_what_cannot_be_is_said_beside_its_field(staff: Staff, typed: dict[str, str], field: str):
    answer = await staff.post("/sending-accounts", **{**TYPED, **typed})

    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text
    assert "No mailbox yet" in (await staff.get("/sending-accounts")).text


async def test_its_pace_is_changed(staff: Staff):
    account = await made(staff, is_primary=True)

    saved = await staff.post(f"/sending-accounts/{account}", **PACE, display_name="Accounts", version="1")
    stale = await staff.post(f"/sending-accounts/{account}", **PACE, display_name="Other", version="1")
    wrong = await staff.post(f"/sending-accounts/{account}", **{**PACE, "daily_quota": "0"})

    assert (saved.status_code, stale.status_code, wrong.status_code) == (303, 409, 422)
    now = await account_of(staff, account)
    assert (now.display_name, now.batch_size, now.daily_quota) == ("Accounts", 20, 400)


async def test_another_is_made_the_first_choice_and_the_first_switched_off(staff: Staff):
    first, second = await made(staff, is_primary=True), await made(staff)

    assert (await staff.post(f"/sending-accounts/{second}/primary")).status_code == 303
    assert (await staff.post(f"/sending-accounts/{first}/disablement")).status_code == 303
    assert (await account_of(staff, second)).is_primary
    assert (await account_of(staff, first)).state == "disabled"
    assert "secret-deletion" in (await staff.get(f"/sending-accounts/{first}")).text
    assert (await staff.post(f"/sending-accounts/{first}/secret-deletion")).status_code == 303
    assert (await staff.post(f"/sending-accounts/{first}/disablement")).status_code == 409


async def test_a_locked_out_mailbox_takes_its_new_password(staff: Staff, senders: Senders):
    account = await made(staff, is_primary=True)
    async with staff.office.work(staff.tenant_id) as work:
        await pausing.needs_reauth(work, account, "535 no")
    assert "Give the new password" in (await staff.get(f"/sending-accounts/{account}")).text
    await staff.get(f"/sending-accounts/{account}/reconnection/new")

    senders.health = NO
    refused = await staff.post(f"/sending-accounts/{account}/reconnection", password="wrong-one")
    senders.health = Health(ok=True)
    taken = await staff.post(f"/sending-accounts/{account}/reconnection", password="right-one")

    assert (refused.status_code, taken.status_code) == (422, 303)
    assert "wrong-one" not in refused.text
    assert (await account_of(staff, account)).state == "active"


async def test_a_test_mail_goes_to_oneself_and_counts(staff: Staff, senders: Senders):
    account = await made(staff, is_primary=True)

    answer = await staff.post(f"/sending-accounts/{account}/tests", to="victim@elsewhere.example")

    assert answer.status_code == 303
    assert (await account_of(staff, account)).sent_today == 1
    [sender] = senders.made
    [letter] = sender.delivered
    assert letter.recipient not in ("", "victim@elsewhere.example")
    assert b"A test from Bursar" in letter.message
    assert b"List-Unsubscribe" not in letter.message
    assert sender.closed


async def test_an_agent_does_not_change_a_mailbox(staff: Staff):
    account = await made(staff, is_primary=True)
    agent = await sign_in(staff.house, staff.tenant_id, AgentRole.AGENT)

    await agent.get(f"/sending-accounts/{account}")
    for path in ("", "/primary", "/disablement", "/secret-deletion"):
        assert (await agent.post(f"/sending-accounts/{account}{path}", **PACE)).status_code == 403
    assert (await agent.post("/sending-accounts", **TYPED)).status_code == 403


async def test_nobody_else_sees_it(staff: Staff):
    account = await made(staff, is_primary=True)
    other = await sign_in(staff.house, await a_tenant(staff.office))

    assert (await other.browser.get(f"/sending-accounts/{account}")).status_code == 404
    for path in ("", "/primary", "/disablement", "/secret-deletion", "/reconnection", "/tests"):
        answer = await other.post(f"/sending-accounts/{account}{path}", **PACE, password="x")
        assert answer.status_code == 404
    async with a_browser(staff.house) as nobody:
        assert (await nobody.get("/sending-accounts")).status_code == 303
