"""Access tokens of mailboxes that are entered by consent: kept in the vault, renewed by one of all who ask (R132).

A refresh is three beats like any call to the outside. Whoever comes first writes a short lease on the account under
its row lock; who finds a lease waits for what the other brings. So two workers never rotate each other out (T25), and
nobody holds a row while a provider thinks. A lease that was left behind by a killed process runs out.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_
from bursar.core.work import Office, Work
from bursar.outbox import pausing
from bursar.outbox.ports import AccountRef, Grant, Identities, NoAnswer, SignedOut
from bursar.outbox.queries import accounts as queries
from bursar.outbox.states import AccountKind, AccountState

PURPOSE = "oauth_tokens"
FRESH_FOR = timedelta(minutes=1)  # a token that ends sooner is not used any more: a call may take as long
LEASE = timedelta(seconds=30)  # for one refresh; longer than the provider is given to answer
WAIT, LOOK_AGAIN = 35.0, 0.2  # seconds
USABLE = frozenset({AccountState.ACTIVE, AccountState.THROTTLED, AccountState.CONNECTING})

NOT_CONNECTED = N_("This mailbox is not connected. Sign in at its provider again.")
OTHERS_ASK = N_("The provider's sign-in is being renewed. We try again.")


@dataclass(frozen=True, slots=True)
class _Asking:
    """It is ours to refresh, with this."""

    secret_id: UUID
    kind: AccountKind
    refresh_token: str

    def __repr__(self) -> str:
        return "<_Asking>"


class TokenKeeper:
    """One process's way to the tokens of any account."""

    def __init__(self, office: Office, identities: Identities) -> None:
        self._office, self._identities = office, identities

    def of(self, account: AccountRef) -> "AccountTokens":
        return AccountTokens(self._office, self._identities, account)


class AccountTokens:
    """`ports.Tokens` of one account. Opens Works of its own, never while the provider is asked."""

    def __init__(self, office: Office, identities: Identities, account: AccountRef) -> None:
        self._office, self._identities, self._account = office, identities, account
        self._mine = asyncio.Lock()
        self._held: tuple[str, datetime] | None = None

    async def access(self, *, instead_of: str | None = None) -> str:
        async with self._mine:  # of this process one asks; of others the lease keeps apart
            now = self._office.clock.now()
            if self._held and self._held[0] != instead_of and now + FRESH_FOR < self._held[1]:
                return self._held[0]
            self._held = None
            return await self._from_vault(instead_of)

    async def _from_vault(self, instead_of: str | None) -> str:
        until = asyncio.get_running_loop().time() + WAIT
        while True:
            async with self._office.work(self._account.tenant_id, cause="tokens") as work:
                found = await self._look(work, instead_of)
            if isinstance(found, str):
                return found
            if found is not None:
                return await self._refresh(found)
            if asyncio.get_running_loop().time() > until:
                raise NoAnswer(OTHERS_ASK)
            await asyncio.sleep(LOOK_AGAIN)

    async def _look(self, work: Work, instead_of: str | None) -> "str | _Asking | None":
        """A token that holds, the right to ask for one, or None while somebody else asks."""
        row = await self._row(work)
        kept = json.loads(await work.vault.get(row.secret_id))
        ends: datetime | None = row.token_expires_at
        if ends is not None and work.now + FRESH_FOR < ends and kept["access_token"] != instead_of:
            self._held = kept["access_token"], ends
            return kept["access_token"]
        if row.refreshing_until is not None and work.now < row.refreshing_until:
            return None
        await work.db.execute(queries.stamp(work, row.id, refreshing_until=work.now + LEASE))
        return _Asking(row.secret_id, AccountKind(row.kind), kept["refresh_token"])

    async def _refresh(self, asking: _Asking) -> str:
        identity = self._identities(asking.kind)
        try:
            grant = await identity.refresh(asking.refresh_token)
        except SignedOut as gone:
            await self._gone(asking, str(gone))
            raise
        except NoAnswer as later:
            async with self._office.work(self._account.tenant_id, cause="tokens") as work:
                await work.db.execute(
                    queries.stamp(work, self._account.id, refreshing_until=None, last_error=str(later))
                )
            raise
        async with self._office.work(self._account.tenant_id, cause="tokens") as work:
            row = await self._row(work)
            expires_at = work.now + grant.expires_in
            if row.secret_id == asking.secret_id:
                await work.vault.replace(asking.secret_id, sealed_text(grant, before=asking.refresh_token))
            await work.db.execute(
                queries.stamp(work, row.id, refreshing_until=None, token_expires_at=expires_at)
            )
        self._held = grant.access_token, expires_at
        return grant.access_token

    async def _gone(self, asking: _Asking, words: str) -> None:
        """The owner is told once: only a mailbox that sends can fail to (lifecycle 11, auth_failed)."""
        async with self._office.work(self._account.tenant_id, cause="tokens") as work:
            row = (await work.db.execute(queries.one(work, self._account.id, lock=True))).one_or_none()
            if row is None or row.secret_id != asking.secret_id:
                return
            await work.db.execute(queries.stamp(work, row.id, refreshing_until=None, token_expires_at=None))
            await pausing.needs_reauth(work, row.id, words)

    async def _row(self, work: Work) -> Row[Any]:
        row = (await work.db.execute(queries.one(work, self._account.id, lock=True))).one_or_none()
        if row is None or row.secret_id is None or row.state not in USABLE:
            raise SignedOut(NOT_CONNECTED)
        return row


def sealed_text(grant: Grant, *, before: str | None = None) -> bytes:
    """What the vault keeps of a grant. Google sends no new refresh token: the one before holds on."""
    refresh_token = grant.refresh_token or before
    return json.dumps({"access_token": grant.access_token, "refresh_token": refresh_token}).encode()
