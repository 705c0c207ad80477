"""A message as the program of its reader understands it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser
from typing import Protocol
from urllib.parse import urlsplit

from bursar.sandbox.mailboxes import reading

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
WAY_OUT = re.compile(
    r"unsubscribe|opt.?out|\bstop\b|désabonn|désinscri|ne plus recevoir|أوقف|إيقاف|إلغاء الاشتراك|הסר|הפסק",
    re.IGNORECASE,
)
"""What people look for when they want no more mails."""


class Kept(Protocol):
    """What the server noted beside a message. `received_at` is in seconds since 1970."""

    @property
    def number(self) -> int: ...
    @property
    def sender(self) -> str: ...
    @property
    def recipients(self) -> Sequence[str]: ...
    @property
    def received_at(self) -> float: ...


class Store(Protocol):
    """Where the messages lie; numbers count from 1."""

    @property
    def kept(self) -> Sequence[Kept]: ...
    def raw(self, number: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Link:
    position: int
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """How a reader gets no more of these: one press (RFC 8058), or a page with a button of its own."""

    url: str
    one_click: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """`pictures` lie at the sender's: whoever fetches them tells that the mail was opened."""

    number: int
    received_at: float
    return_path: str
    to_address: str
    to_name: str
    from_address: str
    from_name: str
    reply_to: str
    subject: str
    message_id: str
    references: str
    language: str
    headers: tuple[tuple[str, str], ...]
    html: str
    text: str
    links: tuple[Link, ...]
    pictures: tuple[str, ...]
    way_out: WayOut | None

    @property
    def direction(self) -> str:
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"

    @property
    def opening(self) -> str:
        """The first words, as a list of mails shows them."""
        return " ".join(self.text.split())[:160]


def read_mail(kept: Kept, raw: bytes) -> Mail:
    message = reading.parsed(raw)
    html, text = reading.text(message, "html"), reading.text(message, "plain")
    found = _Found()
    found.feed(html)
    links = tuple(Link(place, words, url) for place, (url, words) in enumerate(found.links))
    to_name, _ = _first(message, "To")
    from_name, from_address = _first(message, "From")
    _, reply_to = _first(message, "Reply-To")
    return Mail(
        number=kept.number,
        received_at=kept.received_at,
        return_path=kept.sender,
        to_address=kept.recipients[0],
        to_name=to_name,
        from_address=from_address,
        from_name=from_name,
        reply_to=reply_to or from_address,
        subject=reading.header(message, "Subject"),
        message_id=reading.header(message, "Message-ID"),
        references=reading.header(message, "References"),
        language=reading.header(message, "Content-Language").lower().partition("-")[0],
        headers=tuple(reading.headers(message)),
        html=html,
        text=text,
        links=links,
        pictures=tuple(found.pictures),
        way_out=_way_out(message, links),
    )


def _first(message: Message, name: str) -> tuple[str, str]:
    return next(iter(reading.people(message, name)), ("", ""))


def _way_out(message: Message, links: Sequence[Link]) -> WayOut | None:
    """One click is only what says so in both headers; else the link that reads like it."""
    told = re.search(r"<(https?://[^>\s]+)>", reading.header(message, "List-Unsubscribe"))
    if told and reading.header(message, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click":
        return WayOut(told[1], one_click=True)
    named = next((link.url for link in links if WAY_OUT.search(link.text)), None)
    return WayOut(named, one_click=False) if named else None


class _Found(HTMLParser):
    """Links with their words, and pictures from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.pictures: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "img" and _is_web(told.get("src")):
            self.pictures.append(told["src"] or "")
        if tag == "a" and _is_web(told.get("href")):
            self.links.append((told["href"] or "", ""))
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            url, words = self.links[-1]
            self.links[-1] = (url, " ".join(f"{words} {data}".split()))


def _is_web(url: str | None) -> bool:
    return urlsplit(url or "").scheme in {"http", "https"}
