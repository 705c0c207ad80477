"""A message that waits because something changed goes after all: a person has seen it as it is now."""

from uuid import UUID

from bursar.chasing.composing import people_of, subjects_of
from bursar.core.errors import NotFound
from bursar.core.work import Work
from bursar.outbox import reading, resolving
from bursar.outbox.states import Purpose


async def approve(work: Work, send_id: UUID) -> None:
    """Held to the facts of this moment from here on, and sent to the address that its reader has now.

    Raises `NotFound`, also for what chasing did not write, and `IllegalMove` for a send that does not wait for this.
    """
    send = (await reading.get_send(work, send_id)).send
    if send.purpose not in (Purpose.CAMPAIGN, Purpose.CHASE) or send.customer_id is None:
        raise NotFound("send")
    [person] = await people_of(work, [send.customer_id])
    about = await subjects_of(work, [send_id])
    facts = {"to": person.to_address, "invoices": {str(row.id): row.balance_minor for row in about}}
    to = (person.to_address, person.address_key) if person.to_address else None
    await resolving.approve(work, send_id, facts, to=to)
