"""Sends as people look at them, and the two acts that only a person can do: resolving and approving."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import RunState, SendState
from bursar.outbox.tables import attempts, engagements, runs, send_subjects, sending_accounts, sends
from bursar.tenancy.tables import customers

SHOWN = (
    "id", "version", "purpose", "stream", "channel", "customer_id", "run_id", "to_address", "to_name", "locale",
    "template_version_id", "subject", "state", "reason", "sending_account_id", "attempts", "queue_at", "sent_at",
    "failed_at", "bounced_at", "opened_at", "clicked_at", "replied_at", "open_count", "click_count",
    "provider_response", "message_id", "links", "created_at",
)  # fmt: skip


def page(work: Work, wanted: Mapping[str, Any], before: UUID | None, limit: int) -> sa.Select:
    """Sends that meet `wanted`, the newest first, older than the cursor."""
    chosen = [
        sends.c[name] == wanted[name] for name in ("run_id", "customer_id", "purpose") if wanted.get(name)
    ]
    if state := wanted.get("state"):
        chosen.append(_in_state(state))
    if before is not None:
        chosen.append(sends.c.id < before)
    return (
        _shown().where(sends.c.tenant_id == work.tenant_id, *chosen).order_by(sends.c.id.desc()).limit(limit)
    )


def these(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """These sends, the newest first."""
    return (
        _shown()
        .where(sends.c.tenant_id == work.tenant_id, sends.c.id == sa.any_(uuids(ids)))
        .order_by(sends.c.id.desc())
    )


def one(work: Work, send_id: UUID) -> sa.Select:
    return _shown(
        sends.c.merge_data, sends.c.edited_subject, sends.c.edited_body, sends.c.content_sha256
    ).where(sends.c.tenant_id == work.tenant_id, sends.c.id == send_id)


def _shown(*more: sa.ColumnElement[Any]) -> sa.Select:
    """The columns people see, with whom it is for, from where it goes, and whether its run is held; the caller
    names the tenant_id.
    """
    name = sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("customer_name")
    joined = (
        sends.outerjoin(customers, same_tenant(customers, sends) & (customers.c.id == sends.c.customer_id))
        .outerjoin(runs, same_tenant(runs, sends) & (runs.c.id == sends.c.run_id))
        .outerjoin(
            sending_accounts,
            same_tenant(sending_accounts, sends) & (sending_accounts.c.id == sends.c.sending_account_id),
        )
    )
    columns = [sends.c[each] for each in SHOWN]
    beside = [
        name,
        runs.c.state.label("run_state"),
        sending_accounts.c.address.label("from_address"),
        _crossed().label("crossed"),
        *more,
    ]
    return sa.select(*columns, *beside).select_from(joined)


def _in_state(state: str) -> sa.ColumnElement[bool]:
    """`held`, `changed` and `crossed` are not states but what a person calls them (lifecycle 10)."""
    queued = sends.c.queue_at.is_not(None)
    match state:
        case "held":
            return queued & (runs.c.state == RunState.HELD)
        case "changed":
            return queued & (sends.c.reason == "changed")
        case "crossed":
            return _crossed()
        case "queued":
            return queued
    return sends.c.state == state


def _crossed() -> sa.ColumnElement[bool]:
    """Something it speaks of was settled while it was on the wire."""
    return (
        sa.exists()
        .where(
            same_tenant(send_subjects, sends),
            send_subjects.c.send_id == sends.c.id,
            send_subjects.c.reason == "crossed",
        )
        .correlate(sends)
    )


def attempts_of(work: Work, send_id: UUID) -> sa.Select:
    """Tries of a send, in the order in which they were made."""
    return (
        sa.select(attempts)
        .where(attempts.c.tenant_id == work.tenant_id, attempts.c.send_id == send_id)
        .order_by(attempts.c.id)
    )


def engagements_of(work: Work, send_id: UUID, limit: int) -> sa.Select:
    """What readers and machines did with a send, the latest first."""
    return (
        sa.select(engagements)
        .where(engagements.c.tenant_id == work.tenant_id, engagements.c.send_id == send_id)
        .order_by(engagements.c.at.desc(), engagements.c.id.desc())
        .limit(limit)
    )


def subjects_of(work: Work, send_id: UUID) -> sa.Select:
    return (
        sa.select(send_subjects)
        .where(send_subjects.c.tenant_id == work.tenant_id, send_subjects.c.send_id == send_id)
        .order_by(send_subjects.c.subject_type, send_subjects.c.subject_id)
    )


def next_up(work: Work) -> sa.Select:
    """How many sends of open runs, or of none, wait for their time, and when the first of them may go."""
    released = sends.c.run_id.is_(None) | (runs.c.state == RunState.OPEN)
    return (
        sa.select(sa.func.count().label("waiting"), sa.func.min(sends.c.queue_at).label("at"))
        .select_from(sends.outerjoin(runs, same_tenant(runs, sends) & (runs.c.id == sends.c.run_id)))
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.queue_at.is_not(None),
            sends.c.reason.is_(None),
            released,
        )
    )


def lock(work: Work, send_id: UUID) -> sa.Select:
    return (
        sa.select(sends.c.id, sends.c.state, sends.c.reason, sends.c.attempts, sends.c.customer_id)
        .where(sends.c.tenant_id == work.tenant_id, sends.c.id == send_id)
        .with_for_update(key_share=True)
    )


def resolve(work: Work, send_id: UUID, state: SendState) -> sa.Update:
    """An uncertain send, as a person says it ended; one that goes again keeps the tries it spent."""
    values: dict[str, Any] = {
        SendState.SENT: {"sent_at": work.now, "reason": None},
        SendState.QUEUED: {"queue_at": work.now, "reason": None},
        SendState.FAILED: {"failed_at": work.now, "reason": "unreachable"},
    }[state]
    return (
        sa.update(sends)
        .where(
            sends.c.tenant_id == work.tenant_id, sends.c.id == send_id, sends.c.state == SendState.UNCERTAIN
        )
        .values(**values, state=state, version=sends.c.version + 1)
        .returning(sends.c.id)
    )


def add_attempt(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(attempts).values(
        tenant_id=work.tenant_id, started_at=work.now, finished_at=work.now, **values
    )


def approve(
    work: Work, send_id: UUID, facts: Mapping[str, Any], to: tuple[str, str] | None = None
) -> sa.Update:
    """A send that was held because something changed: it goes with the facts as they are now, and to the
    address and key of `to` if that is given.
    """
    address = dict(zip(("to_address", "address_key"), to, strict=True)) if to else {}
    return (
        sa.update(sends)
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.id == send_id,
            sends.c.queue_at.is_not(None),
            sends.c.reason == "changed",
        )
        .values(reviewed=dict(facts), reason=None, version=sends.c.version + 1, **address)
        .returning(sends.c.id)
    )


def edit_text(work: Work, send_id: UUID, subject: str | None, body: str | None) -> sa.Update:
    """A queued send in an agent's own words, or in its template's again."""
    return (
        sa.update(sends)
        .where(sends.c.tenant_id == work.tenant_id, sends.c.id == send_id, sends.c.queue_at.is_not(None))
        .values(edited_subject=subject, edited_body=body, version=sends.c.version + 1)
        .returning(sends.c.id)
    )


def cancel(work: Work, send_id: UUID, reason: str) -> sa.Update:
    """One send, while it is queued."""
    return (
        sa.update(sends)
        .where(sends.c.tenant_id == work.tenant_id, sends.c.id == send_id, sends.c.state == SendState.QUEUED)
        .values(state=SendState.CANCELLED, reason=reason, queue_at=None, version=sends.c.version + 1)
        .returning(sends.c.id)
    )
