"""What time asks of the database itself."""

import sqlalchemy as sa

from bursar.core.schema import metadata

ANALYZE = {
    "customers": sa.text("analyze customers"),
    "invoices": sa.text("analyze invoices"),
    "invoice_lines": sa.text("analyze invoice_lines"),
    "recurring_invoices": sa.text("analyze recurring_invoices"),
    "campaign_invoices": sa.text("analyze campaign_invoices"),
    "sends": sa.text("analyze sends"),
    "send_subjects": sa.text("analyze send_subjects"),
}
"""Statistics of the tables that grow by leaps; bursar_system may take them (grants.sql)."""


def make_partitions(ahead: int) -> sa.Select:
    """Calls the owner's function; partitions hold no tenant_id of their own to name."""
    return sa.select(sa.func.create_partitions(ahead))


def all_tenants() -> sa.Select:
    """Every tenant's id, for jobs that go round; over all tenants."""
    tenants = metadata.tables["tenants"]
    return sa.select(tenants.c.tenant_id).order_by(tenants.c.tenant_id)
