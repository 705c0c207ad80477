"""The firm itself: its profile, calendar and slug."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningDelete

from bursar.core.work import Work
from bursar.tenancy.tables import holidays, tenant_slugs, tenants


def take_slug(slug: str, tenant_id: UUID) -> sa.Insert:
    """The slug's row; none comes back if another tenant has it (slugs are global)."""
    return (
        insert(tenant_slugs)
        .values(slug=slug, tenant_id=tenant_id)
        .on_conflict_do_nothing(index_elements=["slug"])
        .returning(tenant_slugs.c.slug)
    )


def tenant_of_slug(slug: str) -> sa.Select:
    return sa.select(tenant_slugs.c.tenant_id).where(tenant_slugs.c.slug == slug)


def add_tenant(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(tenants).values(tenant_id=work.tenant_id, id=work.tenant_id, **values)


def this_tenant(work: Work, *, lock: bool = False) -> sa.Select:
    found = sa.select(tenants).where(tenants.c.tenant_id == work.tenant_id)
    return found.with_for_update(key_share=True) if lock else found


def country_of(work: Work) -> sa.Select:
    return sa.select(tenants.c.country).where(tenants.c.tenant_id == work.tenant_id)


def edit_tenant(work: Work, values: Mapping[str, Any]) -> sa.Update:
    return sa.update(tenants).where(tenants.c.tenant_id == work.tenant_id).values(**values)


def change_settings(work: Work, values: Mapping[str, Any]) -> sa.Update:
    """The named settings replaced, the others as they are, in one statement that loses no other's."""
    added = sa.cast(sa.literal(dict(values), tenants.c.settings.type), tenants.c.settings.type)
    return (
        sa.update(tenants)
        .where(tenants.c.tenant_id == work.tenant_id)
        .values(settings=tenants.c.settings.concat(added))
    )


def holidays_of(work: Work, first: date | None = None, last: date | None = None) -> sa.Select:
    """The tenant's holidays by date, those of [first, last] if given; proposals too."""
    found = sa.select(holidays).where(holidays.c.tenant_id == work.tenant_id)
    if first is not None:
        found = found.where(holidays.c.on_date >= first)
    if last is not None:
        found = found.where(holidays.c.on_date <= last)
    return found.order_by(holidays.c.on_date)


def propose_holidays(work: Work, rows: list[dict[str, Any]]) -> sa.Insert:
    """New rows for days that have none: what the firm said about a day stays."""
    return (
        insert(holidays)
        .values([{"tenant_id": work.tenant_id, **row} for row in rows])
        .on_conflict_do_nothing(index_elements=["tenant_id", "on_date"])
        .returning(holidays.c.on_date)
    )


def set_holiday(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    """What the firm says about a day, over whatever stood there."""
    stated = insert(holidays).values(tenant_id=work.tenant_id, **values)
    return stated.on_conflict_do_update(
        index_elements=["tenant_id", "on_date"],
        set_={name: stated.excluded[name] for name in values if name != "on_date"},
    ).returning(holidays.c.id)


def confirm_holidays(work: Work, days: list[date]) -> sa.Update:
    """Those of `days` that are proposals still."""
    return (
        sa.update(holidays)
        .where(
            holidays.c.tenant_id == work.tenant_id,
            holidays.c.on_date == sa.any_(sa.literal(days, sa.ARRAY(sa.Date))),
            ~holidays.c.confirmed,
        )
        .values(confirmed=True)
        .returning(holidays.c.on_date)
    )


def remove_holiday(work: Work, day: date) -> ReturningDelete:
    return (
        sa.delete(holidays)
        .where(holidays.c.tenant_id == work.tenant_id, holidays.c.on_date == day)
        .returning(holidays.c.id)
    )
