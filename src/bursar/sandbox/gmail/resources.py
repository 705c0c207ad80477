"""A message as Gmail's interface shows it."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from email.message import Message
from typing import Any

from bursar.sandbox.cloud.account import Folder, Item
from bursar.sandbox.mailboxes import reading

FIRST_ID = 0x18C0_0000_0000_0000
LABELS = {Folder.INBOX: ["INBOX"], Folder.SENT: ["SENT"], Folder.DRAFTS: ["DRAFT"]}


def id_of(number: int) -> str:
    """Gmail's own number of a message or a thread, in hexadecimal digits."""
    return f"{FIRST_ID + number:x}"


def number_of(told: str) -> int | None:
    if not re.fullmatch(r"[0-9a-f]{1,16}", told):
        return None
    return int(told, 16) - FIRST_ID


def labels(item: Item) -> list[str]:
    return [*LABELS[item.folder], *(["UNREAD"] if item.unread else [])]


def short(item: Item) -> dict[str, Any]:
    return {"id": id_of(item.number), "threadId": id_of(item.thread)}


def shown(item: Item, form: str, wanted: Sequence[str]) -> dict[str, Any]:
    """`wanted`: names of headers, for the form `metadata`; none: all of them."""
    told: dict[str, Any] = {
        **short(item),
        "labelIds": labels(item),
        "snippet": " ".join(item.text().split())[:200],
        "sizeEstimate": len(item.raw),
        "historyId": str(item.changed),
        "internalDate": str(int(item.received_at * 1000)),
    }
    match form:
        case "raw":
            told["raw"] = urlsafe_b64encode(item.raw).decode()
        case "full":
            told["payload"] = _part(item.message, "")
        case "metadata":
            names = {name.lower() for name in wanted}
            payload = {"mimeType": reading.content_type(item.message), "headers": _headers(item.message)}
            payload["headers"] = [
                each for each in payload["headers"] if not names or each["name"].lower() in names
            ]
            told["payload"] = payload
    return told


def _headers(message: Message) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in reading.headers(message)]


def _part(message: Message, part_id: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "partId": part_id,
        "mimeType": reading.content_type(message),
        "filename": reading.file_name(message),
        "headers": _headers(message),
    }
    inner = reading.parts(message)
    if inner:
        told["body"] = {"size": 0}
        prefix = f"{part_id}." if part_id else ""
        told["parts"] = [_part(part, f"{prefix}{place}") for place, part in enumerate(inner)]
    else:
        raw = reading.content(message)
        told["body"] = {"size": len(raw), "data": urlsafe_b64encode(raw).decode()}
    return told
