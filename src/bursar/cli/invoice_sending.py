"""`bursar invoice send`: an issued invoice goes out by e-mail."""

import typer

from bursar.billing.notices.ordering import send_invoice
from bursar.cli import running
from bursar.cli.invoices import Which, find
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts
from bursar.house import House


def send(ctx: typer.Context, *, invoice: Which, tenant: Tenant, as_json: AsJson = False) -> None:
    """Send it to its customer with its PDF; a worker carries it."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await find(work, invoice)
            told = {"id": found.id, "number": found.number, "send_id": await send_invoice(work, found.id)}
        return Answer(told, (facts(**told),))

    running.run(ctx, act, as_json=as_json)
