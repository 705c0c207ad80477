"""Rates of exchange, and the currency that a firm's books are kept in."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from bursar.billing.queries.sets import rows
from bursar.billing.tables import exchange_rates
from bursar.core.work import Work
from bursar.tenancy.tables import tenants


def own_currency(work: Work) -> sa.Select:
    return sa.select(tenants.c.currency).where(tenants.c.tenant_id == work.tenant_id)


def last_rates(work: Work, asked: Sequence[tuple[str, date]]) -> sa.Select:
    """For each (currency, day) asked the last rate published until then; pairs without one are left out."""
    wanted = rows("wanted", {"currency": sa.Text(), "on_date": sa.Date()}, asked)
    last = (
        sa.select(exchange_rates.c.rate)
        .where(
            exchange_rates.c.tenant_id == work.tenant_id,
            exchange_rates.c.currency == wanted.c.currency,
            exchange_rates.c.on_date <= wanted.c.on_date,
        )
        .order_by(exchange_rates.c.on_date.desc())
        .limit(1)
        .lateral("last")
    )
    return sa.select(wanted.c.currency, wanted.c.on_date, last.c.rate).join(last, sa.true())
