"""Switching the second factor on and off, and asking for it (R135)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.work import Office, Origin, Record, Role, Work
from bursar.tenancy import throttle
from bursar.tenancy.passwords import check_password
from bursar.tenancy.queries import accounts as queries
from bursar.tenancy.sessions import SignedIn
from bursar.tenancy.totp import (
    accepted_step,
    matching_hash,
    new_recovery_codes,
    new_secret,
    open_secret,
    provisioning_uri,
    recovery_hash,
    seal_secret,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """Shown once, as text and as the picture of `uri`."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        return "<Offer>"


async def begin_totp(office: Office, signed: SignedIn) -> Offer:
    """A new secret that counts only once a code of it was typed. Raises `Conflict` if one is in force."""
    secret = new_secret()
    sealed = seal_secret(office.keyring, signed.account_id, secret)
    async with office.directory() as work:
        email = await work.db.scalar(queries.offer_totp(signed.account_id, sealed))
    if email is None:
        raise Conflict(N_("A second factor is in use already. Switch it off first."), code="totp_in_use")
    return Offer(secret, provisioning_uri(secret, email))


async def confirm_totp(
    office: Office, signed: SignedIn, code: str, *, origin: Origin = Origin()
) -> list[str]:
    """In force from now on. Gives the recovery codes, the only time they are seen. Raises `Invalid`."""
    counted = throttle.counters("confirm", str(signed.account_id), origin.ip)
    await throttle.count(office, *counted)
    codes = new_recovery_codes()
    async with office.work(signed.tenant_id, actor=signed.actor, role=Role.SYSTEM, origin=origin) as work:
        account = (await work.db.execute(queries.account_by_id(signed.account_id, lock=True))).one()
        if account.totp_last_step is not None:
            raise Conflict(N_("A second factor is in use already. Switch it off first."), code="totp_in_use")
        step = _step_of(work, account, code)
        if step is None:
            raise Invalid(
                N_("This code is not right. Check the clock of your phone and type the code it shows now."),
                code="code_wrong",
                field="code",
            )
        hashes = [recovery_hash(each) for each in codes]
        await work.db.execute(queries.spend_step(account.id, step, recovery_hashes=hashes))
        await work.record("agent.enable_second_factor", Record(signed.agent_id))
    await throttle.forgive(office, *counted)
    return codes


async def disable_totp(office: Office, signed: SignedIn, password: str, *, origin: Origin = Origin()) -> None:
    """Off, by who knows the password: an open screen is not enough. Raises `Invalid`, `TooMany`."""
    counted = throttle.counters("change", str(signed.account_id), origin.ip)
    await throttle.count(office, *counted)
    async with office.directory() as work:
        account = (await work.db.execute(queries.account_by_id(signed.account_id))).one()
    if not (await check_password(password, account.password_hash)).right:
        raise Invalid(N_("This is not your present password."), code="password_wrong", field="password")
    await throttle.forgive(office, *counted)
    async with office.work(signed.tenant_id, actor=signed.actor, role=Role.SYSTEM, origin=origin) as work:
        await work.db.execute(queries.drop_totp(signed.account_id))
        await work.record("agent.disable_second_factor", Record(signed.agent_id))


async def has_second_factor(office: Office, account_id: UUID) -> bool:
    async with office.directory() as work:
        return is_in_force((await work.db.execute(queries.account_by_id(account_id))).one())


def is_in_force(account: Any) -> bool:
    """A secret that was never confirmed asks for nothing."""
    return account.totp_last_step is not None


async def spend_code(office: Office, account_id: UUID, code: str) -> bool:
    """Whether `code` is a present one or a recovery code; either works once, whoever else tries it now."""
    async with office.directory() as work:
        account = (await work.db.execute(queries.account_by_id(account_id))).one()
        step = _step_of(work, account, code)
        if step is not None:
            return await work.db.scalar(queries.spend_step(account_id, step)) is not None
        spent = matching_hash(code, account.recovery_hashes)
        return (
            spent is not None
            and await work.db.scalar(queries.spend_recovery_code(account_id, spent)) is not None
        )


def _step_of(work: Work, account: Any, code: str) -> int | None:
    if account.totp_secret is None:
        return None
    secret = open_secret(work.keyring, account.id, account.totp_secret)
    return accepted_step(secret, code, now=work.now, last_step=account.totp_last_step)
