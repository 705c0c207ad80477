"""How a vendor misbehaves, told while it runs: answer with an error, lose the answer, stall, dawdle, say it twice."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

WAYS = frozenset({"lost", "stall", "late", "twice", "nonsense"})
"""What is done to an answer; every other name is an error of the contract."""
AFTERWARDS = frozenset({"lost", "late", "twice", "stall", "nonsense"})
"""Happen to what was carried out, if nothing else is said."""


@dataclass
class Trouble:
    """The next `times` requests (None: all) of a mailbox and an operation, after `skip` others.

    `accepted`: whether what was asked for is carried out all the same. `retry_after` in seconds, for errors;
    `seconds` for "late". `message` replaces the words of the error.
    """

    answer: str
    mailbox: str = "*"
    operation: str = "*"
    skip: int = 0
    times: int | None = 1
    accepted: bool | None = None
    retry_after: int | None = None
    seconds: float = 0.0
    message: str | None = None

    @classmethod
    def parse(cls, given: Any, errors: Iterable[str]) -> "Trouble":
        """From JSON. Raises `TypeError` or `ValueError` for what no trouble can be."""
        trouble = cls(**given)
        if trouble.answer not in WAYS and trouble.answer not in errors:
            known = ", ".join(sorted({*WAYS, *errors}))
            raise ValueError(f"no answer is called {trouble.answer!r}; there are {known}")
        return trouble

    @property
    def is_afterwards(self) -> bool:
        return self.answer in AFTERWARDS if self.accepted is None else self.accepted

    def strikes(self, operation: str, mailbox: str) -> bool:
        """Whether it happens now; counts."""
        if not fnmatchcase(operation, self.operation) or not fnmatchcase(
            mailbox.lower(), self.mailbox.lower()
        ):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


@dataclass
class Stall:
    """A request that gets no answer at present."""

    operation: str
    mailbox: str
    accepted: bool


@dataclass
class Troubles:
    """In order; the first that strikes is the one."""

    held: list[Trouble] = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)
    _release: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def next(self, operation: str, mailbox: str) -> Trouble | None:
        struck = next((one for one in self.held if one.strikes(operation, mailbox)), None)
        self.held = [one for one in self.held if one.times is None or one.times > 0]
        return struck

    async def stall(self, stall: Stall) -> None:
        """Until somebody releases it."""
        release = self._release
        self.stalls.append(stall)
        async with self._changed:
            self._changed.notify_all()
        try:
            await release.wait()
        finally:
            self.stalls.remove(stall)

    async def stalled(self, *, count: int, seconds: float) -> list[Stall]:
        """Those stalled, once there are `count` of them or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: len(self.stalls) >= count)
        return list(self.stalls)

    def release(self) -> None:
        """Let everybody who is stalled go on; who comes later stalls again."""
        self._release.set()
        self._release = asyncio.Event()

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(one) for one in self.held]
