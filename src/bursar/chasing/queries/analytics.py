"""Whose runs, templates and mailboxes figures are."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from bursar.chasing.asking import Dimension
from bursar.chasing.tables import campaigns, sequence_runs, sequences
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.tables import sending_accounts, templates


def runs_of_campaign(work: Work, campaign_id: UUID) -> sa.Select:
    """The campaign's present run: what was frozen before and not let go has no messages."""
    return sa.select(campaigns.c.run_id).where(
        campaigns.c.tenant_id == work.tenant_id,
        campaigns.c.id == campaign_id,
        campaigns.c.run_id.is_not(None),
    )


def runs_of_sequence(work: Work, sequence_id: UUID) -> sa.Select:
    """The days of a sequence."""
    return sa.select(sequence_runs.c.run_id).where(
        sequence_runs.c.tenant_id == work.tenant_id, sequence_runs.c.sequence_id == sequence_id
    )


def named(work: Work, dimension: Dimension, ids: Sequence[UUID]) -> sa.Select:
    """What is counted under each of these keys: its id and name."""
    c, q, t, a = campaigns, sequences, templates, sending_accounts
    match dimension:
        case Dimension.CAMPAIGN:
            chosen = sa.select(c.c.run_id.label("key"), c.c.id, c.c.name)
            return chosen.where(c.c.tenant_id == work.tenant_id, c.c.run_id == sa.any_(uuids(ids)))
        case Dimension.SEQUENCE:
            r = sequence_runs
            chosen = sa.select(r.c.run_id.label("key"), q.c.id, q.c.name).join(
                q, sa.and_(same_tenant(q, r), q.c.id == r.c.sequence_id)
            )
            return chosen.where(r.c.tenant_id == work.tenant_id, r.c.run_id == sa.any_(uuids(ids)))
        case Dimension.TEMPLATE:
            chosen = sa.select(t.c.id.label("key"), t.c.id, t.c.name)
            return chosen.where(t.c.tenant_id == work.tenant_id, t.c.id == sa.any_(uuids(ids)))
    chosen = sa.select(a.c.id.label("key"), a.c.id, a.c.address.label("name"))
    return chosen.where(a.c.tenant_id == work.tenant_id, a.c.id == sa.any_(uuids(ids)))


def templates_offered(work: Work) -> sa.Select:
    """What results may be narrowed to, by name."""
    t = templates
    return sa.select(t.c.id, t.c.name).where(t.c.tenant_id == work.tenant_id).order_by(t.c.name, t.c.id)


def accounts_offered(work: Work) -> sa.Select:
    a = sending_accounts
    return (
        sa.select(a.c.id, a.c.address.label("name"))
        .where(a.c.tenant_id == work.tenant_id)
        .order_by(a.c.address, a.c.id)
    )


def sequences_offered(work: Work) -> sa.Select:
    q = sequences
    return sa.select(q.c.id, q.c.name).where(q.c.tenant_id == work.tenant_id).order_by(q.c.position, q.c.id)
