"""A request that comes twice acts once: its key is written first, in the Work that acts (R130).

So a crash leaves neither the act nor the key, and a twin that arrives meanwhile waits on the unique index
for the first one's end: then it reads the answer, or acts itself if the first was refused.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.queries import idempotency as queries
from bursar.core.work import Work

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time; `response` is whatever the door made of it."""

    status: int
    response: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that is ours to act under, or the `answer` of the act that had it before."""

    id: UUID
    answer: Answer | None = None


class KeyReused(Invalid):
    """The key came before with another request: one of the two was sent by mistake."""

    def __init__(self) -> None:
        super().__init__(
            N_("This Idempotency-Key was used for another request. Take a new one."),
            code="idempotency_key_reused",
            field="Idempotency-Key",
        )


async def claim_key(work: Work, key: str, fingerprint: bytes) -> Claim:
    """Take `key` for this actor, before anything else is written. `fingerprint` tells requests apart.

    Raises `KeyReused`, `Invalid` for a key that cannot be one, and at the end of the lock timeout `Conflict`
    (from the Office) while a twin is still at work.
    """
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid(
            N_("An Idempotency-Key has 1 to %(longest)s printable characters."),
            code="idempotency_key_unusable",
            field="Idempotency-Key",
            longest=LONGEST_KEY,
        )
    row = {
        "actor_type": work.actor.type,
        "actor_id": work.actor.id,
        "key": key,
        "fingerprint": fingerprint,
        "expires_at": work.now + KEPT_FOR,
    }
    taken = await work.db.scalar(queries.take_idempotency_key(work.tenant_id, row))
    if taken is not None:
        return Claim(taken)
    found = await find_answer(work, key, fingerprint)
    return found or await claim_key(work, key, fingerprint)


async def find_answer(work: Work, key: str, fingerprint: bytes) -> Claim | None:
    """What this actor was answered under `key` in the last day, or None. Raises `KeyReused`.

    For acts in several Works, which look here first and write their answer last.
    """
    if work.actor.id is None:
        return None
    asked = queries.idempotent_answer(work.tenant_id, work.actor.type, work.actor.id, key)
    row = (await work.db.execute(asked)).one_or_none()
    if row is None:
        return None
    if row.expires_at <= work.now:
        await work.db.execute(queries.drop_idempotency_key(work.tenant_id, row.id))
        return None
    if not hmac.compare_digest(row.fingerprint, fingerprint):
        raise KeyReused
    if row.status is None:
        raise Conflict(
            N_("The first request with this Idempotency-Key has not ended yet. Try again in a moment."),
            code="busy",
        )
    return Claim(row.id, Answer(row.status, row.response))


async def keep_answer(work: Work, claim: Claim, answer: Answer) -> None:
    """Remember what was answered; in the transaction of the act, so that both exist or neither."""
    await work.db.execute(queries.keep_answer(work.tenant_id, claim.id, answer.status, dict(answer.response)))
