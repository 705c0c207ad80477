"""Which units are in service when, and how they are written."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.catalog.queries.prices import name_of_customer
from bursar.catalog.tables import billable_units, products
from bursar.core.schema import same_tenant
from bursar.core.sets import Columns, among, rows
from bursar.core.work import Work
from bursar.tenancy.tables import customers

_MARK: Columns = {"customer_id": sa.UUID(), "product_id": sa.UUID(), "label": sa.Text()}
_NEW: Columns = {**_MARK, "active_from": sa.Date(), "active_to": sa.Date()}


def same_units(work: Work, marks: Sequence[tuple[UUID, UUID, str]]) -> sa.Select:
    """Every row of these units, past and to come: a unit that came back has several."""
    asked = rows("asked", _MARK, marks)
    same = sa.and_(*(billable_units.c[name] == asked.c[name] for name in _MARK))
    return sa.select(billable_units).join(asked, same).where(billable_units.c.tenant_id == work.tenant_id)


def units_by_id(work: Work, ids: Sequence[UUID], *, lock: bool = False) -> sa.Select:
    """Those of `ids` that exist, in their order."""
    found = (
        sa.select(billable_units)
        .where(billable_units.c.tenant_id == work.tenant_id, among(billable_units.c.id, ids))
        .order_by(billable_units.c.id)
    )
    return found.with_for_update() if lock else found


def list_units(work: Work, wanted: Mapping[str, Any], before: UUID | None, limit: int | None) -> sa.Select:
    """Units with their customer's and product's names that meet `wanted`, the newest first."""
    named = same_tenant(customers, billable_units) & (customers.c.id == billable_units.c.customer_id)
    sold = same_tenant(products, billable_units) & (products.c.id == billable_units.c.product_id)
    found = (
        sa.select(billable_units, name_of_customer(), products.c.code, products.c.name.label("product_name"))
        .join(customers, named)
        .join(products, sold)
        .where(billable_units.c.tenant_id == work.tenant_id, *_meets(wanted))
    )
    if before is not None:
        found = found.where(billable_units.c.id < before)
    return found.order_by(billable_units.c.id.desc()).limit(limit)


def count_units(work: Work, wanted: Mapping[str, Any]) -> sa.Select:
    """For each customer and product how many units are in service on the day of `wanted`; none gives no row."""
    pair = (billable_units.c.customer_id, billable_units.c.product_id)
    return (
        sa.select(*pair, sa.func.count().label("units"))
        .join(
            customers,
            same_tenant(customers, billable_units) & (customers.c.id == billable_units.c.customer_id),
        )
        .where(billable_units.c.tenant_id == work.tenant_id, *_meets(wanted))
        .group_by(*pair)
        .order_by(*pair)
    )


def in_service(table: sa.FromClause, day: date | sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    """A unit of `table` that is counted on `day`: from its first day on, not on its last."""
    return (table.c.active_from <= day) & (table.c.active_to.is_(None) | (table.c.active_to > day))


def add_units(work: Work, given: Sequence[Sequence[Any]]) -> sa.Insert:
    """New units; the trigger looks once more whether one would be counted twice on one day."""
    new = rows("new", _NEW, given)
    columns = {"tenant_id": sa.literal(work.tenant_id), **{name: new.c[name] for name in _NEW}}
    return (
        sa.insert(billable_units)
        .from_select([*columns], sa.select(*columns.values()).select_from(new))
        .returning(*(billable_units.c[name] for name in ("id", *_MARK, "active_from")))
    )


def end_units(work: Work, given: Sequence[tuple[UUID, date]]) -> sa.Update:
    """Each of these units is counted for the last time on the day before the one given with it."""
    ends = rows("ends", {"id": sa.UUID(), "day": sa.Date()}, given)
    return (
        sa.update(billable_units)
        .where(billable_units.c.tenant_id == work.tenant_id, billable_units.c.id == ends.c.id)
        .values(active_to=ends.c.day)
    )


def remove_unit(work: Work, unit_id: UUID) -> sa.Delete:
    return sa.delete(billable_units).where(
        billable_units.c.tenant_id == work.tenant_id, billable_units.c.id == unit_id
    )


def _meets(wanted: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    conditions = [
        billable_units.c[name] == wanted[name]
        for name in ("id", "customer_id", "product_id")
        if wanted.get(name)
    ]
    if wanted.get("labels"):
        labels = sa.literal(wanted["labels"], sa.ARRAY(sa.Text))
        conditions.append(billable_units.c.label == sa.any_(labels))
    if wanted.get("open"):
        conditions.append(billable_units.c.active_to.is_(None))
    if wanted.get("on"):
        conditions.append(in_service(billable_units, wanted["on"]))
    if wanted.get("text"):
        names = (
            billable_units.c.label,
            customers.c.company_name,
            customers.c.full_name,
            customers.c.external_code,
        )
        conditions.append(sa.or_(*(name.icontains(wanted["text"], autoescape=True) for name in names)))
    return conditions
