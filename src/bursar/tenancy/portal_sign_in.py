"""Customers come into a firm's portal by a link in their mail: single use, minutes only, no password (R126, R133).

A customer has no account: the address is who they are, and all customers of one address are theirs to see, one at a
time.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bursar.core.errors import NotFound, NotSignedIn
from bursar.core.kinds import ActorType
from bursar.core.tokens import BadToken, hash_of, new_token, tenant_of
from bursar.core.work import Actor, Office, Origin, Record, Role, Work
from bursar.tenancy import cells, tenants, throttle
from bursar.tenancy.jobs import send_sign_in_link
from bursar.tenancy.queries import customers as customer_queries
from bursar.tenancy.queries import portal as queries
from bursar.tenancy.rules import PORTAL_IDLE, PORTAL_LONGEST, STAMP_EVERY
from bursar.tenancy.sessions import NewSession


@dataclass(frozen=True, slots=True)
class Presented:
    """A firm as whoever stands before its portal sees it."""

    tenant_id: UUID
    slug: str
    name: str
    branding: Mapping[str, Any]
    locale: str


@dataclass(frozen=True, slots=True)
class Guest:
    """Who is signed in at the portal, and the firm's own settings, which no customer may read as themselves."""

    tenant_id: UUID
    customer_id: UUID
    session_id: UUID
    name: str
    locale: str
    firm: Presented
    country: str
    time_zone: str
    settings: Mapping[str, Any]

    def look(self, office: Office) -> AbstractAsyncContextManager[Work]:
        """A look as the customer: what the wall hides from them is not there."""
        return self._work(office, read_only=True)

    def act(self, office: Office, origin: Origin) -> AbstractAsyncContextManager[Work]:
        """One act: it begins as the customer, who finds what it is about, and goes on as the system
        (`on_behalf.go_on_as_system`).
        """
        return self._work(office, origin=origin)

    def _work(
        self, office: Office, *, origin: Origin = Origin(), read_only: bool = False
    ) -> AbstractAsyncContextManager[Work]:
        return office.work(
            self.tenant_id,
            actor=Actor(ActorType.CUSTOMER, self.customer_id),
            role=Role.CUSTOMER,
            customer_id=self.customer_id,
            origin=origin,
            read_only=read_only,
        )


@dataclass(frozen=True, slots=True)
class Person:
    """One of the customers of an address."""

    customer_id: UUID
    name: str


async def portal_of(office: Office, slug: str) -> Presented:
    """Raises `NotFound`."""
    tenant_id = await tenants.find_tenant(office, slug)
    async with office.work(tenant_id, read_only=True) as work:
        row = (await work.db.execute(queries.firm(work))).one()
    return Presented(tenant_id, row.slug, row.name, row.branding, row.locale)


async def ask_for_link(office: Office, firm: Presented, email: str, *, origin: Origin = Origin()) -> None:
    """A link is mailed to this address if it has customers here; nothing tells whether it has, not even the time.

    Raises `Invalid` for what is no address, `TooMany`.
    """
    _, key = cells.parse_email(email)
    await throttle.count(office, *throttle.counters("portal", f"{firm.tenant_id} {key}", origin.ip))
    async with office.work(firm.tenant_id, origin=origin) as work:
        await order_sign_in_link(work, key)


async def order_sign_in_link(work: Work, email_key: str) -> None:
    """The same from within an act. Whether there is such a customer is a job's to find out, so that whoever waits for
    this act's answer learns nothing from how long it took.
    """
    await work.defer(send_sign_in_link, email_key=email_key)


async def look_at_link(office: Office, firm: Presented, token: str) -> str | None:
    """The language of the customer whose link this is. Changes nothing: scanners of mails look too (T46).

    Raises `BadToken` for one that is unknown, used, over, or another firm's.
    """
    hashed = _hash_in(firm.tenant_id, token)
    async with office.work(firm.tenant_id, read_only=True) as work:
        row = (await work.db.execute(queries.good_link(work, hashed))).one_or_none()
    if row is None:
        raise BadToken
    return row.locale


async def enter(office: Office, firm: Presented, token: str, *, origin: Origin = Origin()) -> NewSession:
    """The link is used up, and with it every other that this customer has. Raises `BadToken`, `TooMany`."""
    hashed = _hash_in(firm.tenant_id, token)
    async with office.work(firm.tenant_id, origin=origin) as work:
        customer_id = await work.db.scalar(queries.use_link(work, hashed))
        if customer_id is None:
            raise BadToken
        await work.db.execute(customer_queries.spend_sign_in_links(work, [customer_id]))
        return await _open_session(work, customer_id)


async def guest_of(office: Office, token: str) -> Guest:
    """Who holds this token. The idle limit is pushed on at most once a minute.

    Raises `NotSignedIn`, the same for unknown, ended, expired, idle, and those whom the firm has sent away.
    """
    tenant_id, hashed = _read(token)
    async with office.work(tenant_id, must_exist=False) as work:
        row = (await work.db.execute(queries.live_session(work, hashed))).one_or_none()
        if row is None:
            raise NotSignedIn
        idle = min(work.now + PORTAL_IDLE, row.expires_at)
        if idle - row.idle_expires_at >= STAMP_EVERY:
            await work.db.execute(queries.stamp_session(work, row.id, idle))
    return Guest(
        tenant_id=tenant_id,
        customer_id=row.customer_id,
        session_id=row.id,
        name=row.name,
        locale=row.locale or row.firm_locale,
        firm=Presented(tenant_id, row.slug, row.firm, row.branding, row.firm_locale),
        country=row.country,
        time_zone=row.time_zone,
        settings=row.settings,
    )


async def persons_of(office: Office, guest: Guest) -> list[Person]:
    """All customers who are written to at this guest's address, the elder first; they themselves are one."""
    async with office.work(guest.tenant_id, read_only=True) as work:
        return await _persons(work, guest)


async def switch(
    office: Office, guest: Guest, token: str, customer_id: UUID, *, origin: Origin = Origin()
) -> NewSession:
    """A session of another customer of the same address; the present one ends. Raises `NotFound` for anybody else."""
    actor = Actor(ActorType.CUSTOMER, guest.customer_id)
    async with office.work(guest.tenant_id, actor=actor, origin=origin) as work:
        if customer_id not in {one.customer_id for one in await _persons(work, guest)}:
            raise NotFound("customer")
        await work.db.execute(queries.end_session(work, _hash_in(guest.tenant_id, token)))
        return await _open_session(work, customer_id)


async def sign_out(office: Office, token: str, *, origin: Origin = Origin()) -> None:
    """End this session. Doing it twice, or with a token of none, is no error."""
    try:
        tenant_id, hashed = _read(token)
    except NotSignedIn:
        return
    async with office.work(tenant_id, origin=origin, must_exist=False) as work:
        for customer_id in await work.db.scalars(queries.end_session(work, hashed)):
            await work.record("customer.sign_out", Record(customer_id, customer_id))


async def _persons(work: Work, guest: Guest) -> list[Person]:
    key = await work.db.scalar(queries.address_of(work, guest.customer_id))
    if key is None:
        return [Person(guest.customer_id, guest.name)]
    return [
        Person(row.id, row.name) for row in await work.db.execute(queries.customers_of_address(work, key))
    ]


async def _open_session(work: Work, customer_id: UUID) -> NewSession:
    """Always a fresh token: none is carried over a sign-in."""
    token, expires_at = new_token(work.tenant_id), work.now + PORTAL_LONGEST
    row = {
        "token_hash": token.hash,
        "customer_id": customer_id,
        "created_at": work.now,
        "expires_at": expires_at,
        "idle_expires_at": work.now + PORTAL_IDLE,
        "ip": work.origin.ip,
        "user_agent": work.origin.user_agent,
    }
    await work.db.execute(queries.add_session(work, row))
    await work.record("customer.sign_in", Record(customer_id, customer_id))
    return NewSession(token.text, expires_at)


def _read(token: str) -> tuple[UUID, bytes]:
    try:
        tenant_id, hashed = tenant_of(token), hash_of(token)
    except BadToken:
        raise NotSignedIn from None
    if tenant_id is None:
        raise NotSignedIn
    return tenant_id, hashed


def _hash_in(tenant_id: UUID, token: str) -> bytes:
    """Raises `BadToken` for a token of another tenant: the address says whose portal it is."""
    if tenant_of(token) != tenant_id:
        raise BadToken
    return hash_of(token)
