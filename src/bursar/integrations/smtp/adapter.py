"""`outbox.ports.Sender` over SMTP: a few kept-open sessions that share the letters of a call."""

import asyncio
import logging
import ssl
from collections import Counter, deque
from collections.abc import Sequence
from uuid import UUID

from bursar.integrations.smtp import guard
from bursar.integrations.smtp.carrying import Broken, Carrier
from bursar.integrations.smtp.errors import WORDS
from bursar.integrations.smtp.session import Deadlines, Session, SmtpSettings, Trouble, open_session
from bursar.outbox.ports import Health, Letter, Outcome, Result

__all__ = ["Deadlines", "SmtpSender", "SmtpSettings"]

log = logging.getLogger(__name__)

TRIES = 2  # sessions on which one letter may meet a broken connection before it is given back as an error
BREAKS = 3  # breaks in a row, with no letter answered between them, after which a lane stops knocking
RESTED = 5.0  # seconds; a session that rested longer is asked NOOP before it is trusted with a letter


class SmtpSender:
    """One sending account's way out: at most `settings.connections` sessions at a time, however many calls."""

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        deadlines: Deadlines | None = None,
        lookup: guard.Lookup = guard.system_lookup,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._settings, self._deadlines = settings, deadlines or Deadlines()
        self._lookup, self._trust = lookup, trust
        self._idle: list[Session] = []
        self._slots = asyncio.Semaphore(settings.connections)

    async def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        """One outcome a letter. The first session opens alone: a wrong password is tried once, not by all."""
        call = Call(letters, asyncio.get_running_loop().time() + self._deadlines.call)
        try:
            async with self._slots:
                if letters and not self._idle:
                    self._idle.append(await self._open())
        except Trouble as trouble:
            call.trouble = trouble
        else:
            lanes = min(self._settings.connections, len(letters))
            ends = await asyncio.gather(*(self._lane(call) for _ in range(lanes)), return_exceptions=True)
            for end in ends:
                if isinstance(end, BaseException):
                    log.error("a lane of an SMTP sender failed", exc_info=end)
        return call.close()

    async def check(self) -> Health:
        """Sign in on a session of its own and say goodbye."""
        try:
            session = await self._open()
        except Trouble as trouble:
            return Health(ok=False, code=trouble.code, text=trouble.text)
        await session.quit()
        return Health(ok=True)

    async def close(self) -> None:
        """Say goodbye on every resting session."""
        resting, self._idle = self._idle, []
        await asyncio.gather(*(session.quit() for session in resting))

    async def _lane(self, call: "Call") -> None:
        """Carry what is waiting over as many sessions as that takes, until too many break in a row."""
        async with self._slots:
            breaks = 0
            while call.has_more():
                try:
                    session = await self._session()
                except Trouble as trouble:
                    call.trouble = trouble
                    return
                carrier = Carrier(session, call.take, call.settle)
                try:
                    await carrier.run()
                    self._rest(session)
                except Broken as broken:
                    call.take_back(broken)
                    if not broken.is_stale:
                        breaks = (0 if carrier.answered else breaks) + (2 if broken.is_slow else 1)
                    if breaks >= BREAKS:
                        call.trouble = SLOW if broken.is_slow else LOST
                        return
                except BaseException:
                    session.wire.drop()
                    raise

    async def _session(self) -> Session:
        """A rested session that still answers, or a new one. Raises `Trouble`."""
        while self._idle:
            session = self._idle.pop()
            rested = asyncio.get_running_loop().time() - session.resting_since
            if session.wire.is_fresh and (rested < RESTED or await session.is_alive()):
                return session
            session.wire.drop()
        return await self._open()

    def _rest(self, session: Session) -> None:
        session.resting_since, session.rested = asyncio.get_running_loop().time(), True
        self._idle.append(session)

    async def _open(self) -> Session:
        session = await open_session(self._settings, self._deadlines, lookup=self._lookup, trust=self._trust)
        session.resting_since = asyncio.get_running_loop().time()
        return session


SLOW = Trouble(Result.DEFERRED, WORDS["slow"])
LOST = Trouble(Result.ERROR, WORDS["lost"])
ENDED = Trouble(Result.DEFERRED, WORDS["ended"])


class Call:
    """The letters of one `deliver`, shared by its lanes: who is waiting, who is out, what became of whom."""

    def __init__(self, letters: Sequence[Letter], until: float) -> None:
        self._waiting, self._until = deque(letters), until
        self._out: dict[UUID, Letter] = {}
        self._tries: Counter[UUID] = Counter()
        self._outcomes: list[Outcome] = []
        self._loop = asyncio.get_running_loop()
        self.trouble: Trouble | None = None

    def has_more(self) -> bool:
        """Whether a letter is waiting and there is time for it."""
        return bool(self._waiting) and self._loop.time() < self._until

    def take(self) -> Letter | None:
        """The next letter, now out with a lane, or None."""
        if not self.has_more():
            return None
        letter = self._waiting.popleft()
        self._out[letter.send_id] = letter
        return letter

    def settle(self, outcome: Outcome) -> None:
        """A letter's fate is known, as far as it can be."""
        del self._out[outcome.send_id]
        self._outcomes.append(outcome)

    def take_back(self, broken: Broken) -> None:
        """Letters of a broken session wait again; the one it happened to only if it has a try left."""
        for letter in (broken.waiting, broken.asked):
            if letter is None:
                continue
            if letter is broken.asked and not broken.is_stale:
                self._tries[letter.send_id] += 1
                if broken.is_slow or self._tries[letter.send_id] >= TRIES:
                    self.settle(_fate(letter, SLOW if broken.is_slow else LOST))
                    continue
            del self._out[letter.send_id]
            self._waiting.appendleft(letter)

    def close(self) -> list[Outcome]:
        """Every letter's outcome. Who is still out was dropped by a lane that failed: nobody knows."""
        self._outcomes += [_fate(letter, self.trouble or ENDED) for letter in self._waiting]
        lost = WORDS["lost"]
        self._outcomes += [Outcome(send_id, Result.UNKNOWN, text=lost) for send_id in self._out]
        return self._outcomes


def _fate(letter: Letter, trouble: Trouble) -> Outcome:
    return Outcome(letter.send_id, trouble.result, trouble.code, trouble.enhanced, trouble.text)
