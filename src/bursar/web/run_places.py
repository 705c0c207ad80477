"""Where the messages of a run are looked at: in their campaign, or in the day's list of a sequence."""

from dataclasses import dataclass
from uuid import UUID

from bursar.chasing.results import show
from bursar.chasing.reviewing import campaign_of
from bursar.chasing.sequences.lists import get_list
from bursar.chasing.states import CampaignState
from bursar.core.errors import NotFound
from bursar.core.work import Work
from bursar.outbox.states import RunState


@dataclass(frozen=True, slots=True)
class RunPlace:
    """`at` is its place in the menu; `message` is where one message of it is looked at, `{}` standing for its id."""

    run_id: UUID
    at: str
    name: str
    path: str
    message: str

    def shown_at(self, send_id: UUID) -> str:
        return self.message.format(send_id)


async def place_of_run(work: Work, run_id: UUID | None) -> RunPlace | None:
    """None for a message of no run, and of a run that chasing did not make."""
    if run_id is None:
        return None
    campaign = await campaign_of(work, run_id)
    if campaign is not None:
        path = f"/campaigns/{campaign[0]}"
        draft = (await show(work, campaign[0])).state == CampaignState.DRAFT
        shown = f"{path}/messages/{{}}" if draft else "/sends/{}"
        return RunPlace(run_id, "campaigns", campaign[1], path, shown)
    try:
        day = await get_list(work, run_id)
    except NotFound:
        return None
    path = f"/lists/{run_id}"
    shown = f"{path}?message={{}}" if day.state == RunState.HELD else "/sends/{}"
    return RunPlace(run_id, "sequences", day.sequence_name, path, shown)
