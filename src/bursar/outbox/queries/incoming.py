"""What came to the mailboxes: which messages of ours it is about, its rows, and how people dealt with it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import AccountState, Channel, HandledAs, IncomingClass
from bursar.outbox.tables import incoming_messages, send_subjects, sending_accounts, sends
from bursar.tenancy.tables import customers

SHOWN = (
    "id", "channel", "class", "from_address", "from_name", "customer_id", "send_id", "sending_account_id", "subject",
    "body", "cut_at", "message_id", "evidence", "perhaps_automatic", "verdict", "report", "received_at", "handled_at",
    "handled_by", "handled_as",
)  # fmt: skip


def spoken_of(
    work: Work, ids: Collection[UUID], message_ids: Collection[str], threads: Collection[str]
) -> sa.Select:
    """Sends with one of these Message-IDs (ours, which names its send, or what the provider put in its place),
    or in one of these conversations of a provider.
    """
    s = sends
    named = [
        sa.and_(s.c.id == sa.any_(uuids(ids)), s.c.message_id.in_(list(message_ids))),
        s.c.final_message_id.in_(list(message_ids)),
    ]
    if threads:
        named.append(s.c.provider_thread_id.in_(list(threads)))
    return (
        sa.select(
            s.c.id,
            s.c.message_id,
            s.c.final_message_id,
            s.c.provider_thread_id,
            s.c.customer_id,
            s.c.to_address,
            s.c.address_key,
            s.c.sending_account_id,
            s.c.sent_at,
        )
        .where(s.c.tenant_id == work.tenant_id, sa.or_(*named))
        .order_by(s.c.sent_at.nulls_first(), s.c.id)
    )


def known(work: Work, keys: Collection[str]) -> sa.Select:
    """Which of these messages were taken in before."""
    m = incoming_messages
    return sa.select(m.c.provider_message_id).where(
        m.c.tenant_id == work.tenant_id,
        m.c.channel == Channel.EMAIL,
        m.c.provider_message_id.in_(list(keys)),
    )


def add(work: Work, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """These messages, but for those that were taken in before; gives the new ones."""
    m = incoming_messages
    fixed = {"tenant_id": work.tenant_id, "channel": Channel.EMAIL}
    return (
        insert(m)
        .values([{**fixed, **row} for row in rows])
        .on_conflict_do_nothing(index_elements=["tenant_id", "channel", "provider_message_id"])
        .returning(m.c.id, m.c.provider_message_id)
    )


def own_addresses(work: Work) -> sa.Select:
    """From where the firm writes: what comes from there is no answer of a customer."""
    a = sending_accounts
    return sa.select(sa.func.lower(a.c.address)).where(
        a.c.tenant_id == work.tenant_id, a.c.channel == Channel.EMAIL
    )


def page(work: Work, wanted: Mapping[str, Any], before: UUID | None, limit: int) -> sa.Select:
    """What came in and meets `wanted`, the newest first, older than the cursor."""
    m = incoming_messages
    chosen = [m.c[name] == wanted[name] for name in ("customer_id", "send_id", "class") if wanted.get(name)]
    if (waiting := wanted.get("waiting")) is not None:
        chosen.append(m.c.handled_at.is_(None) if waiting else m.c.handled_at.is_not(None))
    if before is not None:
        chosen.append(m.c.id < before)
    return _shown().where(m.c.tenant_id == work.tenant_id, *chosen).order_by(m.c.id.desc()).limit(limit)


def one(work: Work, message_id: UUID) -> sa.Select:
    m = incoming_messages
    return _shown().where(m.c.tenant_id == work.tenant_id, m.c.id == message_id)


def _shown() -> sa.Select:
    """The columns people see, who it is from and what it answers; the caller names the tenant_id."""
    m = incoming_messages
    name = sa.func.coalesce(customers.c.company_name, customers.c.full_name)
    joined = (
        m.outerjoin(customers, same_tenant(customers, m) & (customers.c.id == m.c.customer_id))
        .outerjoin(sends, same_tenant(sends, m) & (sends.c.id == m.c.send_id))
        .outerjoin(
            sending_accounts,
            same_tenant(sending_accounts, m) & (sending_accounts.c.id == m.c.sending_account_id),
        )
    )
    return sa.select(
        *(m.c[each] for each in SHOWN),
        name.label("customer_name"),
        sends.c.subject.label("answers_subject"),
        sends.c.sent_at.label("answers_sent_at"),
        sends.c.to_address.label("answers_to"),
        sends.c.locale,
        sending_accounts.c.address.label("mailbox"),
    ).select_from(joined)


def lock(work: Work, message_id: UUID) -> sa.Select:
    m = incoming_messages
    return (
        sa.select(
            m.c.id, m.c["class"].label("kind"), m.c.customer_id, m.c.send_id, m.c.received_at, m.c.handled_at
        )
        .where(m.c.tenant_id == work.tenant_id, m.c.id == message_id)
        .with_for_update(key_share=True)
    )


def handle(work: Work, message_id: UUID, handled_as: HandledAs) -> sa.Update:
    return _one(work, message_id).values(handled_at=work.now, handled_by=work.actor.id, handled_as=handled_as)


def reclassify(work: Work, message_id: UUID, to: IncomingClass) -> sa.Update:
    """A person's waits for somebody, a machine's for nobody."""
    human = to is IncomingClass.HUMAN
    return _one(work, message_id).values(
        perhaps_automatic=False,
        handled_at=None if human else work.now,
        handled_by=None if human else work.actor.id,
        handled_as=None if human else HandledAs.AUTOMATIC,
        **{"class": to},
    )


def other_answers(work: Work, message_id: UUID, send_id: UUID) -> sa.Select:
    """Whether another person's answer to this send came in."""
    m = incoming_messages
    return sa.select(
        sa.exists().where(
            m.c.tenant_id == work.tenant_id,
            m.c.send_id == send_id,
            m.c.id != message_id,
            m.c["class"] == IncomingClass.HUMAN,
        )
    )


def count_waiting(work: Work) -> sa.Select:
    """How many answers and reports wait for somebody, by class."""
    m = incoming_messages
    return (
        sa.select(m.c["class"].label("kind"), sa.func.count().label("many"))
        .where(m.c.tenant_id == work.tenant_id, m.c.handled_at.is_(None))
        .group_by(m.c["class"])
    )


def answered(work: Work, send_ids: Sequence[UUID], subject_type: str) -> sa.Select:
    """What each of these sends answers: the message that came in, and ours that it was about."""
    m, first = incoming_messages, sends.alias("first")
    return (
        sa.select(
            send_subjects.c.send_id,
            m.c.message_id,
            sa.func.coalesce(first.c.final_message_id, first.c.message_id).label("ours"),
        )
        .select_from(
            send_subjects.join(
                m, same_tenant(m, send_subjects) & (m.c.id == send_subjects.c.subject_id)
            ).outerjoin(first, same_tenant(first, m) & (first.c.id == m.c.send_id))
        )
        .where(
            send_subjects.c.tenant_id == work.tenant_id,
            send_subjects.c.send_id == sa.any_(uuids(send_ids)),
            send_subjects.c.subject_type == subject_type,
        )
    )


def count_answers(work: Work, touch_prefix: str) -> sa.Select:
    """How often a message was answered by us."""
    return sa.select(sa.func.count()).where(
        sends.c.tenant_id == work.tenant_id,
        sends.c.purpose == "reply",
        sends.c.touch_key.startswith(touch_prefix),
    )


def account_of(work: Work, message_id: UUID) -> sa.Select:
    """The account of the message that was answered, else the one it came to, while they send."""
    m, a = incoming_messages, sending_accounts
    through = sa.func.coalesce(sends.c.sending_account_id, m.c.sending_account_id)
    return (
        sa.select(a.c.id)
        .select_from(
            m.outerjoin(sends, same_tenant(sends, m) & (sends.c.id == m.c.send_id)).join(
                a, same_tenant(a, m) & (a.c.id == through)
            )
        )
        .where(
            m.c.tenant_id == work.tenant_id,
            m.c.id == message_id,
            a.c.state.in_((AccountState.ACTIVE, AccountState.THROTTLED)),
        )
    )


def _one(work: Work, message_id: UUID) -> sa.Update:
    m = incoming_messages
    return sa.update(m).where(m.c.tenant_id == work.tenant_id, m.c.id == message_id)
