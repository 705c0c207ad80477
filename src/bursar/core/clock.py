"""What time it is, asked at the doors only: rooms get `work.now` and never look at a watch themselves."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware instant in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """Stands still until it is told to move, so that a test can let a month pass in a line."""

    def __init__(self, at: datetime) -> None:
        self._at = _in_utc(at)

    def now(self) -> datetime:
        return self._at

    def move_to(self, at: datetime) -> None:
        """Forwards or backwards: a machine's clock does both."""
        self._at = _in_utc(at)

    def advance(self, by: timedelta) -> datetime:
        """`by` elapsed time (24 h are 24 h, also on the night the clocks change); gives the new instant."""
        self._at += by
        return self._at


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a clock needs an aware time: a naive one says no instant")
    return at.astimezone(UTC)
