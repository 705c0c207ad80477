"""Templates and their versions."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.tables import template_versions, templates


def versions(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """These versions with what compiling them needs."""
    v, t = template_versions, templates
    return (
        sa.select(v.c.id, v.c.locale, v.c.subject, v.c.body, v.c.body_format, v.c.required_tags, t.c.category)
        .join(t, sa.and_(same_tenant(t, v), t.c.id == v.c.template_id))
        .where(v.c.tenant_id == work.tenant_id, v.c.id == sa.any_(uuids(ids)))
    )
