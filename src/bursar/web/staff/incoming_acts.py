"""What is done about a message that came back: dealt with, told apart, turned into what it says, answered."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.states import DisputeReason
from bursar.chasing import replies
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.work import Work
from bursar.outbox.incoming import answering, inbox
from bursar.outbox.states import IncomingClass
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.incoming import ONE, one_page

router = staff_router()
Act = Callable[[Work, dict[str, str]], Awaitable[object]]


@router.post(ONE + "/handling")
async def handle(request: Request, reply_id: UUID) -> Response:
    async def act(work: Work, _typed: dict[str, str]) -> None:
        await inbox.handle(work, reply_id)

    return await _acted(request, reply_id, "", act, N_("Dealt with. Their reminders go on."))


@router.post(ONE + "/automatic")
async def call_automatic(request: Request, reply_id: UUID) -> Response:
    async def act(work: Work, _typed: dict[str, str]) -> None:
        await inbox.reclassify(work, reply_id, IncomingClass.AUTO_REPLY)

    return await _acted(request, reply_id, "", act, N_("Written down. Their reminders go on."))


@router.post(ONE + "/human")
async def call_human(request: Request, reply_id: UUID) -> Response:
    async def act(work: Work, _typed: dict[str, str]) -> None:
        await inbox.reclassify(work, reply_id, IncomingClass.HUMAN)

    return await _acted(request, reply_id, "", act, N_("Written down. Their reminders wait for you."))


@router.post(ONE + "/promise")
async def promise(request: Request, reply_id: UUID) -> Response:
    chosen = await _invoices(request)

    async def act(work: Work, typed: dict[str, str]) -> None:
        await replies.promised(
            work, reply_id, promised_for=reading.day(typed, "promised_for"), invoice_ids=chosen
        )

    return await _acted(
        request, reply_id, "promise", act, N_("The promise stands; nobody reminds them until then.")
    )


@router.post(ONE + "/dispute")
async def dispute(request: Request, reply_id: UUID) -> Response:
    chosen = await _invoices(request)

    async def act(work: Work, typed: dict[str, str]) -> None:
        reason = reading.must_be(typed, "reason", [str(one) for one in DisputeReason])
        words = typed.get("statement", "")
        await replies.disputed(
            work, reply_id, reason=DisputeReason(reason), statement=words, invoice_ids=chosen
        )

    return await _acted(
        request, reply_id, "dispute", act, N_("Written down; it is not chased until you decide.")
    )


@router.post(ONE + "/answers")
async def answer(request: Request, reply_id: UUID) -> Response:
    async def act(work: Work, typed: dict[str, str]) -> None:
        await answering.answer(work, reply_id, body=typed.get("body", ""), subject=typed.get("subject"))

    return await _acted(request, reply_id, "answer", act, N_("It leaves with the next batch of the mailbox."))


async def _acted(request: Request, reply_id: UUID, asked: str, act: Act, toast: str) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await act(work, typed)
    except (Invalid, Conflict) as refusal:
        return await one_page(request, reply_id, Form(typed).refused(refusal), asked)
    return pages.see_other(request, f"/replies/{reply_id}", toast=toast)


async def _invoices(request: Request) -> list[UUID]:
    """Those that were ticked; what is no id names no invoice and is refused."""
    try:
        return [UUID(one) for one in await reading.chosen(request, "invoices")]
    except ValueError as unreadable:
        raise Invalid(N_("Choose from the list."), code="invoice_unknown", field="invoices") from unreadable
