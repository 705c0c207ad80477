"""How the sink misbehaves, told while it runs: refuse, defer, stall, hang up, dawdle, at a named beat."""

import asyncio
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


class Beat(StrEnum):
    """Moments of a dialogue, each just before the sink answers, except the last."""

    CONNECT = "connect"  # before the banner
    EHLO = "ehlo"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # before 354: nothing was handed over
    BODY = "body"  # the dot was read, nothing kept
    BEFORE_250 = "before-250"  # kept durably, not yet said
    AFTER_250 = "after-250"  # said


class Act(StrEnum):
    """What may happen at a beat."""

    REFUSE = "refuse"
    GREYLIST = "greylist"  # refuse a pair of sender and recipient the first time only
    STALL = "stall"  # silence until released
    DROP = "drop"  # close the connection
    DELAY = "delay"


@dataclass(slots=True)
class Rule:
    """One thing to do at one beat, for recipients that match the pattern `to`.

    Before RCPT the sink knows no recipient: there only `*` matches. `skip` lets so many pass first,
    `times` ends it after so many (None: never).
    """

    beat: Beat
    act: Act
    to: str = "*"
    code: int = 550
    text: str = "5.0.0 Refused"
    seconds: float = 0.0
    skip: int = 0
    times: int | None = None

    @classmethod
    def parse(cls, given: dict[str, Any]) -> "Rule":
        """From JSON. Raises `TypeError` or `ValueError` for what no rule can be."""
        return cls(**{**given, "beat": Beat(given["beat"]), "act": Act(given["act"])})

    def strikes(self, beat: Beat, recipient: str) -> bool:
        """Whether it happens now; counts."""
        if beat is not self.beat or not fnmatchcase(recipient.lower(), self.to.lower()):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


@dataclass(frozen=True, slots=True)
class Stall:
    """A connection that gets no answer at present."""

    beat: Beat
    connection: int
    recipient: str


class HungUp(Exception):
    """The rules want this connection closed now."""


# Addresses that carry their own answer: bounce-5.1.1@…, defer-4.2.2@….
TELLING = re.compile(r"(?:bounce|defer)-(?P<status>[45]\.\d{1,3}\.\d{1,3})\b")


@dataclass(slots=True)
class Behaviour:
    """The rules, in order: delays and stalls add up, the first refusal or hang-up ends it."""

    rules: list[Rule] = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _release: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def at(self, beat: Beat, *, connection: int, sender: str = "", recipient: str = "") -> str | None:
        """Live through the beat; a refusal to be sent, or None. Raises `HungUp`."""
        refusal: str | None = None
        for rule in [rule for rule in self.rules if rule.strikes(beat, recipient)]:
            match rule.act:
                case Act.DELAY:
                    await asyncio.sleep(rule.seconds)
                case Act.STALL:
                    await self._stall(Stall(beat, connection, recipient))
                case Act.DROP:
                    raise HungUp(beat)
                case Act.REFUSE:
                    refusal = refusal or f"{rule.code} {rule.text}"
                case Act.GREYLIST:
                    pair = (sender, recipient)
                    if pair not in self._seen:
                        self._seen.add(pair)
                        refusal = refusal or "451 4.7.1 Greylisted, try again later"
        if refusal is None and beat is Beat.RCPT and (told := TELLING.match(recipient)):
            status = told["status"]
            refusal = f"{450 if status[0] == '4' else 550} {status} As the address says"
        return refusal

    async def _stall(self, stall: Stall) -> None:
        release = self._release
        self.stalls.append(stall)
        async with self._changed:
            self._changed.notify_all()
        try:
            await release.wait()
        finally:
            self.stalls.remove(stall)

    async def stalled(self, beat: Beat | None = None, *, count: int = 1, seconds: float = 10) -> list[Stall]:
        """Those stalled (at `beat`), once there are `count` of them or the time is over."""

        def found() -> list[Stall]:
            return [stall for stall in self.stalls if beat is None or stall.beat is beat]

        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: len(found()) >= count)
        return found()

    def release(self) -> None:
        """Let everybody who is stalled go on; who comes later stalls again."""
        self._release.set()
        self._release = asyncio.Event()

    def as_json(self) -> list[dict[str, Any]]:
        """The rules as they stand, with what is left of their counts."""
        return [asdict(rule) for rule in self.rules]
