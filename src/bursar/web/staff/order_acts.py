"""What is done to an order: called off, and its money decided about."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.onboarding import order_list
from bursar.onboarding.ending import cancel_order
from bursar.onboarding.order_list import Order, Undecided
from bursar.onboarding.resolving import Resolution, resolve_order
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask

router = staff_router()
ONE = "/orders/{order_id:uuid}"
ACCEPT = (Resolution.ACCEPT, N_("It pays the order"))
OTHERS = (
    (Resolution.REFUND, N_("It goes back the way it came")),
    (Resolution.KEEP, N_("It stays as the customer's credit")),
)


@router.get(ONE + "/cancellation/new")
async def ask_cancellation(request: Request, order_id: UUID) -> Response:
    return await _ask_cancellation(request, order_id, Form())


@router.post(ONE + "/cancellation")
async def cancel(request: Request, order_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await cancel_order(work, order_id, because=typed.get("reason", "").strip() or None)
    except (Invalid, Conflict) as refusal:
        return await _ask_cancellation(request, order_id, Form(typed).refused(refusal))
    return _back(request, order_id, N_("Cancelled. Nobody is asked to pay for it any more."))


@router.get(ONE + "/resolution/new")
async def ask_resolution(request: Request, order_id: UUID) -> Response:
    return await _ask_resolution(request, order_id, Form())


@router.post(ONE + "/resolution")
async def resolve(request: Request, order_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await order_list.get_order(work, order_id)
            work.allow(AgentRole.AGENT)  # before what was typed is read
            how = Resolution(reading.must_be(typed, "how", Resolution))
            await resolve_order(work, order_id, how, because=typed.get("reason", ""))
    except (Invalid, Conflict) as refusal:
        return await _ask_resolution(request, order_id, Form(typed).refused(refusal))
    return _back(request, order_id, N_("Decided."))


async def _ask_cancellation(request: Request, order_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        order = await order_list.get_order(work, order_id)
    act = Act(
        N_("Cancel this order?"),
        N_("Cancel the order"),
        f"/orders/{order_id}/cancellation",
        (Ask("area", "reason", N_("Why?"), N_("Stands in the journal."), required=False),),
        N_("Its reminders stop, and a payment page that is open for it is closed."),
        _name(order),
        tone="danger",
    )
    return ask(request, act, form, at="orders", trail=_trail(order))


async def _ask_resolution(request: Request, order_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        order = await order_list.get_order(work, order_id)
        left = await order_list.undecided(work, order_id)
    return ask(request, _resolution(order, left), form, at="orders", trail=_trail(order))


def _resolution(order: Order, left: list[Undecided]) -> Act:
    """Accepting is offered for money that is not in the books yet, of an order that still waits for some."""
    may_pay = any(not one.applied for one in left) and order.paid_at is None
    return Act(
        N_("What becomes of this money?"),
        N_("Decide"),
        f"/orders/{order.id}/resolution",
        (
            Ask("select", "how", N_("Decision"), options=(ACCEPT, *OTHERS) if may_pay else OTHERS),
            Ask("area", "reason", N_("Why?"), N_("Stands in the journal.")),
        ),
        N_("Money that pays the order pays its invoice as far as it goes: less leaves the rest open."),
        " · ".join([*(str(one.amount) for one in left), _name(order)]),
    )


def _name(order: Order) -> str:
    return f"{order.sold} · {order.customer_name}"


def _trail(order: Order) -> list[tuple[str, str]]:
    return [(order.customer_name, f"/orders/{order.id}")]


def _back(request: Request, order_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/orders/{order_id}", toast=toast)
