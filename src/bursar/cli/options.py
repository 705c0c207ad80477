"""Options that many commands share, said once."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Answer one JSON object, on the last line of stdout.")]
Tenant = Annotated[
    str, typer.Option("--tenant", metavar="SLUG", help="The firm, by its slug.", show_default=False)
]
CampaignId = Annotated[str, typer.Argument(metavar="ID", help="The campaign's id.", show_default=False)]
