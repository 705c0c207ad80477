"""Tills as their owner looks after them: which there are, which takes money, where they report to, and their end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries import tills as queries
from bursar.billing.states import DISABLE_TILL, REFUSE_TILL, TillProvider, TillState
from bursar.core.errors import N_, Conflict, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.moves import move, move_all
from bursar.core.tokens import Kind, sign
from bursar.core.work import Record, Work

HOOK_PATH = "/hooks/"


@dataclass(frozen=True, slots=True)
class TillShown:
    """One till. `live` money is real, other money is for trying out. `reports`: what it tells us can be checked,
    because we have the secret it signs with. `last_error` is the provider's own words.
    """

    id: UUID
    version: int
    provider: TillProvider
    account_id: str | None
    live: bool
    display_name: str | None
    state: TillState
    is_primary: bool
    reports: bool
    last_error: str | None
    validated_at: datetime | None
    created_at: datetime


async def list_tills(work: Work) -> list[TillShown]:
    """The primary one first. Disabled ones stay: payments came through them."""
    found = [_shown(row) for row in await work.db.execute(queries.all_of_tenant(work))]
    return sorted(found, key=lambda till: (not till.is_primary, till.state is TillState.DISABLED))


async def get_till(work: Work, till_id: UUID) -> TillShown:
    """Raises `NotFound`, for another tenant's too."""
    row = (await work.db.execute(queries.one(work, till_id))).one_or_none()
    if row is None:
        raise NotFound("till")
    return _shown(row)


async def taking_money(work: Work) -> TillShown | None:
    """The till at which customers pay now; None where they cannot pay by card."""
    row = (await work.db.execute(queries.taking_money(work))).one_or_none()
    return _shown(row) if row else None


def hook_path(work: Work, provider: str, till_id: UUID) -> str:
    """Where the provider is to tell what happened at this till; the token names tenant and till (R128)."""
    return f"{HOOK_PATH}{provider}/{sign(work.keyring, Kind.INBOUND, work.tenant_id, till_id)}"


def hook_url(work: Work, base_url: str, till: TillShown) -> str:
    """The whole address, as it is typed at the provider."""
    return base_url.rstrip("/") + hook_path(work, till.provider, till.id)


async def make_primary(work: Work, till_id: UUID) -> None:
    """Customers pay at this till from now on. Raises `NotFound`, `Conflict` if it is not active."""
    work.allow(AgentRole.OWNER)
    row = await locked(work, till_id)
    if row.state != TillState.ACTIVE:
        raise Conflict(
            N_("Only a till that is ready can take the payments. Connect it first."), code="till_idle"
        )
    if row.is_primary:
        return
    await work.db.execute(queries.step_down(work))
    await work.db.execute(queries.edit(work, till_id, {"is_primary": True}))
    await work.record("till.make_primary", Record(till_id))


async def disable(work: Work, till_id: UUID) -> None:
    """Nobody pays here any more. A job closes its open checkouts at the provider and then destroys its secrets.

    The longest-serving other till that is ready becomes the primary one. Raises `NotFound`, `IllegalMove`.
    """
    work.allow(AgentRole.OWNER)
    row = await locked(work, till_id)
    await move(work, DISABLE_TILL, till_id, is_primary=False)
    if not row.is_primary:
        return
    others = await work.db.execute(queries.all_of_tenant(work))
    heir = next((other.id for other in others if other.state == TillState.ACTIVE), None)
    if heir is not None:
        await work.db.execute(queries.edit(work, heir, {"is_primary": True}))
        await work.record("till.make_primary", Record(heir))


async def refuse(work: Work, till_id: UUID, said: str) -> None:
    """The provider no longer takes its key: it needs its owner, who is told once however often this is noticed."""
    await move_all(work, REFUSE_TILL, [till_id], because="unauthorised", last_error=said or None)


async def forget_secrets(work: Work, till_id: UUID) -> None:
    """What a disabled till's account was opened with is destroyed; nothing for one that was connected again."""
    row = await locked(work, till_id)
    if row.state != TillState.DISABLED:
        return
    kept = [secret_id for secret_id in (row.secret_id, row.webhook_secret_id) if secret_id]
    if not kept:
        return
    await work.db.execute(queries.edit(work, till_id, {"secret_id": None, "webhook_secret_id": None}))
    for secret_id in kept:
        await work.vault.forget(secret_id)


async def locked(work: Work, till_id: UUID) -> sa.Row[Any]:
    """One till, after all of the firm's were locked: which is the primary is decided by one person at a time."""
    for row in await work.db.execute(queries.all_of_tenant(work, lock=True)):
        if row.id == till_id:
            return row
    raise NotFound("till")


def _shown(row: sa.Row[Any]) -> TillShown:
    names = ("id", "version", "account_id", "live", "display_name", "is_primary", "last_error")
    times = ("validated_at", "created_at")
    return TillShown(
        **{name: getattr(row, name) for name in (*names, *times)},
        provider=TillProvider(row.provider),
        state=TillState(row.state),
        reports=row.webhook_secret_id is not None,
    )
