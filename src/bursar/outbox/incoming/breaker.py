"""Reports that say a mailbox is refused by policy: the account stops before anything else is written (R98, T36).

The report came from outside, and whoever got a message can write one about it. So it does not stop a mailbox of
which another reader has shown, about the same time, that its messages arrive; people are told all the same
(compare decision 0011).
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from bursar.core.work import Office
from bursar.outbox import pausing
from bursar.outbox.incoming.taking_in import Heard, Matched, match
from bursar.outbox.queries import fates
from bursar.outbox.queries.settling import note_error
from bursar.outbox.settling import PARKED_FOR
from bursar.outbox.states import Verdict

NEAR = timedelta(days=1)
LONGEST_WORDS = 500  # characters of the server's own


async def look_after(office: Office, tenant_id: UUID, heard: Sequence[Heard]) -> None:
    """Stop the accounts that these reports are about, each in a Work of its own; twice is no harm.

    Before the reports are stored: who dies in between reads them again, and stops what is stopped.
    """
    suspects = [one for one in heard if any(fate.verdict is Verdict.POLICY for fate in one.said.fates)]
    if not suspects:
        return
    async with office.work(tenant_id, cause="mailbox", read_only=True) as work:
        refused = [one for one in await match(work, suspects) if one.verdict is Verdict.POLICY]
        stops: dict[UUID, Matched] = {}
        for one in refused:
            account_id = one.send.sending_account_id
            if account_id and not await work.db.scalar(fates.others_arrived(work, one.send, NEAR)):
                stops[account_id] = one
    for account_id, one in sorted(stops.items()):
        words = " ".join((one.fate.diagnostic or one.fate.status).split()) if one.fate else ""
        async with office.work(tenant_id, cause="mailbox") as work:
            await work.db.execute(note_error(work, account_id, words[:LONGEST_WORDS], work.now + PARKED_FOR))
            await pausing.stop_for_errors(work, account_id)
