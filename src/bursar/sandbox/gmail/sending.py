"""users.messages.send: from the request to the Sent folder and to the recipients."""

import re
from base64 import urlsafe_b64decode
from binascii import Error
from secrets import token_urlsafe
from typing import Any

from bursar.sandbox.cloud import headers
from bursar.sandbox.cloud.account import Account, Folder, Item, base_subject
from bursar.sandbox.cloud.contract import JSON
from bursar.sandbox.cloud.desk import Answer, Call, Desk, Refusal
from bursar.sandbox.gmail.resources import labels, number_of, short

LARGEST_BYTES = 36_700_160
DAY_S = 86_400
URL_SAFE = re.compile(r"[A-Za-z0-9_-]*={0,2}")


async def sent(desk: Desk, call: Call) -> Answer:
    """Kept in Sent before it is answered: what follows may be lost, the message is not."""
    raw = _raw(call)
    if len(raw) > LARGEST_BYTES:
        raise Refusal("uploadTooLarge")
    recipients = headers.recipients(raw)
    _check(desk, raw, recipients)
    thread = _thread(call, raw)
    _spend_day(desk, call.account)
    raw = _as_gmail_writes(desk, call.account, raw)
    item = call.account.put(Folder.SENT, raw, thread=thread)
    await desk.post.hand_over(call.account.address, recipients, raw, user=call.account.address)
    return Answer(_told(item))


def _told(item: Item) -> dict[str, Any]:
    return {**short(item), "labelIds": labels(item)}


def _raw(call: Call) -> bytes:
    if call.media != JSON:
        return call.body
    told: str = call.body["raw"]
    try:
        if not URL_SAFE.fullmatch(told):
            raise Error
        raw = urlsafe_b64decode(told.rstrip("=") + "=" * (-len(told.rstrip("=")) % 4))
    except Error:
        words = "Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed"
        raise Refusal("invalidArgument", words) from None
    if not raw:
        raise Refusal(
            "invalidArgument",
            "'raw' RFC822 payload message string required",
        )
    return raw


def _check(desk: Desk, raw: bytes, recipients: list[str]) -> None:
    if not recipients:
        raise Refusal("invalidArgument", "Recipient address required")
    bad = [one for one in recipients if not headers.is_address(one)]
    if bad:
        raise Refusal("invalidArgument", "Invalid To header")
    if len(recipients) > desk.settings["recipients_per_message"]:
        raise Refusal("invalidArgument", "Too many recipients")
    if not headers.first(raw, "From"):
        raise Refusal("invalidArgument", "Missing From header")


def _thread(call: Call, raw: bytes) -> int | None:
    """The named one, if the headers and the subject fit it; Gmail begins a new one if they do not."""
    told = call.body.get("threadId") if call.media == JSON else None
    if not told:
        return None
    number = number_of(told) or 0
    items = call.account.thread(number)
    if not items:
        raise Refusal("notFound")
    named = set(f"{headers.first(raw, 'References')} {headers.first(raw, 'In-Reply-To')}".split())
    subject = base_subject(headers.first(raw, "Subject"))
    fits = named & {item.message_id for item in items} and subject == base_subject(items[0].header("Subject"))
    return number if fits else next(call.account.numbers)


def _spend_day(desk: Desk, account: Account) -> None:
    wait = desk.window("messages_per_day", account.address, DAY_S).wait(1)
    if wait:
        raise Refusal("sendingLimit", wait=wait)


def _as_gmail_writes(desk: Desk, account: Account, raw: bytes) -> bytes:
    """With a Message-ID and a sender that are Gmail's own, where the given ones will not do."""
    own = f"<CA{token_urlsafe(24)}@mail.gmail.com>"
    given = headers.first(raw, "Message-ID")
    if desk.settings["rewrite_message_id"] and given:
        raw = headers.renamed(raw, "Message-ID", "X-Google-Original-Message-ID")
        given = ""
    if not re.fullmatch(r"<[^<>\s]+@[^<>\s]+>", given):
        raw = headers.replaced(raw, "Message-ID", own)
    if not headers.first(raw, "Date"):
        raw = headers.replaced(raw, "Date", headers.now())
    if not all(account.may_send_as(one) for one in headers.addresses(raw, "From")):
        raw = headers.replaced(raw, "From", headers.mailbox(account.name, account.address))
    return raw
