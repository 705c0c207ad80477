"""Whose till it is that tells us something, and what of ours it speaks of."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries.sets import among, rows
from bursar.billing.tables import checkout_sessions, payments, tills
from bursar.core.tables import events
from bursar.core.work import Work


def hook_of(work: Work, till_id: UUID) -> sa.Select:
    """What is needed to believe what comes to a till's address."""
    return sa.select(
        tills.c.id, tills.c.provider, tills.c.account_id, tills.c.live, tills.c.webhook_secret_id
    ).where(tills.c.tenant_id == work.tenant_id, tills.c.id == till_id)


def note_once(work: Work, till_id: UUID, error: str) -> sa.Update:
    """The till, if this was not noted of it already."""
    return (
        sa.update(tills)
        .where(
            tills.c.tenant_id == work.tenant_id,
            tills.c.id == till_id,
            tills.c.last_error.is_distinct_from(error),
        )
        .values(last_error=error)
        .returning(tills.c.id)
    )


def checkouts_named(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Those of `ids` that are checkouts here, with what tells whether the provider means the same."""
    c = checkout_sessions.c
    return sa.select(c.id, c.till_id, c.session_id).where(c.tenant_id == work.tenant_id, among(c.id, ids))


def checkouts_of_sessions(work: Work, asked: Sequence[tuple[UUID, str]]) -> sa.Select:
    """Checkouts by their till and the provider's name of them."""
    told = rows("told", {"till_id": sa.Uuid(), "session_id": sa.Text()}, asked)
    c = checkout_sessions.c
    return sa.select(c.id, c.till_id, c.session_id).where(
        c.tenant_id == work.tenant_id, c.till_id == told.c.till_id, c.session_id == told.c.session_id
    )


def paid_by(work: Work, till_id: UUID, intents: Sequence[str]) -> sa.Select:
    """Checkouts at a till that came to these payment intents, each with the payment it is in our books, if it is."""
    c = checkout_sessions.c
    known = (
        (payments.c.tenant_id == work.tenant_id)
        & (payments.c.source == "stripe")
        & sa.or_(payments.c.id == c.payment_id, payments.c.external_id == c.payment_intent)
    )
    wanted = c.payment_intent == sa.any_(sa.literal(list(intents), sa.ARRAY(sa.Text())))
    return (
        sa.select(
            c.id,
            c.payment_intent,
            c.customer_id,
            c.state,
            c.payment_status,
            payments.c.id.label("payment_id"),
        )
        .outerjoin(payments, known)
        .where(c.tenant_id == work.tenant_id, c.till_id == till_id, wanted)
        .order_by(c.id)
    )


def chargebacks_told(work: Work, payment_id: UUID) -> sa.Select:
    """What the journal says of one payment's chargebacks, in order."""
    return (
        sa.select(events.c.type, events.c.payload)
        .where(
            events.c.tenant_id == work.tenant_id,
            events.c.entity_type == "payment",
            events.c.entity_id == payment_id,
            events.c.type.like("payment.chargeback%"),
        )
        .order_by(events.c.id)
    )
