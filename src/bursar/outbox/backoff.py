"""When to try again, said once for every channel (lifecycles 10): 1, 5, 30 min, 2 h, 12 h, then every 12 h."""

from collections.abc import Callable
from datetime import timedelta

LADDER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
MAX_ATTEMPTS = 5
DEFERRED_FOR = timedelta(days=4)
DEFERRED_FOR_NOTIFICATIONS = timedelta(hours=24)
JITTER = 0.1


def wait_after(tries: int, random: Callable[[], float]) -> timedelta:
    """How long after the `tries`-th try the next one comes; up to a tenth longer, so that a crowd spreads out."""
    step = LADDER[min(max(tries, 1), len(LADDER)) - 1]
    return step * (1 + JITTER * random())
