"""`bursar bank …`: lines of the bank's sheets; `bursar import bank_lines` brings them."""

from typing import Annotated, Any

import typer

from bursar.billing import bank
from bursar.billing.bank import Suggested
from bursar.billing.finding import by_number
from bursar.billing.states import BankLineState
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, language, table
from bursar.core.translations import say
from bursar.house import House

app = typer.Typer(no_args_is_help=True, help="Money that arrived at the bank.")
LineId = Annotated[str, typer.Argument(metavar="ID", help="The line's id.", show_default=False)]


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    state: Annotated[BankLineState, typer.Option(help="Which lines.")] = BankLineState.UNMATCHED,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Lines in the order in which the money came, with whose it may be."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            lines = await bank.list_lines(work, state, limit=limit)
            if state is BankLineState.UNMATCHED:
                told = await bank.with_suggestions(work, lines)
            else:
                told = [Suggested(line, ()) for line in lines]
        rows = [
            (
                one.line.id,
                one.line.received_on,
                one.line.amount,
                one.line.payer,
                one.line.reference,
                _best(one),
            )
            for one in told
        ]
        shown = table("id", "on", "amount", "payer", "reference", "whose", rows=rows)
        return Answer({"lines": [_data(one) for one in told]}, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command()
def match(
    ctx: typer.Context,
    line_id: LineId,
    *,
    tenant: Tenant,
    invoice: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER", help="An invoice it pays; may be said again.")
    ] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="Whose it is, if no invoice says so: the oldest first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Record a line as a payment; with neither invoice nor customer by its best suggestion."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            line = await bank.get_line(work, running.id_of("bank line", line_id))
            named: list[Any] = [((await by_number(work, one)).id, None) for one in invoice or ()]
            whose = running.id_of("customer", customer) if customer else None
            if not named and whose is None:
                [told] = await bank.with_suggestions(work, [line])
                if told.best is not None:
                    named = [(one, None) for one in told.best.invoices]
                    whose = told.best.customer_id
            recorded = await bank.match_line(work, line.id, customer_id=whose, allocate_to=named)
        paid = {str(one): amount for one, amount in recorded.allocations.items()}
        data = {"payment_id": recorded.payment_id, "allocations": paid, "credit": recorded.credit}
        return Answer(data, (facts(payment=recorded.payment_id, credit=recorded.credit),))

    running.run(ctx, act, as_json=as_json)


@app.command("set-aside")
def set_aside(
    ctx: typer.Context,
    line_id: LineId,
    *,
    tenant: Tenant,
    because: Annotated[str, typer.Option("--because", help="Why; the journal keeps it.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """It pays no invoice: interest, a loan, a mistake of the bank's."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            line = running.id_of("bank line", line_id)
            await bank.set_line_aside(work, line, because=because)
        return Answer({"id": line, "state": BankLineState.SET_ASIDE}, (facts(id=line, state="set_aside"),))

    running.run(ctx, act, as_json=as_json)


def _best(told: Suggested) -> str:
    if told.best is None:
        return ""
    words, places = told.best.words
    return f"{told.best.customer_name} ({told.best.score}): {say(language(), words, places)}"


def _data(told: Suggested) -> dict[str, Any]:
    line = told.line
    return {
        "id": line.id,
        "received_on": line.received_on,
        "amount": line.amount,
        "currency": line.amount.currency,
        "payer": line.payer,
        "reference": line.reference,
        "state": line.state,
        "payment_id": line.payment_id,
        "suggestions": [
            {
                "customer_id": str(one.customer_id),
                "customer": one.customer_name,
                "invoices": [str(each) for each in one.invoices],
                "why": one.why,
                "score": one.score,
                "sure": one.sure,
            }
            for one in told.suggestions
        ],
    }
