"""A mailbox's replies are switched on and off on a page, over the API and by command."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.outbox.incoming.switching import any_read, reading_of
from tests.mail_servers import Imap
from tests.makers.outbox import an_account
from tests.makers.staff import Staff, a_house, sign_in
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

BOX = "accounts@firm.example"


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with a_house(addresses, clock, keyring, private_hosts="127.0.0.0/8") as house:
        yield await sign_in(house, await a_tenant(house.office))


async def a_mailbox(staff: Staff, imap: Imap) -> UUID:
    async with staff.work() as work:
        secret = await work.vault.put("smtp_password", imap.password.encode())
        settings = {"host": "127.0.0.1", "port": imap.smtp_port, "username": BOX, "tls": "none"}
        return await an_account(work, address=BOX, secret_id=secret, settings=settings)


async def test_a_mailbox_is_read_from_the_page_on_and_left_again(staff: Staff, imap: Imap) -> None:
    account = await a_mailbox(staff, imap)
    path = f"/sending-accounts/{account}/reading"
    assert f"{path}" in (await staff.get(f"/sending-accounts/{account}")).text
    assert "Read replies from now on" in (await staff.get(path)).text

    answer = await staff.post(path, host="127.0.0.1", port=str(imap.port), tls="none", folder="INBOX")

    assert answer.status_code == 303, answer.text[-1500:]
    assert "Next look" in (await staff.get(path)).text
    assert "No mailbox is read yet" not in (await staff.get("/replies")).text
    assert (await staff.post(f"{path}/end")).status_code == 303
    async with staff.work() as work:
        assert not await any_read(work)


async def test_what_does_not_work_is_not_kept_and_says_why(staff: Staff, imap: Imap) -> None:
    account = await a_mailbox(staff, imap)
    path = f"/sending-accounts/{account}/reading"

    refused = [
        await staff.post(path, host="127.0.0.1", port=str(imap.port), tls="starttls"),
        await staff.post(path, host="127.0.0.1", port=str(imap.port), tls="none", folder="Nowhere"),
        await staff.post(path, host="", port="993"),
        await staff.post(path, host="127.0.0.1", port="many"),
        await staff.post(path, host="not a host", port="993"),
    ]

    assert [answer.status_code for answer in refused] == [422] * 5
    assert "offers no encryption" in refused[0].text
    assert "no such folder" in refused[1].text
    async with staff.work() as work:
        assert await reading_of(work, account) is None


async def test_only_owners_begin_and_administrators_may_end(staff: Staff, imap: Imap) -> None:
    account = await a_mailbox(staff, imap)
    path = f"/sending-accounts/{account}/reading"
    admin = await sign_in(staff.house, staff.tenant_id, AgentRole.ADMIN)
    agent = await sign_in(staff.house, staff.tenant_id, AgentRole.AGENT)
    way = {"host": "127.0.0.1", "port": str(imap.port), "tls": "none"}

    assert (await admin.post(path, **way)).status_code == 403
    assert (await staff.post(path, **way)).status_code == 303
    assert (await agent.post(f"{path}/end")).status_code == 403
    assert (await admin.post(f"{path}/end")).status_code == 303
