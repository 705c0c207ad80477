"""Statements over the rates that people enter."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.tables import exchange_rates
from bursar.core.work import Work


def add_rate(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    """The rate of a day; no row if it has one."""
    return (
        insert(exchange_rates)
        .values(tenant_id=work.tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "currency", "on_date"])
        .returning(exchange_rates.c.id)
    )


def drop_rate(work: Work, rate_id: UUID) -> sa.Delete:
    told = [exchange_rates.c[name] for name in ("currency", "on_date", "rate", "source")]
    return (
        sa.delete(exchange_rates)
        .where(exchange_rates.c.tenant_id == work.tenant_id, exchange_rates.c.id == rate_id)
        .returning(*told)
    )


def rates(work: Work, currency: str | None, before: UUID | None, limit: int) -> sa.Select:
    """Rates older than `before`, the last entered first."""
    chosen = [exchange_rates.c.tenant_id == work.tenant_id]
    if currency is not None:
        chosen.append(exchange_rates.c.currency == currency)
    if before is not None:
        chosen.append(exchange_rates.c.id < before)
    return sa.select(exchange_rates).where(*chosen).order_by(exchange_rates.c.id.desc()).limit(limit)
