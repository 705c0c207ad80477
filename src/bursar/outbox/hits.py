"""Who was that? A guess at whether a person or a machine fetched a pixel or followed a link (R104, R107).

Every hit is kept and classified; nothing is decided by the class. The tables below are experience,
not law: a wrong line costs a wrong statistic and no more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from bursar.outbox.states import EngagementKind

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

TOO_QUICK_CLICK = timedelta(seconds=5)  # after the hand-over; mail needs longer to arrive and be read
TOO_QUICK_OPEN = timedelta(seconds=2)
BURST_LINKS, BURST_WITHIN = 3, timedelta(seconds=10)
OTHER_SYSTEM_WITHIN = timedelta(seconds=12)
_AGENT_READ = 512  # characters of a user agent that are looked at


class Class(StrEnum):
    """HUMAN_LIKELY  a mail program or browser, nothing odd about it
    PROXY         the mailbox provider fetched the picture when a person opened the mail
    PREFETCH      fetched before or without a person: privacy proxies, link previews
    BOT           a security scanner, script or crawler
    UNKNOWN       no idea
    """

    HUMAN_LIKELY = "human_likely"
    PROXY = "proxy"
    PREFETCH = "prefetch"
    BOT = "bot"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hit:
    """One fetch of a send's pixel or link. `purpose` is the header Sec-Purpose, Purpose or X-Moz.

    `honeypot` is a link that no person sees. `position` tells the links of one send apart.
    """

    kind: EngagementKind
    at: datetime
    user_agent: str = ""
    ip: Address | None = None
    position: int | None = None
    honeypot: bool = False
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """What a user agent gives away. `device` is desktop, mobile or tablet; `system` a family of them."""

    verdict: Class
    client: str | None = None
    device: str | None = None
    system: str | None = None


B, P, X, H = Class.BOT, Class.PREFETCH, Class.PROXY, Class.HUMAN_LIKELY
# fmt: off
# The first fragment found decides (small letters).
_AGENTS: tuple[tuple[str, Class, str | None], ...] = (
    # Providers that fetch for their readers
    ("googleimageproxy",  X, "Gmail"),
    ("ggpht.com",         X, "Gmail"),
    ("yahoomailproxy",    X, "Yahoo Mail"),
    # Previews of links in chats, and browsers that look ahead
    ("facebookexternalhit", P, None), ("whatsapp/",      P, None), ("telegrambot",   P, None),
    ("slackbot",            P, None), ("linkedinbot",    P, None), ("twitterbot",    P, None),
    ("discordbot",          P, None), ("skypeuripreview", P, None), ("bingpreview",  P, None),
    ("microsoft-preview",   P, None), ("existence discovery", P, None), ("google-safety", P, None),
    # Scanners that say who they are
    ("barracuda", B, None), ("proofpoint", B, None), ("mimecast",   B, None), ("safelinks", B, None),
    ("symantec",  B, None), ("trendmicro", B, None), ("sophos",     B, None), ("fireeye",   B, None),
    ("trellix",   B, None), ("zscaler",    B, None), ("forcepoint", B, None), ("cloudmark", B, None),
    ("fortinet",  B, None), ("kaspersky",  B, None), ("avanan",     B, None), ("urlscan",   B, None),
    # Programs
    ("curl/",     B, None), ("wget/",      B, None), ("python",     B, None), ("aiohttp",   B, None),
    ("httpx/",    B, None), ("go-http",    B, None), ("java/",      B, None), ("okhttp",    B, None),
    ("libwww",    B, None), ("axios",      B, None), ("node-fetch", B, None), ("undici",    B, None),
    ("postman",   B, None), ("powershell", B, None), ("headless",   B, None), ("phantomjs", B, None),
    ("selenium",  B, None), ("playwright", B, None), ("ruby",       B, None), ("apache-httpclient", B, None),
    ("bot/",      B, None), ("bot;",       B, None), ("bot)",       B, None), ("spider",    B, None),
    ("crawler",   B, None), ("scanner",    B, None), ("preview",    P, None),
    # Mail programs
    ("microsoft outlook", H, "Outlook"), ("ms-office", H, "Outlook"), ("msoffice", H, "Outlook"),
    ("outlook-ios",       H, "Outlook"), ("outlook-android", H, "Outlook"),
    ("thunderbird",       H, "Thunderbird"), ("airmail", H, "Airmail"), ("superhuman", H, "Superhuman"),
    ("samsungmail",       H, "Samsung Email"), ("protonmail", H, "Proton Mail"),
    # What nobody has used for years but scanners still wear
    ("msie ",     B, None), ("windows nt 5.", B, None),
    # Browsers, the imitators before the imitated
    ("edg/",      H, "Edge"), ("edga/", H, "Edge"), ("edgios/", H, "Edge"),
    ("opr/",      H, "Opera"), ("samsungbrowser/", H, "Samsung Internet"), ("vivaldi/", H, "Vivaldi"),
    ("firefox/",  H, "Firefox"), ("fxios/", H, "Firefox"), ("crios/", H, "Chrome"), ("gsa/", H, "Google"),
    ("chrome/",   H, "Chrome"), ("safari/", H, "Safari"),
    ("applewebkit/", H, "Apple Mail"),  # a web view that names no browser
)
_SYSTEMS: tuple[tuple[str, str, str], ...] = (
    ("ipad",      "iOS",     "tablet"),
    ("iphone",    "iOS",     "mobile"),
    ("android",   "Android", "mobile"),
    ("windows",   "Windows", "desktop"),
    ("macintosh", "macOS",   "desktop"),
    ("cros ",     "ChromeOS", "desktop"),
    ("linux",     "Linux",   "desktop"),
)
# Networks of mail scanners, as their makers publish them for allow lists, and Apple's privacy proxy.
_OPENS: tuple[tuple[str, Class], ...] = (("17.0.0.0/8", P),)
_BOTH: tuple[tuple[str, Class], ...] = (
    ("64.235.144.0/20", B), ("209.222.80.0/21", B),                               # Barracuda
    ("67.231.144.0/20", B), ("148.163.128.0/19", B), ("205.220.160.0/19", B),     # Proofpoint
    ("205.139.110.0/23", B), ("207.211.30.0/23", B),                              # Mimecast
)
# Exchange Online checks links from here; opens from here may be people's (R107).
_CLICKS: tuple[tuple[str, Class], ...] = (
    ("40.92.0.0/15", B), ("40.107.0.0/16", B), ("52.100.0.0/14", B), ("104.47.0.0/17", B),
)
# fmt: on
_NETWORKS = {
    EngagementKind.OPEN: [(ip_network(text), verdict) for text, verdict in (*_BOTH, *_OPENS)],
    EngagementKind.CLICK: [(ip_network(text), verdict) for text, verdict in (*_BOTH, *_CLICKS)],
}


def classify(hit: Hit, *, sent_at: datetime | None = None, earlier: Iterable[Hit] = ()) -> Class:
    """The class of `hit`, given when its send was handed over and the send's earlier hits, if known."""
    agent, before = read_agent(hit.user_agent), list(earlier)
    return (
        _says_itself(hit, agent)
        or _of_network(hit)
        or (agent.verdict if agent.verdict is Class.PROXY else None)
        or _too_quick(hit, sent_at)
        or _one_of_many(hit, before)
        or _other_system_just_now(hit, agent, before)
        or agent.verdict
    )


@lru_cache(maxsize=4096)
def read_agent(user_agent: str) -> Agent:
    """Class, client and device by the user agent alone. None at all, or a bare word, is a program's."""
    text = user_agent[:_AGENT_READ].strip().lower()
    if not text:
        return Agent(Class.BOT)
    if text == "mozilla/5.0":  # all that Apple's privacy proxy says
        return Agent(Class.PREFETCH, "Apple Mail")
    named = next(((verdict, client) for part, verdict, client in _AGENTS if part in text), None)
    if named is None:
        return Agent(Class.UNKNOWN)
    verdict, client = named
    if verdict in {Class.BOT, Class.PREFETCH, Class.PROXY}:
        return Agent(verdict, client)  # the device it names is not the reader's
    system, device = next(((name, device) for part, name, device in _SYSTEMS if part in text), (None, None))
    if system == "Android" and "mobile" not in text:
        device = "tablet"
    return Agent(verdict, client, device, system)


def truncated(ip: Address | str | None) -> Network | None:
    """The neighbourhood we keep instead of the address: /24, for IPv6 /48; None for what is no address."""
    try:
        address = ip_address(ip) if ip is not None else None
    except ValueError:
        return None
    if address is None:
        return None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or IPv6Address(int(address))  # without a zone
    return ip_network((address, 24 if address.version == 4 else 48), strict=False)


def _says_itself(hit: Hit, agent: Agent) -> Class | None:
    if hit.honeypot:
        return Class.BOT
    if any(word in hit.purpose.lower() for word in ("prefetch", "preview")):
        return Class.PREFETCH
    return agent.verdict if agent.verdict in {Class.BOT, Class.PREFETCH} else None


def _of_network(hit: Hit) -> Class | None:
    networks = _NETWORKS.get(hit.kind, [])
    return next((verdict for network, verdict in networks if hit.ip is not None and hit.ip in network), None)


def _too_quick(hit: Hit, sent_at: datetime | None) -> Class | None:
    if sent_at is None:
        return None
    after = hit.at - sent_at
    if hit.kind is EngagementKind.CLICK and after < TOO_QUICK_CLICK:
        return Class.BOT
    return Class.PREFETCH if hit.kind is EngagementKind.OPEN and after < TOO_QUICK_OPEN else None


def _one_of_many(hit: Hit, earlier: list[Hit]) -> Class | None:
    """Several links of one mail in a breath: a scanner follows all, the hidden one too, a person one."""
    if hit.kind is not EngagementKind.CLICK:
        return None
    just_now = [
        each
        for each in earlier
        if each.kind is EngagementKind.CLICK and timedelta(0) <= hit.at - each.at <= BURST_WITHIN
    ]
    followed = {each.position for each in just_now} | {hit.position}
    trapped = any(each.honeypot for each in just_now)
    return Class.BOT if trapped or len(followed) >= BURST_LINKS else None


def _other_system_just_now(hit: Hit, agent: Agent, earlier: list[Hit]) -> Class | None:
    """A telephone and a desktop within seconds: one of the two is a machine, who knows which."""
    systems = {
        read_agent(each.user_agent).system
        for each in earlier
        if timedelta(0) <= hit.at - each.at <= OTHER_SYSTEM_WITHIN
    } - {None, agent.system}
    return Class.UNKNOWN if agent.system and systems else None
