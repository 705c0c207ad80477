"""A recurring invoice's lifecycle, every state against every event; expectations typed from section 8."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest

from bursar.billing.recurring.ending import end_passed, end_recurring
from bursar.billing.recurring.planning import (
    edit_recurring,
    pause_recurring,
    resume_recurring,
)
from bursar.billing.recurring.showing import get_recurring
from bursar.core.errors import Conflict, IllegalMove, NotAllowed, NotFound, Refusal, StaleVersion
from bursar.core.kinds import AgentRole
from bursar.core.work import SYSTEM, Office, Work
from tests.makers.billing import footprint, told_of
from tests.makers.recurring import a_product, a_recurring, made_of, run_once, the_recurring
from tests.makers.tenancy import a_tenant, acting

pytestmark = pytest.mark.anyio

REFUSED = "refused"
NOUN = "recurring_invoice"
# fmt: off
MATRIX: dict[tuple[str, str], tuple[str, ...]] = {
    ("active", "run"):               ("active", f"{NOUN}.run"),
    ("active", "run_without_price"): ("active", f"{NOUN}.edit", f"{NOUN}.run_without_price"),
    ("active", "pause"):             ("paused", f"{NOUN}.pause"),
    ("active", "resume"):            (REFUSED,),
    ("active", "end"):               ("ended", f"{NOUN}.end"),
    ("active", "end_passed"):        ("ended", f"{NOUN}.edit", f"{NOUN}.end"),
    ("active", "edit"):              ("active", f"{NOUN}.edit"),

    ("paused", "run"):               ("paused",),
    ("paused", "run_without_price"): ("paused", f"{NOUN}.edit"),
    ("paused", "pause"):             (REFUSED,),
    ("paused", "resume"):            ("active", f"{NOUN}.resume"),
    ("paused", "end"):               ("ended", f"{NOUN}.end"),
    ("paused", "end_passed"):        ("ended", f"{NOUN}.edit", f"{NOUN}.end"),
    ("paused", "edit"):              ("paused", f"{NOUN}.edit"),

    ("ended", "run"):                ("ended",),
    ("ended", "pause"):              (REFUSED,),
    ("ended", "resume"):             (REFUSED,),
    ("ended", "end"):                (REFUSED,),
    ("ended", "end_passed"):         ("ended",),
    ("ended", "edit"):               (REFUSED,),
}
# fmt: on
BY_HAND = ("pause", "resume", "end", "edit")


async def one_in(work: Work, state: str) -> UUID:
    recurring = await a_recurring(work, day_of_month=18, end_date=date(2026, 12, 31))
    if state == "paused":
        await pause_recurring(work, recurring)
    if state == "ended":
        await end_recurring(work, recurring)
    return recurring


async def do(work: Work, event: str, recurring: UUID, version: int | None = None) -> None:
    match event:
        case "run":
            await run_once(work, recurring)
        case "run_without_price":
            unpriced = replace(
                (await get_recurring(work, recurring)).plan(), product_id=await a_product(work, None)
            )
            await edit_recurring(work, recurring, unpriced)
            await run_once(work, recurring)
        case "end_passed":
            passed = replace((await get_recurring(work, recurring)).plan(), end_date=date(2026, 11, 17))
            if (await the_recurring(work, recurring)).state != "ended":
                await edit_recurring(work, recurring, passed)
            work.actor = SYSTEM
            await end_passed(work)
        case "edit":
            plan = (await get_recurring(work, recurring)).plan()
            await edit_recurring(work, recurring, replace(plan, day_of_month=20), version=version)
        case _:
            verbs: dict[str, Callable[..., Awaitable[Any]]] = {
                "pause": pause_recurring,
                "resume": resume_recurring,
                "end": end_recurring,
            }
            await verbs[event](work, recurring, version=version)


@pytest.mark.parametrize(("state", "event"), MATRIX)
async def test_an_event_in_a_state(work: Work, state: str, event: str) -> None:
    target, *told = MATRIX[state, event]
    recurring = await one_in(work, state)
    before, events = await footprint(work), await told_of(work, recurring)

    if target is REFUSED:
        with pytest.raises(IllegalMove):
            await do(work, event, recurring)
        assert await footprint(work) == before
        return

    await do(work, event, recurring)
    standing = await the_recurring(work, recurring)
    assert standing.state == target
    assert (standing.next_run_on is None) == (target == "ended")
    assert await told_of(work, recurring) == [*events, *told]
    assert len(await made_of(work, recurring)) == (1 if (state, event) == ("active", "run") else 0)


@pytest.mark.parametrize("event", BY_HAND)
async def test_agents_and_above_do_it_and_a_viewer_does_not(work: Work, event: str) -> None:
    for role in (AgentRole.OWNER, AgentRole.ADMIN, AgentRole.AGENT):
        work.actor = acting(AgentRole.OWNER)
        recurring = await one_in(work, "paused" if event == "resume" else "active")
        work.actor = acting(role)
        await do(work, event, recurring)

    work.actor = acting(AgentRole.OWNER)
    recurring = await one_in(work, "paused" if event == "resume" else "active")
    before = await footprint(work)
    work.actor = acting(AgentRole.VIEWER)
    with pytest.raises(NotAllowed):
        await do(work, event, recurring)
    assert await footprint(work) == before


@pytest.mark.parametrize("event", BY_HAND)
async def test_who_read_an_older_version_is_refused(work: Work, event: str) -> None:
    recurring = await one_in(work, "paused" if event == "resume" else "active")
    plan = (await get_recurring(work, recurring)).plan()
    read = (await the_recurring(work, recurring)).version
    await edit_recurring(work, recurring, replace(plan, notes="changed meanwhile"))
    before = await footprint(work)

    with pytest.raises(StaleVersion):
        await do(work, event, recurring, version=read)
    assert await footprint(work) == before
    await do(work, event, recurring, version=read + 1)


@pytest.mark.parametrize("event", BY_HAND)
async def test_another_firm_sees_none_of_it(work: Work, office: Office, event: str) -> None:
    theirs, ours = await a_tenant(office), await a_tenant(office)
    async with office.work(theirs) as their_work:
        recurring = await one_in(their_work, "paused" if event == "resume" else "active")
        plan = (await get_recurring(their_work, recurring)).plan()
        before = await footprint(their_work)
    async with office.work(ours) as our_work:
        for unknown in (recurring, uuid4()):
            with pytest.raises(NotFound):
                await edit_recurring(our_work, unknown, plan) if event == "edit" else await do(
                    our_work, event, unknown
                )
        assert (await run_once(our_work, recurring, as_of=date(2027, 1, 1))).drafted == 0
    async with office.work(theirs) as their_work:
        assert await footprint(their_work) == before


@pytest.mark.parametrize(("one", "other"), [("pause", "pause"), ("pause", "end"), ("end", "end")])
async def test_of_two_who_act_at_once_one_is_too_late_or_comes_second(
    office: Office, one: str, other: str
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        recurring = await one_in(work, "active")
    answers: list[Refusal | None] = []

    async def act(event: str) -> None:
        try:
            async with office.work(tenant) as work:
                await do(work, event, recurring, version=1)
            answers.append(None)
        except Conflict as refusal:
            answers.append(refusal)

    async with anyio.create_task_group() as group:
        group.start_soon(act, one)
        group.start_soon(act, other)

    assert sorted(answer is None for answer in answers) == [False, True]
    async with office.work(tenant) as work:
        assert len(await told_of(work, recurring)) == 2
