"""One message of a campaign rewritten by hand: what one begins with, what is kept, and who may."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from bursar.chasing.campaigns import send_now
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from tests.makers.billing import pay
from tests.makers.campaigning import a_chasing_firm, a_draft, the_invoice_of
from tests.makers.outbox import a_send
from tests.makers.staff import Staff, sign_in
from tests.makers.story import a_campaign, all_sends, late_customers
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with a_chasing_firm(addresses, clock, keyring) as staff:
        yield staff


async def the_messages(staff: Staff) -> list[UUID]:
    async with staff.work() as work:
        return [one.id for one in await all_sends(work)]


async def test_one_begins_with_what_the_message_says_without_what_stands_below_every_one(staff: Staff):
    draft = await a_draft(staff, 1)
    [send] = await the_messages(staff)

    shown = (await staff.get(f"/campaigns/{draft}/messages/{send}", view="text")).text
    page = (await staff.get(f"/sends/{send}/words")).text

    assert f'href="/sends/{send}/words"' in shown
    assert "Stop them here" in shown
    assert "Stop them here" not in page
    assert "100.00" in page
    assert "Kind regards" in page


async def test_only_the_rewritten_message_says_something_else(staff: Staff):
    draft = await a_draft(staff, 2)
    [send, other] = await the_messages(staff)

    saved = await staff.post(
        f"/sends/{send}/words", subject="About October", body="Dear Huda,\n\n{{ not a tag }}"
    )

    assert saved.headers["location"] == f"/campaigns/{draft}/messages/{send}"
    shown = (await staff.get(f"/campaigns/{draft}/messages/{send}", view="text")).text
    for words in ("About October", "Dear Huda,", "in your own words", "Stop them here"):
        assert words in shown
    assert "Kind regards" not in shown
    assert "Kind regards" in (await staff.get(f"/campaigns/{draft}/messages/{other}", view="text")).text
    again = (await staff.get(f"/sends/{send}/words")).text
    assert 'value="About October"' in again
    assert "Dear Huda," in again


async def test_a_rewritten_message_is_given_back_to_its_template(staff: Staff):
    draft = await a_draft(staff, 1)
    [send] = await the_messages(staff)
    assert "/words/removal" not in (await staff.get(f"/sends/{send}/words")).text
    await staff.post(f"/sends/{send}/words", subject="About October", body="Mine")
    assert "/words/removal" in (await staff.get(f"/sends/{send}/words")).text

    assert (await staff.post(f"/sends/{send}/words/removal")).status_code == 303

    shown = (await staff.get(f"/campaigns/{draft}/messages/{send}", view="text")).text
    assert "Kind regards" in shown
    assert "in your own words" not in shown


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"subject": " ", "body": "Mine"}, "The subject is empty."),
        ({"subject": "About October", "body": " \n"}, "Write what it shall say"),
        ({"subject": "About October", "body": "Mine\x07"}, "control characters"),
    ],
)
async def test_what_cannot_be_sent_comes_back_with_what_was_typed(
    staff: Staff, given: dict[str, str], said: str
):
    await a_draft(staff, 1)
    [send] = await the_messages(staff)

    refused = await staff.post(f"/sends/{send}/words", **given)

    assert refused.status_code == 422
    assert said in refused.text
    assert given["body"].strip() in refused.text
    assert "in your own words" not in (await staff.get(f"/sends/{send}")).text


async def test_a_released_message_is_rewritten_while_it_waits(staff: Staff):
    async with staff.work() as work:
        await late_customers(work, 1)
        await send_now(work, await a_campaign(work))
    [send] = await the_messages(staff)

    saved = await staff.post(f"/sends/{send}/words", subject="About October", body="Mine")

    assert saved.headers["location"] == f"/sends/{send}"
    page = (await staff.get(f"/sends/{send}")).text
    assert "in your own words" in page
    assert f'href="/sends/{send}/words"' in page


async def test_what_would_not_go_or_no_campaign_made_cannot_be_rewritten(staff: Staff):
    async with staff.work() as work:
        [payer] = await late_customers(work, 1)
        await a_campaign(work)
        await pay(work, await the_invoice_of(work, payer), 100_00)
        alone = await a_send(work, customer_id=await a_customer(work))
    settled = next(one for one in await the_messages(staff) if one != alone)

    for send, status in ((settled, 409), (alone, 404)):
        assert (await staff.browser.get(f"/sends/{send}/words")).status_code == status
        said = await staff.post(f"/sends/{send}/words", subject="About October", body="Mine")
        assert said.status_code == status


async def test_a_viewer_rewrites_nothing(staff: Staff):
    await a_draft(staff, 1)
    [send] = await the_messages(staff)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)

    refused = await viewer.post(f"/sends/{send}/words", subject="About October", body="Mine")

    assert refused.status_code == 403
    assert (await viewer.post(f"/sends/{send}/words/removal")).status_code == 403
    assert "in your own words" not in (await staff.get(f"/sends/{send}")).text
