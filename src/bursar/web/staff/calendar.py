"""When the firm may be heard: its week, its holidays."""

from collections.abc import Mapping
from datetime import date, time

from fastapi import Request
from starlette.responses import Response

from bursar.core.calendar import WEEKDAYS, Calendar, ShortDays, Window
from bursar.core.errors import N_, Conflict, Invalid
from bursar.tenancy import calendars
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()

REFUSED = (Invalid, Conflict)


@router.get("/settings/calendar")
async def show_calendar(request: Request, year: str = "") -> Response:
    return await _calendar(request, Form(), year)


async def _calendar(request: Request, form: Form, year: str = "") -> Response:
    async with viewer_work(request, read_only=True) as work:
        shown = int(year) if year.isdecimal() and len(year) == 4 else work.today.year
        calendar = await calendars.calendar_of(work)
        holidays = await calendars.holidays_of(work, min(max(shown, 2000), 2100))
    return pages.render(
        request,
        "staff/calendar.html",
        status=form.status,
        form=form,
        hours=_hours(calendar, form),
        holidays=holidays,
        seasons=calendar.short,
        year=shown,
    )


def _hours(calendar: Calendar, form: Form) -> dict[str, tuple[str, str]]:
    """Opening and closing of each day as they are, or as just typed; a day off has two empty texts."""
    week = calendar.dump()["week"]
    return {
        day: (
            form.value(f"{day}-from", (week[day] or ("", ""))[0]),
            form.value(f"{day}-to", (week[day] or ("", ""))[1]),
        )
        for day in WEEKDAYS
    }


@router.post("/settings/calendar")
async def save_calendar(request: Request) -> Response:
    typed = await reading.typed(request)
    pairs = {day: [typed.get(f"{day}-from", ""), typed.get(f"{day}-to", "")] for day in WEEKDAYS}
    week = {day: pair if all(pair) else None for day, pair in pairs.items()}
    try:
        async with viewer_work(request) as work:
            await calendars.set_calendar(work, {"week": week})
    except REFUSED as refusal:
        return await _calendar(request, Form(typed).refused(refusal))
    return pages.see_other(request, "/settings/calendar", toast=N_("Saved."))


@router.post("/settings/holidays")
async def set_holiday(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            day = reading.day(typed, "on_date")
            await calendars.set_holiday(work, day, typed.get("label", ""), half=typed.get("half") == "yes")
    except REFUSED as refusal:
        return await _calendar(request, Form(typed).refused(refusal))
    return _to_year(request, str(day.year), N_("Saved."))


@router.post("/settings/short-days")
async def add_short_days(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            season = ShortDays(
                reading.day(typed, "first"),
                reading.day(typed, "last"),
                Window(_clock_time(typed, "opens"), _clock_time(typed, "closes")),
            )
            known = (await calendars.calendar_of(work)).short
            await calendars.set_short_days(work, [*known, season])
    except REFUSED as refusal:
        return await _calendar(request, Form(typed).refused(refusal))
    return pages.see_other(request, "/settings/calendar", toast=N_("Saved."))


@router.post("/settings/short-days/{first}/removal")
async def remove_short_days(request: Request, first: date) -> Response:
    async with viewer_work(request) as work:
        known = (await calendars.calendar_of(work)).short
        await calendars.set_short_days(work, [one for one in known if one.first != first])
    return pages.see_other(request, "/settings/calendar", toast=N_("Saved."))


def _clock_time(typed: Mapping[str, str], field: str) -> time:
    try:
        return time.fromisoformat(typed.get(field, ""))
    except ValueError:
        raise Invalid(N_("Choose a time, like 09:00."), code="time_unreadable", field=field) from None


@router.post("/settings/holidays/proposals")
async def propose_holidays(request: Request) -> Response:
    year = (await reading.typed(request)).get("year", "")
    language = pages.page_view(request).language.code
    async with viewer_work(request) as work:
        wanted = int(year) if year.isdecimal() and len(year) == 4 else work.today.year
        await calendars.propose_holidays(work, wanted, language=language)
    return _to_year(request, year, N_("Look through the proposals; they count until you say otherwise."))


@router.post("/settings/holidays/confirmation")
async def confirm_holidays(request: Request) -> Response:
    year = (await reading.typed(request)).get("year", "")
    async with viewer_work(request) as work:
        shown = int(year) if year.isdecimal() and len(year) == 4 else work.today.year
        days = [one.on_date for one in await calendars.holidays_of(work, shown) if not one.confirmed]
        await calendars.confirm_holidays(work, days)
    return _to_year(request, year, N_("Confirmed."))


@router.post("/settings/holidays/{day}/removal")
async def remove_holiday(request: Request, day: date) -> Response:
    async with viewer_work(request) as work:
        await calendars.remove_holiday(work, day)
    return _to_year(request, str(day.year), N_("A working day after all."))


def _to_year(request: Request, year: str, toast: str) -> Response:
    query = f"?year={year}" if year.isdecimal() else ""
    return pages.see_other(request, f"/settings/calendar{query}", toast=toast)
