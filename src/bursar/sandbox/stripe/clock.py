"""What time it is at Stripe: that of the machine, unless the control door says otherwise."""

import time
from dataclasses import dataclass


@dataclass
class Clock:
    """`offset_s`: how far ahead of the machine's."""

    offset_s: float = 0.0

    def now(self) -> int:
        """Seconds since 1970."""
        return int(time.time() + self.offset_s)

    def set(self, now: float) -> None:
        """It goes on from there."""
        self.offset_s = now - time.time()
