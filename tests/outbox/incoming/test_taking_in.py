"""What came is taken in once, changes what R98 says and nothing else, and only if it is about a message of ours."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.core.tables import events
from bursar.core.work import SYSTEM, Office, Work
from bursar.outbox.incoming import breaker
from bursar.outbox.incoming.taking_in import take_in
from bursar.outbox.tables import attempts, has_replied, runs, suppressions
from bursar.tenancy.tables import customers
from tests.makers.incoming import (
    HUDA,
    ID,
    OURS,
    a_message_to_huda,
    a_report,
    all_incoming,
    an_answer,
    from_file,
    heard,
)
from tests.makers.outbox import a_run, a_send, an_account, engagements_of, the_account, the_send
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
def work(work: Work) -> Work:
    """Mailboxes are read by the worker."""
    work.actor = SYSTEM
    return work


async def suppressed(work: Work) -> list[tuple[str, str]]:
    found = sa.select(suppressions.c.address_key, suppressions.c.reason).where(
        suppressions.c.tenant_id == work.tenant_id, suppressions.c.lifted_at.is_(None)
    )
    return [tuple(row) for row in await work.db.execute(found)]


async def told(work: Work) -> list[str]:
    """Events of what came in, in order."""
    found = (
        sa.select(events.c.type)
        .where(events.c.tenant_id == work.tenant_id, events.c.entity_type == "incoming_message")
        .order_by(events.c.id)
    )
    return list(await work.db.scalars(found))


async def waits(work: Work) -> bool:
    """Whether the customer counts as one who has answered."""
    return bool(
        await work.db.scalar(
            sa.select(has_replied(customers)).where(
                customers.c.tenant_id == work.tenant_id, customers.c.email_key == HUDA
            )
        )
    )


async def test_a_hard_bounce_ends_the_message_and_the_address(work: Work) -> None:
    await a_message_to_huda(work)
    next_one = await a_send(work, to_address=HUDA)

    [message] = await take_in(work, await an_account(work), [from_file("postfix_unknown_user")])

    send = await the_send(work, ID)
    assert (send.state, send.reason, send.bounced_at) == ("bounced", "hard_bounce", work.now)
    assert await suppressed(work) == [(HUDA, "hard_bounce")]
    assert (await the_send(work, next_one)).state == "suppressed"
    [bounce] = await engagements_of(work, ID)
    assert (bounce.kind, bounce.source, bounce.payload["verdict"]) == ("bounce", "mailbox", "hard")
    [row] = await all_incoming(work)
    assert (row.id, row.verdict, row.handled_as, row.report["status"]) == (
        message,
        "hard",
        "recorded",
        "5.1.1",
    )
    evidence = sa.select(suppressions.c.incoming_message_id).where(suppressions.c.tenant_id == work.tenant_id)
    assert await work.db.scalar(evidence) == message


async def test_a_message_that_was_delivered_may_bounce_late(work: Work) -> None:
    await a_message_to_huda(work, state="delivered", delivered_at=work.now)

    await take_in(work, await an_account(work), [from_file("gmail_unknown_user")])

    assert (await the_send(work, ID)).state == "bounced"


@pytest.mark.parametrize(
    "name",
    [
        "exchange_german",
        "postfix_expired",
        "postfix_delayed",
        "contradiction",
        "too_big",
        "expanded",
        "exim_unrouteable",
    ],
)
async def test_a_soft_late_or_doubtful_report_suppresses_nobody(work: Work, name: str) -> None:
    await a_message_to_huda(work)

    await take_in(work, await an_account(work), [from_file(name)])

    assert (await the_send(work, ID)).state == "sent"
    assert await suppressed(work) == []


async def test_a_doubtful_report_waits_for_a_reader_and_a_plain_one_does_not(work: Work) -> None:
    await a_message_to_huda(work)

    await take_in(work, await an_account(work), [from_file("contradiction"), from_file("postfix_delayed")])

    assert {(row.verdict, row.handled_as) for row in await all_incoming(work)} == {
        ("unclear", None),
        ("delayed", "recorded"),
    }
    assert sorted(await told(work)) == ["incoming_message.recorded", "incoming_message.unclear"]


async def test_what_a_server_delivered_is_delivered(work: Work) -> None:
    await a_message_to_huda(work)

    await take_in(
        work, await an_account(work), [heard(a_report(f"<{OURS}>", action="delivered", status="2.1.5"))]
    )

    send = await the_send(work, ID)
    assert (send.state, send.delivered_at) == ("delivered", work.now)


async def soft_bounce(work: Work, customer, nth: int, *, days_ago: int = 0) -> None:
    send_id = uuid4()
    message_id = f"<{send_id.hex}.{nth:016x}@firm.example>"
    await a_send(
        work,
        id=send_id,
        customer_id=customer,
        to_address=HUDA,
        state="sent",
        sent_at=work.now,
        message_id=message_id,
    )
    report = heard(a_report(message_id, status="5.2.2", nth=nth), work.now - timedelta(days=days_ago))
    await take_in(work, await an_account(work), [report])


async def test_the_third_soft_bounce_within_two_weeks_gives_the_address_up(work: Work) -> None:
    customer = await a_customer(work, email=HUDA)
    await soft_bounce(work, customer, 1, days_ago=13)
    await soft_bounce(work, customer, 2, days_ago=1)
    assert await suppressed(work) == []

    await soft_bounce(work, customer, 3)

    assert await suppressed(work) == [(HUDA, "hard_bounce")]


async def test_soft_bounces_of_more_than_two_weeks_ago_do_not_count(work: Work) -> None:
    customer = await a_customer(work, email=HUDA)
    await soft_bounce(work, customer, 1, days_ago=15)
    await soft_bounce(work, customer, 2)
    await soft_bounce(work, customer, 3)

    assert await suppressed(work) == []


async def test_a_message_that_arrived_begins_the_count_anew(work: Work) -> None:
    customer = await a_customer(work, email=HUDA)
    await soft_bounce(work, customer, 1, days_ago=5)
    await soft_bounce(work, customer, 2, days_ago=4)
    arrived = work.now - timedelta(days=2)
    await a_send(work, customer_id=customer, to_address=HUDA, state="delivered", delivered_at=arrived)

    await soft_bounce(work, customer, 3)

    assert await suppressed(work) == []


async def test_three_reports_about_one_message_are_one_soft_bounce(work: Work) -> None:
    await a_message_to_huda(work)
    account = await an_account(work)

    for nth in range(3):
        await take_in(work, account, [heard(a_report(f"<{OURS}>", status="4.2.2", nth=nth))])

    assert await suppressed(work) == []


@pytest.mark.parametrize(
    "name", ["forged_without_message", "forged_guessed_id", "foreign_mailing", "foreign_newsletter"]
)
async def test_what_is_forged_or_foreign_leaves_no_trace(work: Work, name: str) -> None:
    before = await a_message_to_huda(work)

    assert await take_in(work, await an_account(work), [from_file(name)]) == []

    assert await the_send(work, ID) == before
    assert await all_incoming(work) == []
    assert await suppressed(work) == []
    assert await told(work) == []


async def test_a_report_about_somebody_else_counts_against_nobody(work: Work) -> None:
    """A curious customer writes a report about their own message that names another's address."""
    await a_message_to_huda(work)
    await a_customer(work, email="rival@customer.example")

    await take_in(work, await an_account(work), [heard(a_report(f"<{OURS}>", to="rival@customer.example"))])

    assert (await the_send(work, ID)).state == "sent"
    assert await suppressed(work) == []
    assert [row.verdict for row in await all_incoming(work)] == ["unclear"]


async def test_another_tenants_message_is_foreign(office: Office) -> None:
    first, second = await a_tenant(office), await a_tenant(office)
    async with office.work(first) as work:
        await a_message_to_huda(work)

    async with office.work(second) as work:
        account = await an_account(work)
        assert (
            await take_in(work, account, [from_file("postfix_unknown_user"), from_file("human_plain")]) == []
        )
        assert await all_incoming(work) == []

    async with office.work(first) as work:
        assert (await the_send(work, ID)).state == "sent"


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


async def refused_account(office: Office, **sent_besides: object) -> tuple:
    tenant_id = await a_tenant(office)
    async with office.work(tenant_id) as work:
        account, run = await an_account(work), await a_run(work)
        await a_message_to_huda(work, sending_account_id=account, run_id=run)
        await a_send(work, sending_account_id=account, run_id=run)
        if sent_besides:
            await a_send(
                work,
                sending_account_id=account,
                state="sent",
                sent_at=work.now,
                customer_id=await a_customer(work),
                **sent_besides,
            )
    return tenant_id, account, run


async def test_a_refusal_by_policy_stops_the_mailbox_and_suppresses_nobody(office: Office) -> None:
    tenant_id, account, run = await refused_account(office)
    came = [from_file("gmail_unauthenticated")]

    await breaker.look_after(office, tenant_id, came)
    async with office.work(tenant_id) as work:
        await take_in(work, account, came)

    async with office.work(tenant_id) as work:
        paused = (await work.db.execute(sa.select(runs.c.state, runs.c.reason).where(runs.c.id == run))).one()
        assert tuple(paused) == ("paused", "errors")
        stopped = await the_account(work, account)
        assert stopped.next_batch_at == work.now + timedelta(hours=24)
        assert "unauthenticated" in stopped.last_error
        assert await suppressed(work) == []
        assert (await the_send(work, ID)).state == "sent"
        assert await told(work) == ["incoming_message.policy"]
        assert [row.handled_at for row in await all_incoming(work)] == [None]


async def test_one_strict_reader_does_not_stop_a_mailbox_whose_messages_arrive(office: Office) -> None:
    """Whoever got a message can write a report about it: one reader must not silence the firm."""
    tenant_id, account, run = await refused_account(office, opened_at=sa.func.now())
    came = [from_file("gmail_unauthenticated")]

    await breaker.look_after(office, tenant_id, came)
    async with office.work(tenant_id) as work:
        await take_in(work, account, came)

    async with office.work(tenant_id) as work:
        assert await work.db.scalar(sa.select(runs.c.state).where(runs.c.id == run)) == "open"
        assert await told(work) == ["incoming_message.policy"]


async def test_a_report_read_twice_stops_a_mailbox_once(office: Office) -> None:
    tenant_id, account, run = await refused_account(office)
    came = [from_file("gmail_unauthenticated")]
    async with office.work(tenant_id) as work:
        await take_in(work, account, came)

    await breaker.look_after(office, tenant_id, came)

    async with office.work(tenant_id) as work:
        assert await work.db.scalar(sa.select(runs.c.state).where(runs.c.id == run)) == "open"
