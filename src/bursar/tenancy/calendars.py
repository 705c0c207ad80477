"""The firm's business calendar: its week and its holidays, as data that people confirm (R38, R40)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from bursar.core.calendar import Calendar, ShortDays, default_for
from bursar.core.errors import N_, Invalid, NotFound
from bursar.core.holiday_suggestions import suggested_holidays
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.tenancy import cells
from bursar.tenancy.queries import tenants as queries

_YEARS = range(2000, 2101)
MOST_SEASONS = 20


@dataclass(frozen=True, slots=True)
class Holiday:
    """`half` is a day with short hours. `confirmed` is False for a proposal, which counts all the same."""

    on_date: date
    label: str
    half: bool
    confirmed: bool
    source: str


async def calendar_of(work: Work) -> Calendar:
    """When this firm works.

    Proposed holidays count as holidays: a day too quiet is mended by a click, a reminder that went out on
    a feast day is not.
    """
    firm = (await work.db.execute(queries.this_tenant(work))).one()
    days = await work.db.execute(queries.holidays_of(work))
    return Calendar.load(firm.calendar, firm.country, {row.on_date: row.half for row in days})


async def set_calendar(work: Work, document: Mapping[str, Any]) -> Calendar:
    """The week as `Calendar.load` reads it; an empty one goes back to the country's. Raises `Invalid`."""
    work.allow(AgentRole.ADMIN)
    firm = (await work.db.execute(queries.this_tenant(work, lock=True))).one()
    kept = {"short": firm.calendar["short"]} if "short" in firm.calendar else {}
    calendar = Calendar.load({**kept, **document}, firm.country, {})
    stored = calendar.dump() if document else kept
    await work.db.execute(queries.edit_tenant(work, {"calendar": stored}))
    changes = {"before": {"calendar": firm.calendar}, "after": {"calendar": stored}}
    await work.record("tenant.edit", Record(work.tenant_id, changes=changes))
    return await calendar_of(work)


async def set_short_days(work: Work, seasons: Sequence[ShortDays]) -> None:
    """The firm's seasons of shorter days, Ramadan above all, in place of those it had. Raises `Invalid`."""
    work.allow(AgentRole.ADMIN)
    firm = (await work.db.execute(queries.this_tenant(work, lock=True))).one()
    if len(seasons) > MOST_SEASONS:
        raise Invalid(
            N_("Name at most %(most)s seasons."), code="too_many_seasons", field="calendar", most=MOST_SEASONS
        )
    calendar = Calendar.load({**firm.calendar, "short": []}, firm.country, {})
    short = tuple(sorted(seasons, key=lambda one: one.first))
    dumped = replace(calendar, short=short).dump()
    stored = {**firm.calendar, "short": dumped.get("short", [])}
    Calendar.load(stored, firm.country, {})
    await work.db.execute(queries.edit_tenant(work, {"calendar": stored}))
    changes = {"before": {"calendar": firm.calendar}, "after": {"calendar": stored}}
    await work.record("tenant.edit", Record(work.tenant_id, changes=changes))


@cache
def _public_days(country: str, year: int) -> Mapping[date, bool]:
    """What a country rests on, as far as is known; nothing for one that we know nothing of."""
    return {one.day: one.half for one in suggested_holidays(country, year, "en")}


async def calendars_by_country(work: Work) -> Callable[[str | None], Calendar]:
    """When a reader in a country may be written to: while both they and the firm work.

    Their weekend and public holidays, as far as they are known (R38, R42); where no common weekday is left, the
    firm's own calendar.
    """
    firm = (await work.db.execute(queries.this_tenant(work))).one()
    own, year = await calendar_of(work), work.today.year

    def of(country: str | None) -> Calendar:
        if country is None or country == firm.country:
            return own
        rest = {**_public_days(country, year), **_public_days(country, year + 1)}
        return own.shared_with(default_for(country).with_holidays(rest))

    return cache(of)


async def holidays_of(work: Work, year: int) -> list[Holiday]:
    rows = await work.db.execute(queries.holidays_of(work, date(year, 1, 1), date(year, 12, 31)))
    return [Holiday(row.on_date, row.label, row.half, row.confirmed, row.source) for row in rows]


async def propose_holidays(work: Work, year: int, *, language: str = "en") -> int:
    """Add the year's public holidays as proposals where the firm has said nothing yet; how many are new."""
    work.allow(AgentRole.ADMIN)
    if year not in _YEARS:
        raise Invalid(N_("Choose a year between 2000 and 2100."), code="year_unusable", field="year")
    country = (await work.db.scalars(queries.country_of(work))).one()
    rows = [
        {
            "on_date": one.day,
            "label": one.label,
            "half": one.half,
            "confirmed": False,
            "source": "suggested",
        }
        for one in suggested_holidays(country, year, language)
    ]
    if not rows:
        return 0
    added = (await work.db.scalars(queries.propose_holidays(work, rows))).all()
    if added:
        told = Record(work.tenant_id, payload={"year": year, "count": len(added)})
        await work.record("tenant.propose_holidays", told)
    return len(added)


async def set_holiday(work: Work, on_date: date, label: str, *, half: bool = False) -> None:
    """The firm's own word about a day, over any proposal."""
    work.allow(AgentRole.ADMIN)
    if cells.says_nothing(label):
        raise Invalid(N_("Give the holiday a name."), code="label_missing", field="label")
    row = {
        "on_date": on_date,
        "label": cells.parse_name(label, field="label"),
        "half": half,
        "confirmed": True,
        "source": "manual",
    }
    await work.db.execute(queries.set_holiday(work, row))
    after = {"on_date": on_date.isoformat(), "half": half}
    await work.record("tenant.set_holiday", Record(work.tenant_id, changes={"after": after}))


async def confirm_holidays(work: Work, days: Sequence[date]) -> int:
    """The proposals of these days are holidays for good; how many there were."""
    work.allow(AgentRole.ADMIN)
    confirmed = (await work.db.scalars(queries.confirm_holidays(work, list(days)))).all()
    if confirmed:
        told = Record(work.tenant_id, payload={"days": sorted(day.isoformat() for day in confirmed)})
        await work.record("tenant.confirm_holidays", told)
    return len(confirmed)


async def remove_holiday(work: Work, on_date: date) -> None:
    """A working day after all. Raises `NotFound`."""
    work.allow(AgentRole.ADMIN)
    if not (await work.db.scalars(queries.remove_holiday(work, on_date))).all():
        raise NotFound("holiday")
    before = {"on_date": on_date.isoformat()}
    await work.record("tenant.remove_holiday", Record(work.tenant_id, changes={"before": before}))
