"""`outbox.ports.MailboxReader` over Microsoft Graph: by the time of arrival. Reading there marks nothing."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bursar.core.errors import N_
from bursar.integrations.graph.client import GraphClient
from bursar.integrations.oauth.api import Answer, Lost, Unsent
from bursar.outbox.incoming.mail import LARGEST
from bursar.outbox.incoming.ports import Mail, Pile
from bursar.outbox.ports import Health, NoAnswer, SignedOut

PAGE = 50
MOST_PAGES = 8
OVERLAP = timedelta(minutes=10)  # messages may be listed a little later than they say they came
INBOX = "/me/mailFolders/inbox/messages"
_ID = re.compile(r"[A-Za-z0-9_=-]{1,300}")
NOT_READ = N_("Microsoft gives no answer at present. We try again.")
NOT_ALLOWED = N_("Microsoft does not let us read this mailbox. Connect it again and allow reading.")


class GraphReader:
    """One mailbox that its owner lets us read."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def check(self, folder: str) -> Health:  # noqa: ARG002  its inbox is the one that Graph names
        try:
            _read(await self._call(INBOX, {"$select": "id", "$top": "1"}))
        except (NoAnswer, SignedOut) as trouble:
            return Health(ok=False, text=str(trouble))
        return Health(ok=True)

    async def read(
        self,
        folder: str,  # noqa: ARG002  likewise
        position: Mapping[str, Any],
        since: datetime,
        wanted: Callable[[bytes], bool],
    ) -> Pile:
        """By ascending time from a little before the last one; those of that while are known by their ids."""
        last = _moment(position.get("until"))
        seen = set(position.get("seen") or ()) if last else set()
        start = last - OVERLAP if last else since
        mails: list[Mail] = []
        came: dict[str, datetime] = {}
        params: dict[str, str] | None = {
            "$filter": f"receivedDateTime ge {start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "$orderby": "receivedDateTime",
            "$select": "id,receivedDateTime,conversationId,internetMessageHeaders",
            "$top": str(PAGE),
        }
        for _ in range(MOST_PAGES):
            told = _read(await self._call(INBOX, params))
            for one in _objects(told.get("value")):
                message_id, date = _id(one), _moment(one.get("receivedDateTime"))
                came[message_id] = date or start
                if message_id not in seen and wanted(head := _head(one)):
                    mails.append(
                        Mail(date, await self._raw(message_id, head), _text(one.get("conversationId")))
                    )
            params = _next(told.get("@odata.nextLink"))
            if params is None:
                break
        newest = max(came.values(), default=last)
        kept = [one for one, date in came.items() if newest and date >= newest - OVERLAP]
        until = newest.isoformat() if newest else None
        return Pile(mails, {"until": until, "seen": kept}, newest, more=params is not None)

    async def close(self) -> None:
        await self._client.close()

    async def _raw(self, message_id: str, head: bytes) -> bytes:
        """The message as it came; of one that is too long, its text alone below its head."""
        path = f"/me/messages/{message_id}"
        try:
            answer = await self._client.api.call("GET", f"{path}/$value")
        except Unsent as error:
            raise NoAnswer(NOT_READ) from error
        except Lost:
            answer = None
        if answer is not None and answer.status == 200:
            return answer.body[:LARGEST]
        told = _read(await self._call(path, {"$select": "body"}))
        body = told.get("body")
        content = str(body.get("content", "")) if isinstance(body, dict) else ""
        plain = b"\r\n".join(line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-"))
        return (plain + b"\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + content.encode())[:LARGEST]

    async def _call(self, path: str, params: Mapping[str, str] | None) -> Answer:
        try:
            return await self._client.api.call("GET", path, params=params)
        except (Unsent, Lost) as error:
            raise NoAnswer(NOT_READ) from error


def _read(answer: Answer) -> dict[str, Any]:
    """Raises `SignedOut` where only the owner can help, `NoAnswer` for all else that is no success."""
    if answer.status == 200:
        return answer.told
    if answer.status in (401, 403):
        raise SignedOut(NOT_ALLOWED)
    raise NoAnswer(NOT_READ)


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if not isinstance(value, list):
        raise NoAnswer(NOT_READ)
    yield from (one for one in value if isinstance(one, dict))


def _id(message: Mapping[str, Any]) -> str:
    found = str(message.get("id", ""))
    if not _ID.fullmatch(found):
        raise NoAnswer(NOT_READ)
    return found


def _next(link: object) -> dict[str, str] | None:
    """The query of the next page; the rest of the address is ours, wherever the link points."""
    return dict(parse_qsl(urlsplit(link).query)) if isinstance(link, str) and link else None


def _head(one: Mapping[str, Any]) -> bytes:
    headers = one.get("internetMessageHeaders")
    pairs = _objects(headers) if isinstance(headers, list) else iter(())
    lines = (f"{each.get('name', '')}: {' '.join(str(each.get('value', '')).split())}" for each in pairs)
    return "\r\n".join(lines).encode("utf-8", "replace")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
