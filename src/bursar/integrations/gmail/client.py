"""Gmail's API, as far as we use it (`contract.json`): each method one request in the mailbox's name."""

import base64

import httpx2

from bursar.integrations.oauth.api import Answer, Api
from bursar.outbox.ports import Tokens

LARGEST_MESSAGE = 36_700_160  # bytes (Gmail's discovery document)
ME = "/gmail/v1/users/me"


class GmailClient:
    """Holds connections; close it. Every method raises what `Api.call` raises."""

    def __init__(
        self,
        base_url: str,
        tokens: Tokens,
        *,
        connections: int = 4,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.api = Api(base_url, tokens, connections=connections, transport=transport)

    async def send(self, message: bytes, *, thread: str | None) -> Answer:
        """The whole message; `thread` only has an effect where subject and references agree (R103)."""
        body = {"raw": base64.urlsafe_b64encode(message).decode("ascii")}
        if thread:
            body["threadId"] = thread
        return await self.api.call("POST", f"{ME}/messages/send", json=body)

    async def sent_with(self, message_id: str) -> Answer:
        """At most one message of ours with this Message-ID."""
        params = {"q": f"in:sent rfc822msgid:{message_id.strip('<>')}", "maxResults": "1"}
        return await self.api.call("GET", f"{ME}/messages", params=params)

    async def message_id_of(self, gmail_id: str) -> str | None:
        """The Message-ID with which Gmail sent it; None if it does not say."""
        params = {"format": "metadata", "metadataHeaders": "Message-ID"}
        answer = await self.api.call("GET", f"{ME}/messages/{gmail_id}", params=params)
        payload = answer.told.get("payload")
        headers = payload.get("headers") if isinstance(payload, dict) else None
        for header in headers if isinstance(headers, list) else []:
            if isinstance(header, dict) and str(header.get("name", "")).lower() == "message-id":
                return str(header.get("value", "")).strip() or None
        return None

    async def profile(self) -> Answer:
        return await self.api.call("GET", f"{ME}/profile")

    async def close(self) -> None:
        await self.api.close()
