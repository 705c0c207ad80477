"""Statements by which somebody becomes a customer of their own accord."""

import sqlalchemy as sa

from bursar.core.work import Work
from bursar.tenancy.tables import customers


def hold_address(work: Work, email_key: str) -> sa.Select:
    """One registration of this address at a time, until its transaction ends: the address is in no row yet."""
    name = sa.func.hashtextextended(f"bursar registration {work.tenant_id} {email_key}", 0)
    return sa.select(sa.func.pg_advisory_xact_lock(name))


def customers_of(work: Work, email_key: str) -> sa.Select:
    """Who is written to at this address already, however they stand; the elder first."""
    return (
        sa.select(customers.c.id)
        .where(customers.c.tenant_id == work.tenant_id, customers.c.email_key == email_key)
        .order_by(customers.c.id)
    )
