"""A message as Graph shows it."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bursar.sandbox.cloud.account import Account, Folder, Item
from bursar.sandbox.mailboxes import reading

PREFIX = b"\x00\x00\x00\x02mailbox-of-the-sandbox:"
FOLDERS = {"inbox": Folder.INBOX, "sentitems": Folder.SENT, "drafts": Folder.DRAFTS}
FOLDER_IDS = {
    folder: urlsafe_b64encode(f"folder:{name}".encode()).decode() for name, folder in FOLDERS.items()
}
BASIC_LACKS = frozenset({"body", "bodyPreview", "uniqueBody", "attachments", "extensions"})
"""What Mail.ReadBasic does not show."""
ON_REQUEST = frozenset({"internetMessageHeaders", "uniqueBody"})


def id_of(number: int) -> str:
    return urlsafe_b64encode(PREFIX + str(number).encode()).decode()


def number_of(told: str) -> int | None:
    """None: no identifier of ours."""
    try:
        raw = urlsafe_b64decode(told)
    except ValueError:
        return None
    found = re.fullmatch(rb"(\d{1,12})", raw.removeprefix(PREFIX)) if raw.startswith(PREFIX) else None
    return int(found[1]) if found else None


def folder_of(told: str) -> Folder | None:
    """By its well-known name or its identifier."""
    by_id = {identifier: folder for folder, identifier in FOLDER_IDS.items()}
    return FOLDERS.get(told.lower()) or by_id.get(told)


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(item: Item, *, basic: bool = False) -> dict[str, Any]:
    """Everything; what was asked for is taken from it."""
    people = {name: [_person(*one) for one in item.addresses(header)] for name, header in LISTS.items()}
    sender = next((_person(*one) for one in item.addresses("From")), None)
    html = item.html()
    told: dict[str, Any] = {
        "@odata.etag": f'W/"{item.changed}"',
        "id": id_of(item.number),
        "createdDateTime": moment(item.received_at),
        "lastModifiedDateTime": moment(item.received_at),
        "changeKey": str(item.changed),
        "categories": [],
        "receivedDateTime": moment(item.received_at),
        "sentDateTime": moment(item.received_at),
        "hasAttachments": any(reading.file_name(part) for part in item.message.walk()),
        "internetMessageId": item.message_id,
        "subject": item.header("Subject"),
        "bodyPreview": " ".join(item.text().split())[:255],
        "importance": "normal",
        "parentFolderId": FOLDER_IDS[item.folder],
        "conversationId": id_of(item.thread),
        "isDeliveryReceiptRequested": False,
        "isReadReceiptRequested": False,
        "isRead": not item.unread,
        "isDraft": item.folder is Folder.DRAFTS,
        "webLink": f"https://outlook.office365.com/owa/?ItemID={id_of(item.number)}",
        "inferenceClassification": "focused",
        "body": {"contentType": "html" if html else "text", "content": html or item.text()},
        "sender": sender,
        "from": sender,
        **people,
        "flag": {"flagStatus": "notFlagged"},
        "internetMessageHeaders": [
            {"name": name, "value": value} for name, value in reading.headers(item.message)
        ],
        "uniqueBody": {"contentType": "text", "content": item.text()},
    }
    return {name: value for name, value in told.items() if not (basic and name in BASIC_LACKS)}


FIELDS = (
    "id",
    "createdDateTime",
    "lastModifiedDateTime",
    "changeKey",
    "categories",
    "receivedDateTime",
    "sentDateTime",
    "hasAttachments",
    "internetMessageId",
    "internetMessageHeaders",
    "subject",
    "bodyPreview",
    "importance",
    "parentFolderId",
    "conversationId",
    "isDeliveryReceiptRequested",
    "isReadReceiptRequested",
    "isRead",
    "isDraft",
    "webLink",
    "inferenceClassification",
    "body",
    "uniqueBody",
    "sender",
    "from",
    "toRecipients",
    "ccRecipients",
    "bccRecipients",
    "replyTo",
    "flag",
)
"""What $select may name."""
LISTS = {"toRecipients": "To", "ccRecipients": "Cc", "bccRecipients": "Bcc", "replyTo": "Reply-To"}


def selected(told: dict[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """The identifier always comes along."""
    if not wanted:
        return {name: value for name, value in told.items() if name not in ON_REQUEST}
    return {name: value for name, value in told.items() if name in {*wanted, "id", "@odata.etag"}}


def _person(name: str, address: str) -> dict[str, Any]:
    return {"emailAddress": {"name": name or address, "address": address}}


def profile(account: Account) -> dict[str, Any]:
    return {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
        "id": urlsafe_b64encode(account.address.lower().encode()).decode(),
        "displayName": account.name or account.address,
        "mail": account.address,
        "userPrincipalName": account.address,
    }
