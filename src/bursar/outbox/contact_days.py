"""One nudge a day to one person, over all rooms (promise 5): who has the day's contact, and who waits."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bursar.core.work import Work
from bursar.outbox.queries import contact_days as queries


@dataclass(frozen=True, slots=True)
class Nudge:
    """A send that counts: to an address, and to the customer behind it."""

    send_id: UUID
    address_key: str
    customer_id: UUID | None
    day: date

    @property
    def keys(self) -> tuple[str, ...]:
        own = (self.address_key,)
        return own if self.customer_id is None else (*own, f"customer/{self.customer_id}")


async def take(work: Work, nudges: Sequence[Nudge]) -> set[UUID]:
    """Those of `nudges` that may go today; what the others took by halves is given back.

    A send's own row from an earlier try does not stop it.
    """
    if not nudges:
        return set()
    wanted = [
        {"key": key, "on_date": nudge.day.isoformat(), "send_id": str(nudge.send_id)}
        for nudge in nudges
        for key in nudge.keys
    ]
    parameters = {"tenant_id": work.tenant_id, "rows": json.dumps(wanted)}
    await work.db.execute(queries.TAKE, parameters)
    rows = await work.db.execute(queries.HOLDERS, parameters)
    holder = {(row.key, row.on_date): row.send_id for row in rows}
    winners = {
        nudge.send_id
        for nudge in nudges
        if all(holder.get((key, nudge.day)) == nudge.send_id for key in nudge.keys)
    }
    losers = [nudge.send_id for nudge in nudges if nudge.send_id not in winners]
    if losers:
        days = [nudge.day for nudge in nudges]
        await work.db.execute(queries.give_back(work, losers, days))
    return winners
