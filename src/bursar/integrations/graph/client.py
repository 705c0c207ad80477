"""Microsoft Graph, as far as we use it (`contract.json`): each method one request in the mailbox's name."""

import base64
from uuid import UUID

import httpx2

from bursar.integrations.oauth.api import Answer, Api
from bursar.outbox.ports import Tokens

LARGEST_MESSAGE = 3 * 1024 * 1024  # bytes; base64 makes 4 MB of it, Graph's limit for one request
AT_ONCE = 4  # requests of one application to one mailbox; a fifth is throttled


class GraphClient:
    """Holds connections; close it. Every method raises what `Api.call` raises."""

    def __init__(
        self,
        base_url: str,
        tokens: Tokens,
        *,
        connections: int = AT_ONCE,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.api = Api(base_url, tokens, connections=min(connections, AT_ONCE), transport=transport)

    async def send(self, message: bytes, *, request_id: UUID) -> Answer:
        """The whole message as it is: Graph's own JSON would drop List-Unsubscribe and In-Reply-To (R94).

        Each on a connection of its own. 202 names no message: were one answer to come twice, the second would be
        taken for that of the next letter. At 30 a minute the handshakes are no matter.
        """
        headers = {
            "Connection": "close",
            "Content-Type": "text/plain",
            "client-request-id": str(request_id),
            "return-client-request-id": "true",
        }
        return await self.api.call("POST", "/me/sendMail", content=base64.b64encode(message), headers=headers)

    async def sent_with(self, message_id: str) -> Answer:
        """At most one message of the Sent folder with this Message-ID."""
        quoted = message_id.replace("'", "''")
        params = {
            "$filter": f"internetMessageId eq '{quoted}'",
            "$select": "id,internetMessageId,conversationId",
            "$top": "1",
        }
        return await self.api.call("GET", "/me/mailFolders/sentitems/messages", params=params)

    async def me(self) -> Answer:
        return await self.api.call("GET", "/me")

    async def close(self) -> None:
        await self.api.close()
