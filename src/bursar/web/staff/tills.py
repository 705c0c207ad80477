"""Tills: where customers pay by card, connected by the firm's owner."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.tills import connecting, tills
from bursar.billing.tills.tills import TillShown
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from bursar.house import House
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import origin_of, signed_in, staff_router, viewer_work

router = staff_router()
ONE = "/tills/{till_id:uuid}"
SECRETS = ("key", "webhook_secret")
"""What is typed once and never shown again."""
TOLD_BY_STRIPE = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.payment_failed",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.closed",
)
"""The events to choose for the webhook, in Stripe's words."""


@router.get("/tills")
async def list_tills(request: Request) -> Response:
    async with viewer_work(request) as work:
        found, now = await tills.list_tills(work), work.now
    return pages.render(request, "staff/tills.html", tills=found, now=now)


@router.get("/tills/new")
async def new_till(request: Request) -> Response:
    return pages.render(request, "staff/till_new.html", form=Form())


@router.post("/tills")
async def connect(request: Request) -> Response:
    """The key is tried before it is kept."""
    typed, signed, house = await reading.typed(request), signed_in(request), _house(request)
    try:
        till_id = await connecting.connect_till(
            house.office,
            house.tills,
            signed.tenant_id,
            signed.actor,
            key=typed.get("key", ""),
            display_name=typed.get("display_name"),
            origin=origin_of(request),
        )
    except (Invalid, Conflict) as refusal:
        form = Form(_shown_again(typed)).refused(refusal)
        return pages.render(request, "staff/till_new.html", status=form.status, form=form)
    return _back(request, till_id, N_("The key works. One step is left."))


@router.get(ONE)
async def show_till(request: Request, till_id: UUID) -> Response:
    return await _page(request, till_id, Form())


@router.post(ONE + "/key")
async def replace_key(request: Request, till_id: UUID) -> Response:
    typed, signed, house = await reading.typed(request), signed_in(request), _house(request)
    try:
        await connecting.replace_key(
            house.office,
            house.tills,
            signed.tenant_id,
            signed.actor,
            till_id,
            key=typed.get("key", ""),
            origin=origin_of(request),
        )
    except (Invalid, Conflict) as refusal:
        return await _page(request, till_id, Form().refused(refusal))
    return _back(request, till_id, N_("The new key works."))


@router.post(ONE + "/webhook-secret")
async def set_webhook_secret(request: Request, till_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await connecting.set_webhook_secret(work, till_id, typed.get("webhook_secret", ""))
    except (Invalid, Conflict) as refusal:
        return await _page(request, till_id, Form().refused(refusal))
    return _back(request, till_id, N_("Ready: your customers can pay by card."))


@router.post(ONE + "/check")
async def check(request: Request, till_id: UUID) -> Response:
    signed, house = signed_in(request), _house(request)
    told = await connecting.check_till(
        house.office, house.tills, signed.tenant_id, signed.actor, till_id, origin=origin_of(request)
    )
    words = N_("The key works.") if told.last_error is None else N_("The provider does not take the key.")
    return _back(request, till_id, words)


@router.post(ONE + "/primary")
async def make_primary(request: Request, till_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await tills.make_primary(work, till_id)
    return _back(request, till_id, N_("Customers pay here now."))


@router.post(ONE + "/disablement")
async def disable(request: Request, till_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await tills.disable(work, till_id)
    return _back(request, till_id, N_("Switched off."))


async def _page(request: Request, till_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        till = await tills.get_till(work, till_id)
        values: dict[str, Any] = {"now": work.now, "hook": _hook(request, work, till)}
    return pages.render(
        request,
        "staff/till.html",
        status=form.status,
        till=till,
        form=form,
        told_by_provider=TOLD_BY_STRIPE,
        **values,
    )


def _hook(request: Request, work: Work, till: TillShown) -> str | None:
    """Where the provider reports to; for those who may set it up there."""
    if not signed_in(request).role.reaches(AgentRole.OWNER):
        return None
    return tills.hook_url(work, _house(request).settings.base_url, till)


def _shown_again(typed: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in typed.items() if name not in SECRETS}


def _back(request: Request, till_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/tills/{till_id}", toast=toast)


def _house(request: Request) -> House:
    return request.app.state.house
