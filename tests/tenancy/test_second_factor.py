"""The second factor: asked for once confirmed, each code good for one door (R135)."""

import asyncio
from datetime import timedelta

import pytest
from pyotp.totp import TOTP

from bursar.core.clock import FixedClock
from bursar.core.errors import Conflict, Invalid, TooMany
from bursar.core.work import Office, Origin
from bursar.tenancy.second_factor import begin_totp, confirm_totp, disable_totp, has_second_factor
from bursar.tenancy.sign_in import CodeNeeded, WrongCredentials
from tests.makers.sign_in import PASSWORD, a_firm, enter, signed_in
from tests.makers.tenancy import events_of

pytestmark = pytest.mark.anyio


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
