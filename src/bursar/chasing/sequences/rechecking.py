"""What a claim of a sequence's messages reads besides what every message does: chases, and how grave it still is."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from bursar.chasing.queries import composing as queries
from bursar.core.schema import uuids_text
from bursar.core.work import Work
from bursar.outbox.composing import Queued

CAMPAIGN_GAP = timedelta(hours=24)
"""Between a campaign's mail and a touch about the same invoice (R79)."""

BELOW_ALL = -1_000  # days from due: earlier than any touch


class Standing(NamedTuple):
    """Of one message: why an invoice may not be spoken of now, and the rungs it was listed for, in days from due."""

    stopped: Mapping[UUID, str]
    rungs: Mapping[UUID, int]

    def level(self, ids: Iterable[UUID]) -> int:
        """The latest rung among these invoices, which is also the gravest."""
        return max((self.rungs[one] for one in ids if one in self.rungs), default=BELOW_ALL)


NOTHING = Standing({}, {})


async def recheck(work: Work, sends: Sequence[Queued]) -> dict[UUID, Standing]:
    """For each of these messages of sequences, in one query."""
    named = {
        "tenant_id": work.tenant_id,
        "today": work.today,
        "since": work.now - CAMPAIGN_GAP,
        "ids": uuids_text([send.id for send in sends]),
    }
    stopped: dict[UUID, dict[UUID, str]] = {send.id: {} for send in sends}
    rungs: dict[UUID, dict[UUID, int]] = {send.id: {} for send in sends}
    for send_id, invoice_id, touch, why in await work.db.execute(queries.standing(), named):
        if why is not None:
            stopped[send_id][invoice_id] = why
        if touch is not None:
            rungs[send_id][invoice_id] = int(touch)
    return {send.id: Standing(stopped[send.id], rungs[send.id]) for send in sends}
