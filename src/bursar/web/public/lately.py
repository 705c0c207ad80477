"""What was done a moment ago, so that it is not done again at once because somebody's page is impatient."""

from collections import OrderedDict
from collections.abc import Hashable


class Lately:
    """Remembers the last few thousand things of one process; more processes may each do a thing once."""

    __slots__ = ("_done", "_most", "_seconds")

    def __init__(self, seconds: float, most: int = 4096) -> None:
        self._seconds, self._most = seconds, most
        self._done: OrderedDict[Hashable, float] = OrderedDict()

    def may(self, thing: Hashable, now: float) -> bool:
        """Whether it may be done at `now`, in seconds of a clock that never goes back; if so it counts as done."""
        if now - self._done.get(thing, now - self._seconds) < self._seconds:
            return False
        self._done[thing] = now
        self._done.move_to_end(thing)
        if len(self._done) > self._most:
            self._done.popitem(last=False)
        return True
