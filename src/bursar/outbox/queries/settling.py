"""What the wire said, written down: outcomes of a batch, leases that ran out, and the account's usage."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.schema import uuids
from bursar.core.work import Work
from bursar.outbox.states import Scope, SuppressionReason
from bursar.outbox.tables import (
    account_usage,
    attempts,
    claims,
    runs,
    sending_accounts,
    sends,
    suppressions,
)

SETTLE = sa.text(
    """
    with closed as (
        update claims set settled_at = :now where tenant_id = :tenant_id and id = :claim and settled_at is null
        returning id
    ), told as (
        select r.*, r.state = 'queued'
                    and coalesce((select u.state = 'closed' from runs u
                                   where u.tenant_id = t.tenant_id and u.id = t.run_id), false) as called_off
          from json_to_recordset(cast(:rows as json))
               as r(id uuid, state text, queue_at timestamptz, reason text, response text, given_back int,
                    deferred_at timestamptz, number smallint, outcome text, code text, error text,
                    provider_id text, thread text, final_id text)
          join sends t on t.tenant_id = :tenant_id and t.id = r.id
         where (select count(*) from closed) >= 0
         order by t.id for no key update of t
    ), settled as (
        update sends s
           set state = case when r.called_off then 'cancelled' else r.state end, version = s.version + 1,
               queue_at = case when not r.called_off then r.queue_at end,
               reason = case when r.called_off then 'run_closed' else r.reason end,
               provider_message_id = coalesce(r.provider_id, s.provider_message_id),
               provider_thread_id = coalesce(r.thread, s.provider_thread_id),
               final_message_id = coalesce(r.final_id, s.final_message_id),
               provider_response = r.response, attempts = s.attempts - coalesce(r.given_back, 0),
               first_deferred_at = coalesce(s.first_deferred_at, r.deferred_at),
               sent_at = case when r.state = 'sent' then cast(:now as timestamptz) else s.sent_at end,
               failed_at = case when r.state = 'failed' then cast(:now as timestamptz) else s.failed_at end,
               bounced_at = case when r.state = 'bounced' then cast(:now as timestamptz) else s.bounced_at end
          from told r
         where s.tenant_id = :tenant_id and s.id = r.id and s.claim_id = :claim
           and (s.state in ('sending', 'uncertain') or s.state = 'queued' and r.state = 'sent')
        returning s.id, s.state, s.customer_id, s.address_key, s.channel, s.run_id
    ), tried as (
        insert into attempts (tenant_id, send_id, number, started_at, finished_at, outcome, error_code, error)
        select :tenant_id, r.id, r.number, :started_at, :now, r.outcome, r.code, r.error
          from settled join told r on r.id = settled.id
    ), used as (
        insert into account_usage (tenant_id, sending_account_id, hour, accepted, uncertain)
        select :tenant_id, :account_id, date_trunc('hour', cast(:now as timestamptz)), u.accepted, u.uncertain
          from closed, (select cast(:accepted as int) as accepted, cast(:uncertain as int) as uncertain) u
         where u.accepted + u.uncertain > 0
        on conflict (tenant_id, sending_account_id, hour) do update
           set accepted = account_usage.accepted + excluded.accepted,
               uncertain = account_usage.uncertain + excluded.uncertain
    )
    select c.closed, s.*
      from (select count(*) as closed from closed) c left join settled s on s.state <> 'sent'
    """
)
"""A claim closed, with its outcomes, attempts and usage; gives the sends that did not go out, or one row without
any. `closed` is 0 where the sweep was quicker, and has counted them.

The claim is locked before its sends, as the sweep takes them: else both could wait for each other; its sends in
id order, as readers' hits on those that arrived lock them. What was said before, or decided by a person, is no news.
A lease that ran out meanwhile made a send uncertain: an answer is evidence, also where an agent has queued
it again by now.

What comes back to a run that was closed meanwhile is cancelled, as its other queued sends were: nobody would
claim it any more.
"""

ADD_ATTEMPTS = sa.text(
    """
    insert into attempts (tenant_id, send_id, number, started_at, finished_at, outcome, error_code, error)
    select :tenant_id, r.id, r.number, :started_at, :finished_at, r.outcome, r.code, r.error
      from json_to_recordset(cast(:rows as json)) as r(id uuid, number smallint, outcome text, code text, error text)
    """
)

LEASES_RUN_OUT = sa.text(
    """
    update sends set state = 'uncertain', reason = 'lease_expired', version = version + 1
     where tenant_id = :tenant_id and id = any(cast(:ids as uuid[])) and claim_id = :claim and state = 'sending'
    returning id, attempts
    """
)


def close_claim(work: Work, claim_id: UUID) -> sa.Update:
    """The claim, unless the sweep of leases closed it before."""
    return (
        sa.update(claims)
        .where(claims.c.tenant_id == work.tenant_id, claims.c.id == claim_id, claims.c.settled_at.is_(None))
        .values(settled_at=work.now)
        .returning(claims.c.id)
    )


def renew_leases(work: Work, claim_ids: Sequence[UUID], until: datetime) -> sa.Update:
    """Claims of a worker that is alive and still on the wire."""
    return (
        sa.update(claims)
        .where(
            claims.c.tenant_id == work.tenant_id,
            claims.c.id == sa.any_(uuids(claim_ids)),
            claims.c.settled_at.is_(None),
        )
        .values(lease_until=until)
    )


def expired_claims(now: datetime) -> sa.Select:
    """Open claims of all tenants whose lease ran out; read as bursar_scan, so no tenant_id is named."""
    return sa.select(claims.c.tenant_id, claims.c.id).where(
        claims.c.settled_at.is_(None), claims.c.lease_until < now
    )


def open_claims() -> sa.Select:
    """How many claims are on the wire over all tenants (no tenant_id named), and when the last lease ends."""
    return sa.select(sa.func.count().label("many"), sa.func.max(claims.c.lease_until).label("until")).where(
        claims.c.settled_at.is_(None)
    )


def lock_expired(work: Work, claim_id: UUID) -> sa.Select:
    return (
        sa.select(claims)
        .where(
            claims.c.tenant_id == work.tenant_id,
            claims.c.id == claim_id,
            claims.c.settled_at.is_(None),
            claims.c.lease_until < work.now,
        )
        .with_for_update(key_share=True, skip_locked=True)
    )


def lock_runs_of(work: Work, send_ids: Sequence[UUID]) -> sa.Select:
    """The runs of these sends, in the order of their ids."""
    of_these = sa.select(sends.c.run_id).where(
        sends.c.tenant_id == work.tenant_id, sends.c.id == sa.any_(uuids(send_ids))
    )
    return (
        sa.select(runs.c.id)
        .where(runs.c.tenant_id == work.tenant_id, runs.c.id.in_(of_these))
        .order_by(runs.c.id)
        .with_for_update(key_share=True)
    )


def use(work: Work, account_id: UUID, accepted: int, uncertain: int) -> sa.Insert:
    """The row of the account's present hour, raised by what went out."""
    row = insert(account_usage).values(
        tenant_id=work.tenant_id,
        sending_account_id=account_id,
        hour=sa.func.date_trunc("hour", sa.literal(work.now)),
        accepted=accepted,
        uncertain=uncertain,
    )
    return row.on_conflict_do_update(
        index_elements=["tenant_id", "sending_account_id", "hour"],
        set_={
            "accepted": account_usage.c.accepted + accepted,
            "uncertain": account_usage.c.uncertain + uncertain,
        },
    )


def tries(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """How often each of these sends was tried so far."""
    return (
        sa.select(attempts.c.send_id, sa.func.count().label("many"))
        .where(attempts.c.tenant_id == work.tenant_id, attempts.c.send_id == sa.any_(uuids(ids)))
        .group_by(attempts.c.send_id)
    )


def first_deferred(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Since when each of these sends is being put off, and for what it was ordered."""
    return sa.select(sends.c.id, sends.c.first_deferred_at, sends.c.purpose).where(
        sends.c.tenant_id == work.tenant_id, sends.c.id == sa.any_(uuids(ids))
    )


def add_hard_bounces(work: Work, rows: Sequence[dict[str, Any]]) -> sa.Insert:
    """Addresses that do not exist: nothing goes there any more, until somebody lifts it. Gives the new ones.

    In the order of the addresses: two accounts may meet the same ones at once.
    """
    fixed = {
        "tenant_id": work.tenant_id,
        "scope": Scope.ALL,
        "reason": SuppressionReason.HARD_BOUNCE,
    }
    inserted = insert(suppressions).values(
        [{**fixed, **row} for row in sorted(rows, key=lambda row: row["address_key"])]
    )
    return inserted.on_conflict_do_nothing().returning(suppressions.c.id, suppressions.c.source_send_id)


def note_error(work: Work, account_id: UUID, text: str | None, next_batch_at: datetime | None) -> sa.Update:
    """The account's last trouble in words for people, and from when it may try again."""
    values: dict[str, Any] = {"last_error": text}
    if next_batch_at is not None:
        values["next_batch_at"] = next_batch_at
    return (
        sa.update(sending_accounts)
        .where(sending_accounts.c.tenant_id == work.tenant_id, sending_accounts.c.id == account_id)
        .values(**values)
    )
