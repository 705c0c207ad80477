"""A mailbox is connected at its provider: its owner says yes there, in a browser, and comes back with a code (R132).

Three beats each way. Begun: the account is written down as *connecting*, with the hash of a state that only this
browser's session brings back, once, within ten minutes. Then the code is exchanged while no Work is open, the
provider says whose mailbox it is, and only if it is the one that was named do its tokens go into the vault.
"""

import contextlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, Invalid, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.tokens import hash_of, new_token, tenant_of
from bursar.core.work import Actor, Office, Origin, Record, Work
from bursar.outbox import connecting
from bursar.outbox.account_fields import AccountInput, clean_account, clean_address, usual_pace
from bursar.outbox.consent_addresses import challenge_of
from bursar.outbox.ports import Grant, Health, Identities, Identity, NoAnswer, SignedOut
from bursar.outbox.queries import accounts as accounts_queries
from bursar.outbox.queries import sign_ins as queries
from bursar.outbox.states import SIGNS_IN_BY_CONSENT, AccountKind, AccountState
from bursar.outbox.tokens import PURPOSE, sealed_text

MAY_BEGIN = frozenset({AccountState.ACTIVE, AccountState.THROTTLED, AccountState.NEEDS_REAUTH})
OVER = N_("This sign-in was used already, or its ten minutes are over. Begin again.")
DENIED = N_("At the provider nobody allowed us to send. Begin again and choose to allow it.")
ANOTHER = N_("That was another mailbox than the one named here. Choose the right one at the provider.")
MAY_NOT_SEND = N_("The permission does not include sending. Begin again and leave its box ticked.")
NOT_LASTING = N_("The provider gave a permission that does not last. Begin again.")
WRONG_SENDER = N_("The answer did not come from the provider that was asked.")


@dataclass(frozen=True, slots=True)
class Begun:
    """`url` is the provider's page to open; it is good until `expires_at`, once."""

    account_id: UUID
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Came:
    """What the browser brought back from the provider; all of it may be forged."""

    state: str
    code: str = ""
    error: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class _Ended:
    """A sign-in that is taken and cannot be taken again."""

    account_id: UUID
    address: str
    reads: bool
    verifier: str

    def __repr__(self) -> str:
        return f"<_Ended {self.account_id}>"


async def begin(
    office: Office,
    tenant_id: UUID,
    actor: Actor,
    identities: Identities,
    *,
    kind: AccountKind,
    address: str,
    redirect_uri: str,
    reads: bool = False,
    given: AccountInput | None = None,
    session_id: UUID | None = None,
    origin: Origin = Origin(),
) -> Begun:
    """Write the mailbox down and say where its owner goes. Nothing is sent from it before they come back.

    `session_id` is the browser session that alone may come back; without one (a terminal, a program) it is any of
    an owner's. Raises `Invalid` by field, `Conflict` for a mailbox that sends already or a provider that the
    operator has not set up.
    """
    mailbox = clean_address(address)
    wanted = {**clean_account({**usual_pace(kind, mailbox), **(given or {})}), "address": mailbox}
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        work.allow(AgentRole.OWNER)
        identity = identities(kind)
        account_id, _ = await connecting.begin(work, kind, wanted, {"reads": reads}, None)
        return await _begun(
            work, identity, account_id, mailbox, redirect_uri, reads=reads, session_id=session_id
        )


async def begin_again(
    office: Office,
    tenant_id: UUID,
    actor: Actor,
    identities: Identities,
    account_id: UUID,
    *,
    redirect_uri: str,
    reads: bool | None = None,
    session_id: UUID | None = None,
    origin: Origin = Origin(),
) -> Begun:
    """A new consent for a mailbox of ours: it was withdrawn, or shall say more (`reads`) or less than before.

    What it has holds until the new one is there. Raises `NotFound`, `Conflict`.
    """
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        work.allow(AgentRole.OWNER)
        row = await connecting.locked(work, account_id)
        if row.kind not in SIGNS_IN_BY_CONSENT:
            raise Conflict(N_("This mailbox signs in with a password."), code="signs_in_with_password")
        if row.state not in MAY_BEGIN:
            raise Conflict(N_("Connect this mailbox anew instead."), code="account_idle")
        wants = bool(row.settings.get("reads")) if reads is None else reads
        return await _begun(
            work, identities(row.kind), row.id, row.address, redirect_uri, reads=wants, session_id=session_id
        )


async def finish(
    office: Office,
    tenant_id: UUID,
    actor: Actor,
    identities: Identities,
    came: Came,
    *,
    kind: AccountKind,
    redirect_uri: str,
    session_id: UUID | None = None,
    origin: Origin = Origin(),
) -> UUID:
    """The mailbox's owner is back; the account sends from now on. Returns its id.

    `kind` is whose address was come back to, so that one provider's answer is not taken to another. Raises
    `NotFound` for a state that is not this firm's, `Conflict` for one that was used or is not this browser's,
    `Invalid` for a consent that was not given, is another mailbox's, or is too narrow.
    """
    if tenant_of(came.state) != tenant_id:
        raise NotFound("sign-in")
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        work.allow(AgentRole.OWNER)
        taken = await _take(work, came.state, kind, session_id)
    identity = identities(kind)
    try:
        grant = await _exchanged(identity, came, taken, redirect_uri)
    except Refusal as refusal:
        await _note(office, tenant_id, taken.account_id, refusal)
        raise
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        work.allow(AgentRole.OWNER)
        await _settle(work, taken.account_id, grant, reads=identity.may_read(grant))
    return taken.account_id


async def end_open_ones(work: Work, account_id: UUID) -> None:
    """Nobody comes back from a sign-in that was begun before; its PKCE secret is destroyed."""
    left = list(await work.db.scalars(queries.verifiers(work, account_id)))
    await work.db.execute(queries.end_all(work, account_id))
    for secret_id in left:
        await work.vault.forget(secret_id)


async def _begun(
    work: Work,
    identity: Identity,
    account_id: UUID,
    address: str,
    redirect_uri: str,
    *,
    reads: bool,
    session_id: UUID | None,
) -> Begun:
    """A way to the consent page; ways that were opened before are closed."""
    await end_open_ones(work, account_id)
    state, verifier = new_token(work.tenant_id), secrets.token_urlsafe(48)
    expires_at = work.now + connecting.CONNECT_WITHIN
    row = {
        "sending_account_id": account_id,
        "state_hash": state.hash,
        "verifier_id": await work.vault.put("pkce_verifier", verifier.encode("ascii")),
        "reads": reads,
        "agent_id": work.actor.id,
        "session_id": session_id,
        "expires_at": expires_at,
    }
    await work.db.execute(queries.add(work, row))
    url = identity.consent_url(
        state=state.text,
        challenge=challenge_of(verifier),
        redirect_uri=redirect_uri,
        address=address,
        reads=reads,
    )
    return Begun(account_id, url, expires_at)


async def _take(work: Work, state: str, kind: AccountKind, session_id: UUID | None) -> _Ended:
    """The sign-in of this state, ended. Who is not meant finds none, and leaves it to who is."""
    row = (await work.db.execute(queries.lock_by_state(work, hash_of(state)))).one_or_none()
    if row is None or not _is_meant(work, row, session_id) or row.expires_at <= work.now:
        raise Conflict(OVER, code="sign_in_over")
    account = await connecting.locked(work, row.sending_account_id)
    if account.kind != kind:
        raise Conflict(OVER, code="sign_in_over")
    verifier = (await work.vault.get(row.verifier_id)).decode("ascii")
    await end_open_ones(work, account.id)
    return _Ended(account.id, account.address, row.reads, verifier)


def _is_meant(work: Work, row: Row[Any], session_id: UUID | None) -> bool:
    return row.session_id in (None, session_id) and row.agent_id in (None, work.actor.id)


async def _exchanged(identity: Identity, came: Came, taken: _Ended, redirect_uri: str) -> Grant:
    """The grant, if it is for this mailbox and for sending; one that is not is given back. Raises `Invalid`."""
    if came.issuer and identity.issuers and came.issuer not in identity.issuers:
        raise Invalid(WRONG_SENDER, code="wrong_issuer", field="server")
    if came.error or not came.code:
        raise Invalid(DENIED, code="consent_denied", field="server")
    try:
        grant = await identity.exchange(came.code, verifier=taken.verifier, redirect_uri=redirect_uri)
    except SignedOut:
        raise Invalid(OVER, code="code_refused", field="server") from None
    except NoAnswer as later:
        raise Invalid(str(later), code="provider_silent", field="server") from None
    try:
        if not identity.may_send(grant):
            raise Invalid(MAY_NOT_SEND, code="scope_missing", field="server")
        if taken.address.lower() not in await identity.address_of(grant):
            raise Invalid(ANOTHER, code="another_mailbox", field="server")
        if grant.refresh_token is None:
            raise Invalid(NOT_LASTING, code="consent_not_lasting", field="server")
    except (Invalid, NoAnswer) as refusal:
        with contextlib.suppress(NoAnswer):
            await identity.revoke(grant.refresh_token or grant.access_token)
        if isinstance(refusal, NoAnswer):
            raise Invalid(str(refusal), code="provider_silent", field="server") from None
        raise
    return grant


async def _settle(work: Work, account_id: UUID, grant: Grant, *, reads: bool) -> None:
    """Tokens into the vault, and the account sends; one that sent already goes on with the new ones."""
    row = await connecting.locked(work, account_id)
    sealed = sealed_text(grant)
    if row.secret_id is None:
        secret_id = await work.vault.put(PURPOSE, sealed)
    else:
        secret_id = row.secret_id
        await work.vault.replace(secret_id, sealed)
    values = {
        "secret_id": secret_id,
        "token_expires_at": work.now + grant.expires_in,
        "refreshing_until": None,
        "settings": {**row.settings, "reads": reads},
    }
    if row.state in connecting.SENDS_ALREADY:
        noted = {"last_validated_at": work.now, "last_error": None}
        await work.db.execute(accounts_queries.edit(work, account_id, {**values, **noted}))
        changes = {
            "fields": ["reads"],
            "before": {"reads": bool(row.settings.get("reads"))},
            "after": {"reads": reads},
        }
        await work.record("sending_account.edit", Record(account_id, changes=changes))
        return
    await connecting.settle(work, account_id, Health(ok=True), **values)


async def _note(office: Office, tenant_id: UUID, account_id: UUID, refusal: Refusal) -> None:
    """Why it is not connected stands beside the account; one that sends goes on with what it has."""
    async with office.work(tenant_id, cause="sign-in") as work:
        row = await connecting.locked(work, account_id)
        if row.state not in connecting.SENDS_ALREADY:
            await work.db.execute(accounts_queries.stamp(work, account_id, last_error=refusal.message))
