"""Statements over tills: which there are, which takes money, and what is noted of one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.states import TillState
from bursar.billing.tables import tills
from bursar.core.work import Work


def all_of_tenant(work: Work, *, lock: bool = False) -> sa.Select:
    """Every till of the firm, the oldest first; locked in that order, so that one person at a time decides which
    is the primary one.
    """
    found = sa.select(tills).where(tills.c.tenant_id == work.tenant_id).order_by(tills.c.id)
    return found.with_for_update(key_share=True) if lock else found


def one(work: Work, till_id: UUID, *, lock: bool = False) -> sa.Select:
    found = sa.select(tills).where(tills.c.tenant_id == work.tenant_id, tills.c.id == till_id)
    return found.with_for_update(key_share=True) if lock else found


def taking_money(work: Work) -> sa.Select:
    """The till at which customers pay now, if there is one."""
    return sa.select(tills).where(
        tills.c.tenant_id == work.tenant_id, tills.c.is_primary, tills.c.state == TillState.ACTIVE
    )


def add(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    """The new till; no row if the firm has one at this account with this kind of money."""
    return (
        insert(tills)
        .values(tenant_id=work.tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "provider", "account_id", "live"])
        .returning(tills.c.id)
    )


def edit(work: Work, till_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    return (
        sa.update(tills)
        .where(tills.c.tenant_id == work.tenant_id, tills.c.id == till_id)
        .values(**values, version=tills.c.version + 1)
        .returning(tills.c.version)
    )


def step_down(work: Work) -> sa.Update:
    """The primary till, which then is none."""
    return (
        sa.update(tills)
        .where(tills.c.tenant_id == work.tenant_id, tills.c.is_primary)
        .values(is_primary=False, version=tills.c.version + 1)
    )
