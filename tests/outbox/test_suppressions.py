"""Who must not be written to: said once, in its scope, at once for what is queued, and reversible."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tables import events
from bursar.core.tokens import Kind, sign
from bursar.core.work import SYSTEM, Actor, Office, Work
from bursar.outbox.states import Scope, SuppressionReason
from bursar.outbox.suppressions import (
    lift,
    list_suppressions,
    look_at_token,
    suppress,
    unsubscribe,
    unsubscribe_by_token,
)
from tests.conftest import NOW
from tests.makers.outbox import a_send, engagements_of, the_send
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

ADDRESS = "Huda@Customer.example"
R = SuppressionReason


async def queued_of_each_stream(work: Work, address: str = ADDRESS) -> dict[str, UUID]:
    return {
        stream: await a_send(work, to_address=address, stream=stream)
        for stream in ("transactional", "reminder", "marketing")
    }


async def stopped(work: Work, queued: dict[str, UUID]) -> dict[str, str | None]:
    return {
        stream: row.reason
        for stream, send in queued.items()
        if (row := await the_send(work, send)).state == "suppressed" and row.queue_at is None
    }


@pytest.mark.parametrize(
    ("reason", "scope", "expected"),
    [
        (R.MANUAL, Scope.ALL, {"reminder": "unsubscribed", "marketing": "unsubscribed"}),
        (R.MANUAL, Scope.REMINDERS, {"reminder": "unsubscribed"}),
        (R.MANUAL, Scope.MARKETING, {"marketing": "unsubscribed"}),
        (R.MANUAL, Scope.REVIEWS, {}),
        (
            R.COMPLAINT,
            Scope.MARKETING,
            dict.fromkeys(("transactional", "reminder", "marketing"), "complaint"),
        ),
        (R.HARD_BOUNCE, Scope.ALL, dict.fromkeys(("transactional", "reminder", "marketing"), "hard_bounce")),
        (R.ERASURE, Scope.ALL, dict.fromkeys(("transactional", "reminder", "marketing"), "erased")),
    ],
)
async def test_what_is_queued_stops_at_once_and_only_in_its_scope(
    work: Work, reason, scope, expected
) -> None:
    queued, others = (
        await queued_of_each_stream(work),
        await queued_of_each_stream(work, "else@customer.example"),
    )
    sent = await a_send(work, to_address=ADDRESS, state="sent")
    work.actor = SYSTEM

    await suppress(work, " huda@customer.EXAMPLE ", scope=scope, reason=reason)

    assert await stopped(work, queued) == expected
    assert await stopped(work, others) == {}
    assert (await the_send(work, sent)).state == "sent"


async def test_twice_is_once_and_the_journal_tells_no_address(work: Work) -> None:
    first = await suppress(work, ADDRESS, note="asked on the phone")

    assert await suppress(work, ADDRESS) == first

    told = (
        await work.db.execute(
            sa.select(events).where(events.c.tenant_id == work.tenant_id, events.c.type.like("suppression.%"))
        )
    ).all()
    assert [row.type for row in told] == ["suppression.manual"]
    assert "huda" not in repr(told).lower()
    assert "phone" not in repr(told)


async def test_what_ends_can_be_made_longer_and_never_shorter(work: Work) -> None:
    soon, later = work.now + timedelta(days=1), work.now + timedelta(days=9)

    for end, expected in ((later, later), (soon, later), (None, None)):
        await suppress(work, ADDRESS, expires_at=end)
        assert (await list_suppressions(work)).rows[0].expires_at == expected

    await suppress(work, ADDRESS, expires_at=soon)
    assert (await list_suppressions(work)).rows[0].expires_at is None


async def test_a_lifted_one_is_remembered_and_can_be_set_again(work: Work) -> None:
    first = await suppress(work, ADDRESS)

    await lift(work, first)
    with pytest.raises(Conflict) as refusal:
        await lift(work, first)
    second = await suppress(work, ADDRESS)

    assert refusal.value.code == "already_lifted"
    assert [one.id for one in (await list_suppressions(work)).rows] == [second]
    both = (await list_suppressions(work, lifted=True)).rows
    assert [(one.id, one.lifted_at) for one in both] == [(second, None), (first, NOW)]


async def test_a_hard_bounce_may_be_lifted_and_an_erasure_not(work: Work) -> None:
    work.actor = SYSTEM
    bounce = await suppress(work, ADDRESS, reason=R.HARD_BOUNCE)
    erased = await suppress(work, ADDRESS, reason=R.ERASURE)
    work.actor = Actor(ActorType.AGENT, None, AgentRole.AGENT)

    await lift(work, bounce)
    with pytest.raises(Conflict) as refusal:
        await lift(work, erased)

    assert refusal.value.code == "address_erased"


async def test_people_give_reasons_that_people_know(work: Work) -> None:
    for reason in (R.HARD_BOUNCE, R.ERASURE):
        with pytest.raises(Invalid) as refusal:
            await suppress(work, ADDRESS, reason=reason)
        assert refusal.value.field == "reason"
    with pytest.raises(Invalid):
        await suppress(work, "two@a.example, three@a.example")
    with pytest.raises(Invalid):
        await suppress(work, ADDRESS, expires_at=work.now)
    work.actor = Actor(ActorType.AGENT, None, AgentRole.VIEWER)
    with pytest.raises(NotAllowed):
        await suppress(work, ADDRESS)
    with pytest.raises(NotAllowed):
        await lift(work, uuid4())


async def test_a_list_is_read_page_by_page_with_the_customer(work: Work) -> None:
    await a_customer(work, company_name="Noor Trading", email=ADDRESS)
    ids = [await suppress(work, address) for address in ("a@x.example", "b@x.example", ADDRESS)]

    first = await list_suppressions(work, limit=2)
    second = await list_suppressions(work, limit=2, cursor=first.next)

    assert [one.id for one in (*first.rows, *second.rows)] == ids[::-1]
    assert (first.rows[0].customer_name, second.next) == ("Noor Trading", None)
    assert [one.id for one in (await list_suppressions(work, text="B@x")).rows] == [ids[1]]
    assert (await list_suppressions(work, text="%")).rows == []


@pytest.mark.parametrize(
    ("stream", "scope"),
    [("reminder", Scope.REMINDERS), ("marketing", Scope.MARKETING), ("transactional", Scope.REMINDERS)],
)
async def test_a_reader_ends_the_stream_of_what_they_read(work: Work, stream: str, scope: Scope) -> None:
    queued = await queued_of_each_stream(work)
    read = await a_send(work, to_address=ADDRESS, state="sent", stream=stream)
    work.actor = Actor(ActorType.CUSTOMER)

    first = await unsubscribe(work, read, user_agent="Apple Mail")
    second = await unsubscribe(work, read)

    assert (first.address, first.scope, first.again, second.again) == (ADDRESS, scope, False, True)
    ended = "reminder" if scope is Scope.REMINDERS else "marketing"
    assert await stopped(work, queued) == {ended: "unsubscribed"}
    (engagement,) = await engagements_of(work, read)
    assert (engagement.kind, engagement.source, engagement.user_agent) == (
        "unsubscribe",
        "link",
        "Apple Mail",
    )


async def test_the_owner_can_be_told_who_unsubscribed(work: Work) -> None:
    customer = await a_customer(work)
    read = await a_send(work, to_address=ADDRESS, state="sent", customer_id=customer)

    await unsubscribe(work, read)

    row = (
        await work.db.execute(
            sa.select(events).where(
                events.c.tenant_id == work.tenant_id, events.c.type == "suppression.unsubscribe"
            )
        )
    ).one()
    assert (row.customer_id, row.payload) == (
        customer,
        {"scope": "reminders", "send_id": str(read), "stopped": 0},
    )


async def test_the_token_is_the_credential_and_looking_changes_nothing(office: Office) -> None:
    tenant, other = await a_tenant(office), await a_tenant(office)
    async with office.work(tenant) as work:
        read = await a_send(work, to_address=ADDRESS, state="sent")
        waiting = await a_send(work, to_address=ADDRESS)
    token = sign(office.keyring, Kind.UNSUBSCRIBE, tenant, read)

    assert not (await look_at_token(office, token)).again
    async with office.work(tenant) as work:
        assert (await the_send(work, waiting)).state == "queued"
    answers = await asyncio.gather(*(unsubscribe_by_token(office, token) for _ in range(3)))

    assert sorted(answer.again for answer in answers) == [False, True, True]
    assert (await look_at_token(office, token)).again
    async with office.work(tenant) as work:
        assert (await the_send(work, waiting)).reason == "unsubscribed"
        assert len(await engagements_of(work, read)) == 1
    for bad in (
        "x",
        token[:-2] + ("B" if token[-2] == "A" else "A") + token[-1],
        sign(office.keyring, Kind.PIXEL, tenant, read),
        sign(office.keyring, Kind.UNSUBSCRIBE, other, read),
        sign(office.keyring, Kind.UNSUBSCRIBE, uuid4(), read),
    ):
        with pytest.raises(NotFound):
            await unsubscribe_by_token(office, bad)
        with pytest.raises(NotFound):
            await look_at_token(office, bad)
