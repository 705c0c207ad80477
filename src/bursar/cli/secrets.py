"""`bursar secrets …`: the master keys, and what is wrapped by them."""

import typer

from bursar.cli import running
from bursar.cli.options import AsJson
from bursar.cli.output import Answer, facts
from bursar.core.keyfile import load_keyring
from bursar.core.keys import new_entry
from bursar.core.rotating import rotate as rewrap
from bursar.core.settings import BadSettings
from bursar.house import House

app = typer.Typer(no_args_is_help=True, help="Master keys.")


@app.command("new-key")
def new_key(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """A fresh key for the front of BURSAR_KEYS, with the first id that is free. Changes nothing."""

    def act() -> Answer:
        settings = running.settings_of(ctx.obj)
        try:
            taken = set(load_keyring(settings).ids)
        except BadSettings:
            taken = set()
        key_id = next(name for name in (f"k{number}" for number in range(1, 10_000)) if name not in taken)
        entry = new_entry(key_id)
        told = "Put it before the others in BURSAR_KEYS (or the data folder's file `keys`), then: bursar secrets rotate"
        return Answer({"id": key_id, "entry": entry}, (entry, f"[dim]{told}[/dim]"))

    running.finish(act, as_json=as_json)


@app.command()
def rotate(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Wrap every tenant's key by the first master key. What the older ones signed stays good while they are listed."""

    async def act(house: House) -> Answer:
        rewrapped = await rewrap(house.office)
        told = {"id": house.keyring.current_id, "rewrapped": rewrapped}
        return Answer(told, (facts(current_key=house.keyring.current_id, tenants_wrapped_anew=rewrapped),))

    running.run(ctx, act, as_json=as_json)
