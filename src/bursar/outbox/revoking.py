"""A mailbox that is switched off is given back to its owner: the provider is told, and our tokens are destroyed."""

import json
from collections.abc import Sequence
from uuid import UUID

from bursar.core.work import Office, Work
from bursar.outbox.ports import Identities
from bursar.outbox.queries import accounts as queries
from bursar.outbox.states import SIGNS_IN_BY_CONSENT, AccountState


async def to_give_back(work: Work, account_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the accounts that hold a permission."""
    return list(
        await work.db.scalars(queries.holding_consent(work, account_ids, sorted(SIGNS_IN_BY_CONSENT)))
    )


async def give_back(office: Office, identities: Identities, tenant_id: UUID, account_id: UUID) -> None:
    """Safe twice; nothing for an account that was connected again meanwhile. Raises `NoAnswer` to be tried later."""
    async with office.work(tenant_id, cause="revoke") as work:
        row = (await work.db.execute(queries.one(work, account_id))).one_or_none()
        if row is None or row.state != AccountState.DISABLED or row.secret_id is None:
            return
        if row.kind not in SIGNS_IN_BY_CONSENT:
            return
        kept = json.loads(await work.vault.get(row.secret_id))
    await identities(row.kind).revoke(kept["refresh_token"] or kept["access_token"])
    async with office.work(tenant_id, cause="revoke") as work:
        now = (await work.db.execute(queries.one(work, account_id, lock=True))).one()
        if now.state != AccountState.DISABLED or now.secret_id != row.secret_id:
            return
        await work.db.execute(queries.stamp(work, account_id, secret_id=None, token_expires_at=None))
        await work.vault.forget(row.secret_id)
