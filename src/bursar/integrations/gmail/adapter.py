"""`outbox.ports.Sender` and `Finder` over Gmail's API.

There is no key that would make a second request harmless: what was handed over and not answered is UNKNOWN, and only
the Sent folder can tell.
"""

import re
from collections import deque
from collections.abc import Sequence

from bursar.core.clock import Clock, SystemClock
from bursar.core.errors import N_
from bursar.integrations.gmail.client import LARGEST_MESSAGE, GmailClient
from bursar.integrations.gmail.errors import judge
from bursar.integrations.oauth.api import Answer, Lost, Unsent
from bursar.integrations.oauth.carrying import WORDS, Verdict, carry
from bursar.outbox.ports import Health, Letter, NoAnswer, Outcome, Result, SignedOut, Trace

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^<>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
REMEMBERED = 1_000
SEARCH_FAILED = N_("Gmail could not be asked what it sent.")


class GmailSender:
    """One mailbox's way out. `reads`: its owner let us read, so we may learn which Message-ID Gmail really used."""

    def __init__(
        self, client: GmailClient, *, reads: bool, connections: int = 4, clock: Clock | None = None
    ) -> None:
        self._client, self._reads, self._at_once = client, reads, connections
        self._clock = clock or SystemClock()
        self._answered: deque[str] = deque(maxlen=REMEMBERED)

    async def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        return await carry(letters, self._post, at_once=self._at_once)

    async def check(self) -> Health:
        """Whether Google still gives us a token; `gmail.send` alone may not even ask whose mailbox it is."""
        try:
            answer = await self._client.profile() if self._reads else None
        except (SignedOut, NoAnswer) as trouble:
            return Health(ok=False, text=str(trouble))
        except (Unsent, Lost):
            return Health(ok=False, text=WORDS["unreachable"])
        if answer is None or answer.status == 200:
            return Health(ok=True)
        verdict = judge(answer, self._clock.now())
        return Health(ok=False, code=verdict.code, text=verdict.text)

    async def close(self) -> None:
        await self._client.close()

    async def _post(self, letter: Letter) -> Verdict:
        if len(letter.message) > LARGEST_MESSAGE:
            return Verdict(Result.REJECTED, "413", "5.3.4", WORDS["too_large"])
        answer = await self._client.send(letter.message, thread=letter.thread)
        if answer.status == 404 and letter.thread:
            # The conversation was deleted: the letter starts one of its own.
            answer = await self._client.send(letter.message, thread=None)
        if answer.status != 200:
            return judge(answer, self._clock.now())
        return await self._taken(letter, answer)

    async def _taken(self, letter: Letter, answer: Answer) -> Verdict:
        """An acceptance names the message. One that names another letter's, or none, is an answer to something else."""
        gmail_id, thread = answer.told.get("id"), answer.told.get("threadId")
        if not isinstance(gmail_id, str) or not gmail_id.isalnum() or gmail_id in self._answered:
            return Verdict(Result.UNKNOWN, "200", text=WORDS["nonsense"])
        self._answered.append(gmail_id)
        return Verdict(
            Result.ACCEPTED,
            "200",
            provider_id=gmail_id,
            thread=thread if isinstance(thread, str) else None,
            message_id=await self._replaced(letter, gmail_id),
        )

    async def _replaced(self, letter: Letter, gmail_id: str) -> str | None:
        """The Message-ID Gmail put in place of ours; None if it kept ours or does not tell."""
        ours = MESSAGE_ID.search(letter.message)
        if not self._reads or ours is None:
            return None
        try:
            final = await self._client.message_id_of(gmail_id)
        except (SignedOut, NoAnswer, Unsent, Lost):
            return None  # the letter went; what it is called there is a convenience
        return final if final and final != ours[1].decode("ascii", "replace") and len(final) < 500 else None


class GmailFinder:
    """Asks the Sent folder of a mailbox that we may read."""

    def __init__(self, client: GmailClient) -> None:
        self._client = client

    async def find(self, message_id: str) -> Trace | None:
        try:
            answer = await self._client.sent_with(message_id)
        except (Unsent, Lost) as error:
            raise NoAnswer(SEARCH_FAILED) from error
        told = answer.told
        if answer.status != 200 or not isinstance(told.get("messages", []), list):
            raise NoAnswer(SEARCH_FAILED)
        if "messages" not in told and "resultSizeEstimate" not in told:
            raise NoAnswer(SEARCH_FAILED)  # an empty object is no proof of absence
        for found in told.get("messages", []):
            if not isinstance(found, dict) or not isinstance(found.get("id"), str):
                raise NoAnswer(SEARCH_FAILED)
            thread = found.get("threadId")
            return Trace(found["id"], thread if isinstance(thread, str) else None)
        return None

    async def close(self) -> None:
        await self._client.close()
