"""The firm's duty to send e-invoices: from when, by which law, and when somebody last looked."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from bursar.billing.documents.before_issue import REGIME
from bursar.billing.documents.obligations import (
    Obligation,
    choose_phase,
    is_obliged,
    obligations,
    phases,
    set_obligation,
)
from bursar.billing.preferences import SettingsInput, billing_settings, change_billing_settings
from bursar.core.errors import N_, Conflict, Invalid
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()


@router.get("/settings/e-invoices")
async def show_einvoicing(request: Request) -> Response:
    return await _page(request, None)


@router.post("/settings/e-invoices")
async def save_obligation(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        given = Obligation(
            regime=REGIME,
            mandatory_from=reading.day(typed, "mandatory_from"),
            asp_by=reading.day_or_none(typed, "asp_by"),
            source=typed.get("source", ""),
            checked_on=reading.day(typed, "checked_on"),
        )
        async with viewer_work(request) as work:
            await set_obligation(work, given)
    except (Invalid, Conflict) as refusal:
        return await _page(request, Form(typed).refused(refusal))
    return pages.see_other(request, "/settings/e-invoices", toast=N_("Saved."))


@router.post("/settings/e-invoices/case")
async def take_case(request: Request) -> Response:
    typed = await reading.typed(request)
    async with viewer_work(request) as work:
        await choose_phase(work, typed.get("phase", ""))
    return pages.see_other(request, "/settings/e-invoices", toast=N_("Saved."))


@router.post("/settings/e-invoices/provider")
async def choose_provider(request: Request) -> Response:
    typed = await reading.typed(request)
    async with viewer_work(request) as work:
        await change_billing_settings(work, SettingsInput(einvoice_provider=typed.get("provider") or None))
    return pages.see_other(request, "/settings/e-invoices", toast=N_("Saved."))


async def _page(request: Request, form: Form | None) -> Response:
    async with viewer_work(request, read_only=True) as work:
        firm = await this_tenant(work)
        duties = await obligations(work)
        provider = (await billing_settings(work)).einvoice_provider
        obliged = await is_obliged(work)
    duty = next((one for one in duties if one.regime == REGIME), None)
    shown = form or Form(_values(duty))
    return pages.render(
        request,
        "staff/einvoicing.html",
        status=shown.status,
        form=shown,
        duty=duty,
        obliged=obliged,
        provider=provider,
        cases=[phase for phase in phases() if phase.country == firm.country],
    )


def _values(duty: Obligation | None) -> dict[str, Any]:
    if duty is None:
        return {}
    return {name: getattr(duty, name) for name in ("mandatory_from", "asp_by", "source", "checked_on")}
