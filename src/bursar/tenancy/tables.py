"""Tenancy's tables: the firm, who signs in, whom it serves, and the sheets it brought."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INET, UUID

from bursar.core.kinds import AgentRole
from bursar.core.schema import (
    Reach,
    choice,
    day,
    document,
    flag,
    instant,
    metadata,
    of_tenant,
    one_of,
    ref,
    same_tenant,
    sealed,
    tenant_table,
    text,
    texts,
    whole,
)
from bursar.tenancy.states import (
    ConsentPurpose,
    ConsentState,
    CustomerKind,
    CustomerSource,
    CustomerState,
    ImportKind,
    ImportState,
    RowOutcome,
    SuspendedReason,
)

# A tenant's id is the tenant_id: both columns stand here so that the wall is the same on every table.
tenants = tenant_table(
    "tenants",
    text("slug", nullable=False),
    text("name", nullable=False),
    text("legal_name"),
    text("legal_name_local"),
    text("country", nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    text("time_zone", nullable=False),
    text("locale", nullable=False),
    text("tax_number"),
    text("registration_number"),
    text("registration_authority"),
    texts("address_lines"),
    text("city"),
    text("subdivision"),
    text("review_url"),
    document("calendar"),  # weekend, half days, windows per weekday; {} is the country's default
    document("branding"),
    whole("retention_years", server_default="10"),
    document("settings"),
    sa.CheckConstraint("id = tenant_id", name="is_itself"),
    sa.UniqueConstraint("tenant_id"),
)

holidays = tenant_table(
    "holidays",
    of_tenant(),
    day("on_date", nullable=False),
    text("label", nullable=False),
    flag("half", default=False),
    flag("confirmed", default=False),
    text("source", nullable=False),
    sa.UniqueConstraint("tenant_id", "on_date"),
)

agents = tenant_table(
    "agents",
    of_tenant(),
    sa.Column("account_id", UUID, sa.ForeignKey("accounts.id", ondelete="RESTRICT"), nullable=False),
    text("name", nullable=False),
    choice("role", AgentRole),
    flag("active", default=True),
    text("locale"),
    text("phone"),
    sa.UniqueConstraint("tenant_id", "account_id"),
    sa.Index(None, "account_id"),  # which tenants has this account: bursar_scan asks
)

customers = tenant_table(
    "customers",
    of_tenant(),
    text("external_code"),
    choice("kind", CustomerKind),
    text("full_name"),
    text("company_name"),
    # Stored, since under row level security an index on an expression is not used: lower() is not leakproof.
    sa.Column("name_key", sa.Text, sa.Computed("lower(coalesce(company_name, full_name))", persisted=True)),
    text("email"),
    text("email_key"),
    text("phone"),
    text("locale"),
    text("time_zone"),
    choice("suspended_reason", SuspendedReason, nullable=True),
    text("tax_number"),
    text("registration_number"),  # at the authority that licensed the firm: an e-invoice names both (R29)
    text("registration_authority"),
    texts("address_lines"),
    text("city"),
    text("subdivision"),
    text("country"),
    text("name_local"),  # as it is written in the second language of a bilingual invoice
    text("stripe_customer_id"),
    document("custom_fields"),
    texts("tags"),
    choice("source", CustomerSource),
    whole("link_version", server_default="1"),
    sa.UniqueConstraint("tenant_id", "external_code"),
    sa.CheckConstraint("coalesce(full_name, company_name) is not null", name="has_a_name"),
    sa.CheckConstraint("(state = 'suspended') = (suspended_reason is not null)", name="reason"),
    sa.Index(None, "tenant_id", "email_key"),
    sa.Index(None, "tenant_id", "tax_number", postgresql_where=sa.text("tax_number is not null")),
    sa.Index(None, "tenant_id", "name_key"),
    sa.Index("customers_tags_idx", "tags", postgresql_using="gin"),
    sa.Index("customers_custom_fields_idx", "custom_fields", postgresql_using="gin"),
    state=CustomerState,
    reach=Reach.SELF,
)

customer_contacts = tenant_table(
    "customer_contacts",
    ref("customer_id", "customers"),
    text("name", nullable=False),
    text("email"),
    text("email_key"),
    text("phone"),
    text("role", nullable=False, server_default="billing"),
    text("locale"),
    sa.UniqueConstraint("tenant_id", "customer_id", "email_key", "name"),
    reach=Reach.CUSTOMER,
)

consents = tenant_table(
    "consents",
    ref("customer_id", "customers"),
    text("channel", nullable=False),
    choice("purpose", ConsentPurpose),
    sa.Column("consent", sa.Text, nullable=False),
    sa.CheckConstraint(one_of("consent", ConsentState), name="consent"),
    text("proof"),
    text("text_version"),
    instant("at", nullable=False),
    changes=False,
    reach=Reach.CUSTOMER,
)

customer_sign_in_tokens = tenant_table(
    "customer_sign_in_tokens",
    ref("customer_id", "customers"),
    sealed("token_hash", nullable=False),
    instant("expires_at", nullable=False),
    instant("used_at"),
    sa.UniqueConstraint("tenant_id", "token_hash"),
)

sessions = tenant_table(
    "sessions",
    of_tenant(),
    sealed("token_hash", nullable=False),
    sa.Column("account_id", UUID, sa.ForeignKey("accounts.id", ondelete="RESTRICT")),
    ref("agent_id", "agents", nullable=True),
    ref("customer_id", "customers", nullable=True),
    instant("expires_at", nullable=False),
    instant("idle_expires_at", nullable=False),
    sa.Column("ip", INET),
    text("user_agent"),
    instant("revoked_at"),
    sa.UniqueConstraint("tenant_id", "token_hash"),
    sa.CheckConstraint("num_nonnulls(agent_id, customer_id) = 1", name="one_owner"),
    sa.Index(None, "account_id"),
)

api_keys = tenant_table(
    "api_keys",
    of_tenant(),
    text("name", nullable=False),
    text("prefix", nullable=False),
    sealed("hash", nullable=False),
    texts("scopes"),
    ref("agent_id", "agents"),
    instant("last_used_at"),
    instant("revoked_at"),
    sa.UniqueConstraint("tenant_id", "hash"),
)

import_runs = tenant_table(
    "import_runs",
    of_tenant(),
    choice("kind", ImportKind),
    text("file_name", nullable=False),
    sealed("sha256", nullable=False),
    sa.Column("file_id", UUID),
    document("mapping"),
    document("counts"),
    text("error"),
    sa.ForeignKeyConstraint(["tenant_id", "file_id"], ["files.tenant_id", "files.id"], ondelete="RESTRICT"),
    sa.Index(None, "tenant_id", "file_id"),
    state=ImportState,
)

import_rows = tenant_table(
    "import_rows",
    ref("import_run_id", "import_runs", index=False),
    whole("number"),
    document("raw", default="[]"),
    choice("outcome", RowOutcome, nullable=True),
    text("reason"),
    text("field"),
    sa.Column("entity_id", UUID),
    sa.UniqueConstraint("tenant_id", "import_run_id", "number"),
    changes=True,
)

saved_views = tenant_table(
    "saved_views",
    ref("agent_id", "agents"),
    text("noun", nullable=False),
    text("name", nullable=False),
    document("filter"),
    sa.UniqueConstraint("tenant_id", "agent_id", "noun", "name"),
)

# Global: identity only, touched by bursar_system alone.
accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", UUID, primary_key=True, server_default=sa.text("uuidv7()")),
    text("email", nullable=False),
    text("email_key", nullable=False, unique=True),
    text("password_hash"),
    sealed("totp_secret"),
    sa.Column("totp_last_step", sa.BigInteger),
    sa.Column("recovery_hashes", sa.ARRAY(sa.LargeBinary), nullable=False, server_default=sa.text("'{}'")),
    text("locale"),
    # A session older than this is over, in every tenant at once: a password was changed (R135).
    instant("sessions_since"),
    instant("created_at", nullable=False, server_default=sa.text("now()")),
    instant("updated_at", nullable=False, server_default=sa.text("now()")),
    info={"global": True},
)

tenant_slugs = sa.Table(
    "tenant_slugs",
    metadata,
    text("slug", nullable=False, primary_key=True),
    sa.Column("tenant_id", UUID, nullable=False, unique=True),
    info={"global": True},
)

sign_in_tokens = sa.Table(
    "sign_in_tokens",
    metadata,
    sa.Column("id", UUID, primary_key=True, server_default=sa.text("uuidv7()")),
    sa.Column(
        "account_id", UUID, sa.ForeignKey("accounts.id", ondelete="RESTRICT"), nullable=False, index=True
    ),
    sealed("token_hash", nullable=False),
    text("purpose", nullable=False),  # invitation, reset
    instant("expires_at", nullable=False),
    instant("used_at"),
    sa.UniqueConstraint("token_hash"),
    info={"global": True},
)

sign_in_attempts = sa.Table(
    "sign_in_attempts",
    metadata,
    text("key", nullable=False, primary_key=True),
    whole("failures", server_default="0"),
    instant("blocked_until"),
    instant("last_failed_at", nullable=False),
    info={"global": True},
)


def recipient(column: str) -> sa.ColumnElement[str]:
    """A customer's own address, its key or name; where they have no address, that of their first billing contact."""
    contact = (
        sa.select(customer_contacts.c[column])
        .where(
            same_tenant(customer_contacts, customers),
            customer_contacts.c.customer_id == customers.c.id,
            customer_contacts.c.role == "billing",
            customer_contacts.c.email_key.is_not(None),
        )
        .order_by(customer_contacts.c.id)
        .limit(1)
        .scalar_subquery()
    )
    called = sa.func.coalesce(customers.c.full_name, customers.c.company_name)
    own = called if column == "name" else customers.c[column]
    return sa.case((customers.c.email_key.is_not(None), own), else_=contact)
