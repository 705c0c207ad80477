"""sendMail: what comes in as MIME or as JSON, into Sent Items and to the recipients."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from secrets import token_hex
from typing import Any

from bursar.sandbox.cloud import headers
from bursar.sandbox.cloud.account import Account, Folder, Item
from bursar.sandbox.cloud.contract import JSON
from bursar.sandbox.cloud.desk import Answer, Call, Desk, Refusal

MINUTE_S, DAY_S = 60, 86_400


async def sent(desk: Desk, call: Call) -> Answer:
    """202 and not a word more: the message has no name of Graph's until somebody looks for it."""
    _check_size(desk, call)
    raw = _written(call.body["message"], call.account) if call.media == JSON else mime(call.body)
    keeps = call.media != JSON or str(call.body.get("saveToSentItems", True)).lower() == "true"
    recipients = checked(desk, call.account, raw)
    raw = as_exchange_writes(desk, raw)
    if keeps:
        call.account.put(Folder.SENT, raw)
    await desk.post.hand_over(call.account.address, recipients, raw, user=call.account.address)
    return Answer(None, 202)


async def drafted(desk: Desk, call: Call) -> Answer:
    _check_size(desk, call)
    raw = as_exchange_writes(desk, mime(call.body))
    return Answer(call.account.put(Folder.DRAFTS, raw), 201)


async def sent_draft(desk: Desk, call: Call, item: Item) -> Answer:
    if item.folder is not Folder.DRAFTS:
        raise Refusal("ErrorItemNotFound")
    recipients = checked(desk, call.account, item.raw)
    call.account.move(item, Folder.SENT)
    await desk.post.hand_over(call.account.address, recipients, item.raw, user=call.account.address)
    return Answer(None, 202)


def _check_size(desk: Desk, call: Call) -> None:
    if int(call.headers.get("content-length", 0)) > desk.settings["largest_request"]:
        raise Refusal("RequestEntityTooLarge")


def mime(body: bytes) -> bytes:
    """Standard base64, line ends allowed; the alphabet for addresses is none of it."""
    try:
        raw = b64decode(re.sub(rb"[\r\n]", b"", body), validate=True)
    except Error:
        raise Refusal("ErrorMimeContentInvalidBase64String") from None
    if not raw.strip() or b":" not in raw.partition(b"\n")[0]:
        raise Refusal("BadRequest", "The MIME content is no message.")
    return raw


def checked(desk: Desk, account: Account, raw: bytes) -> list[str]:
    """Everybody it goes to. The sender must be the mailbox or one of its other addresses."""
    recipients = headers.recipients(raw)
    if not recipients or not all(headers.is_address(one) for one in recipients):
        raise Refusal("ErrorInvalidRecipients")
    if len(recipients) > desk.settings["recipients_per_message"]:
        raise Refusal("ErrorInvalidRecipients", "The message has too many recipients.")
    if not all(account.may_send_as(one) for one in headers.addresses(raw, "From", "Sender")):
        raise Refusal("ErrorSendAsDenied")
    for limit, seconds, units in (
        ("messages_per_minute", MINUTE_S, 1),
        ("recipients_per_day", DAY_S, len(recipients)),
    ):
        wait = desk.window(limit, account.address, seconds).wait(units)
        if wait:
            raise Refusal("ErrorExceededMessageLimit", retry_after=wait)
    return recipients


def as_exchange_writes(desk: Desk, raw: bytes) -> bytes:
    """A Message-ID of Exchange's own, where there is none or where it insists."""
    if desk.settings["rewrite_message_id"] or not headers.first(raw, "Message-ID"):
        own = f"<{token_hex(16).upper()}@EUR01P251MB0001.eurp251.prod.outlook.com>"
        raw = headers.replaced(raw, "Message-ID", own)
    return raw if headers.first(raw, "Date") else headers.replaced(raw, "Date", headers.now())


def _written(told: Mapping[str, Any], account: Account) -> bytes:
    """The message of a JSON request."""
    message = EmailMessage(policy=SMTP)
    own = {"emailAddress": {"address": account.address, "name": account.name}}
    message["From"] = _people([told.get("from", own)])
    for name, header in (
        ("toRecipients", "To"),
        ("ccRecipients", "Cc"),
        ("bccRecipients", "Bcc"),
        ("replyTo", "Reply-To"),
    ):
        if told.get(name):
            message[header] = _people(told[name])
    message["Subject"] = told.get("subject", "")
    for header in told.get("internetMessageHeaders", ()):
        if not re.fullmatch(r"(?i)x-[\x21-\x39\x3b-\x7e]+", header["name"]):
            raise Refusal("InvalidInternetMessageHeader")
        message[header["name"]] = header["value"]
    body = told.get("body", {})
    kind = str(body.get("contentType", "text")).lower()
    if kind not in {"text", "html"}:
        raise Refusal("BadRequest", f"{kind} is no type of a body")
    message.set_content(body.get("content", ""), subtype="html" if kind == "html" else "plain")
    for attachment in told.get("attachments", ()):
        main, _, sub = attachment.get("contentType", "application/octet-stream").partition("/")
        content = b64decode(attachment["contentBytes"])
        message.add_attachment(content, maintype=main, subtype=sub, filename=attachment["name"])
    return message.as_bytes()


def _people(told: Any) -> list[Address]:
    each = [one["emailAddress"] for one in told]
    try:
        return [Address(one.get("name", ""), addr_spec=one["address"]) for one in each]
    except (ValueError, IndexError):
        raise Refusal("ErrorInvalidRecipients") from None
