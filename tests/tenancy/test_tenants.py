"""A firm and its owner in one transaction; its profile, settings and calendar."""

from datetime import date

import pytest
import sqlalchemy as sa

from bursar.core.errors import Invalid, NotAllowed, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.tables import events
from bursar.core.work import Happened, Office, Work
from bursar.tenancy.calendars import (
    calendar_of,
    confirm_holidays,
    holidays_of,
    propose_holidays,
    remove_holiday,
    set_calendar,
    set_holiday,
)
from bursar.tenancy.tables import accounts, tenant_slugs
from bursar.tenancy.tenants import (
    change_settings,
    create_tenant,
    edit_tenant,
    find_tenant,
    settings_of,
    this_tenant,
)
from tests.makers.sign_in import DUBAI, OWNER, a_firm, enter
from tests.makers.tenancy import a_tenant, acting

pytestmark = pytest.mark.anyio

NATIONAL_DAY = date(2026, 12, 2)


async def test_a_firm_is_made_with_its_owner_and_found_by_its_slug(office: Office) -> None:
    made = await create_tenant(office, **DUBAI)

    assert await find_tenant(office, "working-title") == made.id
    assert made.invitation is not None
    assert made.invitation not in repr(made)
    async with office.work(made.id) as work:
        firm = await this_tenant(work)
        assert (firm.name, firm.country, firm.currency, firm.time_zone) == (
            "Working Title",
            "AE",
            "AED",
            "Asia/Dubai",
        )
        assert list(await work.db.scalars(sa.select(events.c.type))) == ["tenant.create"]


async def test_an_owner_with_a_password_needs_no_invitation(office: Office) -> None:
    made = await a_firm(office)

    assert made.invitation is None
    assert (await enter(office)).tenant_id == made.id


async def test_who_reacts_to_a_new_firm_sees_its_rows_and_its_day(engine, clock, keyring) -> None:
    seen = []

    async def look(work: Work, happened: Happened) -> None:
        seen.append((happened.ids, (await this_tenant(work)).slug, str(work.zone)))

    office = Office(engine, clock, keyring, {"tenant.create": (look,)})
    made = await a_firm(office)

    assert seen == [((made.id,), "working-title", "Asia/Dubai")]


async def test_an_account_serves_a_second_firm_and_keeps_its_password(office: Office) -> None:
    await a_firm(office)

    second = await create_tenant(
        office,
        **{**DUBAI, "slug": "second", "owner_email": OWNER.upper(), "password": "some other long words"},
    )

    assert second.invitation is None
    assert [each.slug for each in (await enter(office)).memberships] == ["second", "working-title"]


async def test_a_slug_is_given_once_and_a_refused_firm_leaves_nothing(office: Office) -> None:
    await a_firm(office)

    with pytest.raises(Invalid) as refusal:
        await create_tenant(office, **{**DUBAI, "owner_email": "other@example.com"})

    assert (refusal.value.field, refusal.value.code) == ("slug", "slug_taken")
    async with office.directory() as work:
        assert list(await work.db.scalars(sa.select(accounts.c.email))) == [OWNER]
        assert list(await work.db.scalars(sa.select(tenant_slugs.c.slug))) == ["working-title"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"slug": "ab"}, "slug"),
        ({"slug": "Working"}, "slug"),
        ({"slug": "-a-b"}, "slug"),
        ({"slug": "a--b"}, "slug"),
        ({"slug": "1st"}, "slug"),
        ({"slug": "admin"}, "slug"),
        ({"slug": "a" * 41}, "slug"),
        ({"name": " "}, "name"),
        ({"country": "UAE"}, "country"),
        ({"country": "XX"}, "country"),
        ({"currency": "DHS"}, "currency"),
        ({"time_zone": "GMT+4"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"locale": "tlh"}, "locale"),
        ({"owner_email": "a@b@c"}, "owner_email"),
        ({"password": "short"}, "password"),
    ],
)
async def test_what_cannot_be_used_is_refused_with_its_field(office: Office, given, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await create_tenant(office, **{**DUBAI, **given})

    assert refusal.value.field == field


async def test_an_unknown_slug_is_no_firm(office: Office) -> None:
    with pytest.raises(NotFound):
        await find_tenant(office, "nobody")


async def test_the_profile_changes_field_by_field(work: Work) -> None:
    await edit_tenant(
        work,
        {
            "legal_name": "Working Title FZ-LLC",
            "tax_number": "100 1234 5678 9103",
            "address_lines": "Office 3\n\nDubai",
        },
    )

    firm = await this_tenant(work)
    assert (firm.legal_name, firm.tax_number, firm.name) == (
        "Working Title FZ-LLC",
        "100123456789103",
        "Working Title",
    )
    assert firm.address_lines == ["Office 3", "Dubai"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"tax_number": "123"}, "tax_number"),
        ({"name": ""}, "name"),
        ({"review_url": "http://example.com"}, "review_url"),
        ({"review_url": "https://user@example.com/x"}, "review_url"),
        ({"retention_years": 0}, "retention_years"),
        ({"slug": "other"}, "slug"),
    ],
)
async def test_a_profile_that_cannot_be_is_refused(work: Work, given, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await edit_tenant(work, given)

    assert refusal.value.field == field


async def test_settings_change_by_name_and_leave_the_others(work: Work) -> None:
    await change_settings(work, {"chasing.gap_days": 3, "outbox.reply_to": "books@example.com"})
    await change_settings(work, {"chasing.gap_days": 5})

    assert await settings_of(work) == {"chasing.gap_days": 5, "outbox.reply_to": "books@example.com"}
    with pytest.raises(Invalid):
        await change_settings(work, {"Not A Name": 1})


async def test_the_calendar_is_the_countrys_until_the_firm_says_otherwise(work: Work) -> None:
    friday, sunday = date(2026, 11, 20), date(2026, 11, 22)
    assert not (await calendar_of(work)).is_working(sunday)

    calendar = await set_calendar(work, {"week": {"sun": ["09:00", "18:00"], "fri": None}})

    assert (calendar.is_working(sunday), calendar.is_working(friday)) == (True, False)
    assert await calendar_of(work) == calendar
    await set_calendar(work, {})
    assert not (await calendar_of(work)).is_working(sunday)


async def test_a_week_without_an_open_day_is_refused(work: Work) -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

    with pytest.raises(Invalid):
        await set_calendar(work, {"week": dict.fromkeys(days)})


async def test_holidays_are_proposed_once_confirmed_overruled_and_struck_out(work: Work) -> None:
    assert await propose_holidays(work, 2026) > 5
    assert await propose_holidays(work, 2026) == 0
    assert not any(day.confirmed for day in await holidays_of(work, 2026))
    assert not (await calendar_of(work)).is_working(NATIONAL_DAY)

    assert await confirm_holidays(work, [NATIONAL_DAY, date(2026, 7, 7)]) == 1
    await set_holiday(work, NATIONAL_DAY, "Eid Al Etihad", half=True)
    await propose_holidays(work, 2026)

    (day,) = [each for each in await holidays_of(work, 2026) if each.on_date == NATIONAL_DAY]
    assert (day.label, day.half, day.confirmed, day.source) == ("Eid Al Etihad", True, True, "manual")
    assert (await calendar_of(work)).is_working(NATIONAL_DAY)
    await remove_holiday(work, NATIONAL_DAY)
    with pytest.raises(NotFound):
        await remove_holiday(work, NATIONAL_DAY)


@pytest.mark.parametrize("role", [AgentRole.AGENT, AgentRole.VIEWER])
async def test_the_firm_itself_is_changed_by_admins(office: Office, role: AgentRole) -> None:
    async with office.work(await a_tenant(office), actor=acting(role)) as work:
        for act in (
            edit_tenant(work, {"name": "X"}),
            change_settings(work, {"a": 1}),
            set_calendar(work, {}),
            propose_holidays(work, 2026),
            set_holiday(work, NATIONAL_DAY, "X"),
            confirm_holidays(work, [NATIONAL_DAY]),
            remove_holiday(work, NATIONAL_DAY),
        ):
            with pytest.raises(NotAllowed):
                await act
