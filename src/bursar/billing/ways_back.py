"""Whether money can go back the way it came, through the till, and who says then how that ended."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries import refunds as queries
from bursar.billing.states import TillState
from bursar.core.errors import N_, Conflict
from bursar.core.kinds import ActorType
from bursar.core.work import Work


async def can_go_back(work: Work, payment_id: UUID) -> bool:
    """Whether money of this payment can be sent back the way it came."""
    row = (await work.db.execute(queries.way_back(work, payment_id))).one_or_none()
    return row is not None and row.state == TillState.ACTIVE


async def can_go_back_for(work: Work, invoice_id: UUID) -> bool:
    """Whether some of what pays or paid this invoice can."""
    return any(
        [await can_go_back(work, id_) for id_ in await work.db.scalars(queries.payments_of(work, invoice_id))]
    )


async def till_of(work: Work, payment_id: UUID) -> UUID:
    """The till through which money of this payment goes back. Raises `Conflict`."""
    row = (await work.db.execute(queries.way_back(work, payment_id))).one_or_none()
    if row is None or row.state != TillState.ACTIVE:
        raise Conflict(
            N_("This money cannot go back by card: it did not come that way, or the till is switched off."),
            code="no_way_back",
            field="done",
        )
    return row.till_id


def must_be_ours_to_say(work: Work, refund: sa.Row[Any]) -> None:
    """A person says how a refund ended only where the provider did not take it, or does not tell: `Conflict`."""
    if refund.till_id is not None and refund.last_error is None and work.actor.type is not ActorType.SYSTEM:
        raise Conflict(
            N_("This money goes back through the payment provider, which will say how that ended."),
            code="till_will_say",
        )
