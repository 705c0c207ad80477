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
    """Those of `nudges` that may go today; they have the day's contact of all their keys from now on.

    Earlier sends come first, and a send's own row from an earlier try does not stop it. Only who can have all
    keys takes any; nothing is ever given back, so the cap holds whatever happens later. (Another account that
    takes one of the keys in this very moment leaves the other spent: somebody waits a day too long.)
    """
    if not nudges:
        return set()
    wanted = [_row(key, nudge) for nudge in nudges for key in nudge.keys]
    rows = await work.db.execute(queries.HOLDERS, _parameters(work, wanted))
    holder = {(row.key, row.on_date): row.send_id for row in rows}
    chosen = _first_come(nudges, dict(holder))
    free = [_row(key, nudge) for nudge in chosen for key in nudge.keys if (key, nudge.day) not in holder]
    taken = await work.db.execute(queries.TAKE, _parameters(work, free))
    held = {*holder, *((row.key, row.on_date) for row in taken)}
    return {nudge.send_id for nudge in chosen if all((key, nudge.day) in held for key in nudge.keys)}


def _first_come(nudges: Sequence[Nudge], holder: dict[tuple[str, date], UUID]) -> list[Nudge]:
    """Who can have all keys, if everybody before them takes theirs."""
    chosen: list[Nudge] = []
    for nudge in sorted(nudges, key=lambda one: one.send_id):
        slots = [(key, nudge.day) for key in nudge.keys]
        if all(holder.get(slot, nudge.send_id) == nudge.send_id for slot in slots):
            holder.update(dict.fromkeys(slots, nudge.send_id))
            chosen.append(nudge)
    return chosen


def _row(key: str, nudge: Nudge) -> dict[str, str]:
    return {"key": key, "on_date": nudge.day.isoformat(), "send_id": str(nudge.send_id)}


def _parameters(work: Work, rows: Sequence[dict[str, str]]) -> dict[str, object]:
    return {"tenant_id": work.tenant_id, "rows": json.dumps(rows)}
