"""Templates and their versions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on, insert
from sqlalchemy.sql.dml import ReturningDelete, ReturningUpdate

from bursar.core.schema import same_tenant, uuids
from bursar.core.seals import first_id_at
from bursar.core.work import Work
from bursar.outbox.tables import sends, template_versions, templates
from bursar.tenancy.tables import tenants


def versions(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """These versions with what compiling them needs."""
    v, t = template_versions, templates
    columns = (v.c.id, v.c.locale, v.c.subject, v.c.preheader, v.c.body, v.c.body_format, v.c.required_tags)
    return (
        sa.select(*columns, t.c.category)
        .join(t, sa.and_(same_tenant(t, v), t.c.id == v.c.template_id))
        .where(v.c.tenant_id == work.tenant_id, v.c.id == sa.any_(uuids(ids)))
    )


def add(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    """The new template; no row if its code is taken."""
    return (
        insert(templates)
        .values(tenant_id=work.tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "code"])
        .returning(templates.c.id)
    )


def add_library(work: Work, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """The templates everybody starts with, those that are not there yet."""
    return (
        insert(templates)
        .values([{"tenant_id": work.tenant_id, **row} for row in rows])
        .on_conflict_do_nothing(index_elements=["tenant_id", "code"])
        .returning(templates.c.id, templates.c.code)
    )


def codes(work: Work) -> sa.Select:
    return sa.select(templates.c.code).where(templates.c.tenant_id == work.tenant_id)


def categories_with_default(work: Work) -> sa.Select:
    return sa.select(templates.c.category).where(
        templates.c.tenant_id == work.tenant_id, templates.c.channel == "email", templates.c.is_default
    )


def add_versions(work: Work, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    return (
        sa.insert(template_versions)
        .values([{"tenant_id": work.tenant_id, **row} for row in rows])
        .returning(template_versions.c.id)
    )


def one(work: Work, template_id: UUID, *, lock: bool = False) -> sa.Select:
    found = sa.select(templates).where(templates.c.tenant_id == work.tenant_id, templates.c.id == template_id)
    return found.with_for_update(key_share=True) if lock else found


def by_code(work: Work, code: str) -> sa.Select:
    return sa.select(templates).where(templates.c.tenant_id == work.tenant_id, templates.c.code == code)


def edit(work: Work, template_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    return (
        sa.update(templates)
        .where(templates.c.tenant_id == work.tenant_id, templates.c.id == template_id)
        .values(**values)
    )


def unmake_usual(work: Work, channel: str, category: str) -> ReturningUpdate[Any]:
    """The usual one of a kind stops being it; its id, if there was one."""
    return (
        sa.update(templates)
        .where(
            templates.c.tenant_id == work.tenant_id,
            templates.c.channel == channel,
            templates.c.category == category,
            templates.c.is_default,
        )
        .values(is_default=False)
        .returning(templates.c.id)
    )


def versions_of(work: Work, template_id: UUID) -> sa.Select:
    """All versions of a template, the newest of each language first."""
    v = template_versions
    return (
        sa.select(v)
        .where(v.c.tenant_id == work.tenant_id, v.c.template_id == template_id)
        .order_by(v.c.locale, v.c.number.desc())
    )


def one_version(work: Work, version_id: UUID) -> sa.Select:
    """A version with its template's category, the template locked: numbers and drafts are made one at a time."""
    v, t = template_versions, templates
    return (
        sa.select(v, t.c.category)
        .join(t, sa.and_(same_tenant(t, v), t.c.id == v.c.template_id))
        .where(v.c.tenant_id == work.tenant_id, v.c.id == version_id)
        .with_for_update(key_share=True, of=t)
    )


def edit_draft(work: Work, version_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    v = template_versions
    return (
        sa.update(v)
        .where(v.c.tenant_id == work.tenant_id, v.c.id == version_id, v.c.published_at.is_(None))
        .values(**values)
        .returning(v.c.id)
    )


def drop_draft(work: Work, version_id: UUID) -> ReturningDelete[Any]:
    v = template_versions
    return (
        sa.delete(v)
        .where(v.c.tenant_id == work.tenant_id, v.c.id == version_id, v.c.published_at.is_(None))
        .returning(v.c.id)
    )


def current_versions(work: Work, template_id: UUID) -> sa.Select:
    """The newest published version of each language of a template, with the firm's own language beside it."""
    v = template_versions
    return (
        sa.select(v.c.id, v.c.locale, v.c.published_at, tenants.c.locale.label("of_tenant"))
        .join(tenants, same_tenant(tenants, v))
        .where(v.c.tenant_id == work.tenant_id, v.c.template_id == template_id, v.c.published_at.is_not(None))
        .ext(distinct_on(v.c.locale))
        .order_by(v.c.locale, v.c.number.desc())
    )


def versions_of_category(work: Work, category: str) -> sa.Select:
    """The newest published version of each language of the template that a category begins with: its default,
    else the first by code. The firm's own language stands beside each.
    """
    t, v = templates, template_versions
    first = (
        sa.select(t.c.id)
        .where(t.c.tenant_id == work.tenant_id, t.c.category == category, t.c.channel == "email", t.c.active)
        .order_by(t.c.is_default.desc(), t.c.code)
        .limit(1)
        .scalar_subquery()
    )
    return (
        sa.select(v.c.locale, v.c.id, tenants.c.locale.label("of_tenant"))
        .join(tenants, same_tenant(tenants, v))
        .where(v.c.tenant_id == work.tenant_id, v.c.template_id == first, v.c.published_at.is_not(None))
        .ext(distinct_on(v.c.locale))
        .order_by(v.c.locale, v.c.number.desc())
    )


def all_of_tenant(work: Work, category: str | None, *, active_only: bool) -> sa.Select:
    """Templates by category and name, with the languages that are published and those with a draft."""
    t, v = templates, template_versions
    theirs = sa.and_(same_tenant(v, t), v.c.template_id == t.c.id)
    published = (
        sa.select(sa.func.array_agg(aggregate_order_by(v.c.locale.distinct(), v.c.locale)))
        .where(theirs, v.c.published_at.is_not(None))
        .scalar_subquery()
    )
    drafts = (
        sa.select(sa.func.array_agg(aggregate_order_by(v.c.locale, v.c.locale)))
        .where(theirs, v.c.published_at.is_(None))
        .scalar_subquery()
    )
    chosen = [t.c.tenant_id == work.tenant_id]
    if category is not None:
        chosen.append(t.c.category == category)
    if active_only:
        chosen.append(t.c.active)
    columns = (t, published.label("published"), drafts.label("drafts"))
    return sa.select(*columns).where(*chosen).order_by(t.c.category, t.c.name, t.c.id)


def recent_uses(work: Work, since: datetime, most: int) -> sa.Select:
    """How often each template was used among the newest `most` sends since then.

    No index names the version of a send (that would cost every send for the sake of one page), so the look
    back has an end.
    """
    s, v = sends, template_versions
    newest = (
        sa.select(s.c.tenant_id, s.c.template_version_id)
        .where(s.c.tenant_id == work.tenant_id, s.c.id >= first_id_at(since))
        .order_by(s.c.id.desc())
        .limit(most)
        .subquery("newest")
    )
    return (
        sa.select(v.c.template_id, sa.func.count().label("uses"))
        .join(newest, sa.and_(same_tenant(newest, v), newest.c.template_version_id == v.c.id))
        .where(v.c.tenant_id == work.tenant_id)
        .group_by(v.c.template_id)
    )
