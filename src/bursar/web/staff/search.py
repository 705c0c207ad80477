"""One box for customers, invoices and campaigns."""

from fastapi import Request
from starlette.responses import Response

from bursar.billing.filters import Chosen
from bursar.billing.finding import list_invoices
from bursar.chasing.results import find_campaigns
from bursar.tenancy.customers import CustomerFilter, list_customers
from bursar.web import pages, reading
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
OF_EACH = 10


@router.get("/search")
async def search(request: Request, q: str = "") -> Response:
    text = reading.search(q)
    if text is None:
        return pages.render(
            request, "staff/search.html", fragment="results", q="", customers=[], invoices=[], campaigns=[]
        )
    async with viewer_work(request) as work:
        customers = (await list_customers(work, CustomerFilter(text=text), limit=OF_EACH)).rows
        invoices = await list_invoices(work, Chosen(text=text), limit=OF_EACH)
        campaigns = await find_campaigns(work, text, limit=OF_EACH)
    return pages.render(
        request,
        "staff/search.html",
        fragment="results",
        q=text,
        customers=customers,
        invoices=invoices,
        campaigns=campaigns,
    )
