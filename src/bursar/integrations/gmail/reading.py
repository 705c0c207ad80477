"""`outbox.ports.MailboxReader` over Gmail's API: by its history, else by date. Reading there marks nothing."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bursar.core.errors import N_
from bursar.integrations.gmail.client import ME, GmailClient
from bursar.integrations.oauth.api import Answer, Lost, Unsent
from bursar.outbox.incoming.mail import LARGEST
from bursar.outbox.incoming.ports import Mail, Pile
from bursar.outbox.ports import Health, NoAnswer, SignedOut

MOST_PAGES = 10  # of a hundred messages, in one look
LARGEST_RAW = 2 * 1024 * 1024  # bytes; of what is larger (it has files) the beginning of its text will do
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,20}")
NOT_READ = N_("Gmail gives no answer at present. We try again.")
NOT_ALLOWED = N_("Gmail does not let us read this mailbox. Connect it again and allow reading.")


class GmailReader:
    """One mailbox that its owner lets us read."""

    def __init__(self, client: GmailClient) -> None:
        self._client = client

    async def check(self, folder: str) -> Health:
        try:
            await self._asked("/messages", {"labelIds": folder, "maxResults": "1"})
        except (NoAnswer, SignedOut) as trouble:
            return Health(ok=False, text=str(trouble))
        return Health(ok=True)

    async def read(
        self, folder: str, position: Mapping[str, Any], since: datetime, wanted: Callable[[bytes], bool]
    ) -> Pile:
        """What was added since the history's id; Gmail forgets old ones, and then the date counts."""
        start = str(position.get("history", ""))
        found = await self._added(folder, start) if _NUMBER.fullmatch(start) else None
        ids, history, more = found or await self._since(folder, since)
        mails: list[Mail] = []
        newest: datetime | None = None
        for message_id in dict.fromkeys(ids):
            mail, date = await self._mail(message_id, wanted)
            newest = max(newest, date) if newest and date else date or newest
            if mail is not None:
                mails.append(mail)
        return Pile(mails, {"history": history}, newest, more=more)

    async def close(self) -> None:
        await self._client.close()

    async def _added(self, folder: str, start: str) -> tuple[list[str], str, bool] | None:
        """Ids in the order in which they came, and the history's id up to which they are all; None if forgotten."""
        ids: list[str] = []
        history = start
        asked = {
            "startHistoryId": start,
            "labelId": folder,
            "historyTypes": "messageAdded",
            "maxResults": "100",
        }
        for _ in range(MOST_PAGES):
            answer = await self._call("/history", asked)
            if answer.status == 404:
                return None
            told = _read(answer)
            for record in _objects(told.get("history")):
                for added in _objects(record.get("messagesAdded")):
                    message = added.get("message")
                    ids += [_id(message)] if isinstance(message, dict) and _in_folder(message, folder) else []
                history = str(record.get("id", history))
            page = told.get("nextPageToken")
            if not isinstance(page, str):
                return ids, str(told.get("historyId", history)), False
            asked["pageToken"] = page
        return ids, history, True

    async def _since(self, folder: str, since: datetime) -> tuple[list[str], str, bool]:
        """The history begins before the list is asked for: what comes in between is seen twice, not never."""
        history = str((await self._asked("/profile", {})).get("historyId", ""))
        if not _NUMBER.fullmatch(history):
            raise NoAnswer(NOT_READ)
        ids: list[str] = []
        asked = {"labelIds": folder, "q": f"after:{int(since.timestamp())}", "maxResults": "100"}
        for _ in range(MOST_PAGES):
            told = await self._asked("/messages", asked)
            if "messages" not in told and "resultSizeEstimate" not in told:
                raise NoAnswer(NOT_READ)  # an empty object is no empty mailbox
            ids += [_id(message) for message in _objects(told.get("messages"))]
            page = told.get("nextPageToken")
            if not isinstance(page, str):
                break
            asked["pageToken"] = page
        return ids[::-1], history, False

    async def _mail(
        self, message_id: str, wanted: Callable[[bytes], bool]
    ) -> tuple[Mail | None, datetime | None]:
        """Its head first; the rest only if it concerns us. One that is gone meanwhile is nothing."""
        answer = await self._call(f"/messages/{message_id}", {"format": "metadata"})
        if answer.status == 404:
            return None, None
        told = _read(answer)
        head, date = _head(told), _date(told.get("internalDate"))
        if not wanted(head):
            return None, date
        thread = told.get("threadId") if isinstance(told.get("threadId"), str) else None
        size = told.get("sizeEstimate")
        if isinstance(size, int) and size > LARGEST_RAW:
            text = str(told.get("snippet", "")).encode()
            head = b"\r\n".join(
                line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-")
            )
            return Mail(
                date, head + b"\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + text, thread
            ), date
        answer = await self._call(f"/messages/{message_id}", {"format": "raw"})
        if answer.status == 404:
            return None, date
        raw = str(_read(answer).get("raw", ""))
        return Mail(date, _decoded(raw)[:LARGEST], thread), date

    async def _asked(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        return _read(await self._call(path, params))

    async def _call(self, path: str, params: Mapping[str, str]) -> Answer:
        try:
            return await self._client.api.call("GET", ME + path, params=params)
        except (Unsent, Lost) as error:
            raise NoAnswer(NOT_READ) from error


def _read(answer: Answer) -> dict[str, Any]:
    """Raises `SignedOut` where only the owner can help, `NoAnswer` for all else that is no success."""
    if answer.status == 200:
        return answer.told
    told = str(answer.told.get("error", "")).lower()
    if answer.status == 401 or (answer.status == 403 and ("insufficient" in told or "scope" in told)):
        raise SignedOut(NOT_ALLOWED)
    raise NoAnswer(NOT_READ)


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _id(message: Mapping[str, Any]) -> str:
    found = str(message.get("id", ""))
    if not _ID.fullmatch(found):
        raise NoAnswer(NOT_READ)
    return found


def _in_folder(message: Mapping[str, Any], folder: str) -> bool:
    labels = message.get("labelIds")
    return not isinstance(labels, list) or folder in labels


def _head(told: Mapping[str, Any]) -> bytes:
    payload = told.get("payload")
    headers = _objects(payload.get("headers")) if isinstance(payload, dict) else iter(())
    lines = (f"{one.get('name', '')}: {' '.join(str(one.get('value', '')).split())}" for one in headers)
    return "\r\n".join(lines).encode("utf-8", "replace")


def _date(milliseconds: object) -> datetime | None:
    text = str(milliseconds)
    return datetime.fromtimestamp(int(text) / 1000, UTC) if re.fullmatch(r"[0-9]{1,14}", text) else None


def _decoded(raw: str) -> bytes:
    signs = re.sub(r"[^A-Za-z0-9_-]", "", raw)
    signs = signs[:-1] if len(signs) % 4 == 1 else signs
    return base64.urlsafe_b64decode(signs + "=" * (-len(signs) % 4))
