"""Billing's port to the network of e-invoices, over the HTTP that the sandbox's provider speaks.

No provider of the UAE has been chosen by anybody yet, and each has an API of its own: a real one gets a folder of
its own beside this one.
"""

from uuid import UUID

import httpx2

from bursar.billing.documents.ports import Answer, Complaint, Outcome, Unreachable

TIMEOUT_S = 20.0
_OUTCOMES = {
    "received": Outcome.RECEIVED,
    "accepted": Outcome.ACCEPTED,
    "rejected": Outcome.REJECTED,
}
_LONGEST = 500


class SandboxProvider:
    """Holds one connection pool; close it."""

    def __init__(self, base_url: str, *, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._client = httpx2.AsyncClient(
            base_url=base_url, timeout=TIMEOUT_S, transport=transport, follow_redirects=False
        )

    async def submit(self, document_uuid: UUID, xml: bytes) -> Answer:
        """Raises `Unreachable` for whatever is no answer about the document itself."""
        headers = {"Content-Type": "application/xml"}
        return _answer(await self._call("PUT", document_uuid, content=xml, headers=headers))

    async def query(self, document_uuid: UUID) -> Answer:
        """Raises `Unreachable`."""
        response = await self._call("GET", document_uuid)
        return (
            Answer(Outcome.UNKNOWN) if response.status_code == httpx2.codes.NOT_FOUND else _answer(response)
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def _call(
        self,
        method: str,
        document_uuid: UUID,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        try:
            return await self._client.request(
                method, f"/documents/{document_uuid}", content=content, headers=headers
            )
        except httpx2.HTTPError as error:
            raise Unreachable(type(error).__name__) from error


def _answer(response: httpx2.Response) -> Answer:
    """An answer that cannot be read is none: nobody knows what became of the document."""
    if response.status_code not in (httpx2.codes.OK, httpx2.codes.ACCEPTED):
        raise Unreachable(f"HTTP {response.status_code}")
    try:
        told = response.json()
        outcome = _OUTCOMES[told["status"]]
        complaints = tuple(
            Complaint(str(each["rule"])[:_LONGEST], str(each["message"])[:_LONGEST])
            for each in told["errors"]
        )
        return Answer(outcome, str(told["id"])[:_LONGEST], complaints)
    except (ValueError, KeyError, TypeError) as error:
        raise Unreachable("an answer that cannot be read") from error
