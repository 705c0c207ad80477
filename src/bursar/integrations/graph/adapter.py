"""`outbox.ports.Sender` and `Finder` over Microsoft Graph.

202 says that Graph took the message and gives it no name: what goes on to be known of it hangs on our Message-ID.
"""

from collections.abc import Sequence
from uuid import uuid4

from bursar.core.clock import Clock, SystemClock
from bursar.core.errors import N_
from bursar.integrations.graph.client import AT_ONCE, LARGEST_MESSAGE, GraphClient
from bursar.integrations.graph.errors import judge
from bursar.integrations.oauth.api import Lost, Unsent
from bursar.integrations.oauth.carrying import WORDS, Verdict, carry
from bursar.outbox.ports import Health, Letter, NoAnswer, Outcome, Result, SignedOut, Trace

SEARCH_FAILED = N_("Outlook could not be asked what it sent.")


class GraphSender:
    """One mailbox's way out, never with more requests at once than Graph takes."""

    def __init__(
        self, client: GraphClient, *, connections: int = AT_ONCE, clock: Clock | None = None
    ) -> None:
        self._client, self._at_once = client, min(connections, AT_ONCE)
        self._clock = clock or SystemClock()

    async def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        return await carry(letters, self._post, at_once=self._at_once)

    async def check(self) -> Health:
        try:
            answer = await self._client.me()
        except (SignedOut, NoAnswer) as trouble:
            return Health(ok=False, text=str(trouble))
        except (Unsent, Lost):
            return Health(ok=False, text=WORDS["unreachable"])
        if answer.status == 200:
            return Health(ok=True)
        verdict = judge(answer, self._clock.now())
        return Health(ok=False, code=verdict.code, text=verdict.text)

    async def close(self) -> None:
        await self._client.close()

    async def _post(self, letter: Letter) -> Verdict:
        if len(letter.message) > LARGEST_MESSAGE:
            return Verdict(Result.REJECTED, "413", "5.3.4", WORDS["too_large"])
        request_id = uuid4()
        answer = await self._client.send(letter.message, request_id=request_id)
        named = answer.headers.get("client-request-id", str(request_id))
        if named.lower() != str(request_id):
            return Verdict(
                Result.UNKNOWN, str(answer.status), text=WORDS["nonsense"]
            )  # the answer to another
        if answer.status == 202:
            return Verdict(Result.ACCEPTED, "202")
        if 200 <= answer.status < 400:
            return Verdict(Result.UNKNOWN, str(answer.status), text=WORDS["nonsense"])
        return judge(answer, self._clock.now())


class GraphFinder:
    """Asks the Sent folder of a mailbox that we may read."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def find(self, message_id: str) -> Trace | None:
        try:
            answer = await self._client.sent_with(message_id)
        except (Unsent, Lost) as error:
            raise NoAnswer(SEARCH_FAILED) from error
        found = answer.told.get("value")
        if answer.status != 200 or not isinstance(found, list):
            raise NoAnswer(SEARCH_FAILED)
        for one in found:
            if not isinstance(one, dict) or not isinstance(one.get("id"), str):
                raise NoAnswer(SEARCH_FAILED)
            if one.get("internetMessageId", message_id) != message_id:
                raise NoAnswer(SEARCH_FAILED)  # it did not understand the filter
            conversation = one.get("conversationId")
            return Trace(one["id"], conversation if isinstance(conversation, str) else None)
        return None

    async def close(self) -> None:
        await self._client.close()
