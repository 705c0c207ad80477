"""Signing in with a password and, where it is switched on, a second factor (R133, R135)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, NotFound, Refusal
from bursar.core.kinds import ActorType
from bursar.core.work import Actor, Office, Origin, Role
from bursar.tenancy import second_factor, throttle
from bursar.tenancy.accounts import Membership, key_of, memberships_of, unchanged
from bursar.tenancy.passwords import Checked, check_password
from bursar.tenancy.queries import accounts as queries
from bursar.tenancy.sessions import NewSession, open_session


class WrongCredentials(Refusal):
    """One answer for an unknown address, a wrong password, a wrong code, and somebody switched off: 401."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            N_("The e-mail address, the password or the code is not right."), code="wrong_credentials"
        )


class CodeNeeded(Refusal):
    """The password was right; the form asks for the second factor and sends all three: 401."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            N_("Type the code that your phone shows, or a recovery code."), code="code_needed", field="code"
        )


@dataclass(frozen=True, slots=True)
class Entered:
    """The session is in `tenant_id`; with more than one of `memberships` a person may switch."""

    session: NewSession
    tenant_id: UUID
    slug: str
    account_id: UUID
    memberships: tuple[Membership, ...]


async def sign_in(
    office: Office,
    email: str,
    password: str,
    *,
    code: str | None = None,
    slug: str | None = None,
    origin: Origin = Origin(),
) -> Entered:
    """A fresh session in the firm `slug`, or in the first of the person's firms.

    Raises `WrongCredentials`, `CodeNeeded`, `TooMany`; `NotFound` for a firm that is not theirs. The
    password is checked at the same cost whether there is such an account or not.
    """
    key = key_of(email)
    counted = throttle.counters("sign-in", key, origin.ip)
    await throttle.count(office, *counted)
    async with office.directory() as work:
        account = (await work.db.execute(queries.account_by_email(key))).one_or_none()
    checked = await check_password(password, account.password_hash if account else None)
    if account is None or not checked.right:
        raise WrongCredentials
    await _check_second_factor(office, account, code, counted)
    found = await memberships_of(office, account.id)
    if not found:
        raise WrongCredentials
    await throttle.forgive(office, *counted)
    chosen = next((each for each in found if slug in (None, each.slug)), None)
    if chosen is None:
        raise NotFound("tenant")
    return await _enter(office, account, checked, chosen, found, origin)


async def _check_second_factor(
    office: Office, account: Any, code: str | None, counted: tuple[throttle.Counter, ...]
) -> None:
    """A wrong code counts like a wrong password, and besides for the account from wherever it comes.

    Who knows the password could otherwise guess the six digits from many addresses.
    """
    if not second_factor.is_in_force(account):
        return
    if not code or not code.strip():
        await throttle.forgive(office, *counted)
        raise CodeNeeded
    guesses = throttle.of_account("code", str(account.id))
    await throttle.count(office, guesses)
    if not await second_factor.spend_code(office, account.id, code):
        raise WrongCredentials
    await throttle.forgive(office, guesses)


async def _enter(
    office: Office,
    account: Any,
    checked: Checked,
    chosen: Membership,
    found: tuple[Membership, ...],
    origin: Origin,
) -> Entered:
    actor = Actor(ActorType.AGENT, chosen.agent_id)
    async with office.work(chosen.tenant_id, actor=actor, role=Role.SYSTEM, origin=origin) as work:
        if not await unchanged(work, account.id, account.password_hash):
            raise WrongCredentials
        if checked.rehash is not None:
            await work.db.execute(queries.replace_hash(account.id, account.password_hash, checked.rehash))
        session = await open_session(work, account_id=account.id, agent_id=chosen.agent_id)
    return Entered(session, chosen.tenant_id, chosen.slug, account.id, found)
