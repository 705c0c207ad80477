"""What people and machines do with a mail, done for real: requests over HTTP with their own user agents."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin
from zlib import crc32

import httpx2

from bursar.sandbox.mailboxes.mail import Link, Mail

PROGRAMS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
)
SCANNER = "Mozilla/5.0 (compatible; Barracuda Email Gateway; link check)"
PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """One request and its answer; `status` None: nobody answered. `leads_to` is where a redirect points."""

    method: str
    url: str
    status: int | None
    leads_to: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did with a mail; `at` in seconds since 1970."""

    at: float
    what: str
    fetched: tuple[Fetched, ...]


def program_of(address: str) -> str:
    """A person keeps to one mail program."""
    return PROGRAMS[crc32(address.encode()) % len(PROGRAMS)]


async def open_mail(mail: Mail) -> list[Fetched]:
    """The program shows the mail, and its pictures with it."""
    async with _client(program_of(mail.to_address)) as client:
        return [await _fetch(client, "GET", url) for url in mail.pictures]


async def click(mail: Mail, link: Link) -> list[Fetched]:
    """Where a redirect leads is told and not visited: the world outside is not part of this sandbox."""
    async with _client(program_of(mail.to_address)) as client:
        return [await _fetch(client, "GET", link.url)]


async def scan(mail: Mail) -> list[Fetched]:
    """A gateway that trusts nobody: every picture and every link at once, before any person has seen the mail."""
    urls = [*mail.pictures, *(link.url for link in mail.links)]
    async with _client(SCANNER) as client:
        return list(await asyncio.gather(*(_fetch(client, "GET", url) for url in urls)))


async def unsubscribe(mail: Mail) -> list[Fetched]:
    """One press where the mail offers it (RFC 8058); else the page behind the link, and the button on it."""
    way = mail.way_out
    if way is None:
        return []
    async with _client(program_of(mail.to_address)) as client:
        if way.one_click:
            return [await _fetch(client, "POST", way.url, {"List-Unsubscribe": "One-Click"})]
        try:
            page = await client.get(way.url)
        except httpx2.HTTPError:
            return [Fetched("GET", way.url, None)]
        seen = Fetched("GET", way.url, page.status_code)
        forms = _Forms(way.url)
        forms.feed(page.text)
        pressed = [await _fetch(client, "POST", form.url, form.fields) for form in forms.found[:1]]
        return [seen, *pressed]


def worked(fetched: Iterable[Fetched]) -> bool:
    """Whether every request was answered, and none refused."""
    return all(one.status is not None and one.status < 400 for one in fetched)


def _client(agent: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers={"User-Agent": agent}, timeout=PATIENCE_S, trust_env=False)


async def _fetch(
    client: httpx2.AsyncClient, method: str, url: str, form: dict[str, str] | None = None
) -> Fetched:
    try:
        answer = await client.request(method, url, data=form)
    except httpx2.HTTPError:
        return Fetched(method, url, None)
    return Fetched(method, url, answer.status_code, answer.headers.get("location", ""))


@dataclass(frozen=True, slots=True)
class _Form:
    url: str
    fields: dict[str, str]


class _Forms(HTMLParser):
    """Those of a page that post to its own address, as they are filled in; not those that lead elsewhere or back."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self._at = at
        self._open: _Form | None = None
        self.found: list[_Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            target = urljoin(self._at, told.get("action") or "")
            posts = (told.get("method") or "").lower() == "post"
            self._open = _Form(target, {}) if posts and _page(target) == _page(self._at) else None
            self.found += [self._open] if self._open else []
        elif tag == "input" and self._open and told.get("name") and _is_sent(told):
            self._open.fields[told["name"] or ""] = told.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def _is_sent(told: dict[str, str | None]) -> bool:
    """A choice only if it is chosen."""
    return told.get("type") not in {"radio", "checkbox", "submit"} or "checked" in told


def _page(url: str) -> str:
    """Whatever language it is asked for in."""
    return url.partition("?")[0]
