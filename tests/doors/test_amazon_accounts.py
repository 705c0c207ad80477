"""A mailbox at Amazon SES through its pages and by a program: tried out, its topic, and where Amazon finds us."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.outbox.accounts import Account, list_accounts
from bursar.outbox.ports import Health
from tests.makers.senders import Senders
from tests.makers.staff import Staff, come_back, sign_in, staff_of

pytestmark = pytest.mark.anyio
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
TYPED = {
    "address": "billing@wt.example",
    "host": "email-smtp.eu-west-1.amazonaws.com",
    "port": "587",
    "username": "AKIA",
    "password": "s3cret-and-long",
    "topic_arn": TOPIC,
}


@pytest.fixture
def senders() -> Senders:
    return Senders()


@pytest.fixture
async def staff(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, senders: Senders
) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        house = replace(staff.house, senders=senders)
        yield await come_back(house, staff.tenant_id, staff.actor)


async def the_account(staff: Staff) -> Account:
    async with staff.work() as work:
        [account] = await list_accounts(work)
    return account


async def test_it_is_tried_out_and_says_where_its_topic_is_to_tell(staff: Staff, senders: Senders) -> None:
    answer = await staff.post("/sending-accounts/new/ses", **TYPED)

    account = await the_account(staff)
    assert answer.headers["location"] == f"/sending-accounts/{account.id}"
    assert (account.kind, account.state, account.topic_arn, account.daily_quota) == (
        "ses",
        "active",
        TOPIC,
        200,
    )
    [(kind, settings, secret)] = senders.asked
    assert (kind, settings["host"], settings["tls"], secret) == (
        "ses",
        TYPED["host"],
        "starttls",
        b"s3cret-and-long",
    )
    page = (await staff.get(f"/sending-accounts/{account.id}")).text
    assert "http://127.0.0.1:8000/hooks/ses/" in page
    assert "s3cret" not in page


async def test_who_may_not_set_it_up_is_not_shown_the_address(staff: Staff) -> None:
    await staff.post("/sending-accounts/new/ses", **TYPED)
    account = await the_account(staff)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)

    assert "/hooks/ses/" not in (await viewer.get(f"/sending-accounts/{account.id}")).text
    assert (await viewer.post(f"/sending-accounts/{account.id}/topic", topic_arn=TOPIC)).status_code == 403


@pytest.mark.parametrize(
    "topic", ["mail", "arn:aws:sqs:eu-west-1:123456789012:mail", "https://evil.example/"]
)
async def test_a_topic_that_is_none_is_refused(staff: Staff, topic: str) -> None:
    page = await staff.post("/sending-accounts/new/ses", **{**TYPED, "topic_arn": topic})

    assert page.status_code == 422
    assert "topic&#39;s ARN" in page.text
    assert "s3cret" not in page.text


async def test_another_topic_takes_the_place_of_the_first(staff: Staff) -> None:
    await staff.post("/sending-accounts/new/ses", **TYPED)
    account = await the_account(staff)

    await staff.post(f"/sending-accounts/{account.id}/topic", topic_arn=f"{TOPIC}-2")

    assert (await the_account(staff)).topic_arn == f"{TOPIC}-2"


async def test_a_server_that_does_not_let_us_in_is_said(staff: Staff, senders: Senders) -> None:
    senders.health = Health(ok=False, code="535", text="The mail server refused the sign-in.")

    page = await staff.post("/sending-accounts/new/ses", **TYPED)

    assert page.status_code == 422
    assert "refused the sign-in" in page.text
