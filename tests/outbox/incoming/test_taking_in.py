"""What came is taken in once, changes what R98 says and nothing else, and only if it is about a message of ours."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.core.work import SYSTEM, Office, Work
from bursar.outbox.incoming.taking_in import take_in
from bursar.outbox.tables import suppressions
from tests.makers.incoming import (
    HUDA,
    ID,
    OURS,
    a_message_to_huda,
    a_report,
    all_incoming,
    from_file,
    heard,
    suppressed,
    told,
)
from tests.makers.outbox import a_send, an_account, engagements_of, the_send
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
def work(work: Work) -> Work:
    """Mailboxes are read by the worker."""
    work.actor = SYSTEM
    return work


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
