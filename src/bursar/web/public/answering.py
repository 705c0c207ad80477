"""An invoice as its customer sees and answers it, however they came: by its own link, or by their page's.

Asking changes nothing, since scanners of mails follow every link: each answer is a form behind a link, and a POST.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bursar.billing import hosted
from bursar.billing.documents.keeping import PDF, logo_of, pdf_of
from bursar.billing.hosted import Hosted, Opened
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
from bursar.web.public.invoice_words import refusal_words
from bursar.web.public.page_headers import HEADERS, headers_of
from bursar.web.public.wording import spoken
from bursar.web.sessions import office_of, origin_of

CONTESTED = tuple(reason for reason in DisputeReason if reason is not DisputeReason.ALREADY_PAID)

Act = Callable[[Work, Opened], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody came to an invoice: its address here, what opens it or raises `NotFound`, the page it hangs on."""

    path: str
    enter: Callable[[], Awaitable[Opened]]
    back: str | None = None


async def page(request: Request, way: Way, step: str, form: Form | None = None) -> Response:
    """The invoice, or the form of one answer."""
    house, office = house_of(request), office_of(request)
    try:
        opened = await way.enter()
    except NotFound:
        return gone(request)
    async with opened.work(office, read_only=True) as work:
        told = await hosted.show(work, opened)
    if step != "invoice" and form is None and step not in invoice_view.offers(told):
        return RedirectResponse(way.path, status_code=303)
    logo = await logo_of(house.press, opened.tenant_id, told.branding.get("logo_file_id"))
    return _rendered(request, way, step, told, form or _blank(told), logo)


async def download(request: Request, way: Way) -> Response:
    """The PDF as it was printed; nothing is printed because a scanner asked for it."""
    try:
        opened = await way.enter()
        async with opened.work(office_of(request), read_only=True) as work:
            told = await hosted.show(work, opened)
        if told.document is None or told.document.pdf_file_id is None:
            return gone(request)
        printed = await pdf_of(house_of(request).press, opened.tenant_id, told.document)
    except NotFound:
        return gone(request)
    headers = {
        "Content-Disposition": f'attachment; filename="{printed.name}"',
        "X-Robots-Tag": HEADERS["X-Robots-Tag"],
    }
    return Response(printed.data, media_type=PDF, headers=headers)


async def promise(request: Request, way: Way) -> Response:
    typed = await reading.typed(request)

    async def act(work: Work, opened: Opened) -> None:
        await hosted.promise(work, opened, reading.day(typed, "promised_for"))

    return await _answer(request, way, "promise", typed, act)


async def contest(request: Request, way: Way) -> Response:
    typed = await reading.typed(request)

    async def act(work: Work, opened: Opened) -> None:
        reason = DisputeReason(reading.must_be(typed, "reason", CONTESTED))
        await hosted.contest(work, opened, reason, typed.get("statement", ""))

    return await _answer(request, way, "dispute", typed, act)


async def claim(request: Request, way: Way) -> Response:
    """With a proof or without; nothing is read for a link that opens nothing, and the file is judged before a write."""
    try:
        await way.enter()
    except NotFound:
        return gone(request)
    async with request.form(max_files=1, max_fields=20) as form:
        typed = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        upload = form.get("file")
        file = upload if isinstance(upload, UploadFile) and upload.filename else None
        return await _claim(request, way, typed, file)


def house_of(request: Request) -> House:
    return request.app.state.house


async def _claim(request: Request, way: Way, typed: dict[str, str], file: UploadFile | None) -> Response:
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
            doorman = house_of(request).doorman
            taken.append(await doorman.take(opened.tenant_id, file.filename or "", _chunks(file)))

    return await _answer(request, way, "paid", typed, act, before)


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(64 * 1024):
        yield chunk


async def _answer(
    request: Request,
    way: Way,
    form: str,
    typed: dict[str, str],
    act: Act,
    before: Callable[[Opened], Awaitable[None]] | None = None,
) -> Response:
    """Do it once and go back to where the customer came from; what was refused is shown in the form."""
    office, origin = office_of(request), origin_of(request)
    try:
        opened = await way.enter()
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
        return await page(request, way, form, Form(typed).refused(refusal))
    return RedirectResponse((way.back or way.path) + asked_language(request), status_code=303)


def asked_language(request: Request) -> str:
    """The language that was asked for stays from page to page."""
    language = request.query_params.get("lang")
    return f"?lang={spoken(language).code}" if language else ""


def _rendered(request: Request, way: Way, step: str, told: Hosted, form: Form, logo: str | None) -> Response:
    language = spoken(request.query_params.get("lang"), told.locale)
    refusals = {one.field or "": refusal_words(language.code, one) for one in form.refusals}
    shown = invoice_view.shown(told, language, way.path, logo)
    here = way.path if step == "invoice" else f"{way.path}/{step}"
    html = (
        pages.environment("en")
        .get_template("public/invoice.html")
        .render(**shown, here=here, back=way.back, step=step, form=form, refusals=refusals, reasons=CONTESTED)
    )
    return HTMLResponse(html, status_code=form.status, headers=headers_of(request, language.code))


def _blank(told: Hosted) -> Form:
    return Form({"amount": told.invoice.balance.plain(), "paid_on": told.today.isoformat()})
