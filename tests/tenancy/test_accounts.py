"""Passwords: set by a link that works once, changed by who knows the present one (R135)."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pwdlib.hashers.argon2 import Argon2Hasher

from bursar.core.clock import FixedClock
from bursar.core.errors import Invalid, NotSignedIn, TooMany
from bursar.core.tokens import BadToken
from bursar.core.work import Office, Origin
from bursar.tenancy.accounts import change_password, holder_of, request_reset, set_password, unchanged
from bursar.tenancy.sessions import session_actor
from bursar.tenancy.sign_in import WrongCredentials
from bursar.tenancy.tables import accounts, sign_in_tokens
from tests.makers.sign_in import OWNER, PASSWORD, a_firm, enter, signed_in
from tests.makers.tenancy import events_of

pytestmark = pytest.mark.anyio

ELSEWHERE = Origin(ip="203.0.113.9")
NEW = "seven teal lighthouses hum"


async def test_an_invitation_sets_the_first_password_once_and_within_a_week(
    office: Office, clock: FixedClock
) -> None:
    firm = await a_firm(office, password=None)
    token = firm.invitation or ""

    assert (await holder_of(office, token)).email == OWNER
    with pytest.raises(Invalid):
        await set_password(office, token, "password1")
    await set_password(office, token, NEW)
    assert (await enter(office, OWNER, NEW)).tenant_id == firm.id
    with pytest.raises(BadToken):
        await set_password(office, token, PASSWORD)

    late = (
        await a_firm(office, slug="late-firm", owner_email="late@example.com", password=None)
    ).invitation or ""
    clock.advance(timedelta(days=7))
    for act in (holder_of(office, late), set_password(office, late, NEW)):
        with pytest.raises(BadToken):
            await act


async def test_a_link_used_twice_at_once_works_once(office: Office) -> None:
    token = (await a_firm(office, password=None)).invitation or ""

    results = await asyncio.gather(
        set_password(office, token, NEW), set_password(office, token, PASSWORD), return_exceptions=True
    )

    assert sorted(type(each).__name__ for each in results) == ["BadToken", "NoneType"]


async def test_a_reset_lasts_an_hour_ends_every_session_and_every_other_link(
    office: Office, clock: FixedClock
) -> None:
    firm = await a_firm(office)
    second = await a_firm(office, slug="second-firm", password=None)
    there = (await enter(office, slug="second-firm")).session.token
    first, reset = await request_reset(office, OWNER), await request_reset(office, OWNER)
    assert first is not None
    assert reset is not None
    assert (reset.email, {each.tenant_id for each in reset.memberships}) == (OWNER, {firm.id, second.id})
    assert reset.token not in repr(reset)

    clock.advance(timedelta(minutes=59))
    await set_password(office, reset.token, NEW)

    for token in (reset.token, first.token):
        with pytest.raises(BadToken):
            await set_password(office, token, PASSWORD)
    with pytest.raises(NotSignedIn):
        await session_actor(office, there)
    async with office.work(firm.id) as work:
        assert "agent.set_password" in await events_of(work, firm.owner_id)
    with pytest.raises(WrongCredentials):
        await enter(office)
    await enter(office, OWNER, NEW)

    late = await request_reset(office, OWNER)
    clock.advance(timedelta(hours=1))
    assert late is not None
    with pytest.raises(BadToken):
        await set_password(office, late.token, PASSWORD)


async def test_a_reset_for_nobody_makes_nothing_and_many_are_too_many(office: Office) -> None:
    await a_firm(office)

    assert await request_reset(office, "nobody@example.com") is None
    async with office.directory() as work:
        assert (await work.db.execute(sa.select(sign_in_tokens))).all() == []
    for _ in range(6):
        await request_reset(office, OWNER, origin=ELSEWHERE)
    with pytest.raises(TooMany):
        await request_reset(office, OWNER, origin=ELSEWHERE)


async def test_changing_the_password_needs_the_present_one_and_ends_all_other_sessions(
    office: Office, clock: FixedClock
) -> None:
    await a_firm(office)
    other = (await enter(office, origin=ELSEWHERE)).session.token
    mine = await signed_in(office)
    clock.advance(timedelta(minutes=1))

    with pytest.raises(Invalid) as refusal:
        await change_password(office, mine, current="wrong password", new=NEW)
    assert refusal.value.field == "current"
    fresh = await change_password(office, mine, current=PASSWORD, new=NEW)

    assert (await session_actor(office, fresh.token)).agent_id == mine.agent_id
    with pytest.raises(NotSignedIn):
        await session_actor(office, other)
    assert (await enter(office, OWNER, NEW)).slug == "working-title"


async def test_an_old_hash_is_replaced_at_the_next_sign_in(office: Office) -> None:
    await a_firm(office)
    weak = Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    async with office.directory() as work:
        await work.db.execute(sa.update(accounts).values(password_hash=weak))

    await enter(office)

    async with office.directory() as work:
        assert await work.db.scalar(sa.select(accounts.c.password_hash)) != weak
    await enter(office)


async def test_a_sign_in_that_a_change_of_password_overtook_opens_nothing(office: Office) -> None:
    firm = await a_firm(office)
    async with office.directory() as work:
        verified = (await work.db.execute(sa.select(accounts))).one()
    reset = await request_reset(office, OWNER)
    assert reset is not None
    await set_password(office, reset.token, NEW)

    async with office.work(firm.id) as work:
        assert not await unchanged(work, verified.id, verified.password_hash)
