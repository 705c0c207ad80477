"""`bursar migrate`, `worker`, `stop`: running the program itself."""

from typing import Annotated

import typer

from bursar.cli import running
from bursar.cli.building import Building
from bursar.cli.options import AsJson
from bursar.cli.output import Answer
from bursar.core.database import find_database
from bursar.core.health import reachable
from bursar.core.keyfile import load_keyring
from bursar.core.migrating import migrate as bring_up_to_date
from bursar.core.server import stop_server
from bursar.house import House


def migrate(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Make the database what this version needs; on a new machine: keys, server and tables."""
    building: Building = ctx.obj

    def act() -> Answer:
        settings = running.settings_of(building)
        keyring = load_keyring(settings, create=True)
        with reachable():
            revision = bring_up_to_date(find_database(settings, keyring))
        where = settings.data_dir.resolve() if settings.database_url is None else None
        shown = f"The database is at revision {revision}." + (f" It lives in {where}." if where else "")
        return Answer({"id": revision, "state": "migrated", "data_dir": where}, (shown,))

    running.finish(act, as_json=as_json)


def worker(
    ctx: typer.Context,
    *,
    until_idle: Annotated[
        bool,
        typer.Option(
            "--until-idle", help="End when no message is due, sending or leased and no job can run."
        ),
    ] = False,
) -> None:
    """Send what is due and do what time asks for, until a signal; what is in hand is settled first."""
    building: Building = ctx.obj

    async def act(house: House) -> None:
        await building.worker(house, until_idle=until_idle)

    running.run(ctx, act)


def stop(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """End the embedded database server of the data folder."""
    building: Building = ctx.obj

    def act() -> Answer:
        settings = running.settings_of(building)
        if settings.database_url is not None:
            return Answer(
                {"id": None, "state": "not_ours"}, ("DATABASE_URL names a server that is not ours to stop.",)
            )
        stopped = stop_server(settings.data_dir)
        state = "stopped" if stopped else "not_running"
        return Answer({"id": None, "state": state}, ("Stopped." if stopped else "It was not running.",))

    running.finish(act, as_json=as_json)
