"""What a customer answers to an invoice in the portal: a day, something wrong with it, or that it is paid.

Each act finds its invoice as the customer and runs the verb of the hosted page in the same transaction (R122).
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from bursar.billing import hosted, portal
from bursar.billing.hosted import Opened
from bursar.billing.states import DisputeReason
from bursar.core.errors import NotFound, Refusal
from bursar.core.on_behalf import go_on_as_system
from bursar.core.uploads import Taken
from bursar.core.work import Work
from bursar.tenancy import throttle
from bursar.tenancy.portal_sign_in import Guest
from bursar.web import reading
from bursar.web.forms import Form
from bursar.web.portal.guests import Signed, path_of, portal_router
from bursar.web.portal.invoice_page import invoice_page
from bursar.web.portal.rendering import go
from bursar.web.public.answering import CONTESTED, house_of
from bursar.web.sessions import office_of, origin_of

router = portal_router()

Act = Callable[[Work, Opened, str], Awaitable[None]]
"""With the invoice that was found, and its currency."""


@router.api_route("/invoices/{invoice_id}/promise", methods=["GET", "HEAD"])
async def ask_promise(request: Request, invoice_id: UUID, guest: Signed) -> Response:
    return await invoice_page(request, guest, invoice_id, "promise")


@router.post("/invoices/{invoice_id}/promise")
async def promise(request: Request, invoice_id: UUID, guest: Signed) -> Response:
    typed = await reading.typed(request)

    async def act(work: Work, opened: Opened, _currency: str) -> None:
        await hosted.promise(work, opened, reading.day(typed, "promised_for"))

    return await _answer(request, guest, invoice_id, "promise", typed, act)


@router.api_route("/invoices/{invoice_id}/dispute", methods=["GET", "HEAD"])
async def ask_dispute(request: Request, invoice_id: UUID, guest: Signed) -> Response:
    return await invoice_page(request, guest, invoice_id, "dispute")


@router.post("/invoices/{invoice_id}/dispute")
async def contest(request: Request, invoice_id: UUID, guest: Signed) -> Response:
    typed = await reading.typed(request)

    async def act(work: Work, opened: Opened, _currency: str) -> None:
        reason = DisputeReason(reading.must_be(typed, "reason", CONTESTED))
        await hosted.contest(work, opened, reason, typed.get("statement", ""))

    return await _answer(request, guest, invoice_id, "dispute", typed, act)


@router.api_route("/invoices/{invoice_id}/paid", methods=["GET", "HEAD"])
async def ask_paid(request: Request, invoice_id: UUID, guest: Signed) -> Response:
    return await invoice_page(request, guest, invoice_id, "paid")


@router.post("/invoices/{invoice_id}/paid")
async def claim(request: Request, invoice_id: UUID, guest: Signed) -> Response:
    """With a proof or without; no file is read for an invoice that is not theirs, and it is judged before a write."""
    async with guest.look(office_of(request)) as work:
        await portal.find_invoice(work, guest.customer_id, invoice_id)
    async with request.form(max_files=1, max_fields=20) as form:
        typed = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        upload = form.get("file")
        file = upload if isinstance(upload, UploadFile) and upload.filename else None
        return await _claim(request, guest, invoice_id, typed, file)


async def _claim(
    request: Request, guest: Guest, invoice_id: UUID, typed: dict[str, str], file: UploadFile | None
) -> Response:
    taken: list[Taken] = []

    async def before() -> None:
        if file is not None:
            doorman = house_of(request).doorman
            taken.append(await doorman.take(guest.tenant_id, file.filename or "", _chunks(file)))

    async def act(work: Work, opened: Opened, currency: str) -> None:
        await hosted.say_paid(
            work,
            opened,
            paid_on=reading.day(typed, "paid_on"),
            amount=reading.amount(typed, currency),
            reference=typed.get("reference", ""),
            proof=taken[0] if taken else None,
        )

    return await _answer(request, guest, invoice_id, "paid", typed, act, before)


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(64 * 1024):
        yield chunk


async def _answer(
    request: Request,
    guest: Guest,
    invoice_id: UUID,
    step: str,
    typed: dict[str, str],
    act: Act,
    before: Callable[[], Awaitable[None]] | None = None,
) -> Response:
    """Do it once and go back to the invoice; what was refused is shown in the form."""
    office, origin = office_of(request), origin_of(request)
    try:
        counters = throttle.counters("portal answer", f"{invoice_id} {step}", origin.ip)
        await throttle.count(office, *counters)
        if before is not None:
            await before()
        async with guest.act(office, origin) as work:
            found = await portal.find_invoice(work, guest.customer_id, invoice_id)
            await go_on_as_system(work)
            opened = Opened(guest.tenant_id, invoice_id, guest.customer_id, may_act=True)
            await act(work, opened, found.currency)
    except NotFound:
        raise
    except Refusal as refusal:
        return await invoice_page(request, guest, invoice_id, step, Form(typed).refused(refusal))
    return go(request, path_of(guest.firm.slug, "invoices", invoice_id))
