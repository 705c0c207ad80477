"""How the firm numbers, taxes and is paid; and the rates of exchange."""

from typing import Any, cast
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing import exchange_rates
from bursar.billing.preferences import SettingsInput, billing_settings, change_billing_settings
from bursar.billing.rules import SeriesStrategy
from bursar.billing.settings import CONTINUOUS_BY_LAW, BillingSettings
from bursar.catalog.kinds import TaxCategory
from bursar.core.errors import N_, Conflict, Invalid
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()

PAGE = 50
TEXTS = ("strategy", "prefix", "payment_instructions", "account_name", "iban", "bic", "bank")
CHOICES = ("default_tax_category",)
WHOLES = ("due_days", "reminder_days_before", "overdue_days_after", "issue_within_days", "warn_after_days")
FLAGS = ("auto_issue", "notice_issued", "notice_receipt")


@router.get("/settings/billing")
async def show_billing(request: Request) -> Response:
    async with viewer_work(request) as work:
        told = await billing_settings(work)
    return await _page(request, Form(_values(told)))


@router.post("/settings/billing")
async def save_billing(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await change_billing_settings(work, _given(typed))
    except (Invalid, Conflict) as refusal:
        return await _page(request, Form(typed).refused(refusal))
    return pages.see_other(request, "/settings/billing", toast=N_("Saved."))


@router.get("/settings/rates")
async def show_rates(request: Request, before: str = "") -> Response:
    return await _rates(request, Form(), before)


@router.post("/settings/rates")
async def add_rate(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await exchange_rates.add_rate(
                work,
                typed.get("currency", "").strip().upper(),
                reading.day(typed, "on_date"),
                reading.number(typed.get("rate", ""), "rate"),
                source=typed.get("source", ""),
            )
    except (Invalid, Conflict) as refusal:
        return await _rates(request, Form(typed).refused(refusal))
    return pages.see_other(request, "/settings/rates", toast=N_("The rate is entered."))


@router.post("/settings/rates/{rate_id}/removal")
async def remove_rate(request: Request, rate_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await exchange_rates.remove_rate(work, rate_id)
    return pages.see_other(request, "/settings/rates", toast=N_("The rate is gone."))


def _given(typed: dict[str, str]) -> SettingsInput:
    """A box that is not ticked is not sent: it says no."""
    given: dict[str, Any] = {name: typed[name] for name in (*TEXTS, *CHOICES) if name in typed}
    given |= {name: _whole(typed[name], name) for name in WHOLES if name in typed}
    given |= {name: name in typed for name in FLAGS}
    if "default_tax_rate" in typed:
        given["default_tax_rate"] = reading.number(typed["default_tax_rate"] or "0", "default_tax_rate")
    return cast("SettingsInput", given)


def _whole(text: str, field: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text.strip()) > reading.LONGEST_WHOLE:
        raise Invalid(N_("Write a whole number, like 14."), code="number_unreadable", field=field)
    return int(text)


def _values(told: BillingSettings) -> dict[str, Any]:
    values = {
        "strategy": told.series.strategy,
        "prefix": told.series.prefix,
        "due_days": told.terms.due.days,
        "default_tax_category": told.default_tax_category,
        "default_tax_rate": f"{told.default_tax_rate.normalize():f}",
        "payment_instructions": told.payment_instructions,
        "auto_issue": told.auto_issue,
        "notice_issued": told.notices.issued,
        "notice_receipt": told.notices.receipt,
        "reminder_days_before": told.notices.reminder_days_before,
        "overdue_days_after": told.notices.overdue_days_after,
        "issue_within_days": told.limits.issue_within_days,
        "warn_after_days": told.limits.warn_after_days,
    }
    return {**values, **{name: getattr(told.bank, name) for name in ("account_name", "iban", "bic", "bank")}}


async def _page(request: Request, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        firm = await this_tenant(work)
    return pages.render(
        request,
        "staff/billing_settings.html",
        status=form.status,
        form=form,
        continuous=firm.country in CONTINUOUS_BY_LAW,
        strategies=list(SeriesStrategy),
        categories=list(TaxCategory),
    )


async def _rates(request: Request, form: Form, before: str = "") -> Response:
    async with viewer_work(request, read_only=True) as work:
        own = await exchange_rates.tax_currency(work)
        found = await exchange_rates.list_rates(work, before=reading.cursor(before), limit=PAGE + 1)
    return pages.render(
        request,
        "staff/exchange_rates.html",
        status=form.status,
        form=form,
        own=own,
        rows=found[:PAGE],
        next=found[PAGE - 1].id if len(found) > PAGE else None,
    )
