"""Signing in with a password, and guessing slowly (R133, R135)."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.errors import TooMany
from bursar.core.kinds import AgentRole
from bursar.core.work import Office, Origin
from bursar.tenancy import throttle
from bursar.tenancy.accounts import set_password
from bursar.tenancy.agents import deactivate_agent, invite_agent
from bursar.tenancy.rules import FAILURES_FORGOTTEN
from bursar.tenancy.sign_in import WrongCredentials
from bursar.tenancy.tables import sign_in_attempts
from tests.makers.sign_in import HOME, OWNER, PASSWORD, a_firm, enter
from tests.makers.tenancy import acting, an_agent

pytestmark = pytest.mark.anyio

ELSEWHERE = Origin(ip="203.0.113.9")
NEW = "seven teal lighthouses hum"


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


async def test_at_night_the_attempts_that_no_longer_count_are_forgotten_and_the_others_stay(
    office: Office, clock: FixedClock
) -> None:
    await throttle.count(office, *throttle.counters("sign_in", "long@ago.example", "192.0.2.1"))
    clock.advance(FAILURES_FORGOTTEN + timedelta(seconds=1))
    await throttle.count(office, *throttle.counters("sign_in", "just@now.example", "192.0.2.2"))

    await throttle.drop_old(office)

    async with office.directory() as work:
        left = await work.db.scalar(sa.select(sa.func.count()).select_from(sign_in_attempts))
    assert left == 2, "of the account and of the address it was tried from"
