"""What may stand in a sending account's columns: the way to its server, and its pace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypedDict

from bursar.core.errors import N_, Invalid
from bursar.outbox.states import AccountKind
from bursar.tenancy import cells

Tls = Literal["starttls", "implicit", "none"]
TLS: tuple[Tls, ...] = ("starttls", "implicit", "none")
PORTS = range(1, 65_536)
BATCHES = range(1, 501)
QUOTAS = range(1, 1_000_001)  # a day
CONNECTIONS = range(1, 65)  # at once; 64 of them over a relay 20 ms away carry 2,700 messages a second
LONGEST_INTERVAL = timedelta(hours=1)
LONGEST_NAME, LONGEST_PASSWORD = 120, 500


class AccountInput(TypedDict, total=False):
    """What can be changed without signing in anew. A name or reply address that is None or blank is emptied."""

    display_name: str | None
    reply_to: str | None
    batch_size: int
    batch_interval: timedelta
    daily_quota: int
    connections: int


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The way to a mailbox's server. Without a user name nobody signs in (a relay that knows us by address)."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls = "starttls"


PERSONAL_GMAIL = ("@gmail.com", "@googlemail.com")
PACES: Mapping[AccountKind, AccountInput] = {
    AccountKind.SMTP: {
        "batch_size": 10,
        "batch_interval": timedelta(seconds=30),
        "daily_quota": 500,
        "connections": 2,
    },
    # 150 a minute are allowed, and 2,000 in any 24 hours (R93).
    AccountKind.GMAIL: {
        "batch_size": 5,
        "batch_interval": timedelta(seconds=3),
        "daily_quota": 2000,
        "connections": 4,
    },
    # 30 a minute, 10,000 recipients a day, 4 requests at once (R94).
    AccountKind.OUTLOOK: {
        "batch_size": 5,
        "batch_interval": timedelta(seconds=10),
        "daily_quota": 10_000,
        "connections": 4,
    },
    # What Amazon allows stands in its console; a new account has 200 a day and one a second.
    AccountKind.SES: {
        "batch_size": 1,
        "batch_interval": timedelta(seconds=1),
        "daily_quota": 200,
        "connections": 2,
    },
}


def usual_pace(kind: AccountKind, address: str = "") -> AccountInput:
    """What a mailbox of this kind bears, where nobody said otherwise (R93, R94, R97)."""
    pace = AccountInput(**PACES[kind])
    if kind is AccountKind.GMAIL and address.lower().endswith(PERSONAL_GMAIL):
        pace["daily_quota"] = 500
    return pace


def clean_address(address: str) -> str:
    """The mailbox in its one spelling: two accounts of one address cannot exist."""
    return cells.parse_email(address, field="address")[1]


def clean_server(server: SmtpServer) -> tuple[dict[str, Any], bytes | None]:
    """Settings to be stored and the secret for the vault. Where the host may lead is the adapter's to judge."""
    host = server.host.strip().removesuffix(".").lower()
    plain = host.isprintable() and not any(sign in host for sign in " /:@")
    if not host or not (plain or _is_ipv6(host)):
        raise Invalid(
            N_("Write the host name alone, like smtp.example.com."), code="host_not_valid", field="host"
        )
    if server.tls not in TLS:
        raise Invalid(
            N_("Choose how the connection is encrypted: starttls, implicit or none."),
            code="tls_unknown",
            field="tls",
        )
    username = (server.username or "").strip() or None
    password = server.password or None
    if (username is None) != (password is None):
        missing = "username" if username is None else "password"
        raise Invalid(
            N_("Give both the user name and the password, or neither."), code="half_signed_in", field=missing
        )
    _refuse_signs("username", username)
    settings = {
        "host": host,
        "port": _within("port", server.port, PORTS),
        "username": username,
        "tls": server.tls,
    }
    return settings, clean_password(password)


def clean_password(password: str | None) -> bytes | None:
    _refuse_signs("password", password)
    return password.encode() if password else None


def clean_account(given: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of `sending_accounts` for what was given; `connections` stands in its settings. Raises `Invalid`."""
    columns: dict[str, Any] = {}
    for name, value in given.items():
        columns[name] = _CLEANERS[name](value)
    return columns


def _display_name(value: str | None) -> str | None:
    if value is None or cells.says_nothing(value):
        return None
    return cells.parse_name(value, field="display_name", limit=LONGEST_NAME)


def _reply_to(value: str | None) -> str | None:
    if value is None or cells.says_nothing(value):
        return None
    return cells.parse_email(value, field="reply_to")[0]


def _interval(value: timedelta) -> timedelta:
    if not timedelta(0) <= value <= LONGEST_INTERVAL:
        raise Invalid(
            N_("The pause between two batches is from 0 seconds to 1 hour."),
            code="batch_interval_not_usable",
            field="batch_interval",
        )
    return value


def _within(field_name: str, value: int, allowed: range) -> int:
    if value not in allowed:
        raise Invalid(
            N_("Give a whole number from %(least)s to %(most)s."),
            code=f"{field_name}_not_usable",
            field=field_name,
            least=allowed[0],
            most=allowed[-1],
        )
    return value


def _refuse_signs(field_name: str, value: str | None) -> None:
    if value and (not value.isprintable() or len(value) > LONGEST_PASSWORD):
        raise Invalid(
            N_("This contains a line break or another sign that cannot be typed, or is too long."),
            code="sign_not_usable",
            field=field_name,
        )


def _is_ipv6(host: str) -> bool:
    return ":" in host and set(host) <= set("0123456789abcdef:.")


_CLEANERS: dict[str, Any] = {
    "display_name": _display_name,
    "reply_to": _reply_to,
    "batch_size": lambda value: _within("batch_size", value, BATCHES),
    "batch_interval": _interval,
    "daily_quota": lambda value: _within("daily_quota", value, QUOTAS),
    "connections": lambda value: _within("connections", value, CONNECTIONS),
}
