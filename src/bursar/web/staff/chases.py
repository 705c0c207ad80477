"""How customers and invoices are chased: the list, and what an agent does about one of them."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.chasing.sequences import chases
from bursar.chasing.sequences.chases import Chase
from bursar.chasing.sequences.sequences import list_sequences
from bursar.chasing.states import ChaseState
from bursar.core.errors import N_, Conflict, Invalid
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask

router = staff_router()
ONE = "/chases/{chase_id:uuid}"
PAGE = 50
PAUSE = (
    Ask(
        "date",
        "until",
        N_("Until"),
        N_("The first day on which it goes on. Empty: until somebody resumes it."),
        required=False,
    ),
    Ask("area", "reason", N_("Why?"), N_("Only your colleagues see it."), required=False),
)
STOP = (Ask("area", "reason", N_("Why?"), N_("Only your colleagues see it.")),)


@router.get("/chases")
async def show_chases(request: Request, state: str = "", sequence: str = "", after: str = "") -> Response:
    wanted = reading.one_of(state, ChaseState)
    async with viewer_work(request) as work:
        found = await chases.list_chases(
            work,
            state=ChaseState(wanted) if wanted else None,
            sequence_id=reading.cursor(sequence),
            cursor=reading.cursor(after),
            limit=PAGE,
        )
        known = await list_sequences(work)
    asked = {"state": wanted or "", "sequence": sequence}
    return pages.render(
        request, "staff/chases.html", fragment="results", page_of=found, asked=asked, sequences=known
    )


@router.post("/customers/{customer_id:uuid}/chases")
async def leave_customer(request: Request, customer_id: UUID) -> Response:
    """Asks how long to leave all of a customer's invoices in peace; nothing is paused yet."""
    async with viewer_work(request) as work:
        [first, *_] = await chases.chase_of_customer(work, customer_id)
    return pages.see_other(request, f"/chases/{first}/pause/new")


@router.post("/invoices/{invoice_id:uuid}/chases")
async def leave_invoice(request: Request, invoice_id: UUID) -> Response:
    """The same of a single invoice."""
    async with viewer_work(request) as work:
        [first, *_] = await chases.chase_of_invoice(work, invoice_id)
    return pages.see_other(request, f"/chases/{first}/pause/new")


@router.get(ONE)
async def show_chase(request: Request, chase_id: UUID) -> Response:
    """A chase is looked at on its customer's page, or its invoice's."""
    async with viewer_work(request) as work:
        chase = await chases.get_chase(work, chase_id)
    return pages.see_other(request, _home(chase))


@router.get(ONE + "/pause/new")
async def ask_pause(request: Request, chase_id: UUID) -> Response:
    return await _ask(request, chase_id, Form(), pausing=True)


@router.post(ONE + "/pause")
async def pause(request: Request, chase_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            until = reading.day_or_none(typed, "until")
            await chases.pause(work, chase_id, until=until, because=typed.get("reason"))
            chase = await chases.get_chase(work, chase_id)
    except (Invalid, Conflict) as refusal:
        return await _ask(request, chase_id, Form(typed).refused(refusal), pausing=True)
    return pages.see_other(request, _home(chase), toast=N_("They are left in peace."))


@router.post(ONE + "/resumption")
async def resume(request: Request, chase_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await chases.resume(work, chase_id)
        chase = await chases.get_chase(work, chase_id)
    return pages.see_other(
        request, _home(chase), toast=N_("It goes on; what was missed becomes one message.")
    )


@router.get(ONE + "/stop/new")
async def ask_stop(request: Request, chase_id: UUID) -> Response:
    return await _ask(request, chase_id, Form(), pausing=False)


@router.post(ONE + "/stop")
async def stop(request: Request, chase_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await chases.stop(work, chase_id, because=typed.get("reason", ""))
            chase = await chases.get_chase(work, chase_id)
    except (Invalid, Conflict) as refusal:
        return await _ask(request, chase_id, Form(typed).refused(refusal), pausing=False)
    return pages.see_other(request, _home(chase), toast=N_("Stopped. Nothing more is written about it."))


@router.post(ONE + "/start")
async def start(request: Request, chase_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await chases.start(work, chase_id)
        chase = await chases.get_chase(work, chase_id)
    return pages.see_other(request, _home(chase), toast=N_("It is chased again."))


async def _ask(request: Request, chase_id: UUID, form: Form, *, pausing: bool) -> Response:
    async with viewer_work(request, read_only=True) as work:
        chase = await chases.get_chase(work, chase_id)
    about = " · ".join(filter(None, (chase.customer_name, chase.invoice_number)))
    home = _home(chase)
    act = (
        Act(
            N_("Leave them in peace"),
            N_("Pause"),
            f"/chases/{chase_id}/pause",
            PAUSE,
            N_("What waits for them is called off. Afterwards what was missed becomes one message."),
            about=about,
        )
        if pausing
        else Act(
            N_("Stop writing about it?"),
            N_("Stop"),
            f"/chases/{chase_id}/stop",
            STOP,
            N_("No reminder goes out until somebody starts it again. Invoices and answers still do."),
            about=about,
            tone="danger",
        )
    )
    return ask(request, act, form, at="sequences", trail=[(about, home)])


def _home(chase: Chase) -> str:
    """Where it is looked at."""
    return f"/invoices/{chase.invoice_id}" if chase.invoice_id else f"/customers/{chase.customer_id}"
