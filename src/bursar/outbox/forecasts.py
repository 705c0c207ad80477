"""When a queue will be empty, from an account's pace and quota alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

QUOTA_PERIOD = timedelta(hours=25)  # what was sent in an hour counts until its row is 25 hours old (R97)


@dataclass(frozen=True, slots=True)
class Pace:
    """`left`: how many the rolling quota still allows now."""

    batch_size: int
    batch_interval: timedelta
    daily_quota: int
    left: int


def finishes_at(now: datetime, queued: int, pace: Pace) -> datetime | None:
    """When the last of `queued` has gone, at the earliest; None for an empty queue.

    A promise of the pace, not of the provider: recipients' sending hours and refusals come on top.
    """
    if queued <= 0:
        return None
    left = max(pace.left, 0)
    if queued <= left:
        return now + _takes(queued, pace)
    periods, rest = divmod(queued - left - 1, pace.daily_quota)
    return now + QUOTA_PERIOD * (periods + 1) + _takes(rest + 1, pace)


def _takes(count: int, pace: Pace) -> timedelta:
    """The first batch goes at once, each other an interval after the one before."""
    return pace.batch_interval * (-(-count // pace.batch_size) - 1)
