"""Ask the rooms what is still to be said, and render it."""

from collections import defaultdict
from uuid import UUID

import structlog

from bursar.core.errors import Refusal
from bursar.core.work import Work
from bursar.outbox.batches import Batch, Said
from bursar.outbox.composing import Composers, Held, Queued, Silent, Verdict
from bursar.outbox.letters import Letters
from bursar.outbox.queries import subjects
from bursar.outbox.states import Purpose

log = structlog.get_logger(__name__)


async def say(work: Work, batch: Batch, letters: Letters, composers: Composers) -> dict[UUID, Said]:
    """Ask each ordering room about its sends, and render what is still to be said."""
    verdicts = await _verdicts(work, batch, composers)
    await letters.load(work, {row.template_version_id for row in batch.rows.values()})
    said: dict[UUID, Said] = {}
    dropped: dict[str, list[tuple[UUID, UUID]]] = defaultdict(list)
    for send_id, row in list(batch.rows.items()):
        verdict = verdicts[send_id]
        if isinstance(verdict, Held):
            batch.changed.append(send_id)
            batch.leave([send_id])
            continue
        for subject_id, reason in verdict.dropped.items():
            dropped[reason].append((send_id, subject_id))
        if isinstance(verdict, Silent):
            batch.suppressed[verdict.reason].append(send_id)
            batch.leave([send_id])
            continue
        try:
            version = row.template_version_id
            composed = letters.compose(
                version, verdict.values, subject=row.edited_subject, body=row.edited_body, locale=row.locale
            )
            merge_data = letters.merge_data(version, verdict.values)
            said[send_id] = Said(
                composed,
                merge_data,
                verdict.from_name,
                verdict.reply_to,
                verdict.attachment,
                verdict.thread,
                verdict.private_link,
            )
        except Refusal as refusal:
            batch.broken[refusal.code].append(send_id)
            batch.leave([send_id])
        except Exception:  # our own mistake over one message must not stop its mailbox for ever
            log.exception("message_not_composed", tenant=str(work.tenant_id), send=str(send_id))
            batch.broken["internal"].append(send_id)
            batch.leave([send_id])
    for reason, pairs in dropped.items():
        await work.db.execute(subjects.drop_from(work, pairs, "invoice", reason))
    return said


async def _verdicts(work: Work, batch: Batch, composers: Composers) -> dict[UUID, Verdict]:
    by_purpose: dict[Purpose, list[Queued]] = defaultdict(list)
    for row in batch.rows.values():
        purpose = Purpose(row.purpose)
        by_purpose[purpose].append(
            Queued(
                row.id,
                purpose,
                row.customer_id,
                row.run_id,
                row.locale,
                row.to_address,
                row.to_name,
                row.template_version_id,
                row.reviewed,
                edited=row.edited_body is not None or row.edited_subject is not None,
            )
        )
    verdicts: dict[UUID, Verdict] = {}
    for purpose, sends in by_purpose.items():
        verdicts.update(await composers[purpose].compose(work, sends))
    return verdicts
