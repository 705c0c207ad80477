"""Letters over one session, pipelined (RFC 2920), each reply credited to the letter it is about.

One round trip a letter: the body of one leaves together with MAIL, RCPT and DATA of the next,
which section 3.1 allows by name. Bodies are never sent ahead of their 354, so whatever happens to
the connection, at most one letter on it is in doubt.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from bursar.integrations.smtp.errors import WORDS, Stage, judge
from bursar.integrations.smtp.message import (
    BadAddress,
    NeedsUtf8,
    envelope_address,
    has_8bit_header,
    stuffed,
    to_7bit,
)
from bursar.integrations.smtp.protocol import Lost, Reply, Slow
from bursar.integrations.smtp.session import Session
from bursar.outbox.ports import Letter, Outcome, Result

HANGS_UP = 421
GOES_ON = {Stage.MAIL: 2, Stage.RCPT: 2, Stage.DATA: 3}  # classes of code: 251 also accepts
LARGE = 32 * 1024  # bytes; above it the dot waits until the kernel has the body, so that less is in doubt

QUEUE_ID = re.compile(
    r"queued as (?P<postfix>[\w.-]+)|\bid=(?P<exim>[\w-]+)|InternalId=(?P<exchange>\d+)"
    r"|\bOK +\d+ (?P<gmail>\S+) - gsmtp|^(?:2\.\d\.\d )?(?P<sendmail>\S+) Message accepted"
    r"|^Ok (?P<ses>[\w-]{20,})$",
    re.IGNORECASE,
)


class Broken(Exception):
    """The session ended. What was answered or is in doubt was settled; these were surely not handed over.

    `asked` is the letter it happened to, `waiting` one that was merely next. `is_stale`: a rested
    session that had been closed meanwhile, which is nobody's fault.
    """

    def __init__(self, asked: Letter | None, waiting: Letter | None, cause: Lost, *, is_stale: bool) -> None:
        super().__init__(str(cause))
        self.asked, self.waiting = asked, waiting
        self.is_slow, self.is_stale = isinstance(cause, Slow), is_stale


class Draft(NamedTuple):
    """A letter ready for the wire: the three commands before the body, and the body up to its dot."""

    letter: Letter
    commands: tuple[tuple[Stage, bytes], ...]
    opening: bytes
    body: bytes


class Carrier:
    """Carries what `take` gives until it gives None, and tells `settle` about each."""

    def __init__(
        self, session: Session, take: Callable[[], Letter | None], settle: Callable[[Outcome], None]
    ) -> None:
        self._session, self._wire, self._deadlines = session, session.wire, session.deadlines
        self._pipelining = "PIPELINING" in session.extensions
        self._take, self._settle = take, settle
        self._asked: Draft | None = None
        self._waiting: Draft | None = None
        self.answered = 0

    async def run(self) -> None:
        """Until nothing is left to take. Raises `Broken`; nothing else is about a letter's fate."""
        try:
            draft, ahead = self._next(), False
            while draft is not None:
                self._asked, self._waiting = draft, None
                if await self._propose(draft, ahead=ahead):
                    self._waiting = self._next()
                    await self._hand_over(draft, self._waiting)
                    draft, ahead = self._waiting, self._pipelining
                else:
                    draft, ahead = self._next(), False
        except Lost as lost:
            self._wire.drop(lost)
            asked, waiting = (draft and draft.letter for draft in (self._asked, self._waiting))
            stale = self._session.rested and not self.answered and not isinstance(lost, Slow)
            raise Broken(asked, waiting, lost, is_stale=stale) from lost

    async def _propose(self, draft: Draft, *, ahead: bool) -> bool:
        """MAIL, RCPT, DATA; whether the server now waits for the body. `ahead`: they are on their way."""
        if self._pipelining and not ahead:
            self._wire.write(b"RSET\r\n" + draft.opening if self._session.dirty else draft.opening)
        if self._session.dirty:
            await self._reset()
        reply, refused = None, False
        for stage, command in draft.commands:
            if not self._pipelining:
                self._wire.write(command)
            reply = await self._wire.reply(self._deadlines.command)
            if refused or reply.code // 100 == GOES_ON[stage]:
                continue
            self._refuse(draft, stage, reply)
            refused = True
            if not self._pipelining:
                break
        if refused and self._pipelining and reply is not None and reply.code // 100 == GOES_ON[Stage.DATA]:
            # The server waits for the body of a letter to nobody: RFC 2920 3.1 tells to send a lone dot.
            self._wire.write(b".\r\n")
            await self._wire.reply(self._deadlines.data)
        return not refused

    async def _reset(self) -> None:
        """A refused letter left its envelope open."""
        if not self._pipelining:
            self._wire.write(b"RSET\r\n")
        await self._wire.reply(self._deadlines.command)
        self._session.dirty = False

    def _refuse(self, draft: Draft, stage: Stage, reply: Reply) -> None:
        """Credit a no. Raises `Lost` after 421: the server hangs up, and does not answer the rest.

        A 421 as the first answer on a session that had rested is about the session, not the letter.
        """
        if reply.code == HANGS_UP and self._session.rested and not self.answered:
            raise Lost("hung up while idle")
        self._asked = None
        self._session.dirty = True
        self._answer(draft, stage, reply)
        if reply.code == HANGS_UP:
            raise Lost("421")

    async def _hand_over(self, draft: Draft, following: Draft | None) -> None:
        """The body, its dot, and on a pipelining server the commands of the next letter behind it.

        What is lost before the dot was written was not handed over; after it, it is in doubt.
        """
        body, end = draft.body, b".\r\n"
        if following is not None and self._pipelining:
            end += following.opening
        if len(body) > LARGE:
            self._wire.write(body)
            await self._wire.drain(self._deadlines.data)
            body = b""
        self._wire.write(body + end)
        self._asked = None
        try:
            reply = await self._wire.reply(self._deadlines.data)
        except Lost as lost:
            words = WORDS["slow" if isinstance(lost, Slow) else "lost"]
            self._settle(Outcome(draft.letter.send_id, Result.UNKNOWN, text=words))
            raise
        self._answer(draft, Stage.BODY, reply)
        if reply.code == HANGS_UP:
            raise Lost("421")

    def _answer(self, draft: Draft, stage: Stage, reply: Reply) -> None:
        self.answered += 1
        result, text = judge(stage, reply), reply.text
        self._settle(
            Outcome(
                draft.letter.send_id,
                result,
                code=str(reply.code),
                enhanced=reply.enhanced,
                text=text,
                provider_id=queue_id(text) if result is Result.ACCEPTED else None,
            )
        )

    def _next(self) -> Draft | None:
        """The next letter that can be put into an envelope; the others are settled on the way (R138)."""
        while (letter := self._take()) is not None:
            try:
                return drafted(letter, self._session.extensions)
            except NeedsUtf8:
                refusal = (Result.REJECTED, "553", "5.6.7", WORDS["no_utf8"])
            except BadAddress as error:
                refusal = (
                    (Result.REFUSED, "553", "5.1.7", WORDS["bad_sender"])
                    if error.args == (letter.sender,)
                    else (Result.REJECTED, "553", "5.1.3", WORDS["bad_recipient"])
                )
            except (ValueError, LookupError):
                refusal = (Result.REJECTED, "554", "5.6.3", WORDS["not_7bit"])
            self._settle(Outcome(letter.send_id, *refusal))
        return None


def drafted(letter: Letter, extensions: dict[str, str]) -> Draft:
    """Commands and body as this server can take them. Raises `BadAddress`, `NeedsUtf8`."""
    utf8 = "SMTPUTF8" in extensions
    sender, recipient = (
        envelope_address(letter.sender, utf8=utf8),
        envelope_address(letter.recipient, utf8=utf8),
    )
    message, parameters = letter.message, b""
    needs_utf8 = not (sender.isascii() and recipient.isascii())
    if not message.isascii():
        raw_header = has_8bit_header(message)
        if "8BITMIME" not in extensions or (raw_header and not utf8):
            message = to_7bit(message)
        else:
            parameters = b" BODY=8BITMIME"
            needs_utf8 = needs_utf8 or raw_header
    if needs_utf8:
        parameters += b" SMTPUTF8"
    body = stuffed(message)
    if "SIZE" in extensions:
        parameters += b" SIZE=%d" % len(body)
    mail, rcpt = b"MAIL FROM:<%b>%b\r\n" % (sender, parameters), b"RCPT TO:<%b>\r\n" % recipient
    commands = ((Stage.MAIL, mail), (Stage.RCPT, rcpt), (Stage.DATA, b"DATA\r\n"))
    return Draft(letter, commands, mail + rcpt + b"DATA\r\n", body)


def queue_id(text: str) -> str | None:
    """What the server calls the message it took, if it says so in a way we know."""
    match = QUEUE_ID.search(text)
    return match[match.lastgroup] if match and match.lastgroup else None
