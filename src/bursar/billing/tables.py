"""Billing's tables: invoices and their numbers, money and where it went, promises and disputes."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from bursar.billing.states import (
    DisputeReason,
    DisputeState,
    InvoiceState,
    PaymentSource,
    PromiseState,
    TaxCategory,
)
from bursar.core.schema import (
    Reach,
    choice,
    currency,
    day,
    document,
    flag,
    instant,
    minor,
    of_tenant,
    ref,
    same_tenant,
    tenant_table,
    text,
    whole,
)

# After issue a trigger lets only state, paid_on, balance_minor, refunded_minor, pdf_file_id,
# allocation_number, overdue_told, version and updated_at change (R71).
invoices = tenant_table(
    "invoices",
    ref("customer_id", "customers", index=False),
    text("series"),
    text("number"),
    whole("serial", nullable=True),
    text("kind", nullable=False, server_default="invoice"),
    currency(),
    minor("subtotal_minor", server_default="0"),
    minor("tax_minor", server_default="0"),
    minor("total_minor", server_default="0"),
    minor("balance_minor", server_default="0"),
    minor("refunded_minor", server_default="0"),
    day("issue_date"),
    day("due_date"),
    day("supply_date"),
    day("paid_on"),
    document("seller", nullable=True),
    document("buyer", nullable=True),
    text("notes"),
    text("purchase_order"),
    text("external_source"),
    text("external_id"),
    ref("pdf_file_id", "files", nullable=True),
    text("locale"),
    sa.Column("exchange_rate", sa.Numeric(18, 6)),
    text("rounding_mode"),
    text("allocation_number"),
    sa.Column("created_by", UUID),
    flag("overdue_told", default=False),  # whether the journal has its became_overdue; no reader sees it
    sa.Index(
        "invoices_number_key",
        "tenant_id",
        "series",
        "number",
        unique=True,
        postgresql_where=sa.text("number is not null"),
    ),
    sa.UniqueConstraint("tenant_id", "external_source", "external_id"),
    sa.Index(None, "tenant_id", "customer_id", "due_date"),
    sa.Index(None, "tenant_id", "number"),
    sa.Index(
        "invoices_open_idx",
        "tenant_id",
        "due_date",
        "customer_id",
        postgresql_where=sa.text("state = 'issued' and balance_minor > 0"),
    ),
    sa.CheckConstraint("balance_minor between 0 and total_minor", name="balance"),
    sa.CheckConstraint("total_minor = subtotal_minor + tax_minor", name="total"),
    sa.CheckConstraint("(state = 'draft') = (number is null)", name="number"),
    sa.CheckConstraint("state = 'draft' or (issue_date is not null and due_date is not null)", name="dates"),
    state=InvoiceState,
    reach=Reach.CUSTOMER,
    storage={"fillfactor": 80},
)

invoice_lines = tenant_table(
    "invoice_lines",
    ref("invoice_id", "invoices", index=False),
    ref("customer_id", "customers"),
    whole("position"),
    text("description", nullable=False),
    sa.Column("quantity", sa.Numeric(18, 6), nullable=False),
    minor("unit_price_minor"),
    minor("discount_minor", server_default="0"),
    choice("tax_category", TaxCategory),
    sa.Column("tax_rate", sa.Numeric(5, 2), nullable=False),
    minor("net_minor"),
    minor("tax_minor"),
    day("service_from"),
    day("service_to"),
    sa.UniqueConstraint("tenant_id", "invoice_id", "position"),
    reach=Reach.CUSTOMER,
)

number_series = tenant_table(
    "number_series",
    of_tenant(),
    text("series", nullable=False),
    text("period_key", nullable=False),
    whole("next_serial", server_default="1"),
    day("last_issue_date"),
    sa.UniqueConstraint("tenant_id", "series", "period_key"),
)

payments = tenant_table(
    "payments",
    ref("customer_id", "customers"),
    minor("amount_minor"),
    currency(),
    day("received_on", nullable=False),
    text("method"),
    text("reference"),
    choice("source", PaymentSource),
    text("external_id"),
    ref("reverses_id", "payments", nullable=True, index=False),
    sa.UniqueConstraint("tenant_id", "reverses_id"),
    sa.UniqueConstraint("tenant_id", "source", "external_id"),
    sa.CheckConstraint("(amount_minor > 0) = (reverses_id is null) and amount_minor <> 0", name="sign"),
    changes=False,
    reach=Reach.CUSTOMER,
)

invoice_payments = tenant_table(
    "invoice_payments",
    ref("invoice_id", "invoices"),
    ref("payment_id", "payments"),
    ref("customer_id", "customers"),
    minor("amount_minor"),
    ref("reverses_id", "invoice_payments", nullable=True, index=False),
    text("reason"),
    sa.UniqueConstraint("tenant_id", "reverses_id"),
    sa.CheckConstraint("(amount_minor > 0) = (reverses_id is null) and amount_minor <> 0", name="sign"),
    changes=False,
    reach=Reach.CUSTOMER,
)

credit_notes = tenant_table(
    "credit_notes",
    ref("invoice_id", "invoices"),
    ref("customer_id", "customers"),
    text("series", nullable=False),
    text("number", nullable=False),
    whole("serial"),
    day("issue_date", nullable=False),
    minor("amount_minor"),
    minor("tax_minor", server_default="0"),
    currency(),
    text("reason_code", nullable=False),
    text("reason", nullable=False),
    sa.UniqueConstraint("tenant_id", "series", "number"),
    sa.CheckConstraint("amount_minor > 0", name="amount"),
    changes=False,
    reach=Reach.CUSTOMER,
)

promises = tenant_table(
    "promises",
    ref("invoice_id", "invoices", index=False),
    ref("customer_id", "customers"),
    minor("amount_minor"),
    currency(),
    day("promised_for", nullable=False),
    whole("moves", server_default="0"),
    text("reason"),
    sa.Index(None, "tenant_id", "invoice_id"),
    sa.Index(
        "promises_active_key",
        "tenant_id",
        "invoice_id",
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    ),
    state=PromiseState,
    reach=Reach.CUSTOMER,
)

disputes = tenant_table(
    "disputes",
    ref("invoice_id", "invoices", index=False),
    ref("customer_id", "customers"),
    choice("reason", DisputeReason),
    text("statement", nullable=False),
    text("resolution"),
    instant("resolved_at"),
    sa.Index(None, "tenant_id", "invoice_id"),
    sa.Index(
        "disputes_open_key",
        "tenant_id",
        "invoice_id",
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    ),
    state=DisputeState,
    reach=Reach.CUSTOMER,
)

dispute_notes = tenant_table(
    "dispute_notes",
    ref("dispute_id", "disputes"),
    ref("customer_id", "customers"),
    text("author_type", nullable=False),
    sa.Column("author_id", UUID),
    text("body", nullable=False),
    ref("file_id", "files", nullable=True),
    changes=False,
    reach=Reach.CUSTOMER,
)


# Conditions that several rooms ask. Their literals stand in the text, not in parameters: a generic plan
# could not use a partial index whose predicate it cannot see.
_ISSUED = sa.literal_column("'issued'")
_ACTIVE = sa.literal_column("'active'")
_OPEN = sa.literal_column("'open'")
_NOTHING = sa.literal_column("0")


def is_open(subject: sa.FromClause) -> sa.ColumnElement[bool]:
    """Invoices of which something is still to be paid."""
    return (subject.c.state == _ISSUED) & (subject.c.balance_minor > _NOTHING)


def is_disputed(subject: sa.FromClause) -> sa.ColumnElement[bool]:
    """Invoices that their customer contests at present."""
    return sa.exists().where(
        same_tenant(disputes, subject), disputes.c.invoice_id == subject.c.id, disputes.c.state == _OPEN
    )


def is_promised(subject: sa.FromClause, today: date | sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    """Invoices for which somebody gave their word until today or later (R80)."""
    return sa.exists().where(
        same_tenant(promises, subject),
        promises.c.invoice_id == subject.c.id,
        promises.c.state == _ACTIVE,
        promises.c.promised_for >= today,
    )


def is_overdue(subject: sa.FromClause, today: date) -> sa.ColumnElement[bool]:
    """Open invoices whose due date is past on the tenant's calendar, unless contested (R77)."""
    return is_open(subject) & (subject.c.due_date < today) & ~is_disputed(subject)


def is_quiet(subject: sa.FromClause, today: date) -> sa.ColumnElement[bool]:
    """Invoices to be left in peace: a promise that still runs, or a dispute (R80)."""
    return is_promised(subject, today) | is_disputed(subject)
