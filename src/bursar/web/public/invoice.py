"""An invoice's page for its customer: seen, downloaded and answered by whoever has the link (R126).

Asking changes nothing, since scanners of mails follow every link: each answer is a form behind a link, and a POST.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bursar.billing import hosted
from bursar.billing.documents.keeping import PDF, logo_of, pdf_of
from bursar.billing.hosted import Hosted, Opened
from bursar.billing.links import PATH
from bursar.billing.states import DisputeReason
from bursar.core.errors import NotFound, Refusal
from bursar.core.uploads import Taken
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy import throttle
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.public import invoice_view
from bursar.web.public.gone import gone
from bursar.web.public.invoice_words import refusal_words, spoken
from bursar.web.sessions import office_of, origin_of

router = APIRouter(prefix=PATH.rstrip("/"))

HEADERS = {
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
}
CONTESTED = tuple(reason for reason in DisputeReason if reason is not DisputeReason.ALREADY_PAID)
FORMS = ("promise", "paid", "dispute")

Act = Callable[[Work, Opened], Awaitable[None]]


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(request: Request, token: str) -> Response:
    return await _page(request, token, "invoice")


@router.api_route("/{token}/pdf", methods=["GET", "HEAD"])
async def download(request: Request, token: str) -> Response:
    """The PDF as it was printed; nothing is printed because a scanner asked for it."""
    try:
        opened = await hosted.open_link(office_of(request), token)
        async with opened.work(office_of(request), read_only=True) as work:
            told = await hosted.show(work, opened)
        if told.document is None or told.document.pdf_file_id is None:
            return gone(request)
        printed = await pdf_of(_house(request).press, opened.tenant_id, told.document)
    except NotFound:
        return gone(request)
    headers = {
        "Content-Disposition": f'attachment; filename="{printed.name}"',
        "X-Robots-Tag": HEADERS["X-Robots-Tag"],
    }
    return Response(printed.data, media_type=PDF, headers=headers)


@router.api_route("/{token}/promise", methods=["GET", "HEAD"])
async def ask_promise(request: Request, token: str) -> Response:
    return await _page(request, token, "promise")


@router.post("/{token}/promise")
async def promise(request: Request, token: str) -> Response:
    typed = await reading.typed(request)

    async def act(work: Work, opened: Opened) -> None:
        await hosted.promise(work, opened, reading.day(typed, "promised_for"))

    return await _answer(request, token, "promise", typed, act)


@router.api_route("/{token}/dispute", methods=["GET", "HEAD"])
async def ask_dispute(request: Request, token: str) -> Response:
    return await _page(request, token, "dispute")


@router.post("/{token}/dispute")
async def contest(request: Request, token: str) -> Response:
    typed = await reading.typed(request)

    async def act(work: Work, opened: Opened) -> None:
        reason = DisputeReason(reading.must_be(typed, "reason", CONTESTED))
        await hosted.contest(work, opened, reason, typed.get("statement", ""))

    return await _answer(request, token, "dispute", typed, act)


@router.api_route("/{token}/paid", methods=["GET", "HEAD"])
async def ask_paid(request: Request, token: str) -> Response:
    return await _page(request, token, "paid")


@router.post("/{token}/paid")
async def claim(request: Request, token: str) -> Response:
    """With a proof or without; the file is judged before anything else is written."""
    async with request.form(max_files=1, max_fields=20) as form:
        typed = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        upload = form.get("file")
        file = upload if isinstance(upload, UploadFile) and upload.filename else None
        return await _claim(request, token, typed, file)


async def _claim(request: Request, token: str, typed: dict[str, str], file: UploadFile | None) -> Response:
    taken: list[Taken] = []

    async def act(work: Work, opened: Opened) -> None:
        currency = (await hosted.show(work, opened)).invoice.balance.currency
        await hosted.say_paid(
            work,
            opened,
            paid_on=reading.day(typed, "paid_on"),
            amount=reading.amount(typed, currency),
            reference=typed.get("reference", ""),
            proof=taken[0] if taken else None,
        )

    async def before(opened: Opened) -> None:
        if file is not None:
            doorman = _house(request).doorman
            taken.append(await doorman.take(opened.tenant_id, file.filename or "", _chunks(file)))

    return await _answer(request, token, "paid", typed, act, before)


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(64 * 1024):
        yield chunk


async def _answer(
    request: Request,
    token: str,
    form: str,
    typed: dict[str, str],
    act: Act,
    before: Callable[[Opened], Awaitable[None]] | None = None,
) -> Response:
    """Do it once and go back to the page; what was refused is shown in the form."""
    office, origin = office_of(request), origin_of(request)
    try:
        opened = await hosted.open_link(office, token)
    except NotFound:
        return gone(request)
    try:
        await throttle.count(
            office, *throttle.counters("hosted invoice", f"{opened.invoice_id} {form}", origin.ip)
        )
        if before is not None and opened.may_act:
            await before(opened)
        async with opened.work(office, origin=origin) as work:
            await act(work, opened)
    except NotFound:
        return gone(request)
    except Refusal as refusal:
        return await _page(request, token, form, Form(typed).refused(refusal))
    language = request.query_params.get("lang")
    where = f"{PATH}{token}" + (f"?lang={spoken(language).code}" if language else "")
    return RedirectResponse(where, status_code=303)


async def _page(request: Request, token: str, step: str, form: Form | None = None) -> Response:
    house, office = _house(request), office_of(request)
    try:
        opened = await hosted.open_link(office, token)
    except NotFound:
        return gone(request)
    async with opened.work(office, read_only=True) as work:
        told = await hosted.show(work, opened)
    if step != "invoice" and form is None and step not in invoice_view.offers(told):
        return RedirectResponse(PATH + token, status_code=303)
    logo = await logo_of(house.press, opened.tenant_id, told.branding.get("logo_file_id"))
    return _rendered(request, token, step, told, form or _blank(told), logo)


def _rendered(
    request: Request, token: str, step: str, told: Hosted, form: Form, logo: str | None
) -> Response:
    language = spoken(request.query_params.get("lang"), told.locale)
    refusals = {one.field or "": refusal_words(language.code, one) for one in form.refusals}
    shown = invoice_view.shown(told, language, f"{PATH}{token}", logo)
    html = (
        pages.environment("en")
        .get_template("public/invoice.html")
        .render(**shown, step=step, form=form, refusals=refusals, reasons=CONTESTED)
    )
    headers = {**HEADERS, "Content-Language": language.code}
    return HTMLResponse(html, status_code=form.status, headers=headers)


def _blank(told: Hosted) -> Form:
    return Form({"amount": told.invoice.balance.plain(), "paid_on": told.today.isoformat()})


def _house(request: Request) -> House:
    return request.app.state.house
