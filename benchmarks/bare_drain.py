"""The bare limit of a drain: the same rows into the same tables, by hand-written SQL, set by set.

All constraints, indexes, triggers and policies are on, and each claim is committed before its first byte. The
letters are made beforehand. What it leaves out is the reading of facts, and all composing.
"""

import asyncio
import time
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from bursar.core.schema import uuids_text
from bursar.house import House
from bursar.outbox.ports import Letter, Sender
from bursar.outbox.tables import sends

BATCH, CONNECTIONS, LANES = 200, 8, 2

CLAIM = (
    """select id from sending_accounts
 where tenant_id = :tenant and id = :account and state = 'active' and next_batch_at <= :now for no key update""",
    """insert into claims (tenant_id, id, sending_account_id, send_ids, room, lease_until)
select :tenant, :claim, :account, array_agg(due.id), count(*), :lease_until
  from (select id from sends where tenant_id = :tenant and sending_account_id = :account and queue_at <= :now
         order by priority, queue_at limit :batch for no key update skip locked) due
having count(*) > 0 returning send_ids""",
)
"""The account is locked, and what is due is taken; whoever finds nothing has nothing more to do."""

TAKE = (
    """update sends
   set state = 'sending', queue_at = null, attempts = attempts + 1, version = version + 1, claim_id = :claim,
       message_id = '<' || id || '@working-title.example>', thread_id = '<' || id || '@working-title.example>',
       subject = :subject, links = cast(:links as text[]), merge_data = cast(:merge_data as jsonb),
       content_sha256 = sha256(convert_to(id::text, 'utf8'))
 where tenant_id = :tenant and id = any(cast(:ids as uuid[]))""",
    """insert into contact_days (tenant_id, key, on_date, send_id)
select :tenant, k.key, :today, s.id
  from sends s cross join lateral (values (s.address_key), ('customer/' || s.customer_id)) k(key)
 where s.tenant_id = :tenant and s.id = any(cast(:ids as uuid[])) order by k.key on conflict do nothing""",
)

SETTLE = (
    "update claims set settled_at = :now where tenant_id = :tenant and id = :claim",
    """update sends set state = 'sent', version = version + 1, provider_response = :response, sent_at = :now
 where tenant_id = :tenant and id = any(cast(:ids as uuid[])) and claim_id = :claim""",
    """insert into attempts (tenant_id, send_id, number, started_at, finished_at, outcome, error_code)
select :tenant, one, 1, :now, :now, 'accepted', '2.0.0' from unnest(cast(:ids as uuid[])) one""",
    """insert into account_usage (tenant_id, sending_account_id, hour, accepted)
values (:tenant, :account, date_trunc('hour', cast(:now as timestamptz)), :many)
on conflict (tenant_id, sending_account_id, hour)
do update set accepted = account_usage.accepted + excluded.accepted""",
)

TEXTS = (*CLAIM, *TAKE, *SETTLE)


class BareDrain:
    """One tenant's due sends of one account, drained by hand."""

    def __init__(
        self, house: House, tenant_id: UUID, account_id: UUID, sender: Sender, message: bytes
    ) -> None:
        self._house, self._sender, self._message = house, sender, message
        self._named = {"tenant": tenant_id, "account": account_id, "batch": BATCH}

    async def run(self, like: UUID) -> float:
        """Seconds until nothing is due. The words that stand beside a send are those of a sent one of `like`."""
        async with self._house.office.work(like, read_only=True) as work:
            one = (
                await work.db.execute(
                    sa.select(
                        sends.c.subject, sends.c.links, sa.cast(sends.c.merge_data, sa.Text).label("data")
                    )
                    .where(sends.c.tenant_id == like, sends.c.state == "sent")
                    .limit(1)
                )
            ).one()
        self._named |= {"subject": one.subject, "links": one.links, "merge_data": one.data}
        self._named |= {"response": "250 2.0.0 Ok: queued as 000000000000"}
        started = time.perf_counter()
        await asyncio.gather(*(self._lane() for _ in range(LANES)))
        return time.perf_counter() - started

    async def _lane(self) -> None:
        while await self._batch():
            pass

    async def _batch(self) -> bool:
        named = {**self._named, "claim": uuid4()}
        async with self._house.office.work(self._named["tenant"]) as work:
            named |= {"now": work.now, "today": work.today, "lease_until": work.now + timedelta(seconds=30)}
            await work.db.execute(sa.text(CLAIM[0]), named)
            ids = await work.db.scalar(sa.text(CLAIM[1]), named)
            if not ids:
                return False
            named |= {"ids": uuids_text(ids), "many": len(ids)}
            for text in TAKE:
                await work.db.execute(sa.text(text), named)
        letters = [
            Letter(send_id, "billing@working-title.example", f"c{nth}@example.com", self._message)
            for nth, send_id in enumerate(ids)
        ]
        outcomes = await self._sender.deliver(letters)
        assert all(one.result == "accepted" for one in outcomes)
        async with self._house.office.work(self._named["tenant"]) as work:
            for text in SETTLE:
                await work.db.execute(sa.text(text), named)
        return True
