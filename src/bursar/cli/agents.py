"""`bursar agent …`: the people of the firms."""

from typing import Annotated

import typer

from bursar.cli import running
from bursar.cli.options import AsJson
from bursar.cli.output import Answer, facts
from bursar.core.errors import NotFound
from bursar.house import House
from bursar.tenancy.accounts import request_reset

app = typer.Typer(no_args_is_help=True, help="The people who work for the firms.")


@app.callback()
def agents() -> None:
    """Keeps `reset-link` a word of its own while it is the only one."""


@app.command()
def reset_link(
    ctx: typer.Context,
    *,
    email: Annotated[str, typer.Argument(help="What they sign in with.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Make a link with which somebody sets a new password: works once, within the hour; pass it on in person."""

    async def act(house: House) -> Answer:
        reset = await request_reset(house.office, email)
        if reset is None:
            raise NotFound("agent")
        link = f"{house.settings.base_url}/password/{reset.token}"
        data = {"email": email, "token": reset.token, "url": link}
        return Answer(data, (facts(email=email, set_the_password_at=link),))

    running.run(ctx, act, as_json=as_json)
