"""Tenancy's calculations and closed lists: slugs, zones, countries, scopes, who may appoint whom, waiting times."""

import re
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from zoneinfo import available_timezones

from bursar.core.errors import N_, Invalid
from bursar.core.kinds import AgentRole

SESSION_IDLE = timedelta(hours=8)
SESSION_LONGEST = timedelta(days=14)
STAMP_EVERY = timedelta(minutes=1)
"""A session's or key's last use is written at most this often: a page of twenty requests is one write."""

PORTAL_LINK_LASTS = timedelta(minutes=15)
PORTAL_LINK_WAITS = timedelta(hours=2)
"""So long a mail with a sign-in link may wait for its mailbox; whoever asked has given up by then."""
PORTAL_IDLE = timedelta(hours=24)
PORTAL_LONGEST = timedelta(days=7)

INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=1)

FREE_FAILURES = 5
"""So many wrong passwords for one account from one address before waiting begins."""
FREE_FAILURES_OF_ADDRESS = 30
"""The same for an address as a whole: a firm's people share one."""
LONGEST_WAIT = timedelta(minutes=15)
FAILURES_FORGOTTEN = timedelta(hours=24)

SCOPES = (
    "*",
    "customers:read",
    "customers:write",
    "invoices:read",
    "invoices:write",
    "payments:read",
    "payments:write",
    "catalog:read",
    "catalog:write",
    "orders:read",
    "orders:write",
    "campaigns:read",
    "campaigns:write",
    "templates:read",
    "templates:write",
    "sends:read",
    "sends:write",
    "settings:read",
    "settings:write",
)

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SLUG_LENGTHS = range(3, 41)
# First parts of our own paths and names that people would take for ours.
_RESERVED = frozenset({
    "about", "account", "admin", "api", "app", "assets", "auth", "billing", "blog", "bursar",
    "demo", "docs", "health", "help", "hooks", "login", "logout", "mail", "metrics", "portal",
    "public", "root", "sign-in", "sign-out", "signup", "static", "status", "support", "system",
    "test", "webhooks", "www",
})  # fmt: skip
# ISO 3166-1 alpha-2, as of 2026.
COUNTRIES = frozenset({
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ",
    "BA", "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS",
    "BT", "BV", "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN",
    "CO", "CR", "CU", "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE",
    "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF",
    "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM",
    "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM",
    "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC",
    "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK",
    "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA",
    "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG",
    "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS", "RU", "RW",
    "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS",
    "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO",
    "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE", "VG", "VI",
    "VN", "VU", "WF", "WS", "YE", "YT", "ZA", "ZM", "ZW",
})  # fmt: skip


def check_slug(slug: str, *, field: str = "slug") -> str:
    """The slug itself; it stands in addresses and commands, so it is never repaired in silence."""
    if len(slug) not in _SLUG_LENGTHS or not _SLUG.fullmatch(slug):
        raise Invalid(
            N_("Use 3 to 40 small letters, digits and single hyphens, beginning with a letter."),
            code="slug_unusable",
            field=field,
        )
    if slug in _RESERVED:
        raise Invalid(
            N_("“%(slug)s” is kept for the program itself. Choose another."),
            code="slug_reserved",
            field=field,
            slug=slug,
        )
    return slug


def check_time_zone(name: str, *, field: str = "time_zone") -> str:
    """A zone of the IANA database by its exact name, as against an offset or an abbreviation."""
    if name not in _zones():
        raise Invalid(
            N_("There is no such time zone. Write one like Asia/Dubai or Europe/Paris."),
            code="time_zone_unknown",
            field=field,
        )
    return name


def check_country(code: str, *, field: str = "country") -> str:
    """The ISO 3166 code in capitals."""
    country = code.strip().upper()
    if country not in COUNTRIES:
        raise Invalid(
            N_("Write the country as its two letters, like AE or FR."), code="country_unknown", field=field
        )
    return country


def check_scopes(scopes: Iterable[str]) -> list[str]:
    """Each once and in our order. A key that may nothing is a mistake."""
    wanted = set(scopes)
    if unknown := wanted - set(SCOPES):
        raise Invalid(
            N_("“%(scope)s” is not a scope of an API key."),
            code="scope_unknown",
            field="scopes",
            scope=min(unknown),
        )
    if not wanted:
        raise Invalid(N_("Choose at least one scope."), code="scopes_missing", field="scopes")
    return [scope for scope in SCOPES if scope in wanted]


def covers(scopes: Iterable[str], needed: str) -> bool:
    """Whether a key with `scopes` may do `needed`; who may write may read."""
    held = set(scopes)
    noun = needed.partition(":")[0]
    return bool(held & {"*", needed, f"{noun}:write"})


def role_to_appoint(*roles: AgentRole) -> AgentRole:
    """Who may give or take these roles: what touches admins and owners is for an owner."""
    high = {AgentRole.OWNER, AgentRole.ADMIN}
    return AgentRole.OWNER if high.intersection(roles) else AgentRole.ADMIN


def throttle_address(ip: str | None) -> str:
    """By what an address is counted: IPv6 by its /64, since one subscriber has all of it."""
    if not ip:
        return "unknown"
    address = ip_address(ip)
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")
