"""Addresses that are not written to: the list, one more by hand, and one fewer."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.outbox import suppressions
from bursar.outbox.states import Scope, SuppressionReason
from bursar.web import languages, pages, reading
from bursar.web.forms import Form
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
            options=((Scope.ALL, N_("Reminders and newsletters")), (Scope.REMINDERS, N_("Reminders only"))),
        ),
        Ask("area", "note", N_("Note"), N_("Only your colleagues see it."), required=False),
    ),
    N_("What waits for it is stopped at once. Invoices and answers still arrive."),
)


@router.get("/suppressions")
async def show_list(
    request: Request, q: str = "", reason: str = "", lifted: str = "", after: str = ""
) -> Response:
    chosen = reading.one_of(reason, SuppressionReason)
    async with viewer_work(request) as work:
        found = await suppressions.list_suppressions(
            work,
            text=reading.search(q),
            reason=SuppressionReason(chosen) if chosen else None,
            lifted=lifted == "1",
            cursor=reading.cursor(after),
            limit=PAGE,
        )
    asked = {"q": q, "reason": chosen or "", "lifted": lifted}
    return pages.render(request, "staff/suppressions.html", fragment="results", page_of=found, asked=asked)


@router.get("/suppressions/new")
async def new_one(request: Request, address: str = "") -> Response:
    return _form(request, Form({"address": address, "scope": Scope.ALL}))


@router.post("/suppressions")
async def add(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        scope = Scope(reading.must_be(typed, "scope", Scope))
        async with viewer_work(request) as work:
            await suppressions.suppress(
                work, typed.get("address", ""), scope=scope, note=typed.get("note") or None
            )
    except (Invalid, Conflict) as refusal:
        return _form(request, Form(typed).refused(refusal))
    return pages.see_other(request, "/suppressions", toast=N_("Nothing more is sent there."))


@router.post("/suppressions/{suppression_id:uuid}/lifting")
async def lift(request: Request, suppression_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await suppressions.lift(work, suppression_id)
    return pages.see_other(request, "/suppressions", toast=N_("It may be written to again."))


def _form(request: Request, form: Form) -> Response:
    code = pages.page_view(request).language.code
    trail = [(languages.say(code, N_("Suppressed addresses")), "/suppressions")]
    return ask(request, BY_HAND, form, at="sending-accounts", trail=trail)
