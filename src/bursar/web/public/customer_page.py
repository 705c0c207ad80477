"""A customer's own page: everything that is open, each to see and to answer, and a statement to take away (R126).

Like an invoice's page it needs no sign-in and no script, and asking changes nothing.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from bursar.billing import hosted_customer
from bursar.billing.documents.keeping import logo_of
from bursar.billing.links import CUSTOMER_PATH
from bursar.billing.statements import statement
from bursar.core.errors import NotFound, Refusal
from bursar.tenancy import throttle
from bursar.tenancy.report_files import TYPES, report_parts
from bursar.tenancy.reports import ReportValue
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.public import answering, customer_view, paying
from bursar.web.public.answering import Way, asked_language, house_of
from bursar.web.public.gone import gone
from bursar.web.public.invoice_words import refusal_words
from bursar.web.public.page_headers import HEADERS, headers_of
from bursar.web.public.wording import spoken
from bursar.web.sessions import office_of, origin_of

router = APIRouter(prefix=CUSTOMER_PATH.rstrip("/"))
FileKind = Annotated[str, Path(pattern="^(csv|xlsx)$")]


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(request: Request, token: str) -> Response:
    return await _page(request, token, "all")


@router.api_route("/{token}/promise", methods=["GET", "HEAD"])
async def ask_promise_all(request: Request, token: str) -> Response:
    return await _page(request, token, "promise")


@router.post("/{token}/promise")
async def promise_all(request: Request, token: str) -> Response:
    """One day for all that is open."""
    typed = await reading.typed(request)
    office, origin = office_of(request), origin_of(request)
    try:
        entered = await hosted_customer.open_customer(office, token)
    except NotFound:
        return gone(request)
    try:
        await throttle.count(
            office, *throttle.counters("hosted customer", f"{entered.customer_id} promise", origin.ip)
        )
        day = reading.day(typed, "promised_for")
        async with entered.work(office, origin=origin) as work:
            await hosted_customer.promise_all(work, entered, day)
    except Refusal as refusal:
        return await _page(request, token, "promise", Form(typed).refused(refusal))
    return RedirectResponse(CUSTOMER_PATH + token + asked_language(request), status_code=303)


@router.api_route("/{token}/statement.{kind}", methods=["GET", "HEAD"])
async def download_statement(request: Request, token: str, kind: FileKind) -> Response:
    """The last twelve months, beginning with a month."""
    office = office_of(request)
    try:
        entered = await hosted_customer.open_customer(office, token)
    except NotFound:
        return gone(request)
    async with entered.work(office, read_only=True) as work:
        today = work.today
        told = await statement(work, entered.customer_id, date(today.year - 1, today.month, 1), today)
    language = spoken(request.query_params.get("lang"), entered.locale)
    header, rows = customer_view.statement_rows(told, language.code)
    headers = {
        "Content-Disposition": f'attachment; filename="statement-{today.isoformat()}.{kind}"',
        "X-Robots-Tag": HEADERS["X-Robots-Tag"],
    }
    parts = report_parts(kind, "statement", header, _batch(rows))
    return StreamingResponse(parts, media_type=TYPES[kind], headers=headers)


@router.api_route("/{token}/{invoice_id}", methods=["GET", "HEAD"])
async def show_invoice(request: Request, token: str, invoice_id: str) -> Response:
    return await answering.page(request, _way(request, token, invoice_id), "invoice")


@router.api_route("/{token}/{invoice_id}/pdf", methods=["GET", "HEAD"])
async def download_invoice(request: Request, token: str, invoice_id: str) -> Response:
    return await answering.download(request, _way(request, token, invoice_id))


@router.api_route("/{token}/{invoice_id}/promise", methods=["GET", "HEAD"])
async def ask_promise(request: Request, token: str, invoice_id: str) -> Response:
    return await answering.page(request, _way(request, token, invoice_id), "promise")


@router.post("/{token}/{invoice_id}/promise")
async def promise(request: Request, token: str, invoice_id: str) -> Response:
    return await answering.promise(request, _way(request, token, invoice_id))


@router.api_route("/{token}/{invoice_id}/dispute", methods=["GET", "HEAD"])
async def ask_dispute(request: Request, token: str, invoice_id: str) -> Response:
    return await answering.page(request, _way(request, token, invoice_id), "dispute")


@router.post("/{token}/{invoice_id}/dispute")
async def contest(request: Request, token: str, invoice_id: str) -> Response:
    return await answering.contest(request, _way(request, token, invoice_id))


@router.api_route("/{token}/{invoice_id}/paid", methods=["GET", "HEAD"])
async def ask_paid(request: Request, token: str, invoice_id: str) -> Response:
    return await answering.page(request, _way(request, token, invoice_id), "paid")


@router.post("/{token}/{invoice_id}/paid")
async def claim(request: Request, token: str, invoice_id: str) -> Response:
    return await answering.claim(request, _way(request, token, invoice_id))


@router.post("/{token}/{invoice_id}/checkout")
async def pay(request: Request, token: str, invoice_id: str) -> Response:
    return await paying.pay(request, _way(request, token, invoice_id))


@router.post("/{token}/{invoice_id}/checkout/look")
async def look(request: Request, token: str, invoice_id: str) -> Response:
    return await paying.look(request, _way(request, token, invoice_id))


@router.api_route("/{token}/{invoice_id}/checkout", methods=["GET", "HEAD"])
async def come_back(request: Request, token: str, invoice_id: str) -> Response:
    return await paying.come_back(request, _way(request, token, invoice_id))


def _way(request: Request, token: str, invoice_id: str) -> Way:
    """What is no id is nobody's invoice."""
    named = reading.cursor(invoice_id) or UUID(int=0)
    enter = partial(hosted_customer.open_invoice, office_of(request), token, named)
    return Way(f"{CUSTOMER_PATH}{token}/{named}", enter, back=CUSTOMER_PATH + token)


async def _batch(rows: Sequence[Sequence[ReportValue]]) -> AsyncIterator[Sequence[Sequence[ReportValue]]]:
    yield rows


async def _page(request: Request, token: str, step: str, form: Form | None = None) -> Response:
    house, office = house_of(request), office_of(request)
    try:
        entered = await hosted_customer.open_customer(office, token)
    except NotFound:
        return gone(request)
    told = await hosted_customer.show_page(office, entered)
    if step == "promise" and form is None and not told.may_promise:
        return RedirectResponse(CUSTOMER_PATH + token, status_code=303)
    logo = await logo_of(house.press, entered.tenant_id, told.branding.get("logo_file_id"))
    language = spoken(request.query_params.get("lang"), told.locale)
    path, form = CUSTOMER_PATH + token, form or Form()
    html = (
        pages.environment("en")
        .get_template("public/customer.html")
        .render(
            **customer_view.shown(told, language, path, logo),
            here=path if step == "all" else f"{path}/{step}",
            step=step,
            form=form,
            refusals={one.field or "": refusal_words(language.code, one) for one in form.refusals},
        )
    )
    return HTMLResponse(html, status_code=form.status, headers=headers_of(request, language.code))
