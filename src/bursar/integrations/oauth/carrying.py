"""Letters over an HTTP API, a few at a time; what one learns of the account the others of its call need not ask."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from bursar.core.errors import N_
from bursar.integrations.oauth.api import Lost, Unsent
from bursar.outbox.ports import Letter, NoAnswer, Outcome, Result, SignedOut

log = logging.getLogger(__name__)

THROTTLED = "429"
A_MINUTE = timedelta(minutes=1)

WORDS = {
    "unreachable": N_("The mailbox's provider could not be reached."),
    "lost": N_("The provider gave no answer after it was handed the message."),
    "slow_down": N_("The provider asked to wait before the next message."),
    "no_more_today": N_("The provider takes no more messages from this mailbox today."),
    "signed_out": N_("The provider no longer lets us send from this mailbox. Sign in again."),
    "not_by_rules": N_("The provider does not let this mailbox send: its administrator's rules forbid it."),
    "blocked": N_("The provider has blocked this mailbox. What to do stands in its inbox."),
    "full": N_("This mailbox is full: its provider cannot keep what it sends. Its owner must make room."),
    "not_taken": N_("The provider refused this message."),
    "no_recipient": N_("The provider says that this is no address it could send to."),
    "too_large": N_("The message is too large for the provider."),
    "trouble": N_("The provider had trouble of its own and did not say whether it took the message."),
    "busy": N_("The provider is busy and took nothing."),
    "nonsense": N_("The provider's answer could not be read."),
}


class Verdict(NamedTuple):
    """What an answer means for the letter it is about."""

    result: Result
    code: str | None = None
    enhanced: str | None = None
    text: str = ""
    provider_id: str | None = None
    retry_after: timedelta | None = None
    thread: str | None = None
    message_id: str | None = None

    @property
    def is_about_all(self) -> bool:
        """The account, not the letter: the others need not be tried."""
        return self.result is Result.REFUSED or self.code == THROTTLED


def throttled(wait: timedelta | None) -> Verdict:
    return Verdict(Result.DEFERRED, THROTTLED, text=WORDS["slow_down"], retry_after=wait or A_MINUTE)


Post = Callable[[Letter], Awaitable[Verdict]]


async def carry(letters: Sequence[Letter], post: Post, *, at_once: int) -> list[Outcome]:
    """One outcome a letter; `post` may raise what `Api.call` raises. After word about the account, none is begun."""
    room, about_all = asyncio.Semaphore(at_once), []

    async def one(letter: Letter) -> Outcome:
        async with room:
            verdict = about_all[0] if about_all else await _posted(letter, post)
        if verdict.is_about_all and not about_all:
            about_all.append(verdict)
        return Outcome(letter.send_id, **verdict._asdict())

    return list(await asyncio.gather(*(one(letter) for letter in letters)))


async def _posted(letter: Letter, post: Post) -> Verdict:
    try:
        return await post(letter)
    except SignedOut as gone:
        return Verdict(Result.REFUSED, "401", "5.7.8", str(gone))
    except NoAnswer as later:
        return Verdict(Result.DEFERRED, text=str(later))
    except Unsent:
        return Verdict(Result.ERROR, text=WORDS["unreachable"])
    except Lost:
        return Verdict(Result.UNKNOWN, text=WORDS["lost"])
    except Exception:
        # Our own mistake, and nobody knows how far it had come: the other letters keep their answers.
        log.exception("a letter's call failed")
        return Verdict(Result.UNKNOWN, text=WORDS["nonsense"])
