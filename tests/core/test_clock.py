from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bursar.core.clock import Clock, FixedClock, SystemClock

pytestmark = pytest.mark.pure


def test_the_systems_clock_speaks_utc():
    clock: Clock = SystemClock()
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().utcoffset() == timedelta(0)


def test_a_fixed_clock_stands_still_until_it_is_moved():
    clock = FixedClock(datetime(2026, 3, 27, 1, 30, tzinfo=ZoneInfo("Asia/Jerusalem")))
    assert clock.now() == clock.now() == datetime(2026, 3, 26, 23, 30, tzinfo=UTC)

    assert clock.advance(timedelta(hours=24)) == datetime(2026, 3, 27, 23, 30, tzinfo=UTC)

    clock.move_to(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 1, 1))  # noqa: DTZ001  the point of the test
