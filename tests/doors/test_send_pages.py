"""Single messages, addresses that are not written to, and why."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.chasing.campaigns import send_now
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.outbox.states import SuppressionReason
from bursar.outbox.suppressions import list_suppressions, suppress
from bursar.outbox.tables import engagements, send_subjects, sends
from tests.makers.outbox import a_send, the_send
from tests.makers.staff import Staff, sign_in, staff_of
from tests.makers.story import Story, a_campaign, a_story, all_sends, an_account, late_customers, the_library
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        async with staff.work() as work:
            await an_account(work, 2525)
            await the_library(work)
        yield staff


async def one_send(staff: Staff, **given: Any) -> UUID:
    async with staff.work() as work:
        return await a_send(work, customer_id=await a_customer(work), **given)


async def of_a_campaign(staff: Staff) -> UUID:
    async with staff.work() as work:
        await late_customers(work, 1, invoices=2)
        await send_now(work, await a_campaign(work))
        return (await all_sends(work))[0].id


async def change(staff: Staff, send: UUID, **values: Any) -> None:
    async with staff.work() as work:
        found = (sends.c.tenant_id == work.tenant_id) & (sends.c.id == send)
        await work.db.execute(sa.update(sends).where(found).values(**values))


async def state_of(staff: Staff, send: UUID) -> tuple[str, str | None]:
    async with staff.work() as work:
        row = await the_send(work, send)
    return row.state, row.reason


@pytest.fixture
async def sent(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> AsyncIterator[tuple[Story, Staff, UUID]]:
    """One message that a pump has really handed to a sink."""
    async with a_story(addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await late_customers(work, 1, invoices=2, locale="ar")
            await send_now(work, await a_campaign(work))
        await story.pump().run_until_idle()
        async with story.house.office.work(story.tenant_id) as work:
            [send] = await all_sends(work)
        yield story, await sign_in(story.house, story.tenant_id), send.id


async def test_what_was_said_is_shown_as_it_went(sent: tuple[Story, Staff, UUID]):
    story, staff, send = sent
    [message] = story.messages()

    page = (await staff.get(f"/sends/{send}")).text

    assert "equal to what went, character by character" in page
    assert "The mail server took it" in page
    assert str(message["Message-ID"]).strip("<>") in page
    frame = await staff.get(f"/sends/{send}/html")
    assert 'dir="rtl"' in frame.text
    assert "/o/" not in frame.text
    assert 'class="mail-text" dir="rtl"' in (await staff.get(f"/sends/{send}", view="text")).text


async def test_what_its_reader_did_stands_with_who_it_likely_was(sent: tuple[Story, Staff, UUID]):
    _, staff, send = sent
    async with staff.work() as work:
        for kind, by in (("open", "prefetch"), ("open", "human_likely"), ("click", "bot")):
            row = {
                "tenant_id": work.tenant_id,
                "send_id": send,
                "kind": kind,
                "at": work.now,
                "source": "pixel",
            }
            await work.db.execute(sa.insert(engagements).values(**row, **{"class": by}))

    page = (await staff.get(f"/sends/{send}")).text

    for words in ("fetched ahead by a program", "likely a person", "a scanner"):
        assert words in page


async def test_a_crossed_message_says_so(sent: tuple[Story, Staff, UUID]):
    _, staff, send = sent
    async with staff.work() as work:
        found = (send_subjects.c.tenant_id == work.tenant_id) & (send_subjects.c.send_id == send)
        await work.db.execute(sa.update(send_subjects).where(found).values(reason="crossed"))

    assert "It crossed with a payment" in (await staff.get(f"/sends/{send}")).text
    assert f'href="/sends/{send}"' in (await staff.get("/sends", state="crossed")).text


async def test_a_waiting_message_shows_what_it_would_say_and_when(staff: Staff):
    send = await of_a_campaign(staff)

    page = (await staff.get(f"/sends/{send}")).text

    assert "What it would say now" in page
    assert "It leaves with the next batch of its mailbox." in page
    assert "November" in page
    assert page.count('href="/invoices/') == 2
    assert (await staff.get(f"/sends/{send}/html")).status_code == 200


async def test_the_list_says_what_a_waiting_message_would_be_called(staff: Staff):
    send = await of_a_campaign(staff)
    bare = await one_send(staff)

    page = (await staff.get("/sends", state="queued")).text

    [line] = re.findall(rf'/sends/{send}".*?</tr>', page, re.DOTALL)
    assert "2 invoices" in line
    assert f"/sends/{bare}" in page


@pytest.mark.parametrize(("became", "state"), [("sent", "sent"), ("queued", "queued"), ("failed", "failed")])
async def test_a_person_says_what_became_of_an_uncertain_one(staff: Staff, became: str, state: str):
    send = await one_send(staff, state="uncertain", reason="no_answer")
    assert "What became of it?" in (await staff.get(f"/sends/{send}")).text

    silent = await staff.post(f"/sends/{send}/resolution", became=became, reason="")
    vague = await staff.post(f"/sends/{send}/resolution", became="perhaps", reason="Asked")
    said = await staff.post(f"/sends/{send}/resolution", became=became, reason="Asked them by phone")
    twice = await staff.post(f"/sends/{send}/resolution", became=became, reason="Asked them by phone")

    assert (silent.status_code, vague.status_code, said.status_code, twice.status_code) == (
        422,
        422,
        303,
        409,
    )
    assert (await state_of(staff, send))[0] == state


async def test_a_changed_message_is_let_go_or_called_off(staff: Staff):
    send = await of_a_campaign(staff)
    await change(staff, send, reason="changed")
    assert "Let it go as it is now" in (await staff.get(f"/sends/{send}")).text

    assert (await staff.post(f"/sends/{send}/approval")).status_code == 303
    assert await state_of(staff, send) == ("queued", None)
    assert (await staff.post(f"/sends/{send}/approval")).status_code == 409
    assert (await staff.post(f"/sends/{send}/cancellation")).status_code == 303
    assert await state_of(staff, send) == ("cancelled", "agent")


async def test_a_message_without_words_has_no_frame(staff: Staff):
    send = await one_send(staff, state="suppressed", reason="paid")

    assert "Nothing was written for this one." in (await staff.get(f"/sends/{send}")).text
    assert (await staff.browser.get(f"/sends/{send}/html")).status_code == 404


async def test_messages_are_listed_by_state(staff: Staff):
    failed = await one_send(staff, state="failed", reason="rejected")
    fine = await one_send(staff, state="sent")

    page = (await staff.get("/sends", state="failed")).text

    assert f"/sends/{failed}" in page
    assert f"/sends/{fine}" not in page
    assert f"/sends/{fine}" in (await staff.get("/sends")).text
    assert "No message here" in (await staff.get("/sends", state="uncertain")).text


async def test_an_address_is_stopped_by_hand_and_lifted(staff: Staff):
    send = await one_send(staff, to_address="huda@noor.example")
    await staff.get("/suppressions/new")

    added = await staff.post("/suppressions", address="Huda@Noor.example", scope="all", note="Asked by phone")
    wrong = await staff.post("/suppressions", address="huda@", scope="all")
    vague = await staff.post("/suppressions", address="huda@noor.example", scope="some")

    assert (added.status_code, wrong.status_code, vague.status_code) == (303, 422, 422)
    assert (await state_of(staff, send))[0] == "suppressed"
    page = (await staff.get("/suppressions", q="noor")).text
    assert "huda@noor.example" in page
    assert "Asked by phone" in page
    async with staff.work() as work:
        [row] = (await list_suppressions(work)).rows
    assert (await staff.post(f"/suppressions/{row.id}/lifting")).status_code == 303
    assert (await staff.post(f"/suppressions/{row.id}/lifting")).status_code == 409
    assert "huda@noor.example" not in (await staff.get("/suppressions")).text
    assert "lifted" in (await staff.get("/suppressions", lifted="1")).text


async def test_a_forgotten_address_is_not_offered_to_be_lifted(staff: Staff):
    async with staff.office.work(staff.tenant_id) as work:
        await suppress(work, "gone@noor.example", reason=SuppressionReason.ERASURE)

    page = (await staff.get("/suppressions")).text
    assert "gone@noor.example" in page
    assert "/lifting" not in page


async def test_why_answers_as_a_panel_for_any_page(staff: Staff):
    send = await of_a_campaign(staff)
    async with staff.work() as work:
        customer = (await the_send(work, send)).customer_id

    panel = await staff.browser.get(f"/why/customer/{customer}", headers={"hx-request": "true"})

    assert "<html" not in panel.text
    assert "It leaves with the next batch of its mailbox." in panel.text
    assert (await staff.browser.get("/why/invoice/none-such")).status_code == 404


async def test_a_viewer_looks_and_does_not_act(staff: Staff):
    send = await one_send(staff, state="uncertain", reason="no_answer")
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)

    await viewer.get(f"/sends/{send}")
    for path, typed in (
        (f"sends/{send}/resolution", {"became": "sent", "reason": "I say so"}),
        (f"sends/{send}/cancellation", {}),
        ("suppressions", {"address": "a@noor.example", "scope": "all"}),
    ):
        assert (await viewer.post(f"/{path}", **typed)).status_code == 403


async def test_another_firms_message_does_not_exist(staff: Staff):
    send = await of_a_campaign(staff)
    async with staff.work() as work:
        stopped = await suppress(work, "huda@noor.example")
    other = await sign_in(staff.house, await a_tenant(staff.office))

    for path in (f"/sends/{send}", f"/sends/{send}/html", f"/why/send/{send}"):
        assert (await other.browser.get(path)).status_code == 404
    for path in (f"sends/{send}/approval", f"sends/{send}/cancellation", f"suppressions/{stopped}/lifting"):
        assert (await other.post(f"/{path}")).status_code == 404
    resolved = await other.post(f"/sends/{send}/resolution", became="sent", reason="I say so")
    assert resolved.status_code == 404
    assert "huda@noor.example" not in (await other.get("/suppressions")).text
