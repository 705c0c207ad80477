"""Addresses that are not written to: the list, one of them with why, one more, one fewer, and the list as a file."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request
from starlette.responses import Response, StreamingResponse

from bursar.core.errors import N_, Conflict, Invalid
from bursar.outbox import suppressions
from bursar.outbox.states import Scope, SuppressionReason
from bursar.outbox.suppression_evidence import explain_suppression
from bursar.outbox.suppression_export import HEADER, suppression_rows
from bursar.tenancy.report_files import TYPES, report_parts
from bursar.web import languages, pages, reading
from bursar.web.forms import Form
from bursar.web.security import DOCUMENT_POLICY
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask

router = staff_router()
PAGE = 50
BY_HAND = Act(
    N_("Stop writing to an address"),
    N_("Stop writing to it"),
    "/suppressions",
    (
        Ask("text", "address", N_("E-mail address")),
        Ask(
            "select",
            "scope",
            N_("What to stop"),
            options=(
                (Scope.ALL, N_("Reminders and newsletters")),
                (Scope.REMINDERS, N_("Reminders only")),
                (Scope.MARKETING, N_("Newsletters only")),
            ),
        ),
        Ask(
            "select",
            "reason",
            N_("Why"),
            options=(
                (SuppressionReason.MANUAL, N_("By hand")),
                (SuppressionReason.UNSUBSCRIBE, N_("They asked for it")),
                (SuppressionReason.COMPLAINT, N_("They complained: stop invoices and receipts too")),
            ),
        ),
        Ask("date", "until", N_("Until"), N_("Empty: for good."), required=False),
        Ask("area", "note", N_("Note"), N_("Only your colleagues see it."), required=False),
    ),
    N_("What waits for it is stopped at once. Invoices and answers still arrive."),
)
LIFTING = (Ask("area", "because", N_("Why?"), N_("Stands beside it for good."), required=False),)


@router.get("/suppressions")
async def show_list(
    request: Request, q: str = "", reason: str = "", scope: str = "", lifted: str = "", after: str = ""
) -> Response:
    async with viewer_work(request) as work:
        found = await suppressions.list_suppressions(
            work,
            **_wanted(q, reason, scope),
            lifted=lifted == "1",
            cursor=reading.cursor(after),
            limit=PAGE,
        )
    asked = {"q": q, "reason": reason, "scope": scope, "lifted": lifted}
    return pages.render(request, "staff/suppressions.html", fragment="results", page_of=found, asked=asked)


@router.get("/suppressions/new")
async def new_one(request: Request, address: str = "") -> Response:
    return _form(request, Form({"address": address, "scope": Scope.ALL, "reason": SuppressionReason.MANUAL}))


@router.get("/exports/suppressions.{kind}")
async def export(
    request: Request,
    kind: Annotated[str, Path(pattern="^(csv|xlsx)$")],
    q: str = "",
    reason: str = "",
    scope: str = "",
) -> Response:
    """Those in force that the list shows, in the columns that an import reads."""
    words = languages.words_of(pages.page_view(request).language.code).gettext
    wanted = _wanted(q, reason, scope)

    async def rows() -> AsyncIterator[Any]:
        async with viewer_work(request) as work:
            async for batch in suppression_rows(work, **wanted):
                yield batch

    headers = {
        "Content-Disposition": f'attachment; filename="suppressions.{kind}"',
        "Content-Security-Policy": DOCUMENT_POLICY,
    }
    parts = report_parts(kind, "suppressions", [words(name) for name in HEADER], rows())
    return StreamingResponse(parts, media_type=TYPES[kind], headers=headers)


@router.post("/suppressions")
async def add(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        scope = Scope(reading.must_be(typed, "scope", Scope))
        reason = reading.one_of(typed.get("reason", ""), SuppressionReason) or SuppressionReason.MANUAL
        until = reading.day_or_none(typed, "until")
        async with viewer_work(request) as work:
            await suppressions.suppress(
                work,
                typed.get("address", ""),
                scope=scope,
                reason=SuppressionReason(reason),
                note=typed.get("note") or None,
                expires_at=suppressions.end_of(work, until) if until else None,
            )
    except (Invalid, Conflict) as refusal:
        return _form(request, Form(typed).refused(refusal))
    return pages.see_other(request, "/suppressions", toast=N_("Nothing more is sent there."))


@router.get("/suppressions/{suppression_id:uuid}")
async def show_one(request: Request, suppression_id: UUID) -> Response:
    async with viewer_work(request) as work:
        found = await explain_suppression(work, suppression_id)
    return pages.render(request, "staff/suppression.html", found=found)


@router.get("/suppressions/{suppression_id:uuid}/lifting/new")
async def ask_lifting(request: Request, suppression_id: UUID) -> Response:
    return await _ask_lifting(request, suppression_id, Form())


@router.post("/suppressions/{suppression_id:uuid}/lifting")
async def lift(request: Request, suppression_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await suppressions.lift(work, suppression_id, because=typed.get("because") or None)
    except Invalid as refusal:
        return await _ask_lifting(request, suppression_id, Form(typed).refused(refusal))
    return pages.see_other(request, "/suppressions", toast=N_("It may be written to again."))


def _wanted(q: str, reason: str, scope: str) -> dict[str, Any]:
    """What of an address' query chooses something."""
    chosen, stopped = reading.one_of(reason, SuppressionReason), reading.one_of(scope, Scope)
    return {
        "text": reading.search(q),
        "reason": SuppressionReason(chosen) if chosen else None,
        "scope": Scope(stopped) if stopped else None,
    }


async def _ask_lifting(request: Request, suppression_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        found = (await explain_suppression(work, suppression_id)).suppression
    act = Act(
        N_("Write to it again?"),
        N_("Lift"),
        f"/suppressions/{suppression_id}/lifting",
        LIFTING,
        N_("What was stopped meanwhile stays stopped."),
        about=found.address_key,
    )
    trail = [(found.address_key, f"/suppressions/{suppression_id}")]
    return ask(request, act, form, at="sending-accounts", trail=trail)


def _form(request: Request, form: Form) -> Response:
    code = pages.page_view(request).language.code
    trail = [(languages.say(code, N_("Suppressed addresses")), "/suppressions")]
    return ask(request, BY_HAND, form, at="sending-accounts", trail=trail)
