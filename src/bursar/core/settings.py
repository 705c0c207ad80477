"""What an operator decides: read from the environment once, checked at start, handed down by value."""

import re
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network


class Settings(BaseSettings):
    """Every setting of the program; `BURSAR_` stands before each name but `DATABASE_URL`.

    Lists are separated by commas. A secret has no default: see `core.keyfile` for where keys come from.
    """

    model_config = SettingsConfigDict(
        env_prefix="BURSAR_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_URL", "database_url"),
        description="A PostgreSQL 18 server in libpq's form. Unset: an embedded server in the data folder.",
    )
    migration_url: str | None = Field(
        default=None,
        description="Who migrates, if it is not the user of DATABASE_URL: a superuser or the database's owner.",
    )
    data_dir: Path = Field(
        default=Path(".bursar"),
        description="Where the embedded database, files and generated keys live.",
    )
    keys: str | None = Field(
        default=None,
        description="Master keys as id:base64 of 32 bytes, the current one first. Unset: the data folder's.",
    )
    base_url: str = Field(
        default="http://127.0.0.1:8000",
        description="How people reach this installation; it stands in links of mails.",
    )
    files_url: str | None = Field(
        default=None,
        description="Object store of files, e.g. s3://bucket/prefix. Unset: the data folder.",
    )
    einvoice_url: str | None = Field(
        default=None,
        description="Where the provider of e-invoices answers; for now only the sandbox's. Unset: none is sent.",
    )
    clamav: str | None = Field(
        default=None,
        description="ClamAV's daemon for what people upload: host:port or unix:/path. Unset: our own checks decide.",
    )
    private_hosts: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(),
        description="Networks an SMTP host may be in besides the public internet (any port there).",
    )
    gmail_client_id: str | None = Field(
        default=None, description="Our name at Google, from its console. Unset: nobody can connect Gmail."
    )
    gmail_client_secret: SecretStr | None = Field(default=None, description="What goes with it.")
    microsoft_client_id: str | None = Field(
        default=None, description="Our name at Microsoft (Entra). Unset: nobody can connect Outlook."
    )
    microsoft_client_secret: SecretStr | None = Field(default=None, description="What goes with it.")
    google_accounts_url: str = Field(
        default="https://accounts.google.com", description="Where people allow us into their Gmail."
    )
    google_token_url: str = Field(
        default="https://oauth2.googleapis.com", description="Where Google gives and takes back tokens."
    )
    gmail_url: str = Field(default="https://gmail.googleapis.com", description="Where Gmail's API answers.")
    microsoft_login_url: str = Field(
        default="https://login.microsoftonline.com",
        description="Where people allow us into their Outlook, and Microsoft gives tokens.",
    )
    graph_url: str = Field(
        default="https://graph.microsoft.com/v1.0", description="Where Microsoft Graph answers."
    )
    stripe_url: str = Field(default="https://api.stripe.com", description="Where Stripe's API answers.")
    checkout_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("checkout.stripe.com",),
        description="Hosts (host or host:port) to whose payment pages ours may lead: Stripe's, your domain there.",
    )
    sns_cert_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Hosts (host:port) besides Amazon's from which events of SES may be signed: the sandbox's.",
    )
    absent_after_s: int = Field(
        default=600,
        ge=1,
        le=86_400,
        description="After how many seconds a message in doubt that Sent does not hold counts as never sent.",
    )
    pool_size: int = Field(default=10, ge=1, le=200, description="Database connections of one process.")
    statement_timeout_s: int = Field(
        default=30,
        ge=1,
        le=60,
        description="Longest a single statement may run, in seconds.",
    )
    worker_lanes: int = Field(
        default=3,
        ge=1,
        le=8,
        description="Batches that one worker has in hand at a time.",
    )
    lease_s: int = Field(
        default=30,
        ge=2,
        le=3600,
        description="After how many seconds a silent worker counts as dead and what it had in hand as uncertain.",
    )
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged."
    )

    @field_validator("private_hosts", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
        return value

    @field_validator("sns_cert_hosts", "checkout_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().lower() for part in value.split(",") if part.strip())
        return value

    @field_validator("checkout_hosts")
    @classmethod
    def _plain_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """They stand in a header of every page that leads to one."""
        if not all(re.fullmatch(r"[a-z0-9.-]+(:[0-9]{1,5})?", host) for host in value):
            msg = "must be hosts without a scheme or a path, separated by commas"
            raise ValueError(msg)
        return value

    @field_validator(
        "base_url",
        "google_accounts_url",
        "google_token_url",
        "gmail_url",
        "microsoft_login_url",
        "graph_url",
        "stripe_url",
    )
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            msg = "must start with http:// or https://"
            raise ValueError(msg)
        return value.rstrip("/")

    @model_validator(mode="after")
    def _providers_encrypted(self) -> Self:
        """Tokens, keys and letters go to a provider over TLS; unencrypted only inside this machine's own networks."""
        for name in ("google_accounts", "google_token", "gmail", "microsoft_login", "graph", "stripe"):
            url = urlsplit(getattr(self, f"{name}_url"))
            if url.scheme != "https" and not self._is_ours(url.hostname or ""):
                msg = f"BURSAR_{name.upper()}_URL must start with https://"
                raise ValueError(msg)
        return self

    def _is_ours(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return address.is_loopback or any(address in network for network in self.private_hosts)

    @cached_property
    def secure(self) -> bool:
        """Whether people come over HTTPS: cookies are then Secure and one-click unsubscribe is offered."""
        return self.base_url.startswith("https://")


class BadSettings(SystemExit):
    """The environment says something that cannot be meant; the text names each variable."""


def load_settings(**overrides: object) -> Settings:
    """Read the environment. Raises `BadSettings` with one line a problem."""
    try:
        return Settings(**overrides)  # pyright: ignore[reportArgumentType]  pydantic checks the values
    except ValidationError as error:
        raise BadSettings(explain(error)) from None


def explain(error: ValidationError) -> str:
    """One line a problem: the variable's name and what is wrong with it."""
    lines = ["The settings cannot be used:"]
    for problem in error.errors():
        if not problem["loc"]:  # about several at once; the message names them
            lines.append(f"  {problem['msg']}")
            continue
        field = str(problem["loc"][0])
        name = "DATABASE_URL" if field in {"DATABASE_URL", "database_url"} else f"BURSAR_{field.upper()}"
        lines.append(f"  {name}: {problem['msg']}")
    return "\n".join(lines)
