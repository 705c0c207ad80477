"""Sending accounts: one, those of a channel, what they spent, and what waits for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.queries.reserving import QUOTA_HOURS
from bursar.outbox.states import AccountState, RunState, SendState
from bursar.outbox.tables import account_usage, claims, runs, sending_accounts, sends

SENDS_NOW = (AccountState.ACTIVE, AccountState.THROTTLED)


def add(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    """The new account; no row if the tenant has one of this kind and address."""
    return (
        insert(sending_accounts)
        .values(tenant_id=work.tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "kind", "address"])
        .returning(sending_accounts.c.id)
    )


def one(work: Work, account_id: UUID, *, lock: bool = False) -> sa.Select:
    found = sa.select(sending_accounts).where(
        sending_accounts.c.tenant_id == work.tenant_id, sending_accounts.c.id == account_id
    )
    return found.with_for_update(key_share=True) if lock else found


def lock_address(work: Work, kind: str, address: str) -> sa.Select:
    """The account of this kind and address, locked."""
    return (
        sa.select(sending_accounts)
        .where(
            sending_accounts.c.tenant_id == work.tenant_id,
            sending_accounts.c.kind == kind,
            sending_accounts.c.address == address,
        )
        .with_for_update(key_share=True)
    )


def lock_channel(work: Work, channel: str) -> sa.Select:
    """All accounts of a channel, locked in id order: who is primary is decided by one at a time."""
    return (
        sa.select(sending_accounts)
        .where(sending_accounts.c.tenant_id == work.tenant_id, sending_accounts.c.channel == channel)
        .order_by(sending_accounts.c.id)
        .with_for_update(key_share=True)
    )


def edit(work: Work, account_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    a = sending_accounts
    return (
        sa.update(a)
        .where(a.c.tenant_id == work.tenant_id, a.c.id == account_id)
        .values(**values, version=a.c.version + 1)
        .returning(a.c.version)
    )


def stamp(work: Work, account_id: UUID, **values: Any) -> sa.Update:
    """What the program itself notes of an account; nobody's open form is stale for it."""
    a = sending_accounts
    return sa.update(a).where(a.c.tenant_id == work.tenant_id, a.c.id == account_id).values(**values)


def holding_consent(work: Work, account_ids: Sequence[UUID], kinds: Sequence[str]) -> sa.Select:
    """Those of `account_ids` that are entered by consent and hold one."""
    a = sending_accounts
    return sa.select(a.c.id).where(
        a.c.tenant_id == work.tenant_id,
        a.c.id == sa.any_(uuids(account_ids)),
        a.c.kind.in_(kinds),
        a.c.secret_id.is_not(None),
    )


def step_down(work: Work, channel: str) -> sa.Update:
    """The primary of a channel, which then has none."""
    a = sending_accounts
    return (
        sa.update(a)
        .where(a.c.tenant_id == work.tenant_id, a.c.channel == channel, a.c.is_primary)
        .values(is_primary=False, version=a.c.version + 1)
    )


def has_open_run(work: Work, account_id: UUID) -> sa.Select:
    """Whether a run that is open has a send queued through the account, or on its way."""
    s = sends
    return sa.select(
        sa.exists().where(
            s.c.tenant_id == work.tenant_id,
            s.c.sending_account_id == account_id,
            s.c.queue_at.is_not(None),
            same_tenant(runs, s),
            runs.c.id == s.c.run_id,
            runs.c.state == RunState.OPEN,
        )
    )


def hand_over(work: Work, old: UUID | None, new: UUID | None, channel: str) -> sa.Update:
    """What is queued for `old` (None: for no account yet) on a channel goes through `new`; locked in id order."""
    s = sends
    waiting = (
        sa.select(s.c.id)
        .where(
            s.c.tenant_id == work.tenant_id,
            s.c.sending_account_id.is_not_distinct_from(old) if old else s.c.sending_account_id.is_(None),
            s.c.queue_at.is_not(None),
            s.c.channel == channel,
        )
        .order_by(s.c.id)
        .with_for_update(key_share=True)
    )
    return (
        sa.update(s)
        .where(s.c.tenant_id == work.tenant_id, s.c.id.in_(waiting), s.c.state == SendState.QUEUED)
        .values(sending_account_id=new, version=s.c.version + 1)
    )


def all_of_tenant(work: Work) -> sa.Select:
    """Every account, the primary of each channel first, with what waits for it and what it spent.

    `used` counts the rolling quota, `day` the last 24 hours for people to see, `in_hand` what is on the wire.
    """
    a = sending_accounts
    used, day = _used(work, QUOTA_HOURS), _used(work, 24)
    in_hand = (
        sa.select(sa.func.coalesce(sa.func.sum(claims.c.room), 0))
        .where(same_tenant(claims, a), claims.c.sending_account_id == a.c.id, claims.c.settled_at.is_(None))
        .scalar_subquery()
    )
    return (
        sa.select(
            a, used.label("used"), day.label("day"), in_hand.label("in_hand"), _queued().label("queued")
        )
        .where(a.c.tenant_id == work.tenant_id)
        .order_by(a.c.channel, a.c.is_primary.desc(), a.c.id)
    )


def _used(work: Work, hours: int) -> sa.ScalarSelect[int]:
    since = sa.func.date_trunc("hour", sa.literal(work.now)) - timedelta(hours=hours - 1)
    return (
        sa.select(sa.func.coalesce(sa.func.sum(account_usage.c.accepted + account_usage.c.uncertain), 0))
        .where(
            same_tenant(account_usage, sending_accounts),
            account_usage.c.sending_account_id == sending_accounts.c.id,
            account_usage.c.hour >= since,
        )
        .scalar_subquery()
    )


def _queued() -> sa.ScalarSelect[int]:
    """Sends that go through the account as soon as it may: of open runs or of none, not held(changed)."""
    s = sends
    return (
        sa.select(sa.func.count())
        .select_from(s.outerjoin(runs, sa.and_(same_tenant(runs, s), runs.c.id == s.c.run_id)))
        .where(
            same_tenant(s, sending_accounts),
            s.c.sending_account_id == sending_accounts.c.id,
            s.c.queue_at.is_not(None),
            s.c.reason.is_(None),
            sa.or_(s.c.run_id.is_(None), runs.c.state == RunState.OPEN),
        )
        .scalar_subquery()
    )


def overdue_connecting(now: datetime) -> sa.Select:
    """Accounts of all tenants that were to be connected by now; read as bursar_scan, so no tenant_id is named."""
    a = sending_accounts
    return sa.select(a.c.tenant_id, a.c.id).where(a.c.state == AccountState.CONNECTING, a.c.connect_by <= now)


def still_overdue(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Those of `ids` whose time to connect is over, locked in id order."""
    a = sending_accounts
    return (
        sa.select(a.c.id)
        .where(
            a.c.tenant_id == work.tenant_id,
            a.c.id == sa.any_(uuids(ids)),
            a.c.state == AccountState.CONNECTING,
            a.c.connect_by <= work.now,
        )
        .order_by(a.c.id)
        .with_for_update(key_share=True)
    )
