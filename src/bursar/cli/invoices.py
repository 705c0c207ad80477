"""`bursar invoice …`: drafts, and what becomes of them."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import RenderableType

from bursar.billing import invoices as drafts
from bursar.billing.completeness import Item
from bursar.billing.credit_notes import cancel_invoice
from bursar.billing.filters import Chosen
from bursar.billing.finding import Invoice, by_number, get_invoice, lines_of, list_invoices
from bursar.billing.invoices import Draft
from bursar.billing.issuing import Issued, checklist, issue_invoice, issue_many
from bursar.billing.lines import Line
from bursar.billing.preferences import billing_settings
from bursar.billing.rules import Status
from bursar.billing.showing import details_of
from bursar.billing.states import InvoiceState
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.cli import running
from bursar.cli.invoice_lines import LINE_HELP, parse_line
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, in_words, language, table
from bursar.core.errors import NotFound, Refusal
from bursar.core.money import Money
from bursar.core.translations import say
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy.customers import CustomerFilter, list_customers
from bursar.tenancy.dates import parse_date
from bursar.tenancy.tenants import this_tenant

app = typer.Typer(no_args_is_help=True, help="Invoices: draft, issue, cancel, look.")

Which = Annotated[
    str, typer.Argument(metavar="ID|NUMBER", help="A draft has an id only.", show_default=False)
]
Lines = Annotated[list[str] | None, typer.Option("--line", help=LINE_HELP, show_default=False)]
Due = Annotated[str | None, typer.Option(metavar="DATE", help="Unset: the firm's terms.")]
Supplied = Annotated[str | None, typer.Option(metavar="DATE", help="If it is another day than the issue.")]
Order = Annotated[str | None, typer.Option(help="The customer's own reference.")]
Notes = Annotated[str | None, typer.Option(help="Stands on the invoice.")]


@app.command()
def create(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    customer: Annotated[str, typer.Option(metavar="CODE|ID", help="Whom it is for.", show_default=False)],
    line: Lines = None,
    currency: Annotated[str | None, typer.Option(help="Unset: the firm's.")] = None,
    due: Due = None,
    supplied_on: Supplied = None,
    purchase_order: Order = None,
    notes: Notes = None,
    as_json: AsJson = False,
) -> None:
    """Make a draft; it has no number and owes nothing until it is issued."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            money, usual = currency or (await this_tenant(work)).currency, await billing_settings(work)
            draft = Draft(
                customer_id=await customer_named(work, customer),
                currency=money,
                lines=[parse_line(text, money, usual) for text in line or ()],
                due_date=_day(due, "due"),
                supply_date=_day(supplied_on, "supplied_on"),
                purchase_order=purchase_order,
                notes=notes,
            )
            return await _shown(work, await drafts.create_draft(work, draft))

    running.run(ctx, act, as_json=as_json)


@app.command()
def edit(
    ctx: typer.Context,
    *,
    invoice: Which,
    tenant: Tenant,
    line: Lines = None,
    due: Due = None,
    supplied_on: Supplied = None,
    purchase_order: Order = None,
    notes: Notes = None,
    as_json: AsJson = False,
) -> None:
    """Change a draft; what is not named stays, and lines that are named take the place of all."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await find(work, invoice)
            details, currency = await details_of(work, found.id), found.total.currency
            usual = await billing_settings(work)
            kept = [_line(row, currency) for row in await lines_of(work, found.id)]
            draft = Draft(
                customer_id=found.customer_id,
                currency=currency,
                lines=[parse_line(text, currency, usual) for text in line] if line else kept,
                due_date=_day(due, "due") or found.due_date,
                supply_date=_day(supplied_on, "supplied_on") or found.supply_date,
                purchase_order=purchase_order or found.purchase_order,
                notes=notes or details.notes,
                locale=found.locale,
                allocation_number=found.allocation_number,
            )
            await drafts.edit_draft(work, found.id, draft)
            return await _shown(work, found.id)

    running.run(ctx, act, as_json=as_json)


@app.command()
def issue(
    ctx: typer.Context,
    *,
    invoice: Annotated[list[str], typer.Argument(metavar="ID…", help="Drafts.", show_default=False)],
    tenant: Tenant,
    on: Annotated[str | None, typer.Option("--date", metavar="DATE", help="Unset: today.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give drafts their numbers, each that lacks nothing; of several it says what became of each."""

    async def act(house: House) -> Answer:
        day = _day(on, "date")
        async with running.work_in(house, tenant) as work:
            ids = [running.id_of("invoice", text) for text in invoice]
            if len(ids) == 1:
                await issue_invoice(work, ids[0], issue_date=day)
                return await _shown(work, ids[0])
            return _issued(await issue_many(work, ids, issue_date=day))

    running.run(ctx, act, as_json=as_json)


@app.command()
def cancel(
    ctx: typer.Context,
    *,
    invoice: Which,
    tenant: Tenant,
    because: Annotated[str, typer.Option(help="Stands on the credit note.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Take an unpaid invoice out of the books by a credit note over all of it."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await find(work, invoice)
            note = await cancel_invoice(work, found.id, because=because)
        told = {"invoice_id": found.id, "credit_note": note.number, "amount": note.amount}
        return Answer({**told, "credit_note_id": note.id, "currency": note.amount.currency}, (facts(**told),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(ctx: typer.Context, *, invoice: Which, tenant: Tenant, as_json: AsJson = False) -> None:
    """One invoice with its lines; of a draft, what it lacks."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            return await _shown(work, (await find(work, invoice)).id)

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    status: Annotated[list[Status] | None, typer.Option(help="Any of them.")] = None,
    customer: Annotated[str | None, typer.Option(metavar="CODE|ID", help="Of this customer.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Invoices, the newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            whose = await customer_named(work, customer) if customer else None
            chosen = Chosen(customer_id=whose, statuses=frozenset(status) if status else None)
            rows = await list_invoices(work, chosen, limit=limit)
        cells = [
            [
                row.number or row.id,
                row.customer_name,
                row.status,
                row.due_date,
                row.total,
                row.balance.plain(),
            ]
            for row in rows
        ]
        shown = table("number", "customer", "status", "due", "total", "open", rows=cells)
        return Answer({"items": [_told(row) for row in rows]}, (shown,))

    running.run(ctx, act, as_json=as_json)


async def customer_named(work: Work, text: str) -> UUID:
    """The customer with this id, else with this code of the firm's books. Raises `NotFound`."""
    try:
        return UUID(text)
    except ValueError:
        page = await list_customers(work, CustomerFilter(text=text), limit=200)
    found = [row.id for row in page.rows if row.external_code == text]
    if not found:
        raise NotFound("customer")
    return found[0]


async def find(work: Work, text: str) -> Invoice:
    """The invoice with this id or number. Raises `NotFound`."""
    try:
        invoice_id = UUID(text)
    except ValueError:
        invoice_id = (await by_number(work, text)).id
    return await get_invoice(work, invoice_id)


async def _shown(work: Work, invoice_id: UUID) -> Answer:
    found = await get_invoice(work, invoice_id)
    currency = found.total.currency
    rows = await lines_of(work, invoice_id)
    lacks = await checklist(work, invoice_id) if found.state is InvoiceState.DRAFT else ()
    lines = [
        {
            "position": row["position"],
            "description": row["description"],
            "quantity": f"{row['quantity'].normalize():f}",
            "unit_price": Money(row["unit_price_minor"], currency),
            "tax_category": row["tax_category"],
            "tax_rate": f"{row['tax_rate'].normalize():f}",
            "net": Money(row["net_minor"], currency),
            "tax": Money(row["tax_minor"], currency),
        }
        for row in rows
    ]
    told = _told(found)
    parts: list[RenderableType] = [facts(**told)]
    names = ("description", "quantity", "unit_price", "tax_rate", "net")
    parts.append(table(*names, rows=[[line[name] for name in names] for line in lines]))
    if lacks:
        parts.append(table("lacks", "rule", "where", rows=[_lack(item) for item in lacks]))
    missing = [{"key": item.key, "rule": item.rule, "warning": item.warning} for item in lacks]
    return Answer({**told, "lines": lines, "checklist": missing}, parts)


def _lack(item: Item) -> Sequence[Any]:
    words = say(language(), item.message, item.params)
    return [f"({words})" if item.warning else words, item.rule, item.where]


def _told(row: Invoice) -> dict[str, Any]:
    names = ("id", "number", "customer_id", "status", "issue_date", "due_date", "paid_on")
    sums = {name: getattr(row, name) for name in ("subtotal", "tax", "total", "balance")}
    return {
        **{name: getattr(row, name) for name in names},
        "customer": row.customer_name,
        "currency": row.total.currency,
        **sums,
    }


def _issued(answers: dict[UUID, Issued | Refusal]) -> Answer:
    told = [
        {"id": id_, "error": answer.code, "detail": in_words(answer)}
        if isinstance(answer, Refusal)
        else {"id": id_, "number": answer.number, "due_date": answer.due_date}
        for id_, answer in answers.items()
    ]
    rows = [[one["id"], one.get("number"), one.get("detail")] for one in told]
    return Answer({"items": told}, (table("id", "number", "refused", rows=rows),))


def _line(row: dict[str, Any], currency: str) -> Line:
    copied = (
        *("description", "quantity", "tax_rate", "service_from", "service_to", "product_id"),
        *("customer_price_id", "description_local", "unit_code", "classification_code"),
    )
    return Line(
        **{name: row[name] for name in copied},
        unit_price=Money(row["unit_price_minor"], currency),
        discount=Money(row["discount_minor"], currency) if row["discount_minor"] else None,
        tax_category=TaxCategory(row["tax_category"]),
        item_kind=ItemKind(row["item_kind"]),
    )


def _day(text: str | None, field: str) -> date | None:
    return parse_date(text, field=field) if text else None
