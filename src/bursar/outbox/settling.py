"""The third beat: write down what the wire said, and what nobody will ever say any more."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import random as any_random
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from bursar.core.schema import rows_text
from bursar.core.work import Happened, Office, Work
from bursar.outbox import backoff, pausing, suppressions
from bursar.outbox.batches import Claimed
from bursar.outbox.ports import Outcome, Result
from bursar.outbox.queries import runs
from bursar.outbox.queries import settling as queries
from bursar.outbox.states import AccountKind, Purpose, SendState

log = structlog.get_logger(__name__)

HARD = frozenset({"5.1.1", "5.1.2", "5.1.10", "5.4.4"})  # R98: this address does not exist
NEEDS_REAUTH = frozenset({"535", "530", "534", "538"})
NEEDS_REAUTH_ENHANCED = frozenset({"5.7.8", "5.7.30", "5.7.139", "5.7.0"})
SLOW_DOWN = "429"  # HTTP's; SMTP has no word for the whole account
OUT_OF_QUOTA = frozenset({"5.4.5", "5.2.0"})
PARKED_FOR = timedelta(hours=24)  # the provider's refusal beats our count (T21)
BREATHER = timedelta(seconds=30)  # after a batch in which nobody could be reached


class Verdict(NamedTuple):
    """What one outcome makes of its send."""

    state: SendState
    reason: str | None = None
    queue_at: datetime | None = None
    given_back: int = 0
    deferred_at: datetime | None = None


FINAL = {
    Result.ACCEPTED: Verdict(SendState.SENT),
    Result.UNKNOWN: Verdict(SendState.UNCERTAIN, "no_answer"),
    Result.REJECTED: Verdict(SendState.FAILED, "rejected"),
    Result.ERROR: Verdict(SendState.FAILED, "unreachable"),
}
"""What ends a send for now, unless something else is said of it below."""


async def settle(
    office: Office, claimed: Claimed, outcomes: Sequence[Outcome], random: Callable[[], float] = any_random
) -> None:
    """One statement set for the batch. An outcome that is missing is unknown: honesty costs a row."""
    known = {outcome.send_id: outcome for outcome in outcomes}
    complete = _innocent(
        [known.get(letter.send_id) or Outcome(letter.send_id, Result.UNKNOWN) for letter in claimed.letters]
    )
    async with office.work(claimed.tenant_id, cause="pump") as work:
        verdicts = await _judge(work, claimed, complete, random)
        await _lock_runs(work, verdicts)
        closed = await _write(work, claimed, complete, verdicts)
    if not closed:
        return
    try:
        await _look_after(office, claimed, complete)
    except Exception:
        # The outcomes are written: to settle once more would say nothing new. The next batch fares no better.
        log.exception("account_not_stopped", tenant=str(claimed.tenant_id), account=str(claimed.account.id))


async def _look_after(office: Office, claimed: Claimed, outcomes: Sequence[Outcome]) -> None:
    """An account that was refused is stopped, one that reached nobody rests, one that sends again is well."""
    refused = next((one for one in outcomes if one.result is Result.REFUSED), None)
    slowed = next((one for one in outcomes if one.result is Result.DEFERRED and one.code == SLOW_DOWN), None)
    if refused is not None:
        await stop_account(office, claimed.tenant_id, claimed.account.id, refused)
    elif slowed is not None:
        await slow_account(office, claimed.tenant_id, claimed.account.id, slowed.retry_after or BREATHER)
    elif outcomes and all(one.result in (Result.ERROR, Result.DEFERRED) for one in outcomes):
        await rest_account(office, claimed.tenant_id, claimed.account.id, outcomes[0])
    elif claimed.account.ailing and any(one.result is Result.ACCEPTED for one in outcomes):
        async with office.work(claimed.tenant_id, cause="pump") as work:
            await work.db.execute(queries.note_error(work, claimed.account.id, None, None))


def _innocent(outcomes: list[Outcome]) -> list[Outcome]:
    """Where others of the batch were accepted, a refusal by policy is about that one letter, not the account."""
    if not any(one.result is Result.ACCEPTED for one in outcomes):
        return outcomes
    return [
        one._replace(result=Result.REJECTED) if one.result is Result.REFUSED and _is_policy(one) else one
        for one in outcomes
    ]


def _is_policy(outcome: Outcome) -> bool:
    signed_out = outcome.code in NEEDS_REAUTH or outcome.enhanced in NEEDS_REAUTH_ENHANCED
    return not signed_out and outcome.enhanced not in OUT_OF_QUOTA


async def _judge(
    work: Work, claimed: Claimed, outcomes: Sequence[Outcome], random: Callable[[], float]
) -> dict[UUID, Verdict]:
    again = [one.send_id for one in outcomes if one.result in (Result.DEFERRED, Result.ERROR)]
    tries: Mapping[UUID, int] = {}
    since: dict[UUID, tuple[datetime | None, str]] = {}
    if again:
        tries = {row[0]: row[1] for row in await work.db.execute(queries.tries(work, again))}
        since = {
            row.id: (row.first_deferred_at, row.purpose)
            for row in await work.db.execute(queries.first_deferred(work, again))
        }
    return {
        one.send_id: judge(
            one,
            work.now,
            spent=claimed.tries[one.send_id],
            tries=tries.get(one.send_id, 0) + 1,
            since=since.get(one.send_id, (None, ""))[0],
            purpose=since.get(one.send_id, (None, ""))[1],
            random=random,
        )
        for one in outcomes
    }


def judge(
    outcome: Outcome,
    now: datetime,
    *,
    spent: int,
    tries: int,
    since: datetime | None,
    purpose: str,
    random: Callable[[], float],
) -> Verdict:
    """Lifecycle 10 from `sending`: what follows from one answer. `tries` counts all, `spent` those that count.

    An error waits by what was spent: who is tried anew by hand begins anew. A deferral spends nothing.
    """
    if outcome.result is Result.DEFERRED:
        wait = outcome.retry_after or backoff.wait_after(tries, random)
        return _put_off(now, since or now, purpose, wait)
    if outcome.result is Result.ERROR and spent < backoff.MAX_ATTEMPTS:
        return Verdict(SendState.QUEUED, queue_at=now + backoff.wait_after(spent, random))
    if outcome.result is Result.REJECTED and outcome.enhanced in HARD:
        return Verdict(SendState.BOUNCED, "hard_bounce")
    if outcome.result is Result.REFUSED:
        return Verdict(SendState.QUEUED, queue_at=now, given_back=1)
    return FINAL[outcome.result]


def _put_off(now: datetime, first: datetime, purpose: str, wait: timedelta) -> Verdict:
    notification = purpose == Purpose.NOTIFICATION
    limit = backoff.DEFERRED_FOR_NOTIFICATIONS if notification else backoff.DEFERRED_FOR
    if now - first >= limit:
        return Verdict(SendState.FAILED, "deferred_too_long")
    return Verdict(SendState.QUEUED, queue_at=now + wait, given_back=1, deferred_at=first)


async def _write(
    work: Work, claimed: Claimed, outcomes: Sequence[Outcome], verdicts: Mapping[UUID, Verdict]
) -> bool:
    """False if the sweep was quicker and has closed the claim: what it could not know is written all the same."""
    parameters = {
        "tenant_id": work.tenant_id,
        "claim": claimed.id,
        "account_id": claimed.account.id,
        "accepted": sum(one.result is Result.ACCEPTED for one in outcomes),
        "uncertain": sum(one.result is Result.UNKNOWN for one in outcomes),
        "rows": rows_text(
            [
                _told(one, verdicts[one.send_id], claimed.tries[one.send_id])
                | _named(one, claimed.account.kind)
                for one in outcomes
            ]
        ),
        "started_at": claimed.claimed_at,
        "now": work.now,
    }
    rows = (await work.db.execute(queries.SETTLE, parameters)).all()
    settled = [row for row in rows if row.id is not None]
    cancelled = [row.id for row in settled if row.state == SendState.CANCELLED]
    if cancelled:
        await work.db.execute(runs.free_rungs(work, cancelled, "run_closed"))
    await suppressions.hard_bounced(work, [row for row in settled if row.state == SendState.BOUNCED])
    _tell_uncertain(work, [row.id for row in settled if row.state == SendState.UNCERTAIN])
    return bool(rows[0].closed)


def _told(outcome: Outcome, verdict: Verdict, number: int) -> dict[str, Any]:
    """One row for `SETTLE`. What has no value is left out: most letters are accepted, and need half of it."""
    row: dict[str, Any] = {
        "id": outcome.send_id.hex,
        "state": verdict.state,
        "response": said(outcome),
        "number": number,
        "outcome": outcome.result,
        "code": outcome.enhanced or outcome.code,
    }
    if verdict.state is not SendState.SENT:
        row |= {
            "reason": verdict.reason,
            "queue_at": verdict.queue_at.isoformat() if verdict.queue_at else None,
            "given_back": verdict.given_back,
            "deferred_at": verdict.deferred_at.isoformat() if verdict.deferred_at else None,
            "error": outcome.text[:500],
        }
    return row


def _named(outcome: Outcome, kind: str) -> dict[str, Any]:
    """What the provider calls a letter it took; a mail server's queue id is for its logs, and an index costs pace."""
    if kind == AccountKind.SMTP or outcome.result is not Result.ACCEPTED:
        return {}
    return {"provider_id": outcome.provider_id, "thread": outcome.thread, "final_id": outcome.message_id}


def _tell_uncertain(work: Work, ids: Sequence[UUID]) -> None:
    """Sends write no events; that somebody must look into the mailbox is told all the same."""
    if ids:
        work.happened.append(Happened("send.uncertain", tuple(ids)))


def said(outcome: Outcome) -> str | None:
    """The provider's words as they stand beside the send."""
    text = " ".join(part for part in (outcome.code, outcome.enhanced, outcome.text) if part)
    return text[:500] or None


async def _lock_runs(work: Work, verdicts: Mapping[UUID, Verdict]) -> None:
    """Runs to which sends come back: whoever closes one now waits, and then sees them queued."""
    back = [send_id for send_id, verdict in verdicts.items() if verdict.state is SendState.QUEUED]
    if back:
        await work.db.execute(queries.lock_runs_of(work, back))


async def rest_account(office: Office, tenant_id: UUID, account_id: UUID, trouble: Outcome) -> None:
    """Nobody was reached. In a Work of its own: whoever pauses runs holds the account first, a settling its runs."""
    async with office.work(tenant_id, cause="pump") as work:
        again = work.now + BREATHER
        await work.db.execute(queries.note_error(work, account_id, said(trouble), again))


async def slow_account(office: Office, tenant_id: UUID, account_id: UUID, wait: timedelta) -> None:
    """The provider said how long it wants to hear nothing (lifecycle 11, capped; T22)."""
    async with office.work(tenant_id, cause="pump") as work:
        await pausing.throttle(work, account_id, work.now + wait)


async def stop_account(office: Office, tenant_id: UUID, account_id: UUID, refusal: Outcome) -> None:
    """The breaker: what a refusal of us makes of the account.

    In a Work of its own, after the outcomes are safe: were this one to fail, the next batch would be refused
    as well, while outcomes that are lost make accepted letters uncertain.
    """
    async with office.work(tenant_id, cause="pump") as work:
        if refusal.enhanced in OUT_OF_QUOTA:
            await pausing.throttle(work, account_id, work.now + PARKED_FOR)
        elif not _is_policy(refusal):
            await pausing.needs_reauth(work, account_id, said(refusal) or "")
        else:
            again = work.now + PARKED_FOR
            await work.db.execute(queries.note_error(work, account_id, said(refusal), again))
            await pausing.stop_for_errors(work, account_id)


async def sweep(office: Office, tenant_id: UUID, claim_id: UUID) -> int:
    """A lease ran out: those of the claim that nobody settled are uncertain, and count against the quota.

    Never sent again by themselves (T2). Returns how many.
    """
    async with office.work(tenant_id, cause="sweep") as work:
        row = (await work.db.execute(queries.lock_expired(work, claim_id))).one_or_none()
        if row is None:
            return 0
        ids = "{" + ",".join(map(str, row.send_ids)) + "}"
        lost = (
            await work.db.execute(
                queries.LEASES_RUN_OUT, {"tenant_id": tenant_id, "ids": ids, "claim": claim_id}
            )
        ).all()
        attempts = [
            {
                "id": str(one.id),
                "number": one.attempts,
                "outcome": "lease_expired",
                "code": None,
                "error": None,
            }
            for one in lost
        ]
        parameters = {"tenant_id": tenant_id, "started_at": row.created_at, "finished_at": work.now}
        await work.db.execute(queries.ADD_ATTEMPTS, {**parameters, "rows": rows_text(attempts)})
        if lost:
            await work.db.execute(queries.use(work, row.sending_account_id, 0, len(lost)))
            _tell_uncertain(work, [one.id for one in lost])
        await work.db.execute(queries.close_claim(work, claim_id))
        return len(lost)
