"""A message as bytes, joined from pieces that were encoded once (RFC 5322, 2045-2047; R88, R92, R103, R138).

`EmailMessage` does the same 12 times slower, and `formataddr` lets line breaks into headers. The tests hold
every byte of this against the standard library's parser.
"""

import base64
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email

from bursar.core.errors import N_, Invalid
from bursar.outbox.skeletons import Composed, Part
from bursar.outbox.targets import PIXEL, PRIVATE, UNSUBSCRIBE

REFERENCES_KEPT = 20
LINE_LIMIT = 998  # octets without CRLF (RFC 5322, 2.1.1)
_WORD_BYTES = (
    45  # of UTF-8 in one encoded word: 60 characters of base64 and 12 around them, under the 75 allowed
)

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}@[!-;=?-~]{1,250}>")
_WEB = re.compile(r"https?://[!#-;=?-~]{1,900}")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What all messages of one sender in one language share. Make one for each (account, sender, locale)."""

    head: bytes  # From, Reply-To
    tail: bytes  # from Auto-Submitted to the blank line before the first part
    boundary: bytes
    sender: str  # the bare address, for the envelope


class Recipient(NamedTuple):
    address: str
    name: str = ""


class Thread(NamedTuple):
    """What this message answers or follows: our earlier Message-IDs, oldest first (R103)."""

    in_reply_to: str | None = None
    references: Sequence[str] = ()


def make_skeleton(
    *, from_address: str, from_name: str, reply_to: str | None, locale: str, token: str | None = None
) -> Skeleton:
    """Raises `Invalid` for addresses that cannot stand in a header. `token` fixes the boundary for tests."""
    # "=_" occurs in no base64 or quoted-printable text (RFC 2045, 6.7).
    boundary = f"=_{token or secrets.token_hex(16)}"
    head = _line("From", mailbox(from_address, from_name))
    if reply_to:
        head += _line("Reply-To", mailbox(reply_to))
    tail = (
        "Auto-Submitted: auto-generated\r\n"
        "X-Auto-Response-Suppress: OOF, AutoReply\r\n"
        f"Content-Language: {locale.replace('_', '-')}\r\n"
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n'
        "\r\n"
    )
    return Skeleton(head, tail.encode("ascii"), boundary.encode("ascii"), ascii_address(from_address))


def build_message(
    skeleton: Skeleton,
    composed: Composed,
    *,
    to: Recipient,
    message_id: str,
    date: datetime,
    thread: Thread | None = None,
    link_for: Callable[[int], str] | None = None,
    pixel_url: str | None = None,
    unsubscribe_url: str | None = None,
    private_url: str | None = None,
) -> bytes:
    """The whole message with CRLF, for one recipient.

    `link_for` gives the tracking address of a position in `composed.links`; without it links go straight to
    their targets. `pixel_url` may be left out; a message that shows an unsubscribe link, or one that is its reader's
    alone, must be given it. Raises `Invalid` for what cannot stand in a header.
    """
    urls = list(composed.links) if link_for is None else [link_for(n) for n in range(len(composed.links))]
    shown = {*composed.html.slots, *composed.text.slots}
    if private_url is None and PRIVATE in shown:
        raise Invalid(
            N_("This message shows an address of its reader's own, but was given none."),
            code="no_private_link",
        )
    if unsubscribe_url is None and UNSUBSCRIBE in shown:
        raise Invalid(
            N_("This message offers to stop reminders, but has no address for it."), code="no_unsubscribe"
        )
    pixel = f'<img src="{escape(web(pixel_url))}" width="1" height="1" alt="">'.encode() if pixel_url else b""
    html, text = {PIXEL: pixel}, {PIXEL: b""}
    for slot, url in enumerate(urls):
        html[slot], text[slot] = escape(url).encode(), url.encode()
    if private_url is not None:
        html[PRIVATE], text[PRIVATE] = escape(web(private_url)).encode(), private_url.encode()
    head = [skeleton.head, _line("To", mailbox(to.address, to.name)), _subject(composed.subject)]
    head.append(
        f"Date: {_date(date, date.utcoffset())}\r\nMessage-ID: {checked_id(message_id)}\r\n".encode("ascii")
    )
    if thread is not None:
        head.append(_threading(thread))
    if unsubscribe_url is not None:
        html[UNSUBSCRIBE], text[UNSUBSCRIBE] = escape(web(unsubscribe_url)).encode(), unsubscribe_url.encode()
        if unsubscribe_url.startswith("https://"):  # without it one-click means nothing (R88)
            head.append(_unsubscribe(unsubscribe_url))
    delimiter = b"--" + skeleton.boundary
    head += (
        skeleton.tail,
        delimiter,
        _entity(b"plain", composed.text, text, delimiter),
        delimiter,
        _entity(b"html", composed.html, html, delimiter),
        delimiter,
        b"--\r\n",
    )
    return b"".join(head)


def _entity(subtype: bytes, part: Part, fillings: dict[int, bytes], delimiter: bytes) -> bytes:
    """8bit as a rule; base64 where a value made a line too long for mail, or looks like our boundary."""
    body, encoding = part.filled(fillings), b"8bit"
    if has_long_line(body) or delimiter in body:
        body, encoding = base64.encodebytes(body).replace(b"\n", b"\r\n"), b"base64"
    return b"\r\nContent-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n%b\r\n" % (
        subtype,
        encoding,
        body,
    )


def has_long_line(body: bytes) -> bool:
    """Jumps from line end to line end nearly a thousand octets apart, instead of reading every line."""
    at, size = 0, len(body)
    while size - at > LINE_LIMIT:
        end = body.rfind(b"\r\n", at, at + LINE_LIMIT + 2)
        if end < 0:
            return True
        at = end + 2
    return False


def mailbox(address: str, name: str = "") -> str:
    """One mailbox for a header, folded where it is long. Raises `Invalid` unless it is exactly one address."""
    bare = ascii_address(address)
    shown = shown_name(name) if name else ""
    if not shown:
        return bare
    if shown.isascii() and len(shown) <= 60 and "=?" not in shown:
        phrase = '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        phrase = encoded_words(shown)
    short = len(phrase) + len(bare) < 66 and "\r\n" not in phrase
    return f"{phrase} <{bare}>" if short else f"{phrase}\r\n <{bare}>"


@lru_cache(maxsize=4096)
def shown_name(name: str) -> str:
    """A display name without control, line-break or direction characters, which could pose as other text (R138)."""
    return " ".join(_HIDDEN.sub(" ", name).split())[:300]


def ascii_address(address: str) -> str:
    """`address` ready for a header and an envelope; domains of other scripts become punycode."""
    if len(address) <= 254 and _ADDRESS.fullmatch(address):
        return address
    try:
        checked = validate_email(address, check_deliverability=False, test_environment=True).ascii_email
    except EmailNotValidError as err:
        raise _bad_address(address) from err
    if checked is None or not _ADDRESS.fullmatch(checked):
        raise _bad_address(address)
    return checked


def _bad_address(address: str) -> Invalid:
    return Invalid(
        N_("“%(address)s” is not one e-mail address that mail servers everywhere accept."),
        code="address_unusable",
        address=address[:80],
    )


def encoded_words(text: str) -> str:
    """RFC 2047 B words, a space and a fold between them, no character cut in two."""
    words: list[str] = []
    raw = text.encode()
    while raw:
        end = min(_WORD_BYTES, len(raw))
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end -= 1
        words.append(f"=?utf-8?B?{base64.b64encode(raw[:end]).decode('ascii')}?=")
        raw = raw[end:]
    return "\r\n ".join(words)


def _subject(subject: str) -> bytes:
    plain = subject.isascii() and subject.isprintable() and "=?" not in subject
    return _line("Subject", subject if plain and len(subject) <= 67 else _folded(subject, plain=plain))


def _folded(subject: str, *, plain: bool) -> str:
    """Plain words in lines of 75; encoded words if there is anything to encode or a word is longer than a line."""
    if not plain or max(map(len, subject.split())) > 66:
        return encoded_words(subject)
    lines = [""]
    for word in subject.split():
        if len(lines[-1]) + len(word) > 66:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return "\r\n ".join(lines)


def _threading(thread: Thread) -> bytes:
    out = b""
    if thread.in_reply_to:
        out += _line("In-Reply-To", checked_id(thread.in_reply_to))
    kept = list(thread.references)
    if len(kept) > REFERENCES_KEPT:
        kept = [kept[0], *kept[1 - REFERENCES_KEPT :]]
    if kept:
        out += _line("References", "\r\n ".join(map(checked_id, kept)))
    return out


def _unsubscribe(url: str) -> bytes:
    return (
        f"List-Unsubscribe: <{web(url)}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    ).encode("ascii")


def checked_id(message_id: str) -> str:
    """A Message-ID with its angle brackets. Raises `Invalid` for anything that could end the line or the id."""
    if not _MESSAGE_ID.fullmatch(message_id):
        raise Invalid(N_("“%(id)s” is not a Message-ID."), code="message_id", id=message_id[:80])
    return message_id


def web(url: str) -> str:
    """An address of ours, as it goes into a header or attribute."""
    if not _WEB.fullmatch(url):
        raise Invalid(N_("“%(url)s” is not a web address."), code="link_not_web", url=url[:80])
    return url


@lru_cache(maxsize=64)
def _date(date: datetime, offset: timedelta | None) -> str:
    """Seconds repeat within a batch. `offset` is in the key: the same moment equals itself in every zone.

    Raises ValueError for a time without zone: nobody knows when that is.
    """
    if offset is None:
        raise ValueError("a message's date needs a time zone")
    return format_datetime(date)


def _line(name: str, value: str) -> bytes:
    return f"{name}: {value}\r\n".encode("ascii")
