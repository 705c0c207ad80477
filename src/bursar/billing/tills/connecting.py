"""An account at a payment provider becomes a till, in three beats: allowed, asked whose it is, written down.

Its key and the secret by which its reports are signed lie in the vault. A till is *connecting* until it has both:
the address it reports to can be given to the provider only when the till is there.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries import tills as queries
from bursar.billing.states import (
    CONNECT_TILL,
    RECONNECT_TILL,
    TILL_MOVES,
    TillProvider,
    TillState,
)
from bursar.billing.tills import tills
from bursar.billing.tills.ports import (
    Identity,
    TillFactory,
    TillRefused,
    TillThrottled,
    TillUnauthorised,
    TillUnsure,
)
from bursar.core.errors import N_, Conflict, IllegalMove, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.moves import move
from bursar.core.states import allowed_from
from bursar.core.work import Actor, Office, Origin, Record, Work

LONGEST = 500
KEY, WEBHOOK_SECRET = "till_key", "till_webhook_secret"
"""What the vault calls the two."""


async def connect_till(
    office: Office,
    factory: TillFactory,
    tenant_id: UUID,
    actor: Actor,
    *,
    key: str,
    webhook_secret: str = "",
    provider: TillProvider = TillProvider.STRIPE,
    display_name: str | None = None,
    origin: Origin = Origin(),
) -> UUID:
    """The account that `key` opens becomes a till; one that is not ready yet, or no more, goes on. Returns its id.

    It is *active* once its webhook secret is known too. Test and live money of one account are two tills. The first
    that is active takes the payments. Raises `Invalid` by field, also for a key that the provider does not take;
    `Conflict` for an account that is connected and ready, and where the provider does not answer.
    """
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        work.allow(AgentRole.OWNER)
    secret, signed = _clean(key, "key"), clean_webhook_secret(webhook_secret, key)
    identity = await ask_who(factory, provider, secret)
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        till_id = await _take_in(work, provider, identity, secret, display_name)
        if signed is not None:
            await _keep(work, till_id, "webhook_secret_id", WEBHOOK_SECRET, signed)
        await _settle(work, till_id)
    return till_id


async def replace_key(
    office: Office,
    factory: TillFactory,
    tenant_id: UUID,
    actor: Actor,
    till_id: UUID,
    *,
    key: str,
    origin: Origin = Origin(),
) -> None:
    """Another key of the same account; the old one stays until this one was tried.

    A till that needed it is ready again; one that was disabled begins anew and needs its webhook secret too. Raises
    `NotFound`, `Invalid` for a key of another account or of the other kind of money, and what `connect_till` raises.
    """
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        work.allow(AgentRole.OWNER)
        row = await tills.locked(work, till_id)
    secret = _clean(key, "key")
    identity = await ask_who(factory, TillProvider(row.provider), secret)
    if (identity.account_id, identity.live) != (row.account_id, row.live):
        raise Invalid(
            N_(
                "This key opens another account, or the other kind of money. Connect it as a till of its own."
            ),
            code="other_account",
            field="key",
        )
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        row = await tills.locked(work, till_id)
        await _keep_key(work, row, secret)
        await work.record("till.replace_key", Record(till_id))
        await _settle(work, till_id)


async def set_webhook_secret(work: Work, till_id: UUID, webhook_secret: str) -> None:
    """What the provider signs its reports with. Raises `NotFound`, `Invalid`, `IllegalMove` for a disabled till."""
    work.allow(AgentRole.OWNER)
    row = await tills.locked(work, till_id)
    if row.state == TillState.DISABLED:
        raise IllegalMove("till", row.state, "connected", allowed_from(TILL_MOVES, row.state))
    signed = clean_webhook_secret(webhook_secret)
    if signed is None:
        raise _missing("webhook_secret")
    await _keep(work, till_id, "webhook_secret_id", WEBHOOK_SECRET, signed)
    await work.record("till.replace_webhook_secret", Record(till_id))
    if row.state == TillState.CONNECTING:
        await _settle(work, till_id)


async def check_till(
    office: Office,
    factory: TillFactory,
    tenant_id: UUID,
    actor: Actor,
    till_id: UUID,
    *,
    origin: Origin = Origin(),
) -> tills.TillShown:
    """Ask the provider whether the key still opens the account, and write the answer down.

    Raises `NotFound`, `Conflict` for a till without a key or a provider that does not answer.
    """
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        work.allow(AgentRole.ADMIN)
        row = await tills.locked(work, till_id)
        if row.secret_id is None:
            raise no_key()
        secret = await work.vault.get(row.secret_id)
    refusal = None
    try:
        await ask_who(factory, TillProvider(row.provider), secret)
    except Invalid as error:
        refusal = str(error.params.get("said", ""))
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        if refusal is not None:
            await tills.refuse(work, till_id, refusal)
        else:
            await _settle(work, till_id)
        return await tills.get_till(work, till_id)


async def ask_who(factory: TillFactory, provider: TillProvider, key: bytes) -> Identity:
    """Whose account a key opens. No Work may be open. Raises `Invalid` by field, `Conflict` for no answer."""
    try:
        till = factory(provider, key)
    except ValueError as error:
        raise Conflict(
            N_("This installation cannot speak to this provider."), code="provider_not_set_up"
        ) from error
    try:
        return await till.who()
    except (TillUnauthorised, TillRefused) as error:
        raise Invalid(
            N_("The provider does not take this key. Copy it again, and see that it is a secret key."),
            code="key_refused",
            field="key",
            said=error.text,
        ) from error
    except (TillThrottled, TillUnsure) as error:
        raise silent() from error
    finally:
        await till.close()


def silent() -> Conflict:
    return Conflict(
        N_("The payment provider does not answer. Nothing was changed: try again in a moment."),
        code="provider_silent",
    )


def no_key() -> Conflict:
    return Conflict(N_("This till is switched off. Connect it again."), code="till_disabled")


def clean_webhook_secret(text: str, key: str = "") -> bytes | None:
    """None for nothing typed. Raises `Invalid` for what cannot be one, and for the key typed twice."""
    if not text.strip():
        return None
    if text.strip() == key.strip():
        raise Invalid(
            N_(
                "This is the key. The secret of the webhook is another text, shown where you made the webhook."
            ),
            code="key_twice",
            field="webhook_secret",
        )
    return _clean(text, "webhook_secret")


def _clean(text: str, field: str) -> bytes:
    bare = text.strip()
    if not bare:
        raise _missing(field)
    if len(bare) > LONGEST or not (bare.isascii() and bare.isprintable()) or " " in bare:
        raise Invalid(
            N_("This does not look like one. Copy it again, with nothing before or after it."),
            code="secret_unreadable",
            field=field,
        )
    return bare.encode()


def _missing(field: str) -> Invalid:
    return Invalid(N_("Give this text as the provider shows it."), code="secret_missing", field=field)


async def _take_in(
    work: Work, provider: TillProvider, identity: Identity, key: bytes, display_name: str | None
) -> UUID:
    """The till of this account, with its key."""
    name = " ".join((display_name or identity.name or "").split())[:200] or None
    its = (provider, identity.account_id, identity.live)
    rows = (await work.db.execute(queries.all_of_tenant(work, lock=True))).all()
    row = next((row for row in rows if (row.provider, row.account_id, row.live) == its), None)
    if row is None:
        values = {
            "provider": provider,
            "account_id": identity.account_id,
            "live": identity.live,
            "display_name": name,
            "state": TillState.CONNECTING,
            "secret_id": await work.vault.put(KEY, key),
            "created_by": work.actor.id,
        }
        till_id = await work.db.scalar(queries.add(work, values))
        if till_id is None:
            raise Conflict(
                N_("Somebody is connecting this account right now. Try again in a moment."), code="busy"
            )
        return till_id
    if row.state == TillState.ACTIVE:
        raise Conflict(
            N_("This account is connected already. To give it another key, open it."),
            code="till_connected",
            field="key",
        )
    await _keep_key(work, row, key)
    if display_name and name:
        await work.db.execute(queries.edit(work, row.id, {"display_name": name}))
    return row.id


async def _keep_key(work: Work, row: sa.Row[Any], key: bytes) -> None:
    if row.state == TillState.DISABLED:
        await move(work, RECONNECT_TILL, row.id, last_error=None)
    await _keep(work, row.id, "secret_id", KEY, key)


async def _keep(work: Work, till_id: UUID, column: str, purpose: str, secret: bytes) -> None:
    """In the vault, in place of what was there."""
    row = await tills.locked(work, till_id)
    kept: UUID | None = getattr(row, column)
    if kept is None:
        await work.db.execute(queries.edit(work, till_id, {column: await work.vault.put(purpose, secret)}))
    else:
        await work.vault.replace(kept, secret)


async def _settle(work: Work, till_id: UUID) -> None:
    """The key was just tried and taken: ready, if the webhook secret is there; the first of all is the primary."""
    rows = (await work.db.execute(queries.all_of_tenant(work, lock=True))).all()
    row = next(row for row in rows if row.id == till_id)
    values: dict[str, Any] = {"validated_at": work.now, "last_error": None}
    if row.state == TillState.CONNECTING and row.webhook_secret_id is None:
        await work.db.execute(queries.edit(work, till_id, values))
        return
    if not any(peer.is_primary for peer in rows):
        values["is_primary"] = True
    if row.state in CONNECT_TILL.sources:
        await move(work, CONNECT_TILL, till_id, **values)
    elif row.state == TillState.ACTIVE:
        await work.db.execute(queries.edit(work, till_id, values))
