"""When a list's messages may leave: while the firm and its reader both work; shifted, never dropped (R38-R42)."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time

import pytest

from bursar.core.calendar import ShortDays, Window
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Invalid, NotAllowed
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.tenancy.calendars import calendar_of, calendars_by_country, set_calendar, set_short_days
from tests.makers.billing import an_overdue_invoice
from tests.makers.sequences import Firm, a_firm, a_sequence
from tests.makers.tenancy import a_customer, acting

pytestmark = pytest.mark.anyio

SHORT = ShortDays(date(2026, 11, 19), date(2026, 11, 25), Window(time(11), time(13)))


@pytest.fixture
async def firm(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Firm]:
    """Wednesday 18 November, noon in Dubai."""
    async with a_firm(addresses, clock, keyring) as firm:
        async with firm.work() as work:
            await a_sequence(work)
        yield firm


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of November by the firm's clock."""
    return datetime(2026, 11, day, hour - 4, minute, tzinfo=UTC)


async def leaves(firm: Firm, *instants: datetime) -> list[int]:
    """How many letters have left by then."""
    there = []
    for instant in instants:
        firm.clock.move_to(instant)
        await firm.drain()
        there.append(len(firm.story.messages()))
    return there


async def a_late_customer(firm: Firm, **given: object) -> None:
    async with firm.work() as work:
        await an_overdue_invoice(work, of=await a_customer(work, **given), days=7)


async def test_on_short_days_letters_leave_in_their_hours(firm: Firm) -> None:
    async with firm.work() as work:
        await set_short_days(work, [SHORT])
    await a_late_customer(firm)
    await firm.release((await firm.the_list()).run_id)

    assert await leaves(firm, at(19, 9, 30), at(19, 10, 59), at(19, 11)) == [0, 0, 1]


async def test_a_reader_abroad_is_not_written_to_on_their_day_of_rest(firm: Firm) -> None:
    """Friday is worked in Dubai and free in Riyadh; Sunday the other way round: Monday is the first day of both."""
    await a_late_customer(firm)
    await a_late_customer(firm, country="SA", time_zone="Asia/Riyadh")
    firm.clock.move_to(at(19, 12))
    await firm.release((await firm.the_list()).run_id)

    assert await leaves(firm, at(20, 11), at(22, 11), at(23, 9, 30), at(23, 10)) == [1, 1, 1, 2]


async def test_a_reader_abroad_is_not_written_to_on_their_feast(firm: Firm) -> None:
    async with firm.work() as work:
        calendar_in = await calendars_by_country(work)
        christmas = date(2026, 12, 25)
        assert calendar_in("FR").window_on(christmas) is None
        assert calendar_in("AE").window_on(christmas) == calendar_in(None).window_on(christmas) != None  # noqa: E711  both, and open


async def test_the_week_is_set_without_losing_the_short_days(firm: Firm) -> None:
    async with firm.work() as work:
        await set_short_days(work, [SHORT])
        await set_calendar(work, {"week": {"mon": ["08:00", "16:00"]}})
        assert (await calendar_of(work)).short == (SHORT,)
        await set_calendar(work, {})
        assert (await calendar_of(work)).short == (SHORT,)
        await set_short_days(work, [])
        assert (await calendar_of(work)).short == ()


async def test_short_days_are_an_administrators_and_make_sense(firm: Firm) -> None:
    async with firm.work(acting(AgentRole.AGENT)) as work:
        with pytest.raises(NotAllowed):
            await set_short_days(work, [SHORT])
    async with firm.work() as work:
        for seasons in ([ShortDays(SHORT.last, SHORT.first, SHORT.hours)], [SHORT] * 21):
            with pytest.raises(Invalid):
                await set_short_days(work, seasons)
