"""Sends as people find, open, resolve and approve them."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.core.errors import Conflict, IllegalMove, Invalid, NotAllowed, NotFound
from bursar.core.keys import Keyring
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tables import events
from bursar.core.work import Actor, Office, Work
from bursar.outbox.letters import Letters
from bursar.outbox.reading import SendFilter, get_send, list_sends, message_of, next_up
from bursar.outbox.resolving import approve, resolve
from bursar.outbox.tables import attempts, engagements
from bursar.outbox.tags import Category, sample_values
from tests.makers.outbox import a_run, a_send, a_subject, a_version, an_account, the_send
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

STATES = (
    "queued",
    "sending",
    "sent",
    "delivered",
    "bounced",
    "failed",
    "suppressed",
    "cancelled",
    "uncertain",
)


async def ids(work: Work, **wanted) -> list[UUID]:
    return [one.id for one in (await list_sends(work, SendFilter(**wanted))).rows]


@pytest.mark.parametrize("state", STATES)
async def test_each_state_is_found_alone(work: Work, state: str) -> None:
    made = {each: await a_send(work, state=each) for each in STATES}

    assert await ids(work, state=state) == [made[state]]


async def test_held_changed_and_crossed_are_found_by_what_people_call_them(work: Work) -> None:
    held = await a_send(work, run_id=await a_run(work, state="held"))
    changed = await a_send(work, run_id=await a_run(work), reason="changed")
    crossed = await a_send(work, state="sent")
    await a_subject(work, crossed, reason="crossed")
    await a_send(work, state="sent")

    assert await ids(work, state="held") == [held]
    assert await ids(work, state="changed") == [changed]
    assert await ids(work, state="crossed") == [crossed]
    assert await ids(work, state="queued") == [changed, held]
    rows = {one.id: one for one in (await list_sends(work)).rows}
    assert (rows[held].held, rows[changed].held, rows[changed].label) == (True, False, "changed")
    assert (rows[crossed].crossed, rows[held].crossed) == (True, False)


async def test_a_list_is_narrowed_and_read_page_by_page(work: Work) -> None:
    customer, run = await a_customer(work, company_name="Noor Trading"), await a_run(work)
    theirs = [await a_send(work, customer_id=customer, run_id=run) for _ in range(3)]
    other = await a_send(work, purpose="notice")

    assert await ids(work, customer_id=customer) == theirs[::-1]
    assert await ids(work, run_id=run) == theirs[::-1]
    assert await ids(work, purpose="notice") == [other]
    first = await list_sends(work, limit=3)
    second = await list_sends(work, limit=3, cursor=first.next)
    assert [one.id for one in (*first.rows, *second.rows)] == [other, *theirs[::-1]]
    assert (second.next, second.rows[0].customer_name) == (None, "Noor Trading")


async def test_the_label_says_how_far_it_got(work: Work) -> None:
    now = work.now
    told = [
        ({"state": "sent"}, "sent"),
        ({"state": "delivered", "opened_at": now}, "opened"),
        ({"state": "sent", "opened_at": now, "clicked_at": now}, "clicked"),
        ({"state": "sent", "clicked_at": now, "replied_at": now}, "replied"),
        ({"state": "bounced", "opened_at": now}, "bounced"),
        ({"state": "suppressed", "reason": "paid"}, "suppressed"),
    ]
    for given, label in told:
        send = await a_send(work, **given)
        assert (await get_send(work, send)).send.label == label


async def test_a_send_tells_its_story(work: Work) -> None:
    account = await an_account(work, address="us@firm.example")
    send = await a_send(
        work, state="sent", sent_at=work.now, sending_account_id=account, links=["https://pay.example/1"]
    )
    subject = await a_subject(work, send, touch="overdue_1")
    for number, outcome in ((1, "deferred"), (2, "accepted")):
        row = {
            "send_id": send,
            "number": number,
            "started_at": work.now,
            "finished_at": work.now,
            "outcome": outcome,
        }
        await work.db.execute(sa.insert(attempts).values(tenant_id=work.tenant_id, **row))
    for kind, position, after in (("open", None, 1), ("click", 0, 2)):
        row = {"send_id": send, "kind": kind, "at": work.now + timedelta(minutes=after), "source": "link",
               "class": "human_likely", "link_position": position, "client": "Firefox"}  # fmt: skip
        await work.db.execute(sa.insert(engagements).values(tenant_id=work.tenant_id, **row))

    story = await get_send(work, send)

    assert story.send.from_address == "us@firm.example"
    assert [(one.number, one.outcome) for one in story.attempts] == [(1, "deferred"), (2, "accepted")]
    assert [(one.kind, one.target, one.by) for one in story.engagements] == [
        ("click", "https://pay.example/1", "human_likely"),
        ("open", None, "human_likely"),
    ]
    assert [(one.id, one.touch) for one in story.subjects] == [(subject, "overdue_1")]


async def test_a_message_is_rendered_again_and_says_whether_it_is_the_same(
    work: Work, keyring: Keyring
) -> None:
    letters, version = Letters(keyring, "https://bursar.example"), await a_version(work)
    await letters.load(work, [version])
    values = sample_values(Category.OVERDUE_NOTICE, "en")
    went = letters.compose(version, values)
    row = {
        "state": "sent",
        "template_version_id": version,
        "merge_data": letters.merge_data(version, values),
        "content_sha256": went.content_sha256,
    }
    same, other = await a_send(work, **row), await a_send(work, **{**row, "content_sha256": b"x" * 32})
    unwritten = await a_send(work, template_version_id=version)

    message = await message_of(work, letters, same)

    assert message.is_the_same
    assert message.preview.subject == "Open invoices"
    assert "INV-2041" in message.preview.html
    assert "INV-2041" in message.preview.text
    assert not (await message_of(work, letters, other)).is_the_same
    with pytest.raises(Conflict):
        await message_of(work, letters, unwritten)


async def test_the_first_page_knows_what_goes_next(work: Work) -> None:
    soon, later = work.now + timedelta(minutes=5), work.now + timedelta(hours=1)
    for run, at, reason in (
        (await a_run(work), later, None),
        (None, soon, None),
        (await a_run(work, state="held"), work.now, None),
        (None, work.now, "changed"),
    ):
        await a_send(work, run_id=run, queue_at=at, reason=reason)

    found = await next_up(work)

    assert (found.waiting, found.at) == (2, soon)


@pytest.mark.parametrize(
    ("became", "expected"),
    [
        ("sent", ("sent", None, True, False, False)),
        ("queued", ("queued", None, False, True, False)),
        ("failed", ("failed", "unreachable", False, False, True)),
    ],
)
async def test_a_person_says_what_became_of_an_uncertain_send(work: Work, became, expected) -> None:
    send = await a_send(work, state="uncertain", reason="no_answer", attempts=2)

    await resolve(work, send, became, reason="It is in our provider's log.")

    row = await the_send(work, send)
    times = (row.sent_at == work.now, row.queue_at == work.now, row.failed_at == work.now)
    assert (row.state, row.reason, *times) == expected
    (attempt,) = (await get_send(work, send)).attempts
    assert (attempt.number, attempt.outcome, attempt.error) == (
        2,
        f"resolved_{became}",
        "It is in our provider's log.",
    )
    told = await work.db.scalars(
        sa.select(events.c.type).where(events.c.tenant_id == work.tenant_id, events.c.entity_id == send)
    )
    assert list(told) == ["send.resolve"]
    with pytest.raises(IllegalMove):
        await resolve(work, send, became, reason="again")


@pytest.mark.parametrize("state", [state for state in STATES if state != "uncertain"])
async def test_only_an_uncertain_send_is_resolved(work: Work, state: str) -> None:
    send = await a_send(work, state=state)

    with pytest.raises(IllegalMove, match=f"send is {state}: cannot resolve"):
        await resolve(work, send, "sent", reason="I looked")

    assert (await the_send(work, send)).version == 1
    assert (await get_send(work, send)).attempts == []


async def test_resolving_needs_a_reason_and_an_agent(work: Work) -> None:
    send = await a_send(work, state="uncertain")

    with pytest.raises(Invalid) as refusal:
        await resolve(work, send, "sent", reason="  ")
    assert refusal.value.field == "reason"
    work.actor = Actor(ActorType.AGENT, None, AgentRole.VIEWER)
    for act in (resolve(work, send, "sent", reason="I looked"), approve(work, send, {})):
        with pytest.raises(NotAllowed):
            await act


async def test_an_approved_send_goes_with_the_new_facts(work: Work) -> None:
    waiting = await a_send(work, reason="changed", reviewed={"one": 100})
    other = await a_send(work, reviewed={"one": 100})

    await approve(work, waiting, {"one": 250})
    with pytest.raises(IllegalMove):
        await approve(work, waiting, {"one": 300})
    with pytest.raises(IllegalMove):
        await approve(work, other, {"one": 300})

    row = await the_send(work, waiting)
    assert (row.state, row.reason, row.reviewed) == ("queued", None, {"one": 250})
    assert row.queue_at == work.now


async def test_sends_of_another_firm_are_not_there(office: Office, keyring: Keyring) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(theirs) as work:
        send = await a_send(work, state="uncertain")
    letters = Letters(keyring, "https://bursar.example")

    async with office.work(ours) as work:
        assert await ids(work) == []
        for act in (
            get_send(work, send), message_of(work, letters, send), approve(work, send, {}),
            resolve(work, send, "sent", reason="x"), get_send(work, uuid4()),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await act
