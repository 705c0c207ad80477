"""A released campaign, followed until nothing more happens by itself."""

import asyncio

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bursar.chasing.results import CampaignShown, show
from bursar.chasing.states import OPEN_STATES
from bursar.cli import running
from bursar.house import House

LOOK_EVERY_S = 0.5


async def until_done(house: House, tenant: str, shown: CampaignShown, *, quiet: bool) -> CampaignShown:
    """Until it is completed, failed, cancelled or paused; a worker must be running."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True, quiet=quiet),
    )
    with progress:
        bar = progress.add_task(shown.name, total=shown.total)
        while shown.state in OPEN_STATES and shown.state != "paused":
            await asyncio.sleep(LOOK_EVERY_S)
            async with running.work_in(house, tenant) as work:
                shown = await show(work, shown.id)
            progress.update(bar, completed=shown.done, total=shown.total)
    return shown
