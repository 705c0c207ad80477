"""Billing's tables: invoices, their numbers and what recurs; money and where it went; what customers answer."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from bursar.billing.states import (
    BankLineState,
    CheckoutState,
    DisputeReason,
    DisputeState,
    EinvoiceState,
    InvoiceState,
    PaidFor,
    PaymentSource,
    PaymentStatus,
    PromiseState,
    Proration,
    QuantitySource,
    RecurringState,
    RefundState,
    TillProvider,
    TillState,
)
from bursar.catalog.kinds import ItemKind, TaxCategory
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

recurring_invoices = tenant_table(
    "recurring_invoices",
    ref("customer_id", "customers"),
    ref("product_id", "products"),
    text("description"),  # in place of the product's name
    sa.Column("day_of_month", sa.SmallInteger, nullable=False),
    minor("unit_price_minor", nullable=True),  # in place of any price of the catalog (R85)
    currency(),
    choice("quantity_source", QuantitySource),
    sa.Column("quantity", sa.Numeric(18, 6)),
    choice("proration", Proration, server_default="none"),
    day("start_date", nullable=False),
    day("end_date"),  # the last day on which it may run
    day("next_run_on"),  # none once it has ended
    day("last_generated_on"),
    flag("auto_issue", default=False),
    text("purchase_order"),
    text("notes"),
    text("refusal"),  # why the last run wrote no invoice: no_price, customer_suspended, incomplete
    sa.Column("created_by", UUID),
    sa.Index(
        "recurring_invoices_due_idx",
        "tenant_id",
        "next_run_on",
        "id",
        postgresql_where=sa.text("state = 'active'"),
    ),
    sa.CheckConstraint("day_of_month between 1 and 28", name="day_of_month"),
    sa.CheckConstraint("end_date >= start_date", name="range"),
    sa.CheckConstraint("unit_price_minor > 0", name="unit_price"),
    sa.CheckConstraint("(quantity_source = 'fixed') = (quantity is not null)", name="quantity_of_source"),
    sa.CheckConstraint("quantity > 0", name="quantity"),
    sa.CheckConstraint("(state = 'ended') = (next_run_on is null)", name="next_run"),
    state=RecurringState,
    reach=Reach.CUSTOMER,
)

# One monthly run as people watch it; what it has done is in the invoices, so that a killed run goes on.
recurring_runs = tenant_table(
    "recurring_runs",
    of_tenant(),
    day("as_of", nullable=False),
    whole("due", server_default="0"),
    whole("drafted", server_default="0"),
    whole("issued", server_default="0"),
    whole("refused", server_default="0"),
    instant("finished_at"),
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
    ref("recurring_invoice_id", "recurring_invoices", nullable=True, index=False),
    text("period"),  # YYYY-MM, of a recurring invoice
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
    sa.Column("exchange_rate", sa.Numeric(18, 6)),  # units of the seller's own currency for one of this (R19)
    minor("tax_local_minor", nullable=True),  # the tax in the seller's own currency, when this is another
    text("rounding_mode"),
    # Free zone, deemed supply, margin scheme, summary, continuous supply, disclosed agent, e-commerce, export (R27).
    text("transaction_flags", nullable=False, server_default="00000000"),
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
    sa.UniqueConstraint("tenant_id", "recurring_invoice_id", "period"),
    sa.CheckConstraint("(recurring_invoice_id is null) = (period is null)", name="period_of_recurring"),
    sa.CheckConstraint(r"period ~ '^\d{4}-(0[1-9]|1[0-2])$'", name="period"),
    sa.CheckConstraint("transaction_flags ~ '^[01]{8}$'", name="transaction_flags"),
    sa.CheckConstraint("exchange_rate > 0", name="exchange_rate"),
    sa.Index(None, "tenant_id", "customer_id", "due_date"),
    sa.Index(
        "invoices_open_idx",
        "tenant_id",
        "due_date",
        "customer_id",
        postgresql_where=sa.text("state = 'issued' and balance_minor > 0"),
    ),
    sa.Index(
        "invoices_unprinted_idx",
        "tenant_id",
        "id",
        postgresql_where=sa.text("pdf_file_id is null and number is not null and seller is not null"),
    ),
    # The newest of what is rare among all: pages of fifty must not read a million to find none.
    sa.Index(
        "invoices_newest_open_idx",
        "tenant_id",
        "id",
        postgresql_where=sa.text("state = 'issued' and balance_minor > 0"),
    ),
    sa.Index(
        "invoices_seldom_idx",
        "tenant_id",
        "id",
        postgresql_where=sa.text("state in ('draft', 'cancelled', 'refunded')"),
    ),
    sa.Index(
        "invoices_order_idx",
        "tenant_id",
        "purchase_order",
        postgresql_where=sa.text("purchase_order is not null"),
        postgresql_ops={"purchase_order": "text_pattern_ops"},
    ),
    sa.Index(
        "invoices_number_prefix_idx", "tenant_id", "number", postgresql_ops={"number": "text_pattern_ops"}
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
    ref("product_id", "products", nullable=True),
    ref("customer_price_id", "customer_prices", nullable=True),
    text("description", nullable=False),
    text("description_local"),  # the same in the second language of a bilingual invoice
    sa.Column("quantity", sa.Numeric(18, 6), nullable=False),
    text("unit_code", nullable=False, server_default="C62"),
    choice("item_kind", ItemKind, server_default="services"),
    text("classification_code"),
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

# Units of the firm's own currency for one of `currency`, as a central bank published it (R19).
exchange_rates = tenant_table(
    "exchange_rates",
    of_tenant(),
    currency(),
    day("on_date", nullable=False),
    sa.Column("rate", sa.Numeric(18, 6), nullable=False),
    text("source", nullable=False),
    sa.UniqueConstraint("tenant_id", "currency", "on_date"),
    sa.CheckConstraint("rate > 0", name="rate"),
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
    instant("recorded_at", nullable=False, server_default=sa.text("now()")),  # when we knew of it
    ref("reverses_id", "payments", nullable=True, index=False),
    sa.UniqueConstraint("tenant_id", "reverses_id"),
    sa.UniqueConstraint("tenant_id", "source", "external_id"),
    sa.Index(None, "tenant_id", "received_on"),
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
    # When the money came in another currency: what was taken of it, in its own minor units, at which rate (units
    # of its currency for one of the invoice's), and what that gained or lost in the firm's own currency (R75).
    minor("taken_minor", nullable=True),
    sa.Column("exchange_rate", sa.Numeric(18, 6)),
    minor("difference_minor", nullable=True),
    day("applied_on", nullable=False),  # from when on it counts in reports as of a day
    ref("reverses_id", "invoice_payments", nullable=True, index=False),
    text("reason"),
    sa.UniqueConstraint("tenant_id", "reverses_id"),
    sa.Index(
        "invoice_payments_applied_idx",
        "tenant_id",
        "applied_on",
        postgresql_include=["invoice_id", "amount_minor"],
    ),
    sa.CheckConstraint("(amount_minor > 0) = (reverses_id is null) and amount_minor <> 0", name="sign"),
    changes=False,
    reach=Reach.CUSTOMER,
)

# Money that pays nothing yet, a row for each payment that has some left: what the rows above add up to, kept so
# that nobody adds up a million of them. The caller of every change holds the customer's lock.
customer_credits = tenant_table(
    "customer_credits",
    ref("payment_id", "payments", index=False),
    ref("customer_id", "customers"),
    minor("amount_minor"),
    currency(),
    day("received_on", nullable=False),
    sa.UniqueConstraint("tenant_id", "payment_id"),
    sa.CheckConstraint("amount_minor >= 0", name="amount"),
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
    minor("released_minor", server_default="0"),  # money that had paid what it takes back: a credit again
    text("locale"),
    document("seller", nullable=True),
    document("buyer", nullable=True),
    sa.Column("exchange_rate", sa.Numeric(18, 6)),
    minor("tax_local_minor", nullable=True),
    ref("pdf_file_id", "files", nullable=True),  # the one column that may change
    sa.UniqueConstraint("tenant_id", "series", "number"),
    sa.Index(None, "tenant_id", "issue_date"),
    sa.CheckConstraint("amount_minor > 0", name="amount"),
    sa.CheckConstraint("released_minor between 0 and amount_minor", name="released"),
    changes=False,
    reach=Reach.CUSTOMER,
)

credit_note_lines = tenant_table(
    "credit_note_lines",
    ref("credit_note_id", "credit_notes", index=False),
    ref("invoice_line_id", "invoice_lines", nullable=True),
    ref("customer_id", "customers"),
    whole("position"),
    text("description", nullable=False),
    text("description_local"),
    sa.Column("quantity", sa.Numeric(18, 6), nullable=False),
    text("unit_code", nullable=False, server_default="C62"),
    choice("item_kind", ItemKind, server_default="services"),
    text("classification_code"),
    minor("unit_price_minor"),
    choice("tax_category", TaxCategory),
    sa.Column("tax_rate", sa.Numeric(5, 2), nullable=False),
    minor("net_minor"),
    minor("tax_minor"),
    sa.UniqueConstraint("tenant_id", "credit_note_id", "position"),
    changes=False,
    reach=Reach.CUSTOMER,
)

# Money that went back to the customer; all that are not failed count, and never exceed their payment (R74).
refunds = tenant_table(
    "refunds",
    ref("payment_id", "payments"),
    ref("customer_id", "customers"),
    ref("credit_note_id", "credit_notes", nullable=True),
    minor("amount_minor"),
    currency(),
    day("refunded_on", nullable=False),
    text("method"),
    text("reference"),
    text("reason", nullable=False),
    text("external_id"),
    # What goes back through the till it came by: since when that is asked for, and what stood in the way.
    ref("till_id", "tills", nullable=True),
    instant("asked_at"),
    text("last_error"),
    sa.UniqueConstraint("tenant_id", "external_id"),
    sa.CheckConstraint("amount_minor > 0", name="amount"),
    state=RefundState,
    reach=Reach.CUSTOMER,
)

# What the bank says arrived, until somebody says whose it is.
bank_lines = tenant_table(
    "bank_lines",
    of_tenant(),
    day("received_on", nullable=False),
    minor("amount_minor"),
    currency(),
    text("payer"),
    text("reference"),
    text("external_id", nullable=False),
    ref("payment_id", "payments", nullable=True),
    text("reason"),  # why it was set aside
    sa.UniqueConstraint("tenant_id", "external_id"),
    sa.CheckConstraint("amount_minor > 0", name="amount"),
    sa.CheckConstraint("(state = 'matched') = (payment_id is not null)", name="payment"),
    sa.Index(
        "bank_lines_open_idx",
        "tenant_id",
        "received_on",
        "id",
        postgresql_where=sa.text("state = 'unmatched'"),
    ),
    state=BankLineState,
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

# From when on which law asks this firm for e-invoices: data, with where it was read and when (R1, R24).
einvoice_obligations = tenant_table(
    "einvoice_obligations",
    of_tenant(),
    text("regime", nullable=False),
    day("mandatory_from", nullable=False),
    day("asp_by"),
    text("source", nullable=False),
    day("checked_on", nullable=False),
    sa.UniqueConstraint("tenant_id", "regime"),
)

# An e-invoice on its way to the network: `document_uuid` stays the same over every resend (R28).
einvoice_documents = tenant_table(
    "einvoice_documents",
    ref("invoice_id", "invoices", nullable=True, index=False),
    ref("credit_note_id", "credit_notes", nullable=True, index=False),
    ref("customer_id", "customers"),
    sa.Column("document_uuid", UUID, nullable=False),
    ref("xml_file_id", "files"),
    text("provider", nullable=False),
    text("provider_id"),
    document("answer", nullable=True),
    whole("attempts", server_default="0"),
    instant("due_at"),  # when it is to be handed over, or asked about, next
    instant("sent_at"),
    instant("answered_at"),
    sa.Index(
        "einvoice_documents_due_idx",
        "tenant_id",
        "due_at",
        postgresql_where=sa.text("state in ('queued', 'sent')"),
    ),
    sa.UniqueConstraint("tenant_id", "invoice_id"),
    sa.UniqueConstraint("tenant_id", "credit_note_id"),
    sa.UniqueConstraint("tenant_id", "document_uuid"),
    sa.CheckConstraint("num_nonnulls(invoice_id, credit_note_id) = 1", name="subject"),
    state=EinvoiceState,
    reach=Reach.CUSTOMER,
)


# Conditions that several rooms ask. Their literals stand in the text, not in parameters: a generic plan
# could not use a partial index whose predicate it cannot see. Each names the column whose row there is: a customer
# asks them too, and may not read every column.
_ISSUED = sa.literal_column("'issued'")
_ACTIVE = sa.literal_column("'active'")
_OPEN = sa.literal_column("'open'")
_NOTHING = sa.literal_column("0")
_INVOICE = sa.literal_column("'invoice'")


def taken_by(allocation: sa.FromClause) -> sa.ColumnElement[int]:
    """What an allocation takes of its payment, in minor units of the payment's currency (R75)."""
    return sa.func.coalesce(allocation.c.taken_minor, allocation.c.amount_minor)


def is_open(subject: sa.FromClause) -> sa.ColumnElement[bool]:
    """Invoices of which something is still to be paid."""
    return (subject.c.state == _ISSUED) & (subject.c.balance_minor > _NOTHING)


def is_disputed(subject: sa.FromClause) -> sa.ColumnElement[bool]:
    """Invoices that their customer contests at present."""
    return sa.exists(disputes.c.id).where(
        same_tenant(disputes, subject), disputes.c.invoice_id == subject.c.id, disputes.c.state == _OPEN
    )


def is_promised(subject: sa.FromClause, today: date | sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    """Invoices for which somebody gave their word until today or later (R80)."""
    return sa.exists(promises.c.id).where(
        same_tenant(promises, subject),
        promises.c.invoice_id == subject.c.id,
        promises.c.state == _ACTIVE,
        promises.c.promised_for >= today,
    )


def is_being_paid(subject: sa.FromClause) -> sa.ColumnElement[bool]:
    """Invoices whose money is under way (R80, R129)."""
    return sa.exists(checkout_sessions.c.id).where(
        same_tenant(checkout_sessions, subject),
        checkout_sessions.c.about_type == _INVOICE,
        checkout_sessions.c.about_id == subject.c.id,
        is_processing(checkout_sessions),
    )


def is_overdue(subject: sa.FromClause, today: date) -> sa.ColumnElement[bool]:
    """Open invoices whose due date is past on the tenant's calendar, unless contested (R77)."""
    return is_open(subject) & (subject.c.due_date < today) & ~is_disputed(subject)


def is_quiet(subject: sa.FromClause, today: date) -> sa.ColumnElement[bool]:
    """Invoices to be left in peace: a promise that still runs, a dispute, or money under way (R80)."""
    return is_promised(subject, today) | is_disputed(subject) | is_being_paid(subject)


# Where customers pay by card and the like. Test and live money of one account are two tills.
tills = tenant_table(
    "tills",
    of_tenant(),
    choice("provider", TillProvider),
    text("account_id"),  # the provider's name of the firm's account; none until it was asked
    flag("live", default=False),
    text("display_name"),
    ref("secret_id", "secrets", nullable=True),
    ref("webhook_secret_id", "secrets", nullable=True),
    flag("is_primary", default=False),
    text("last_error"),
    instant("validated_at"),
    sa.Column("created_by", UUID),
    sa.UniqueConstraint("tenant_id", "provider", "account_id", "live"),
    sa.Index(
        "tills_primary_key",
        "tenant_id",
        unique=True,
        postgresql_where=sa.text("is_primary"),
    ),
    sa.CheckConstraint(
        "state <> 'active' or (account_id is not null and secret_id is not null)", name="active"
    ),
    sa.CheckConstraint("not is_primary or state <> 'disabled'", name="primary"),
    state=TillState,
)

# One attempt to pay for an order or an invoice at a provider. The row is committed before the provider is asked, so
# that a lost answer is asked for again under the same key: `session_id` is null until it came.
checkout_sessions = tenant_table(
    "checkout_sessions",
    ref("customer_id", "customers"),
    ref("till_id", "tills"),
    choice("about_type", PaidFor),
    sa.Column("about_id", UUID, nullable=False),
    whole("attempt"),
    minor("amount_minor"),
    currency(),
    text("session_id"),
    text("url"),
    choice("payment_status", PaymentStatus, server_default="unpaid"),
    text("payment_intent"),  # the provider's name of the money: refunds and chargebacks speak of it
    text("provider_customer"),
    ref("payment_id", "payments", nullable=True),
    instant("expires_at", nullable=False),
    instant("seen_at"),  # when the provider was last asked or told us
    text("last_error"),
    sa.UniqueConstraint("tenant_id", "about_type", "about_id", "attempt"),
    sa.UniqueConstraint("tenant_id", "till_id", "session_id"),
    sa.Index(
        None,
        "tenant_id",
        "payment_intent",
        postgresql_where=sa.text("payment_intent is not null"),
    ),
    # Those about which the provider has to be asked some day: open ones, and money under way.
    sa.Index(
        "checkout_sessions_open_idx",
        "tenant_id",
        "expires_at",
        postgresql_where=sa.text("state = 'open' or (state = 'complete' and payment_status = 'unpaid')"),
    ),
    sa.CheckConstraint("amount_minor >= 0", name="amount"),
    sa.CheckConstraint("attempt > 0", name="attempt"),
    state=CheckoutState,
    reach=Reach.CUSTOMER,
)


def is_processing(checkout: sa.FromClause) -> sa.ColumnElement[bool]:
    """Checkouts that were gone through and whose money is still to come, unless it is another than was asked for."""
    return sa.and_(
        checkout.c.state == sa.literal_column("'complete'"),
        checkout.c.payment_status == sa.literal_column("'unpaid'"),
        checkout.c.last_error.is_distinct_from(sa.literal_column("'mismatch'")),
    )
