"""Reports: ageing as of any day, a customer's statement, figures by month."""

from datetime import date, timedelta
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.aged import aged_invoices, aged_report, credit_at
from bursar.billing.figures import figures
from bursar.billing.statements import statement
from bursar.core.errors import Invalid
from bursar.core.money import is_currency
from bursar.core.work import Work
from bursar.tenancy.customers import get_customer
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.drafts import choose_customer

router = staff_router()
PAGE = 50
PERIOD = timedelta(days=90)
"""What a statement shows unless somebody chooses otherwise."""


@router.get("/reports")
async def show_ageing(request: Request, as_of: str = "", currency: str = "", page: str = "") -> Response:
    code = currency if is_currency(currency) else None
    offset = PAGE * int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 0
    async with viewer_work(request) as work:
        try:
            day, form = reading.day_or_none({"as_of": as_of}, "as_of"), Form({"as_of": as_of})
            report = await aged_report(work, day, currency=code, limit=PAGE, offset=offset)
        except Invalid as refusal:
            form = Form({"as_of": as_of}).refused(refusal)
            report = await aged_report(work, currency=code, limit=PAGE, offset=offset)
        today = work.today
    return pages.render(
        request,
        "staff/ageing.html",
        fragment="results",
        status=form.status,
        report=report,
        form=form,
        today=today,
        currency=code or "",
        next=offset // PAGE + 1 if report.more else None,
    )


@router.get("/reports/customers/{customer_id}")
async def show_customer(request: Request, customer_id: UUID, as_of: str = "") -> Response:
    async with viewer_work(request) as work:
        day = reading.day_or_none({"as_of": as_of}, "as_of") or work.today
        customer = await get_customer(work, customer_id)
        rows = await aged_invoices(work, customer_id, day)
        credit = await credit_at(work, customer_id, day)
    return pages.render(
        request, "staff/ageing_customer.html", customer=customer, rows=rows, credit=credit, day=day
    )


@router.get("/reports/statement")
async def show_statement(
    request: Request, customer: str = "", start: str = "", end: str = "", q: str = ""
) -> Response:
    customer_id = reading.cursor(customer)
    async with viewer_work(request) as work:
        if customer_id is None:
            return await choose_customer(work, request, q, "/reports/statement", "reports")
        form = Form({"start": start, "end": end})
        try:
            first, last = _period(work, start, end)
            found = await statement(work, customer_id, first, last)
        except Invalid as refusal:
            form = form.refused(refusal)
            first, last = _period(work, "", "")
            found = await statement(work, customer_id, first, last)
    return pages.render(request, "staff/statement.html", status=form.status, found=found, form=form)


@router.get("/reports/figures")
async def show_figures(request: Request) -> Response:
    async with viewer_work(request) as work:
        found = await figures(work)
    return pages.render(request, "staff/figures.html", found=found)


def _period(work: Work, start: str, end: str) -> tuple[date, date]:
    last = reading.day_or_none({"end": end}, "end") or work.today
    return reading.day_or_none({"start": start}, "start") or last - PERIOD, last
