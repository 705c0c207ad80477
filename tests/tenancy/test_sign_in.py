"""Signing in, out and staying in: passwords, second factor, sessions, links (R133, R135)."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pyotp.totp import TOTP

from bursar.core.clock import FixedClock
from bursar.core.errors import Conflict, Invalid, NotFound, NotSignedIn, TooMany
from bursar.core.kinds import AgentRole
from bursar.core.tokens import BadToken
from bursar.core.work import Office, Origin
from bursar.tenancy import throttle
from bursar.tenancy.accounts import change_password, holder_of, request_reset, set_password, unchanged
from bursar.tenancy.agents import change_role, deactivate_agent, invite_agent
from bursar.tenancy.second_factor import begin_totp, confirm_totp, disable_totp, has_second_factor
from bursar.tenancy.sessions import end_session, list_sessions, session_actor, sign_out, switch_tenant
from bursar.tenancy.sign_in import CodeNeeded, WrongCredentials
from bursar.tenancy.tables import accounts, sessions, sign_in_attempts, sign_in_tokens
from tests.makers.sign_in import HOME, OWNER, PASSWORD, a_firm, enter, signed_in
from tests.makers.tenancy import acting, an_agent, events_of

pytestmark = pytest.mark.anyio

ELSEWHERE = Origin(ip="203.0.113.9")
NEW = "seven teal lighthouses hum"


async def test_a_session_says_who_where_and_in_which_role(office: Office) -> None:
    firm = await a_firm(office)

    entered = await enter(office, email=" OWNER@example.com ")
    signed = await session_actor(office, entered.session.token)

    assert (signed.tenant_id, signed.tenant_slug, signed.tenant_name) == (
        firm.id,
        "working-title",
        "Working Title",
    )
    assert (signed.agent_id, signed.role, signed.locale) == (firm.owner_id, AgentRole.OWNER, "en")
    assert signed.actor == acting(AgentRole.OWNER, firm.owner_id)
    assert entered.session.token not in repr(entered)
    async with office.work(firm.id) as work:
        assert (await events_of(work, firm.owner_id))[-1] == "agent.sign_in"


async def test_the_token_itself_is_stored_nowhere(office: Office) -> None:
    firm = await a_firm(office)
    token = (await enter(office)).session.token

    async with office.work(firm.id) as work:
        stored = (
            await work.db.execute(sa.select(sa.cast(sa.func.row_to_json(sessions.table_valued()), sa.Text)))
        ).all()

    assert len(stored) == 1
    assert token not in str(stored)
    assert token.encode().hex() not in str(stored)


async def test_every_sign_in_has_a_token_of_its_own(office: Office) -> None:
    await a_firm(office)

    assert (await enter(office)).session.token != (await enter(office)).session.token


async def test_unknown_wrong_invited_and_switched_off_get_one_and_the_same_answer(office: Office) -> None:
    firm = await a_firm(office)
    await an_agent(office, firm.id, email="invited@example.com")
    owner = acting(AgentRole.OWNER, firm.owner_id)
    left = await invite_agent(
        office, firm.id, owner, email="left@example.com", name="Left", role=AgentRole.AGENT
    )
    await set_password(office, left.token or "", NEW)
    async with office.work(firm.id, actor=owner) as work:
        await deactivate_agent(work, left.agent_id)

    answers = set()
    for email, password in (
        ("nobody@example.com", PASSWORD),
        ("not an address", PASSWORD),
        (OWNER, "wrong password"),
        (OWNER, ""),
        ("invited@example.com", PASSWORD),
        ("left@example.com", NEW),
    ):
        with pytest.raises(WrongCredentials) as refusal:
            await enter(office, email, password)
        answers.add((str(refusal.value), refusal.value.code, refusal.value.status))

    assert len(answers) == 1


@pytest.mark.parametrize("email", [OWNER, "nobody@example.com"])
async def test_guessing_waits_longer_and_longer_for_known_and_unknown_alike(
    office: Office, clock: FixedClock, email: str
) -> None:
    await a_firm(office)
    waits = []
    while len(waits) < 4:
        try:
            await enter(office, email, "wrong password")
        except TooMany as refusal:
            waits.append(refusal.params["seconds"])
            clock.advance(timedelta(seconds=refusal.params["seconds"]))
        except WrongCredentials:
            continue

    assert waits == [1, 2, 4, 8]


async def test_no_wait_is_longer_than_a_quarter_of_an_hour_and_a_day_forgets(
    office: Office, clock: FixedClock
) -> None:
    counted = throttle.counters("sign-in", OWNER, HOME.ip)
    for _ in range(20):
        await throttle.count(office, *counted)
        clock.advance(timedelta(minutes=15))
    await throttle.count(office, *counted)
    with pytest.raises(TooMany) as refusal:
        await throttle.count(office, *counted)
    assert refusal.value.params["seconds"] == 15 * 60

    clock.advance(timedelta(hours=24, seconds=1))
    for _ in range(6):
        await throttle.count(office, *counted)


async def test_a_hundred_guesses_at_once_are_not_a_hundred_guesses(office: Office) -> None:
    await a_firm(office)

    results = await asyncio.gather(
        *(enter(office, OWNER, f"guess number {n}") for n in range(12)), return_exceptions=True
    )

    assert [type(each).__name__ for each in results].count("WrongCredentials") == 6


async def test_a_stranger_cannot_make_the_owner_wait(office: Office) -> None:
    await a_firm(office)
    for _ in range(6):
        with pytest.raises(WrongCredentials):
            await enter(office, OWNER, "wrong password", origin=ELSEWHERE)
    with pytest.raises(TooMany):
        await enter(office, OWNER, PASSWORD, origin=ELSEWHERE)

    assert (await enter(office, OWNER)).slug == "working-title"


async def test_success_forgets_the_failures_of_the_account_and_keeps_the_addresss_own(office: Office) -> None:
    await a_firm(office)
    for _ in range(4):
        with pytest.raises(WrongCredentials):
            await enter(office, OWNER, "wrong password")
    await enter(office)

    async with office.directory() as work:
        rows = (await work.db.execute(sa.select(sign_in_attempts.c.key, sign_in_attempts.c.failures))).all()

    assert [row.failures for row in rows] == [4]
    assert OWNER not in str(rows)


async def test_a_session_ends_when_idle_when_old_and_when_told(office: Office, clock: FixedClock) -> None:
    await a_firm(office)
    token = (await enter(office)).session.token

    clock.advance(timedelta(hours=7))
    await session_actor(office, token)
    clock.advance(timedelta(hours=7))
    await session_actor(office, token)
    clock.advance(timedelta(hours=8, seconds=1))
    with pytest.raises(NotSignedIn):
        await session_actor(office, token)

    token = (await enter(office)).session.token
    for _ in range(14 * 4 - 1):
        clock.advance(timedelta(hours=6))
        await session_actor(office, token)
    clock.advance(timedelta(hours=6))
    with pytest.raises(NotSignedIn):
        await session_actor(office, token)

    token = (await enter(office)).session.token
    await sign_out(office, token)
    await sign_out(office, token)
    with pytest.raises(NotSignedIn):
        await session_actor(office, token)


async def test_a_busy_session_is_stamped_at_most_once_a_minute(office: Office, clock: FixedClock) -> None:
    firm = await a_firm(office)
    token = (await enter(office)).session.token
    stamps = set()
    for _ in range(6):
        clock.advance(timedelta(seconds=25))
        await session_actor(office, token)
        async with office.work(firm.id) as work:
            stamps.add(await work.db.scalar(sa.select(sessions.c.idle_expires_at)))

    assert len(stamps) == 3


@pytest.mark.parametrize("token", ["", "x", "A" * 64, "é" * 64])
async def test_a_token_of_none_is_nobody(office: Office, token: str) -> None:
    with pytest.raises(NotSignedIn):
        await session_actor(office, token)
    await sign_out(office, token)


async def test_a_changed_role_or_a_switched_off_person_is_out_at_once(office: Office) -> None:
    firm = await a_firm(office)
    owner = acting(AgentRole.OWNER, firm.owner_id)
    invited = await invite_agent(
        office, firm.id, owner, email="a@example.com", name="A", role=AgentRole.AGENT
    )
    await set_password(office, invited.token or "", NEW)

    for act in (lambda work: change_role(work, invited.agent_id, AgentRole.VIEWER), None):
        token = (await enter(office, "a@example.com", NEW)).session.token
        async with office.work(firm.id, actor=owner) as work:
            await (act(work) if act else deactivate_agent(work, invited.agent_id))
        with pytest.raises(NotSignedIn):
            await session_actor(office, token)


async def test_a_person_of_two_firms_chooses_and_switches(office: Office) -> None:
    first = await a_firm(office)
    second = await a_firm(office, slug="another-firm", name="Another Firm", password=None)

    assert (await enter(office)).slug == "another-firm"
    entered = await enter(office, slug="working-title")
    assert entered.tenant_id == first.id
    with pytest.raises(NotFound):
        await enter(office, slug="no-firm-of-theirs")

    signed = await session_actor(office, entered.session.token)
    switched = await switch_tenant(office, signed, second.id)
    assert (await session_actor(office, switched.token)).tenant_id == second.id
    with pytest.raises(NotSignedIn):
        await session_actor(office, entered.session.token)
    with pytest.raises(NotFound):
        await switch_tenant(office, await session_actor(office, switched.token), first.owner_id)


async def test_people_see_and_end_their_own_sessions_only(office: Office) -> None:
    firm = await a_firm(office)
    mine, other = await signed_in(office), await signed_in(office, origin=ELSEWHERE)

    assert {each.ip for each in await list_sessions(office, mine)} == {HOME.ip, ELSEWHERE.ip}
    async with office.work(firm.id, actor=acting(AgentRole.OWNER, firm.id)) as work:
        with pytest.raises(NotFound):
            await end_session(work, other.session_id)
    async with office.work(firm.id, actor=mine.actor) as work:
        await end_session(work, other.session_id)
    assert [each.id for each in await list_sessions(office, mine)] == [mine.session_id]


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
    from argon2 import PasswordHasher

    await a_firm(office)
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    async with office.directory() as work:
        await work.db.execute(sa.update(accounts).values(password_hash=weak))

    await enter(office)

    async with office.directory() as work:
        assert await work.db.scalar(sa.select(accounts.c.password_hash)) != weak
    await enter(office)


async def test_a_second_factor_counts_once_it_is_confirmed_and_each_code_works_once(
    office: Office, clock: FixedClock
) -> None:
    await a_firm(office)
    me = await signed_in(office)
    offer = await begin_totp(office, me)
    totp = TOTP(offer.secret)
    assert offer.secret not in repr(offer)
    assert (await enter(office)).slug == "working-title"

    with pytest.raises(Invalid):
        await confirm_totp(office, me, "000000")
    codes = await confirm_totp(office, me, totp.at(clock.now()))
    assert len(set(codes)) == 10
    with pytest.raises(Conflict):
        await begin_totp(office, me)

    with pytest.raises(CodeNeeded):
        await enter(office)
    with pytest.raises(WrongCredentials):
        await enter(office, code=totp.at(clock.now()))  # spent by the confirmation
    clock.advance(timedelta(seconds=30))
    now = totp.at(clock.now())
    assert (await enter(office, code=now)).slug == "working-title"
    with pytest.raises(WrongCredentials):
        await enter(office, code=now)

    assert (await enter(office, code=codes[3].upper())).slug == "working-title"
    with pytest.raises(WrongCredentials):
        await enter(office, code=codes[3])
    with pytest.raises(WrongCredentials):
        await enter(office, password="wrong password", code=codes[4])
    assert (await enter(office, code=codes[4])).slug == "working-title"


async def test_one_code_at_two_doors_at_once_opens_one(office: Office, clock: FixedClock) -> None:
    await a_firm(office)
    me = await signed_in(office)
    totp = TOTP((await begin_totp(office, me)).secret)
    codes = await confirm_totp(office, me, totp.at(clock.now()))
    clock.advance(timedelta(seconds=30))

    for code in (totp.at(clock.now()), codes[0]):
        results = await asyncio.gather(
            enter(office, code=code), enter(office, code=code), return_exceptions=True
        )
        assert sorted(type(each).__name__ for each in results) == ["Entered", "WrongCredentials"]


async def test_codes_are_guessed_slowly_from_wherever(office: Office, clock: FixedClock) -> None:
    await a_firm(office)
    me = await signed_in(office)
    await confirm_totp(office, me, TOTP((await begin_totp(office, me)).secret).at(clock.now()))

    for n in range(6):
        with pytest.raises(WrongCredentials):
            await enter(office, code="000000", origin=Origin(ip=f"192.0.2.{n}"))
    with pytest.raises(TooMany):
        await enter(office, code="000000", origin=Origin(ip="192.0.2.77"))


async def test_a_second_factor_is_switched_off_by_who_knows_the_password(
    office: Office, clock: FixedClock
) -> None:
    firm = await a_firm(office)
    me = await signed_in(office)
    await confirm_totp(office, me, TOTP((await begin_totp(office, me)).secret).at(clock.now()))

    with pytest.raises(Invalid):
        await disable_totp(office, me, "wrong password")
    assert await has_second_factor(office, me.account_id)
    await disable_totp(office, me, PASSWORD)

    assert not await has_second_factor(office, me.account_id)
    assert (await enter(office)).tenant_id == firm.id
    async with office.work(firm.id) as work:
        told = await events_of(work, me.agent_id)
    assert told[-3:] == ["agent.enable_second_factor", "agent.disable_second_factor", "agent.sign_in"]


async def test_a_sign_in_that_a_change_of_password_overtook_opens_nothing(office: Office) -> None:
    firm = await a_firm(office)
    async with office.directory() as work:
        verified = (await work.db.execute(sa.select(accounts))).one()
    reset = await request_reset(office, OWNER)
    assert reset is not None
    await set_password(office, reset.token, NEW)

    async with office.work(firm.id) as work:
        assert not await unchanged(work, verified.id, verified.password_hash)
