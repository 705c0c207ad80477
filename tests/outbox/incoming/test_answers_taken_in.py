"""Answers, complaints and what else speaks of a message: taken in once, and each with what follows from it."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.core.work import SYSTEM, Work
from bursar.outbox.incoming.taking_in import take_in
from bursar.outbox.tables import attempts
from tests.makers.incoming import (
    HUDA,
    ID,
    OURS,
    a_message_to_huda,
    all_incoming,
    an_answer,
    from_file,
    heard,
    suppressed,
    told,
    waits,
)
from tests.makers.outbox import a_send, an_account, engagements_of, the_send

pytestmark = pytest.mark.anyio


@pytest.fixture
def work(work: Work) -> Work:
    """Mailboxes are read by the worker."""
    work.actor = SYSTEM
    return work


async def test_a_person_who_answers_waits_for_one(work: Work) -> None:
    await a_message_to_huda(work)
    assert not await waits(work)

    await take_in(work, await an_account(work), [from_file("human_plain")])

    send = await the_send(work, ID)
    assert (send.state, send.replied_at is not None) == ("sent", True)
    [reply] = await engagements_of(work, ID)
    assert (reply.kind, reply.source, reply._mapping["class"]) == ("reply", "mailbox", "human_likely")
    [row] = await all_incoming(work)
    assert (row.from_address, row.handled_at, row.cut_at is not None) == (HUDA, None, True)
    assert await waits(work)
    assert await told(work) == ["incoming_message.received"]


async def test_an_answer_from_another_address_of_theirs_is_theirs(work: Work) -> None:
    send = await a_message_to_huda(work)

    await take_in(work, await an_account(work), [from_file("human_outlook_html")])

    [row] = await all_incoming(work)
    assert (row.from_address, row.customer_id) == ("huda.private@mail.example", send.customer_id)


async def test_an_automatic_answer_is_recorded_and_stops_nothing(work: Work) -> None:
    await a_message_to_huda(work)

    await take_in(work, await an_account(work), [from_file("auto_rfc3834")])

    send = await the_send(work, ID)
    assert (send.state, send.replied_at) == ("sent", None)
    assert await engagements_of(work, ID) == []
    assert not await waits(work)
    assert await told(work) == ["incoming_message.recorded"]


async def test_a_complaint_ends_all_messages_to_the_address(work: Work) -> None:
    await a_message_to_huda(work)

    await take_in(work, await an_account(work), [from_file("complaint")])

    assert await suppressed(work) == [(HUDA, "complaint")]
    assert [one.kind for one in await engagements_of(work, ID)] == ["complaint"]
    assert await told(work) == ["incoming_message.complaint"]


@pytest.mark.parametrize("name", ["postfix_delayed", "human_plain", "auto_rfc3834", "contradiction"])
async def test_an_uncertain_message_is_found_by_whatever_speaks_of_it(work: Work, name: str) -> None:
    await a_message_to_huda(work, state="uncertain", reason="no_answer", sent_at=None, attempts=1)

    await take_in(work, await an_account(work), [from_file(name)])

    send = await the_send(work, ID)
    assert (send.state, send.reason, send.sent_at) == ("sent", None, work.now)
    found = sa.select(attempts.c.number, attempts.c.outcome).where(attempts.c.send_id == ID)
    assert [tuple(row) for row in await work.db.execute(found)] == [(1, "found")]


async def test_an_uncertain_message_that_came_back_has_bounced(work: Work) -> None:
    await a_message_to_huda(work, state="uncertain", reason="no_answer", sent_at=None, attempts=1)

    await take_in(work, await an_account(work), [from_file("postfix_unknown_user")])

    assert (await the_send(work, ID)).state == "bounced"


@pytest.mark.parametrize("state", ["bounced", "failed", "cancelled", "suppressed"])
async def test_a_report_about_what_ended_otherwise_moves_nothing(work: Work, state: str) -> None:
    await a_message_to_huda(work, state=state, reason="rejected")

    await take_in(work, await an_account(work), [from_file("postfix_unknown_user")])

    assert (await the_send(work, ID)).state == state


async def test_reading_again_changes_nothing(work: Work) -> None:
    await a_message_to_huda(work)
    account = await an_account(work)
    await take_in(work, account, [from_file("human_plain"), from_file("exchange_german")])

    assert await take_in(work, account, [from_file("human_plain"), from_file("exchange_german")]) == []
    assert await take_in(work, await an_account(work), [from_file("human_plain")]) == []

    assert len(await all_incoming(work)) == 2
    assert len(await engagements_of(work, ID)) == 2


async def test_our_own_messages_and_our_own_people_are_no_answers(work: Work) -> None:
    await a_message_to_huda(work)
    await an_account(work, address="Accounts@firm.example")
    later = uuid4()
    own_id = f"<{later.hex}.0123456789abcdef@firm.example>"
    await a_send(work, id=later, state="sent", message_id=own_id)
    reminder = f"From: accounts@firm.example\r\nMessage-ID: {own_id}\r\nIn-Reply-To: <{OURS}>\r\n\r\nHello"
    colleague = an_answer(f"<{OURS}>", sender="accounts@firm.example")

    assert await take_in(work, await an_account(work), [heard(reminder), heard(colleague)]) == []


async def test_a_message_id_that_the_provider_put_in_place_of_ours_is_known(work: Work) -> None:
    await a_message_to_huda(work, final_message_id="<CAHk-abc123@mail.gmail.com>")

    await take_in(work, await an_account(work), [heard(an_answer("<CAHk-abc123@mail.gmail.com>"))])

    assert [row.send_id for row in await all_incoming(work)] == [ID]


async def test_an_answer_without_ids_is_known_by_its_conversation(work: Work) -> None:
    await a_message_to_huda(work, provider_thread_id="18c0ffee")
    answer = heard("From: Huda <huda@customer.example>\r\nSubject: Re: x\r\n\r\nYes.")

    await take_in(work, await an_account(work), [type(answer)(answer.said, answer.received_at, "18c0ffee")])

    assert [row.send_id for row in await all_incoming(work)] == [ID]


async def test_a_date_in_the_future_is_brought_back_to_now(work: Work) -> None:
    await a_message_to_huda(work)

    await take_in(
        work, await an_account(work), [heard(an_answer(f"<{OURS}>"), work.now + timedelta(days=900))]
    )

    assert [row.received_at for row in await all_incoming(work)] == [work.now]
