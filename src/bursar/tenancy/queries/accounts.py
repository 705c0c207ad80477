"""Global rows, for bursar_system alone: who can sign in, with what, and how often it failed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.schema import same_tenant
from bursar.tenancy.rules import FAILURES_FORGOTTEN, LONGEST_WAIT
from bursar.tenancy.tables import accounts, agents, sign_in_attempts, sign_in_tokens, tenants


def account_by_email(email_key: str) -> sa.Select:
    return sa.select(accounts).where(accounts.c.email_key == email_key)


def account_by_id(account_id: UUID, *, lock: bool = False) -> sa.Select:
    found = sa.select(accounts).where(accounts.c.id == account_id)
    return found.with_for_update(key_share=True) if lock else found


def account_with_password(account_id: UUID, password_hash: str) -> sa.Select:
    """The account while it still has this hash; held, so that no change of password overtakes a sign-in."""
    return (
        sa.select(accounts.c.id)
        .where(accounts.c.id == account_id, accounts.c.password_hash == password_hash)
        .with_for_update(read=True)
    )


def add_account(email: str, email_key: str, locale: str | None) -> sa.Insert:
    """A new account, unless the address has one."""
    return (
        insert(accounts)
        .values(email=email, email_key=email_key, locale=locale)
        .on_conflict_do_nothing(index_elements=["email_key"])
    )


def set_password(account_id: UUID, password_hash: str, now: datetime) -> sa.Update:
    """The new password; every session begun before `now` is over."""
    return (
        sa.update(accounts)
        .where(accounts.c.id == account_id)
        .values(password_hash=password_hash, sessions_since=now)
    )


def replace_hash(account_id: UUID, old: str, new: str) -> sa.Update:
    """The same password under today's parameters, unless it was changed meanwhile."""
    return (
        sa.update(accounts)
        .where(accounts.c.id == account_id, accounts.c.password_hash == old)
        .values(password_hash=new)
    )


def offer_totp(account_id: UUID, sealed: bytes) -> sa.Update:
    """A secret that counts only once it was confirmed; none while another one is in force."""
    return (
        sa.update(accounts)
        .where(accounts.c.id == account_id, accounts.c.totp_last_step.is_(None))
        .values(totp_secret=sealed)
        .returning(accounts.c.email)
    )


def spend_step(account_id: UUID, step: int, **values: Any) -> sa.Update:
    """The step is the last one used, if none as late was used before: of two at once, one row comes back."""
    unspent = sa.func.coalesce(accounts.c.totp_last_step, -1) < step
    return (
        sa.update(accounts)
        .where(accounts.c.id == account_id, unspent)
        .values(totp_last_step=step, **values)
        .returning(accounts.c.id)
    )


def spend_recovery_code(account_id: UUID, code_hash: bytes) -> sa.Update:
    """The code is gone from the account, if it was there."""
    hashes = accounts.c.recovery_hashes
    return (
        sa.update(accounts)
        .where(accounts.c.id == account_id, sa.literal(code_hash, sa.LargeBinary) == sa.any_(hashes))
        .values(recovery_hashes=sa.func.array_remove(hashes, sa.literal(code_hash, sa.LargeBinary)))
        .returning(accounts.c.id)
    )


def drop_totp(account_id: UUID) -> sa.Update:
    return (
        sa.update(accounts)
        .where(accounts.c.id == account_id)
        .values(totp_secret=None, totp_last_step=None, recovery_hashes=[])
    )


def add_sign_in_token(values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(sign_in_tokens).values(**values)


def live_sign_in_token(token_hash: bytes, now: datetime) -> sa.Select:
    """The unused, unexpired token and whose it is."""
    return (
        sa.select(sign_in_tokens.c.account_id, sign_in_tokens.c.purpose, accounts.c.email)
        .join(accounts, accounts.c.id == sign_in_tokens.c.account_id)
        .where(
            sign_in_tokens.c.token_hash == token_hash,
            sign_in_tokens.c.used_at.is_(None),
            sign_in_tokens.c.expires_at > now,
        )
    )


def spend_sign_in_token(token_hash: bytes, now: datetime) -> sa.Update:
    """Used now, if it was neither used nor expired: of two at once, one gets the row."""
    return (
        sa.update(sign_in_tokens)
        .where(
            sign_in_tokens.c.token_hash == token_hash,
            sign_in_tokens.c.used_at.is_(None),
            sign_in_tokens.c.expires_at > now,
        )
        .values(used_at=now)
        .returning(sign_in_tokens.c.account_id)
    )


def spend_tokens_of(account_id: UUID, now: datetime) -> sa.Update:
    """All of the account's invitations and resets that are still good."""
    return (
        sa.update(sign_in_tokens)
        .where(sign_in_tokens.c.account_id == account_id, sign_in_tokens.c.used_at.is_(None))
        .values(used_at=now)
    )


def memberships(account_id: UUID) -> sa.Select:
    """In which tenants the account is an active agent, over all tenants: bursar_scan asks."""
    return (
        sa.select(agents.c.tenant_id, agents.c.id.label("agent_id"), tenants.c.slug)
        .join(tenants, same_tenant(tenants, agents))
        .where(agents.c.account_id == account_id, agents.c.active)
        .order_by(tenants.c.slug)
    )


def count_attempt(key: str, free: int, now: datetime) -> sa.Insert:
    """Counts an attempt before it is made; no row comes back while the key has to wait.

    Above `free` each further failure doubles the wait. Counting first leaves no gap for a hundred
    attempts at once.
    """
    row = sign_in_attempts.c
    failures = sa.case((row.last_failed_at < now - FAILURES_FORGOTTEN, 1), else_=row.failures + 1)
    seconds = sa.func.least(
        sa.func.power(2, sa.func.least(failures - free - 1, 30)), LONGEST_WAIT.total_seconds()
    )
    until = sa.literal(now, sa.DateTime(timezone=True)) + seconds * sa.literal(
        timedelta(seconds=1), sa.Interval
    )
    return (
        insert(sign_in_attempts)
        .values(key=key, failures=1, last_failed_at=now)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={
                "failures": failures,
                "last_failed_at": now,
                "blocked_until": sa.case((failures > free, until), else_=None),
            },
            where=sa.func.coalesce(row.blocked_until, now) <= now,
        )
        .returning(row.failures)
    )


def blocked_until(key: str) -> sa.Select:
    return sa.select(sign_in_attempts.c.blocked_until).where(sign_in_attempts.c.key == key)


def give_attempt_back(key: str) -> sa.Update:
    """It was no failure after all. A wait that runs goes on: one's own success buys no guesses at others."""
    row = sign_in_attempts.c
    return (
        sa.update(sign_in_attempts)
        .where(row.key == key)
        .values(failures=sa.func.greatest(row.failures - 1, 0))
    )


def forget_attempts(key: str) -> sa.Delete:
    return sa.delete(sign_in_attempts).where(sign_in_attempts.c.key == key)


def drop_old_attempts(now: datetime) -> sa.Delete:
    """Keys whose failures no longer count."""
    return sa.delete(sign_in_attempts).where(sign_in_attempts.c.last_failed_at < now - FAILURES_FORGOTTEN)
