"""Invoices: the list with its sums, and one invoice with all that hangs on it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.disputes import list_disputes, notes_of
from bursar.billing.documents.einvoices import carried
from bursar.billing.filters import Chosen
from bursar.billing.finding import get_invoice, lines_of, list_invoices
from bursar.billing.issuing import checklist
from bursar.billing.promises import list_promises
from bursar.billing.rules import Status
from bursar.billing.showing import (
    MOST,
    count_each,
    credit_notes_of,
    currencies_in_use,
    details_of,
    payments_on,
    totals,
)
from bursar.billing.states import InvoiceState, PaidFor
from bursar.billing.tills.checkout_list import list_checkouts
from bursar.chasing.sequences.chases import list_chases
from bursar.chasing.why import why
from bursar.core.journal import timeline
from bursar.core.money import Money, is_currency
from bursar.core.work import Work
from bursar.tenancy.agents import names_of_agents
from bursar.tenancy.customers import get_customer
from bursar.tenancy.saved_views import list_views
from bursar.web import pages, reading
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.telling import tell

router = staff_router()

PAGE = 50
TABS = (
    ("", None),
    ("open", frozenset({Status.ISSUED, Status.PARTIALLY_PAID, Status.OVERDUE})),
    ("overdue", frozenset({Status.OVERDUE})),
    ("draft", frozenset({Status.DRAFT})),
    ("paid", frozenset({Status.PAID})),
    ("cancelled", frozenset({Status.CANCELLED, Status.REFUNDED})),
)
AGES = {"30": (1, 30), "60": (31, 60), "90": (61, 90), "older": (91, None)}
"""Days past due, both ends in; the same bounds as the ageing's."""


@router.get("/invoices")
async def show_invoices(
    request: Request,
    q: str = "",
    status: str = "",
    currency: str = "",
    age: str = "",
    customer: str = "",
    paid: str = "",
    before: str = "",
) -> Response:
    asked = {"q": q, "status": status, "currency": currency, "age": age, "customer": customer, "paid": paid}
    async with viewer_work(request) as work:
        values = await _listed(work, chosen_of(work, asked), reading.cursor(before))
        customer_id = reading.cursor(customer)
        who = await get_customer(work, customer_id) if customer_id else None
        views = await list_views(work, "invoice")
    return pages.render(
        request, "staff/invoices.html", fragment="results", asked=asked, customer=who, views=views, **values
    )


def chosen_of(work: Work, asked: Mapping[str, str]) -> Chosen:
    """What the list's filter asks for; the export asks for the same."""
    chosen = Chosen(
        text=reading.search(asked["q"]),
        statuses=dict(TABS).get(asked["status"]),
        currency=asked["currency"] if is_currency(asked["currency"]) else None,
        customer_id=reading.cursor(asked["customer"]),
        paid_from=work.today.replace(day=1) if asked["paid"] == "month" else None,
    )
    if asked["age"] not in AGES:
        return chosen
    least, most = AGES[asked["age"]]
    until = work.today - timedelta(days=least)
    since = work.today - timedelta(days=most) if most else None
    return replace(chosen, open_only=True, due_from=since, due_until=until)


async def _listed(work: Work, chosen: Chosen, before: UUID | None) -> dict[str, Any]:
    found = await list_invoices(work, chosen, before=before, limit=PAGE + 1)
    of_tabs = [Chosen(statuses=statuses) for _, statuses in TABS if statuses]
    total, *counts = await count_each(work, [chosen, *of_tabs])
    return {
        "rows": found[:PAGE],
        "next": found[PAGE - 1].id if len(found) > PAGE else None,
        "sums": await totals(work, chosen),
        "total": total,
        "most": MOST,
        "counts": dict(zip((key for key, _ in TABS), [None, *counts], strict=True)),
        "currencies": await currencies_in_use(work),
    }


@router.get("/invoices/{invoice_id}")
async def show_invoice(request: Request, invoice_id: UUID) -> Response:
    async with viewer_work(request) as work:
        values = await _about(work, request, invoice_id)
    return pages.render(request, "staff/invoice.html", **values)


async def _about(work: Work, request: Request, invoice_id: UUID) -> dict[str, Any]:
    invoice = await get_invoice(work, invoice_id)
    disputes = await list_disputes(work, invoice_id=invoice_id)
    notes = {one.id: await notes_of(work, one.id) for one in disputes}
    authors = {note.author_id for each in notes.values() for note in each if note.author_id}
    currency = invoice.total.currency
    lines = [
        {
            **line,
            "unit_price": Money(line["unit_price_minor"], currency),
            "net": Money(line["net_minor"], currency),
            "discount": Money(line["discount_minor"], currency),
        }
        for line in await lines_of(work, invoice_id)
    ]
    return {
        "invoice": invoice,
        "details": await details_of(work, invoice_id),
        "lines": lines,
        "payments": await payments_on(work, invoice_id),
        "credit_notes": await credit_notes_of(work, invoice_id),
        "checkouts": await list_checkouts(work, about=PaidFor.INVOICE, about_id=invoice_id, limit=10),
        "einvoice": await carried(work, invoice_id),
        "promises": await list_promises(work, invoice_id=invoice_id),
        "disputes": disputes,
        "notes": notes,
        "authors": await names_of_agents(work, sorted(authors)) if authors else {},
        "checklist": await checklist(work, invoice_id) if invoice.state is InvoiceState.DRAFT else (),
        "why": None if invoice.state is InvoiceState.DRAFT else await _why(work, invoice_id),
        "chases": (await list_chases(work, invoice_id=invoice_id)).rows,
        "told": await tell(work, request, await timeline(work, "invoice", invoice_id, limit=30)),
    }


async def _why(work: Work, invoice_id: UUID) -> Any:
    return await why(work, "invoice", str(invoice_id))
