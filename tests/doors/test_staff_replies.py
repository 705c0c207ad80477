"""What customers answered, as agents see it and deal with it."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.tables import disputes, promises
from bursar.chasing.campaigns import send_now
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.outbox.claiming import claim
from bursar.outbox.incoming.taking_in import take_in
from tests.makers.incoming import all_incoming, an_answer, heard
from tests.makers.outbox import the_send
from tests.makers.staff import Staff, sign_in, staff_of
from tests.makers.story import a_campaign, all_sends, an_account, late_customers, the_library
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def an_answered_reminder(staff: Staff, *, invoices: int = 2, body: str = "We pay on Thursday.") -> UUID:
    """A reminder that left, and what its reader wrote back; the id of that."""
    office = staff.office
    async with office.work(staff.tenant_id) as work:
        account = await an_account(work, 2525)
        await the_library(work)
        await late_customers(work, 1, invoices=invoices)
        await send_now(work, await a_campaign(work))
    house = staff.house
    assert await claim(office, staff.tenant_id, account, house.letters, house.composers)
    async with office.work(staff.tenant_id) as work:
        [send] = await all_sends(work)
        [message] = await take_in(work, account, [heard(an_answer(send.message_id, body=body), work.now)])
    return message


async def the_only_one(staff: Staff) -> sa.Row:
    async with staff.work() as work:
        [row] = await all_incoming(work)
    return row


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def test_who_answered_stands_on_the_first_page_and_in_the_list(staff: Staff) -> None:
    message = await an_answered_reminder(staff)

    assert "Customers answered" in (await staff.get("/")).text
    page = await staff.get("/replies")
    assert "Waiting for you" in page.text
    assert "We pay on Thursday." in page.text
    assert f"/replies/{message}" in page.text


async def test_without_a_mailbox_that_is_read_the_page_says_what_to_do(staff: Staff) -> None:
    assert "No mailbox is read yet" in (await staff.get("/replies")).text


async def test_an_answer_is_shown_with_what_it_answers_and_its_history_folded(staff: Staff) -> None:
    body = "We pay on Thursday.\n\nOn Wed, Firm <a@firm.example> wrote:\n> Dear Huda"
    message = await an_answered_reminder(staff, body=body)

    page = (await staff.get(f"/replies/{message}")).text

    assert "Earlier messages below it" in page
    assert page.index("We pay on Thursday.") < page.index("Dear Huda")
    assert "Nobody reminds them until you have looked" in page


async def test_what_a_stranger_wrote_is_text_and_never_markup(staff: Staff) -> None:
    message = await an_answered_reminder(staff, body="<script>alert(1)</script><img src=x>")

    page = (await staff.get(f"/replies/{message}")).text

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


async def test_it_stands_beside_the_message_it_answers_and_in_the_customers_story(staff: Staff) -> None:
    message = await an_answered_reminder(staff)
    row = await the_only_one(staff)

    assert f"/replies/{message}" in (await staff.get(f"/sends/{row.send_id}")).text
    assert "The customer answered" in (await staff.get(f"/customers/{row.customer_id}")).text


async def test_dealt_with_is_dealt_with_once(staff: Staff) -> None:
    message = await an_answered_reminder(staff)

    assert (await staff.post(f"/replies/{message}/handling")).status_code == 303
    row = await the_only_one(staff)
    assert (row.handled_as, row.handled_by) == ("seen", staff.actor.id)
    again = await staff.post(f"/replies/{message}/handling")
    assert again.status_code == 409
    assert "Somebody has dealt with this already." in again.text
    assert "Customers answered" not in (await staff.get("/")).text


async def test_an_answer_becomes_a_promise_for_all_its_invoices(staff: Staff) -> None:
    message = await an_answered_reminder(staff)
    async with staff.work() as work:
        day = (work.today + timedelta(days=3)).isoformat()

    assert (await staff.post(f"/replies/{message}/promise", promised_for=day)).status_code == 303

    async with staff.work() as work:
        found = await work.db.scalars(
            sa.select(promises.c.state).where(promises.c.tenant_id == work.tenant_id)
        )
        assert list(found) == ["active", "active"]
    assert (await the_only_one(staff)).handled_as == "promise"


async def test_a_refused_promise_changes_nothing_and_says_why(staff: Staff) -> None:
    message = await an_answered_reminder(staff)

    answer = await staff.post(f"/replies/{message}/promise", promised_for="2020-01-01")

    assert answer.status_code == 422
    assert (await the_only_one(staff)).handled_at is None


async def test_only_the_ticked_invoices_are_promised(staff: Staff) -> None:
    message = await an_answered_reminder(staff)
    async with staff.work() as work:
        [first, _] = sorted((await all_sends(work))[0].reviewed["invoices"])
        day = (work.today + timedelta(days=3)).isoformat()

    await staff.post(f"/replies/{message}/promise", promised_for=day, invoices=first)

    async with staff.work() as work:
        found = await work.db.scalars(
            sa.select(promises.c.invoice_id).where(promises.c.tenant_id == work.tenant_id)
        )
        assert [str(one) for one in found] == [first]


async def test_an_answer_becomes_a_dispute_in_the_customers_own_words(staff: Staff) -> None:
    message = await an_answered_reminder(staff, invoices=1, body="It was torn.")

    assert (await staff.post(f"/replies/{message}/dispute", reason="quality")).status_code == 303

    async with staff.work() as work:
        found = sa.select(disputes.c.reason, disputes.c.statement).where(
            disputes.c.tenant_id == work.tenant_id
        )
        assert [tuple(row) for row in await work.db.execute(found)] == [("quality", "It was torn.")]
    assert (await the_only_one(staff)).handled_as == "dispute"


async def test_who_says_it_is_paid_is_believed_until_somebody_looked(staff: Staff) -> None:
    message = await an_answered_reminder(staff, invoices=1)

    await staff.post(f"/replies/{message}/dispute", reason="already_paid", statement="Transfer of Monday")

    assert (await the_only_one(staff)).handled_as == "already_paid"
    assert "Match a payment" in (await staff.get("/tasks")).text


async def test_an_answer_of_ours_joins_the_conversation(staff: Staff) -> None:
    message = await an_answered_reminder(staff)

    assert (
        await staff.post(f"/replies/{message}/answers", body="Thank you, Thursday is fine.")
    ).status_code == 303

    async with staff.work() as work:
        [ours, reply] = sorted(await all_sends(work), key=lambda one: one.purpose)
    assert (reply.purpose, reply.to_address, reply.edited_subject) == (
        "reply", "huda@customer.example", "Re: Two invoices are open",
    )  # fmt: skip
    house = staff.house
    batch = await claim(
        house.office, staff.tenant_id, reply.sending_account_id, house.letters, house.composers
    )
    assert batch is not None
    [letter] = batch.letters
    head = letter.message.split(b"\r\n\r\n")[0].decode()
    assert "In-Reply-To: <r1@customer.example>" in head
    assert head.index(ours.message_id) < head.index("<r1@customer.example>", head.index("References"))
    assert b"Thursday is fine." in letter.message
    assert b"List-Unsubscribe" not in letter.message
    assert (await the_only_one(staff)).handled_as == "answered"
    assert "Thursday is fine." in (await staff.get(f"/sends/{reply.id}?view=text")).text


async def test_an_empty_answer_is_not_sent(staff: Staff) -> None:
    message = await an_answered_reminder(staff)

    answer = await staff.post(f"/replies/{message}/answers", body="  ")

    assert answer.status_code == 422
    async with staff.work() as work:
        assert [one.purpose for one in await all_sends(work)] == ["campaign"]


async def test_a_machines_answer_is_called_one_and_a_persons_again(staff: Staff) -> None:
    message = await an_answered_reminder(staff)
    send_id = (await the_only_one(staff)).send_id

    assert (await staff.post(f"/replies/{message}/automatic")).status_code == 303
    row = await the_only_one(staff)
    assert (row._mapping["class"], row.handled_as) == ("auto_reply", "automatic")
    async with staff.work() as work:
        assert (await the_send(work, send_id)).replied_at is None

    assert (await staff.post(f"/replies/{message}/human")).status_code == 303
    row = await the_only_one(staff)
    assert (row._mapping["class"], row.handled_at) == ("human", None)
    async with staff.work() as work:
        assert (await the_send(work, send_id)).replied_at is not None


async def test_who_may_only_look_changes_nothing(staff: Staff) -> None:
    message = await an_answered_reminder(staff)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)

    assert (await viewer.get(f"/replies/{message}")).status_code == 200
    for act in ("handling", "automatic", "promise", "dispute", "answers"):
        typed = {"promised_for": "2026-11-25", "reason": "quality", "body": "x"}
        assert (await viewer.post(f"/replies/{message}/{act}", **typed)).status_code == 403
    assert (await the_only_one(staff)).handled_at is None


async def test_another_firms_reply_is_not_there(staff: Staff) -> None:
    message = await an_answered_reminder(staff)
    other = await sign_in(staff.house, await a_tenant(staff.office))

    assert (await other.browser.get(f"/replies/{message}")).status_code == 404
    typed = {"promised_for": "2026-11-25", "reason": "quality", "body": "x"}
    for act in ("handling", "automatic", "human", "promise", "dispute", "answers"):
        assert (await other.post(f"/replies/{message}/{act}", **typed)).status_code == 404
    assert "We pay on Thursday." not in (await other.get("/replies")).text


async def test_the_list_can_be_narrowed_to_a_kind(staff: Staff) -> None:
    await an_answered_reminder(staff)

    assert "We pay on Thursday." in (await staff.get("/replies", kind="human")).text
    assert "We pay on Thursday." not in (await staff.get("/replies", kind="report")).text
