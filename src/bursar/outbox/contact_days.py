"""One nudge a day to one person, over all rooms (promise 5): who has the day's contact, and who waits."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from bursar.core.schema import rows_text
from bursar.core.work import Work
from bursar.outbox.queries import contact_days as queries

Slot = tuple[str, str]
"""A key and a day as text: an address key, or customer/<id>."""


class Nudge(NamedTuple):
    """A send that counts: to an address, and to the customer behind it."""

    send_id: UUID
    address_key: str
    customer_id: UUID | None
    day: date

    def slots(self) -> tuple[Slot, ...]:
        """The day's contact of everybody this send counts for."""
        day = self.day.isoformat()
        own = (self.address_key, day)
        return (own,) if self.customer_id is None else (own, (f"customer/{self.customer_id}", day))


async def take(work: Work, nudges: Sequence[Nudge]) -> set[UUID]:
    """Those of `nudges` that may go today; they have the day's contact of all their keys from now on.

    Earlier sends come first, and a send's own row from an earlier try does not stop it. Only who can have all
    keys takes any; nothing is ever given back, so the cap holds whatever happens later. (Another account that
    takes one of the keys in this very moment leaves the other spent: somebody waits a day too long.)
    """
    if not nudges:
        return set()
    wanted = {nudge.send_id: nudge.slots() for nudge in sorted(nudges, key=lambda one: one.send_id.int)}
    holders = await _holders(work, wanted)
    chosen = _first_come(wanted, dict(holders))
    free = [(slot, send_id) for send_id, slots in chosen.items() for slot in slots if slot not in holders]
    rows = [{"key": key, "on_date": day, "send_id": send_id.hex} for (key, day), send_id in free]
    taken = await work.db.execute(queries.TAKE, {"tenant_id": work.tenant_id, "rows": rows_text(rows)})
    if taken.rowcount == len(free):
        return set(chosen)
    holders = await _holders(work, chosen)  # another account was quicker with some
    return {
        send_id for send_id, slots in chosen.items() if all(holders.get(slot) == send_id for slot in slots)
    }


async def _holders(work: Work, wanted: Mapping[UUID, Sequence[Slot]]) -> dict[Slot, UUID]:
    """Who has these already."""
    rows = [{"key": key, "on_date": day} for slots in wanted.values() for key, day in slots]
    found = await work.db.execute(queries.HOLDERS, {"tenant_id": work.tenant_id, "rows": rows_text(rows)})
    return {(key, day.isoformat()): send_id for key, day, send_id in found}


def _first_come(
    wanted: Mapping[UUID, Sequence[Slot]], holders: dict[Slot, UUID]
) -> dict[UUID, Sequence[Slot]]:
    """Who can have all slots, if everybody before them takes theirs."""
    chosen: dict[UUID, Sequence[Slot]] = {}
    for send_id, slots in wanted.items():
        if all(holders.get(slot, send_id) == send_id for slot in slots):
            holders.update(dict.fromkeys(slots, send_id))
            chosen[send_id] = slots
    return chosen
