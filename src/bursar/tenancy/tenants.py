"""Firms: made with their owner in one transaction, found by slug, their profile and settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypedDict
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from bursar.core.errors import N_, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Office, Origin, Record, Work
from bursar.tenancy import accounts, cells, rules
from bursar.tenancy.passwords import hash_password, refuse_weak
from bursar.tenancy.queries import accounts as account_queries
from bursar.tenancy.queries import agents as agent_queries
from bursar.tenancy.queries import tenants as queries

_SETTING = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_MAX_RETENTION_YEARS = 50


@dataclass(frozen=True, slots=True)
class TenantCreated:
    """`invitation` is the token with which the owner sets a password; None if they have one."""

    id: UUID
    slug: str
    owner_id: UUID
    invitation: str | None

    def __repr__(self) -> str:
        return f"<TenantCreated {self.slug}>"


@dataclass(frozen=True, slots=True)
class Tenant:
    """The firm as it stands on its letters and invoices, and as it works."""

    id: UUID
    slug: str
    name: str
    legal_name: str | None
    legal_name_local: str | None
    country: str
    currency: str
    time_zone: str
    locale: str
    tax_number: str | None
    registration_number: str | None
    registration_authority: str | None
    address_lines: list[str]
    city: str | None
    subdivision: str | None
    review_url: str | None
    calendar: dict[str, Any]
    branding: dict[str, Any]
    retention_years: int
    settings: dict[str, Any]


class TenantInput(TypedDict, total=False):
    """Texts as people typed them; what is left out is not touched, what is blank is emptied."""

    name: str
    legal_name: str | None
    legal_name_local: str | None
    country: str
    currency: str
    time_zone: str
    locale: str
    tax_number: str | None
    registration_number: str | None
    registration_authority: str | None
    address_lines: list[str] | str | None
    city: str | None
    subdivision: str | None
    review_url: str | None
    retention_years: int


async def create_tenant(
    office: Office,
    *,
    slug: str,
    name: str,
    country: str,
    currency: str,
    time_zone: str,
    locale: str,
    owner_email: str,
    owner_name: str | None = None,
    password: str | None = None,
    origin: Origin = Origin(),
) -> TenantCreated:
    """A firm, its owner and their account, all or nothing. Its calendar is the country's until it says more.

    Raises `Invalid` with the field's name. An address that has a password already keeps it.
    """
    rules.check_slug(slug)
    required = {"name": name, "country": country, "currency": currency}
    values = _clean({**required, "time_zone": time_zone, "locale": locale}, country)
    address, _ = cells.parse_email(owner_email, field="owner_email")
    if password is not None:
        refuse_weak(password, about=(address, name, slug))
    hashed = await hash_password(password) if password is not None else None
    async with office.new_tenant_work(uuid4(), origin=origin) as work:
        work.zone = ZoneInfo(values["time_zone"])
        if await work.db.scalar(queries.take_slug(slug, work.tenant_id)) is None:
            raise Invalid(
                N_("“%(slug)s” is taken. Choose another."), code="slug_taken", field="slug", slug=slug
            )
        await work.db.execute(queries.add_tenant(work, {"slug": slug, **values}))
        owner_id, invitation = await _add_owner(work, address, owner_name or values["name"], hashed)
        told = {"slug": slug, "country": values["country"], "currency": values["currency"]}
        await work.record("tenant.create", Record(work.tenant_id, payload=told))
    return TenantCreated(work.tenant_id, slug, owner_id, invitation)


async def find_tenant(office: Office, slug: str) -> UUID:
    """Raises `NotFound`."""
    async with office.directory() as work:
        tenant_id = await work.db.scalar(queries.tenant_of_slug(slug))
    if tenant_id is None:
        raise NotFound("tenant")
    return tenant_id


async def this_tenant(work: Work) -> Tenant:
    row = (await work.db.execute(queries.this_tenant(work))).mappings().one()
    return Tenant(**{each.name: row[each.name] for each in fields(Tenant)})


async def region_of(work: Work) -> str:
    """The firm's country: the region of phone numbers without a country code."""
    return (await work.db.scalars(queries.country_of(work))).one()


async def edit_tenant(work: Work, given: TenantInput) -> None:
    """Change the profile; invoices already issued keep what they said. Raises `Invalid` by field."""
    work.allow(AgentRole.ADMIN)
    before = (await work.db.execute(queries.this_tenant(work, lock=True))).mappings().one()
    values = _clean(given, given.get("country") or before["country"])
    changed = {name: value for name, value in values.items() if before[name] != value}
    if not changed:
        return
    await work.db.execute(queries.edit_tenant(work, changed))
    sides = {"before": {name: before[name] for name in changed}, "after": changed}
    await work.record("tenant.edit", Record(work.tenant_id, changes=sides))


async def settings_of(work: Work) -> dict[str, Any]:
    return dict((await this_tenant(work)).settings)


async def change_settings(
    work: Work, values: Mapping[str, Any], *, changes: Mapping[str, Any] | None = None
) -> None:
    """Set named settings; whoever reads one has checked its value and knows its default.

    Names are words joined by dots, the room first (`chasing.minimum_gap_days`). `changes` is what the journal
    is to say, if more than their names. Raises `Invalid`.
    """
    work.allow(AgentRole.ADMIN)
    for name in values:
        if not _SETTING.fullmatch(name):
            raise Invalid(
                N_("There is no setting %(name)s."), code="setting_unknown", field="settings", name=name
            )
    before = dict((await work.db.execute(queries.this_tenant(work, lock=True))).one().settings)
    changed = {name: value for name, value in values.items() if before.get(name) != value}
    if not changed:
        return
    await work.db.execute(queries.change_settings(work, changed))
    told = {"fields": sorted(changed), **(changes or {})}
    await work.record("tenant.edit_settings", Record(work.tenant_id, changes=told))


async def _add_owner(work: Work, email: str, name: str, hashed: str | None) -> tuple[UUID, str | None]:
    account = await accounts.find_or_make(work, email, field="owner_email")
    row = {
        "account_id": account.id,
        "name": cells.parse_name(name, field="owner_name"),
        "role": AgentRole.OWNER,
    }
    owner_id = (await work.db.scalars(agent_queries.add_agent(work, row))).one()
    if account.password_hash is not None:
        return owner_id, None
    if hashed is None:
        return owner_id, await accounts.invite(work, account.id)
    await work.db.execute(account_queries.set_password(account.id, hashed, work.now))
    return owner_id, None


def _clean(given: Mapping[str, Any], country: str) -> dict[str, Any]:
    """Columns of `tenants`. Raises `Invalid` with the field's name."""
    return {name: _clean_one(name, value, country) for name, value in given.items()}


def _clean_one(name: str, value: Any, country: str) -> Any:
    if name not in _PARSERS:
        raise Invalid(N_("There is no field %(name)s."), code="field_unknown", field=name, name=name)
    if value is None or value == [] or (isinstance(value, str) and cells.says_nothing(value)):
        if name in _REQUIRED:
            raise Invalid(N_("This cannot be empty."), code="required", field=name)
        return [] if name == "address_lines" else None
    if name == "tax_number":
        return cells.parse_tax_number(value, country.strip().upper()).value
    return _PARSERS[name](value, name)


def _name(value: str, field: str) -> str:
    return cells.parse_name(value, field=field)


def _lines(value: list[str] | str, field: str) -> list[str]:
    lines = value.splitlines() if isinstance(value, str) else value
    return [cells.parse_name(line, field=field) for line in lines if not cells.says_nothing(line)]


def _web_address(value: str, field: str) -> str:
    text = cells.parse_name(value, field=field, limit=500)
    if not re.fullmatch(r"https://[^\s/@]+\.[^\s/@]+(/\S*)?", text):
        raise Invalid(
            N_("Write a web address that begins with https://."), code="web_address_unusable", field=field
        )
    return text


def _years(value: int, field: str) -> int:
    if not isinstance(value, int) or not 1 <= value <= _MAX_RETENTION_YEARS:
        raise Invalid(N_("Keep records for 1 to 50 years."), code="years_unusable", field=field)
    return value


_REQUIRED = frozenset({"name", "country", "currency", "time_zone", "locale", "retention_years"})
_PARSERS: dict[str, Any] = {
    **dict.fromkeys(
        ("name", "legal_name", "legal_name_local", "registration_number", "registration_authority"), _name
    ),
    **dict.fromkeys(("tax_number", "city", "subdivision"), _name),
    "country": lambda value, field: rules.check_country(value, field=field),
    "currency": lambda value, field: cells.parse_currency(value, field=field),
    "time_zone": lambda value, field: rules.check_time_zone(value, field=field),
    "locale": lambda value, field: cells.parse_locale(value, field=field),
    "address_lines": _lines,
    "review_url": _web_address,
    "retention_years": _years,
}
