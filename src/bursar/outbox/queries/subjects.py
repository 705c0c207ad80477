"""What sends are about: dropping a subject, and what becomes of a send that has nothing left to say."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import MailStream, Purpose, SendState
from bursar.outbox.tables import send_subjects, sends


def _about(work: Work, kind: str, ids: Sequence[UUID]) -> sa.ColumnElement[bool]:
    return sa.and_(
        send_subjects.c.tenant_id == work.tenant_id,
        send_subjects.c.subject_type == kind,
        send_subjects.c.subject_id == sa.any_(uuids(ids)),
        send_subjects.c.dropped_at.is_(None),
    )


def lock_queued_about(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Select:
    """Queued reminders with a live subject among `ids`, locked in id order; waits for a claim that holds one."""
    return (
        sa.select(sends.c.id)
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.state == SendState.QUEUED,
            sends.c.stream != MailStream.TRANSACTIONAL,
            sends.c.id.in_(sa.select(send_subjects.c.send_id).where(_about(work, kind, ids))),
        )
        .order_by(sends.c.id)
        .with_for_update(key_share=True, of=sends)
    )


def lock_queued_for(
    work: Work, kind: str, ids: Sequence[UUID], purposes: Sequence[str], run_id: UUID | None
) -> sa.Select:
    """Queued sends of these purposes (and of this run) with a live subject among `ids`, locked in id order."""
    s = sends
    conditions = [
        s.c.tenant_id == work.tenant_id,
        s.c.state == SendState.QUEUED,
        s.c.purpose.in_(purposes),
        s.c.id.in_(sa.select(send_subjects.c.send_id).where(_about(work, kind, ids))),
    ]
    if run_id is not None:
        conditions.append(s.c.run_id == run_id)
    return sa.select(s.c.id).where(*conditions).order_by(s.c.id).with_for_update(key_share=True, of=s)


def lock_queued_to(work: Work, customer_ids: Sequence[UUID], purpose: Purpose | None = None) -> sa.Select:
    """Queued sends to these customers that nobody asked for, locked in id order; waits for a claim in progress."""
    found = sa.select(sends.c.id).where(
        sends.c.tenant_id == work.tenant_id,
        sends.c.customer_id == sa.any_(uuids(customer_ids)),
        sends.c.state == SendState.QUEUED,
        sends.c.stream != MailStream.TRANSACTIONAL,
    )
    if purpose is not None:
        found = found.where(sends.c.purpose == purpose)
    return found.order_by(sends.c.id).with_for_update(key_share=True)


def let_go(work: Work, kind: str, ids: Sequence[UUID], waited_for: str) -> sa.Update:
    """Queued sends about `ids` that waited for this may leave from now on."""
    return (
        sa.update(sends)
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.id.in_(sa.select(send_subjects.c.send_id).where(_about(work, kind, ids))),
            sends.c.state == SendState.QUEUED,
            sends.c.reason == waited_for,
        )
        .values(reason=None, queue_at=work.now, version=sends.c.version + 1)
    )


def suppress(work: Work, queued: Sequence[UUID], reason: str) -> sa.Update:
    """These locked sends, whatever they are about."""
    return (
        sa.update(sends)
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.id == sa.any_(uuids(queued)),
            sends.c.state == SendState.QUEUED,
        )
        .values(state=SendState.SUPPRESSED, reason=reason, queue_at=None, version=sends.c.version + 1)
    )


def drop_subjects(
    work: Work, queued: Sequence[UUID], kind: str, ids: Sequence[UUID], reason: str
) -> sa.Update:
    """The live subjects of these queued sends among `ids`; their rungs become free again."""
    return (
        sa.update(send_subjects)
        .where(_about(work, kind, ids), send_subjects.c.send_id == sa.any_(uuids(queued)))
        .values(dropped_at=work.now, reason=reason)
    )


def _is_empty(work: Work, queued: Sequence[UUID]) -> sa.ColumnElement[bool]:
    """Those of `queued` without a live subject."""
    live = sa.exists().where(
        same_tenant(send_subjects, sends),
        send_subjects.c.send_id == sends.c.id,
        send_subjects.c.dropped_at.is_(None),
    )
    return sa.and_(
        sends.c.tenant_id == work.tenant_id,
        sends.c.id == sa.any_(uuids(queued)),
        sends.c.state == SendState.QUEUED,
        ~live,
    )


def empty(work: Work, queued: Sequence[UUID]) -> sa.Select:
    return sa.select(sends.c.id).where(sends.c.tenant_id == work.tenant_id, _is_empty(work, queued))


def suppress_empty(work: Work, queued: Sequence[UUID], reason: str) -> sa.Update:
    """Those of `queued` without a live subject: suppressed, since there is nothing left to say."""
    return (
        sa.update(sends)
        .where(sends.c.tenant_id == work.tenant_id, _is_empty(work, queued))
        .values(state=SendState.SUPPRESSED, reason=reason, queue_at=None, version=sends.c.version + 1)
        .returning(sends.c.id, sends.c.run_id)
    )


def mark_crossed(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Update:
    """Live subjects among `ids` of reminders that are on the wire, or were when nobody saw the answer."""
    on_the_wire = sa.exists().where(
        same_tenant(sends, send_subjects),
        sends.c.id == send_subjects.c.send_id,
        sends.c.state.in_((SendState.SENDING, SendState.UNCERTAIN)),
        sends.c.stream != MailStream.TRANSACTIONAL,
    )
    return sa.update(send_subjects).where(_about(work, kind, ids), on_the_wire).values(reason="crossed")


def drop_from(work: Work, pairs: Sequence[tuple[UUID, UUID]], kind: str, reason: str) -> sa.Update:
    """Single subjects that a composer found settled: (send, subject) pairs of sends locked by this claim."""
    return (
        sa.update(send_subjects)
        .where(
            send_subjects.c.tenant_id == work.tenant_id,
            send_subjects.c.subject_type == kind,
            send_subjects.c.dropped_at.is_(None),
            sa.tuple_(send_subjects.c.send_id, send_subjects.c.subject_id).in_(pairs),
        )
        .values(dropped_at=work.now, reason=reason)
    )
