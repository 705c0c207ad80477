"""How much a mailbox may do in a while, counted over a window that slides."""

import time
from collections import deque
from dataclasses import dataclass, field


@dataclass
class Window:
    """At most `most` units within any `seconds`; None: as many as anybody likes."""

    most: int | None
    seconds: float
    _spent: deque[tuple[float, int]] = field(default_factory=deque)
    _sum: int = 0

    def wait(self, units: int) -> float:
        """0 if so many may be spent now, and then they are; else the seconds until they may be."""
        if self.most is None:
            return 0.0
        now = time.monotonic()
        while self._spent and self._spent[0][0] <= now - self.seconds:
            self._sum -= self._spent.popleft()[1]
        if self._sum + units <= self.most:
            self._spent.append((now, units))
            self._sum += units
            return 0.0
        over = self._sum + units - self.most
        for at, spent in self._spent:
            over -= spent
            if over <= 0:
                return max(at + self.seconds - now, 0.001)
        return self.seconds
