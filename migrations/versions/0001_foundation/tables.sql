-- The tables, as src/bursar/*/tables.py had them when this revision was made.

CREATE TABLE accounts (
    id UUID DEFAULT uuidv7() NOT NULL, 
    email TEXT NOT NULL, 
    email_key TEXT NOT NULL, 
    password_hash TEXT, 
    totp_secret BYTEA, 
    totp_last_step BIGINT, 
    recovery_hashes BYTEA[] DEFAULT '{}' NOT NULL, 
    locale TEXT, 
    sessions_since TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT accounts_pkey PRIMARY KEY (id), 
    CONSTRAINT accounts_email_key_key UNIQUE (email_key)
);

CREATE TABLE engagement_guards (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    provider_event_id TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT engagement_guards_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT engagement_guards_tenant_id_provider_event_id_key UNIQUE (tenant_id, provider_event_id)
);

CREATE TABLE events (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    entity_type TEXT NOT NULL, 
    entity_id UUID NOT NULL, 
    type TEXT NOT NULL, 
    customer_id UUID, 
    actor_type TEXT NOT NULL, 
    actor_id UUID, 
    changes JSONB DEFAULT '{}'::jsonb NOT NULL, 
    payload JSONB DEFAULT '{}'::jsonb NOT NULL, 
    private BYTEA, 
    cause TEXT, 
    ip INET, 
    user_agent TEXT, 
    request_id TEXT, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT events_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT events_actor_type_check CHECK (actor_type in ('customer', 'agent', 'system'))
)
 PARTITION BY range (id);
CREATE INDEX events_tenant_id_customer_id_id_idx ON events (tenant_id, customer_id, id);
CREATE INDEX events_tenant_id_entity_type_entity_id_id_idx ON events (tenant_id, entity_type, entity_id, id);
CREATE INDEX events_tenant_id_type_id_idx ON events (tenant_id, type, id);

CREATE TABLE files (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    key TEXT NOT NULL, 
    name TEXT NOT NULL, 
    size_bytes BIGINT NOT NULL, 
    media_type TEXT NOT NULL, 
    sha256 BYTEA NOT NULL, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT files_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT files_tenant_id_key_key UNIQUE (tenant_id, key), 
    CONSTRAINT files_state_check CHECK (state in ('quarantined', 'clean', 'infected'))
);

CREATE TABLE idempotency_keys (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    actor_type TEXT NOT NULL, 
    actor_id UUID NOT NULL, 
    key TEXT NOT NULL, 
    fingerprint BYTEA NOT NULL, 
    status INTEGER, 
    response JSONB, 
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT idempotency_keys_actor_type_check CHECK (actor_type in ('customer', 'agent', 'system')), 
    CONSTRAINT idempotency_keys_tenant_id_actor_type_actor_id_key_key UNIQUE (tenant_id, actor_type, actor_id, key)
);

CREATE TABLE inbounds (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    provider TEXT NOT NULL, 
    external_id TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    payload JSONB DEFAULT '{}'::jsonb NOT NULL, 
    received_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    handled_at TIMESTAMP WITH TIME ZONE, 
    error TEXT, 
    attempts INTEGER DEFAULT '0' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT inbounds_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT inbounds_tenant_id_provider_external_id_key UNIQUE (tenant_id, provider, external_id)
);

CREATE TABLE seals (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    stream TEXT NOT NULL, 
    number INTEGER NOT NULL, 
    up_to_id UUID NOT NULL, 
    row_count INTEGER NOT NULL, 
    hash BYTEA NOT NULL, 
    previous_hash BYTEA NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT seals_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT seals_stream_check CHECK (stream in ('events', 'attempts')), 
    CONSTRAINT seals_tenant_id_stream_number_key UNIQUE (tenant_id, stream, number)
);

CREATE TABLE secrets (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    purpose TEXT NOT NULL, 
    ciphertext BYTEA NOT NULL, 
    rotated_at TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT secrets_pkey PRIMARY KEY (tenant_id, id)
);

CREATE TABLE sign_in_attempts (
    key TEXT NOT NULL, 
    failures INTEGER DEFAULT '0' NOT NULL, 
    blocked_until TIMESTAMP WITH TIME ZONE, 
    last_failed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (key)
);

CREATE TABLE subject_keys (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    customer_id UUID NOT NULL, 
    wrapped_key BYTEA, 
    destroyed_at TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT subject_keys_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT subject_keys_tenant_id_customer_id_key UNIQUE (tenant_id, customer_id)
);

CREATE TABLE tenant_keys (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    wrapped_key BYTEA NOT NULL, 
    key_id TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT tenant_keys_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT tenant_keys_tenant_id_key UNIQUE (tenant_id)
);

CREATE TABLE tenant_slugs (
    slug TEXT NOT NULL, 
    tenant_id UUID NOT NULL, 
    CONSTRAINT tenant_slugs_pkey PRIMARY KEY (slug), 
    CONSTRAINT tenant_slugs_tenant_id_key UNIQUE (tenant_id)
);

CREATE TABLE tenants (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    slug TEXT NOT NULL, 
    name TEXT NOT NULL, 
    legal_name TEXT, 
    legal_name_local TEXT, 
    country TEXT NOT NULL, 
    currency CHAR(3) NOT NULL, 
    time_zone TEXT NOT NULL, 
    locale TEXT NOT NULL, 
    tax_number TEXT, 
    registration_number TEXT, 
    registration_authority TEXT, 
    address_lines TEXT[] DEFAULT '{}' NOT NULL, 
    city TEXT, 
    subdivision TEXT, 
    review_url TEXT, 
    calendar JSONB DEFAULT '{}'::jsonb NOT NULL, 
    branding JSONB DEFAULT '{}'::jsonb NOT NULL, 
    retention_years INTEGER DEFAULT '10' NOT NULL, 
    settings JSONB DEFAULT '{}'::jsonb NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT tenants_is_itself_check CHECK (id = tenant_id), 
    CONSTRAINT tenants_tenant_id_key UNIQUE (tenant_id)
);

CREATE TABLE agents (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    account_id UUID NOT NULL, 
    name TEXT NOT NULL, 
    role TEXT NOT NULL, 
    active BOOLEAN DEFAULT true NOT NULL, 
    locale TEXT, 
    phone TEXT, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT agents_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT agents_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT agents_role_check CHECK (role in ('owner', 'admin', 'agent', 'viewer')), 
    CONSTRAINT agents_tenant_id_account_id_key UNIQUE (tenant_id, account_id), 
    CONSTRAINT agents_account_id_fkey FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE RESTRICT
);
CREATE INDEX agents_account_id_idx ON agents (account_id);

CREATE TABLE customers (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    external_code TEXT, 
    kind TEXT NOT NULL, 
    full_name TEXT, 
    company_name TEXT, 
    name_key TEXT GENERATED ALWAYS AS (lower(coalesce(company_name, full_name))) STORED, 
    email TEXT, 
    email_key TEXT, 
    phone TEXT, 
    locale TEXT, 
    time_zone TEXT, 
    suspended_reason TEXT, 
    tax_number TEXT, 
    address_lines TEXT[] DEFAULT '{}' NOT NULL, 
    city TEXT, 
    country TEXT, 
    stripe_customer_id TEXT, 
    custom_fields JSONB DEFAULT '{}'::jsonb NOT NULL, 
    tags TEXT[] DEFAULT '{}' NOT NULL, 
    source TEXT NOT NULL, 
    link_version INTEGER DEFAULT '1' NOT NULL, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT customers_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT customers_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT customers_kind_check CHECK (kind in ('person', 'firm')), 
    CONSTRAINT customers_suspended_reason_check CHECK (suspended_reason in ('unpaid', 'admin', 'refund', 'chargeback')), 
    CONSTRAINT customers_source_check CHECK (source in ('invoice', 'import', 'manual', 'api', 'payment_link')), 
    CONSTRAINT customers_tenant_id_external_code_key UNIQUE (tenant_id, external_code), 
    CONSTRAINT customers_has_a_name_check CHECK (coalesce(full_name, company_name) is not null), 
    CONSTRAINT customers_reason_check CHECK ((state = 'suspended') = (suspended_reason is not null)), 
    CONSTRAINT customers_state_check CHECK (state in ('pending', 'active', 'suspended'))
);
CREATE INDEX customers_custom_fields_idx ON customers USING gin (custom_fields);
CREATE INDEX customers_tags_idx ON customers USING gin (tags);
CREATE INDEX customers_tenant_id_email_key_idx ON customers (tenant_id, email_key);
CREATE INDEX customers_tenant_id_name_key_idx ON customers (tenant_id, name_key);
CREATE INDEX customers_tenant_id_tax_number_idx ON customers (tenant_id, tax_number) WHERE tax_number is not null;

CREATE TABLE holidays (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    on_date DATE NOT NULL, 
    label TEXT NOT NULL, 
    half BOOLEAN DEFAULT false NOT NULL, 
    confirmed BOOLEAN DEFAULT false NOT NULL, 
    source TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT holidays_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT holidays_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT holidays_tenant_id_on_date_key UNIQUE (tenant_id, on_date)
);

CREATE TABLE import_runs (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    kind TEXT NOT NULL, 
    file_name TEXT NOT NULL, 
    sha256 BYTEA NOT NULL, 
    file_id UUID, 
    mapping JSONB DEFAULT '{}'::jsonb NOT NULL, 
    counts JSONB DEFAULT '{}'::jsonb NOT NULL, 
    error TEXT, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT import_runs_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT import_runs_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT import_runs_kind_check CHECK (kind in ('customers', 'contacts', 'invoices', 'payments')), 
    CONSTRAINT import_runs_tenant_id_file_id_fkey FOREIGN KEY(tenant_id, file_id) REFERENCES files (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT import_runs_state_check CHECK (state in ('reading', 'ready', 'applied', 'refused'))
);
CREATE INDEX import_runs_tenant_id_file_id_idx ON import_runs (tenant_id, file_id);

CREATE TABLE number_series (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    series TEXT NOT NULL, 
    period_key TEXT NOT NULL, 
    next_serial INTEGER DEFAULT '1' NOT NULL, 
    last_issue_date DATE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT number_series_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT number_series_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT number_series_tenant_id_series_period_key_key UNIQUE (tenant_id, series, period_key)
);

CREATE TABLE runs (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    purpose TEXT NOT NULL, 
    reason TEXT, 
    any_hour BOOLEAN DEFAULT false NOT NULL, 
    release_at TIMESTAMP WITH TIME ZONE, 
    released_at TIMESTAMP WITH TIME ZONE, 
    released_by UUID, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT runs_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT runs_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT runs_purpose_check CHECK (purpose in ('campaign', 'chase', 'notice', 'welcome', 'payment_link', 'payment_reminder', 'dossier_reminder', 'review_request', 'notification', 'message', 'reply', 'statement', 'sign_in', 'webhook', 'test')), 
    CONSTRAINT runs_reason_check CHECK (reason in ('agent', 'auth', 'quota', 'errors', 'finished', 'cancelled', 'unscheduled', 'refrozen')), 
    CONSTRAINT runs_state_check CHECK (state in ('held', 'open', 'paused', 'closed'))
);

CREATE TABLE sending_accounts (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    channel TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    address TEXT NOT NULL, 
    display_name TEXT, 
    reply_to TEXT, 
    secret_id UUID, 
    settings JSONB DEFAULT '{}'::jsonb NOT NULL, 
    is_primary BOOLEAN DEFAULT false NOT NULL, 
    batch_size INTEGER DEFAULT '5' NOT NULL, 
    batch_interval INTERVAL DEFAULT interval '3 seconds' NOT NULL, 
    daily_quota INTEGER DEFAULT '500' NOT NULL, 
    next_batch_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    throttled_until TIMESTAMP WITH TIME ZONE, 
    connect_by TIMESTAMP WITH TIME ZONE, 
    last_validated_at TIMESTAMP WITH TIME ZONE, 
    last_error TEXT, 
    created_by UUID, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT sending_accounts_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT sending_accounts_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT sending_accounts_channel_check CHECK (channel in ('email', 'whatsapp', 'sms', 'push', 'webhook')), 
    CONSTRAINT sending_accounts_kind_check CHECK (kind in ('smtp', 'gmail', 'outlook', 'whatsapp', 'twilio', 'webpush')), 
    CONSTRAINT sending_accounts_tenant_id_secret_id_fkey FOREIGN KEY(tenant_id, secret_id) REFERENCES secrets (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT sending_accounts_tenant_id_kind_address_key UNIQUE (tenant_id, kind, address), 
    CONSTRAINT sending_accounts_batch_size_check CHECK (batch_size between 1 and 500), 
    CONSTRAINT sending_accounts_daily_quota_check CHECK (daily_quota >= 1), 
    CONSTRAINT sending_accounts_batch_interval_check CHECK (batch_interval >= interval '0'), 
    CONSTRAINT sending_accounts_state_check CHECK (state in ('connecting', 'active', 'needs_reauth', 'throttled', 'disabled'))
);
CREATE UNIQUE INDEX sending_accounts_primary_key ON sending_accounts (tenant_id, channel) WHERE is_primary;
CREATE INDEX sending_accounts_tenant_id_secret_id_idx ON sending_accounts (tenant_id, secret_id);

CREATE TABLE sign_in_tokens (
    id UUID DEFAULT uuidv7() NOT NULL, 
    account_id UUID NOT NULL, 
    token_hash BYTEA NOT NULL, 
    purpose TEXT NOT NULL, 
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    used_at TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT sign_in_tokens_pkey PRIMARY KEY (id), 
    CONSTRAINT sign_in_tokens_token_hash_key UNIQUE (token_hash), 
    CONSTRAINT sign_in_tokens_account_id_fkey FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE RESTRICT
);
CREATE INDEX sign_in_tokens_account_id_idx ON sign_in_tokens (account_id);

CREATE TABLE templates (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    code TEXT NOT NULL, 
    name TEXT NOT NULL, 
    description TEXT, 
    channel TEXT NOT NULL, 
    category TEXT NOT NULL, 
    source TEXT NOT NULL, 
    max_invoice_count INTEGER, 
    is_default BOOLEAN DEFAULT false NOT NULL, 
    active BOOLEAN DEFAULT true NOT NULL, 
    created_by UUID, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT templates_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT templates_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT templates_channel_check CHECK (channel in ('email', 'whatsapp', 'sms', 'push', 'webhook')), 
    CONSTRAINT templates_source_check CHECK (source in ('custom', 'system', 'imported')), 
    CONSTRAINT templates_tenant_id_code_key UNIQUE (tenant_id, code)
);

CREATE TABLE account_usage (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    sending_account_id UUID NOT NULL, 
    hour TIMESTAMP WITH TIME ZONE NOT NULL, 
    accepted INTEGER DEFAULT '0' NOT NULL, 
    uncertain INTEGER DEFAULT '0' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT account_usage_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT account_usage_tenant_id_sending_account_id_fkey FOREIGN KEY(tenant_id, sending_account_id) REFERENCES sending_accounts (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT account_usage_tenant_id_sending_account_id_hour_key UNIQUE (tenant_id, sending_account_id, hour)
);

CREATE TABLE api_keys (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    name TEXT NOT NULL, 
    prefix TEXT NOT NULL, 
    hash BYTEA NOT NULL, 
    scopes TEXT[] DEFAULT '{}' NOT NULL, 
    agent_id UUID NOT NULL, 
    last_used_at TIMESTAMP WITH TIME ZONE, 
    revoked_at TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT api_keys_tenant_id_agent_id_fkey FOREIGN KEY(tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT api_keys_tenant_id_hash_key UNIQUE (tenant_id, hash)
);
CREATE INDEX api_keys_tenant_id_agent_id_idx ON api_keys (tenant_id, agent_id);

CREATE TABLE campaigns (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    name TEXT NOT NULL, 
    description TEXT, 
    kind TEXT NOT NULL, 
    template_id UUID NOT NULL, 
    sending_account_id UUID NOT NULL, 
    sender_name TEXT, 
    reply_to TEXT, 
    group_by TEXT NOT NULL, 
    selection JSONB DEFAULT '{}'::jsonb NOT NULL, 
    scheduled_for TIMESTAMP WITH TIME ZONE, 
    time_zone TEXT, 
    pause_reason TEXT, 
    run_id UUID, 
    totals JSONB DEFAULT '{}'::jsonb NOT NULL, 
    started_at TIMESTAMP WITH TIME ZONE, 
    completed_at TIMESTAMP WITH TIME ZONE, 
    last_error TEXT, 
    created_by UUID, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT campaigns_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT campaigns_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT campaigns_kind_check CHECK (kind in ('invoice_reminder', 'payment_follow_up', 'overdue_notice', 'bulk_reminder')), 
    CONSTRAINT campaigns_tenant_id_template_id_fkey FOREIGN KEY(tenant_id, template_id) REFERENCES templates (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT campaigns_tenant_id_sending_account_id_fkey FOREIGN KEY(tenant_id, sending_account_id) REFERENCES sending_accounts (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT campaigns_group_by_check CHECK (group_by in ('customer', 'invoice')), 
    CONSTRAINT campaigns_tenant_id_run_id_fkey FOREIGN KEY(tenant_id, run_id) REFERENCES runs (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT campaigns_state_check CHECK (state in ('draft', 'scheduled', 'sending', 'paused', 'completed', 'failed', 'cancelled'))
);
CREATE INDEX campaigns_tenant_id_run_id_idx ON campaigns (tenant_id, run_id);
CREATE INDEX campaigns_tenant_id_sending_account_id_idx ON campaigns (tenant_id, sending_account_id);
CREATE INDEX campaigns_tenant_id_template_id_idx ON campaigns (tenant_id, template_id);

CREATE TABLE claims (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    sending_account_id UUID NOT NULL, 
    send_ids UUID[] NOT NULL, 
    room INTEGER DEFAULT '0' NOT NULL, 
    lease_until TIMESTAMP WITH TIME ZONE NOT NULL, 
    settled_at TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT claims_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT claims_tenant_id_sending_account_id_fkey FOREIGN KEY(tenant_id, sending_account_id) REFERENCES sending_accounts (tenant_id, id) ON DELETE RESTRICT
)
 WITH (fillfactor = 80);
CREATE INDEX claims_open_idx ON claims (tenant_id, sending_account_id, lease_until) WHERE settled_at is null;

CREATE TABLE consents (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    customer_id UUID NOT NULL, 
    channel TEXT NOT NULL, 
    purpose TEXT NOT NULL, 
    consent TEXT NOT NULL, 
    proof TEXT, 
    text_version TEXT, 
    at TIMESTAMP WITH TIME ZONE NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT consents_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT consents_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT consents_purpose_check CHECK (purpose in ('marketing', 'review', 'tracking')), 
    CONSTRAINT consents_consent_check CHECK (consent in ('granted', 'denied'))
);
CREATE INDEX consents_tenant_id_customer_id_idx ON consents (tenant_id, customer_id);

CREATE TABLE customer_contacts (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    customer_id UUID NOT NULL, 
    name TEXT NOT NULL, 
    email TEXT, 
    email_key TEXT, 
    phone TEXT, 
    role TEXT DEFAULT 'billing' NOT NULL, 
    locale TEXT, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT customer_contacts_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT customer_contacts_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT customer_contacts_tenant_id_customer_id_email_key_name_key UNIQUE (tenant_id, customer_id, email_key, name)
);
CREATE INDEX customer_contacts_tenant_id_customer_id_idx ON customer_contacts (tenant_id, customer_id);

CREATE TABLE customer_sign_in_tokens (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    customer_id UUID NOT NULL, 
    token_hash BYTEA NOT NULL, 
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    used_at TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT customer_sign_in_tokens_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT customer_sign_in_tokens_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT customer_sign_in_tokens_tenant_id_token_hash_key UNIQUE (tenant_id, token_hash)
);
CREATE INDEX customer_sign_in_tokens_tenant_id_customer_id_idx ON customer_sign_in_tokens (tenant_id, customer_id);

CREATE TABLE import_rows (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    import_run_id UUID NOT NULL, 
    number INTEGER NOT NULL, 
    raw JSONB DEFAULT '[]'::jsonb NOT NULL, 
    outcome TEXT, 
    reason TEXT, 
    field TEXT, 
    entity_id UUID, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT import_rows_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT import_rows_tenant_id_import_run_id_fkey FOREIGN KEY(tenant_id, import_run_id) REFERENCES import_runs (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT import_rows_outcome_check CHECK (outcome in ('created', 'updated', 'unchanged', 'refused')), 
    CONSTRAINT import_rows_tenant_id_import_run_id_number_key UNIQUE (tenant_id, import_run_id, number)
);

CREATE TABLE invoices (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    customer_id UUID NOT NULL, 
    series TEXT, 
    number TEXT, 
    serial INTEGER, 
    kind TEXT DEFAULT 'invoice' NOT NULL, 
    currency CHAR(3) NOT NULL, 
    subtotal_minor BIGINT DEFAULT '0' NOT NULL, 
    tax_minor BIGINT DEFAULT '0' NOT NULL, 
    total_minor BIGINT DEFAULT '0' NOT NULL, 
    balance_minor BIGINT DEFAULT '0' NOT NULL, 
    refunded_minor BIGINT DEFAULT '0' NOT NULL, 
    issue_date DATE, 
    due_date DATE, 
    supply_date DATE, 
    paid_on DATE, 
    seller JSONB, 
    buyer JSONB, 
    notes TEXT, 
    purchase_order TEXT, 
    external_source TEXT, 
    external_id TEXT, 
    pdf_file_id UUID, 
    locale TEXT, 
    exchange_rate NUMERIC(18, 6), 
    rounding_mode TEXT, 
    allocation_number TEXT, 
    created_by UUID, 
    overdue_told BOOLEAN DEFAULT false NOT NULL, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT invoices_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT invoices_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT invoices_tenant_id_pdf_file_id_fkey FOREIGN KEY(tenant_id, pdf_file_id) REFERENCES files (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT invoices_tenant_id_external_source_external_id_key UNIQUE (tenant_id, external_source, external_id), 
    CONSTRAINT invoices_balance_check CHECK (balance_minor between 0 and total_minor), 
    CONSTRAINT invoices_total_check CHECK (total_minor = subtotal_minor + tax_minor), 
    CONSTRAINT invoices_number_check CHECK ((state = 'draft') = (number is null)), 
    CONSTRAINT invoices_dates_check CHECK (state = 'draft' or (issue_date is not null and due_date is not null)), 
    CONSTRAINT invoices_state_check CHECK (state in ('draft', 'issued', 'paid', 'cancelled', 'refunded'))
)
 WITH (fillfactor = 80);
CREATE UNIQUE INDEX invoices_number_key ON invoices (tenant_id, series, number) WHERE number is not null;
CREATE INDEX invoices_open_idx ON invoices (tenant_id, due_date, customer_id) WHERE state = 'issued' and balance_minor > 0;
CREATE INDEX invoices_tenant_id_customer_id_due_date_idx ON invoices (tenant_id, customer_id, due_date);
CREATE INDEX invoices_tenant_id_number_idx ON invoices (tenant_id, number);
CREATE INDEX invoices_tenant_id_pdf_file_id_idx ON invoices (tenant_id, pdf_file_id);

CREATE TABLE notifications (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    agent_id UUID, 
    customer_id UUID, 
    event_id UUID, 
    kind TEXT NOT NULL, 
    payload JSONB DEFAULT '{}'::jsonb NOT NULL, 
    action_url TEXT, 
    read_at TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT notifications_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT notifications_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT notifications_tenant_id_agent_id_fkey FOREIGN KEY(tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT notifications_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT notifications_one_recipient_check CHECK (num_nonnulls(agent_id, customer_id) = 1), 
    CONSTRAINT notifications_tenant_id_event_id_agent_id_customer_id_key UNIQUE NULLS NOT DISTINCT (tenant_id, event_id, agent_id, customer_id)
);
CREATE INDEX notifications_tenant_id_agent_id_idx ON notifications (tenant_id, agent_id);
CREATE INDEX notifications_tenant_id_customer_id_idx ON notifications (tenant_id, customer_id);
CREATE INDEX notifications_unread_idx ON notifications (tenant_id, agent_id, id) WHERE read_at is null;

CREATE TABLE payments (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    customer_id UUID NOT NULL, 
    amount_minor BIGINT NOT NULL, 
    currency CHAR(3) NOT NULL, 
    received_on DATE NOT NULL, 
    method TEXT, 
    reference TEXT, 
    source TEXT NOT NULL, 
    external_id TEXT, 
    reverses_id UUID, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT payments_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT payments_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT payments_source_check CHECK (source in ('stripe', 'manual', 'import', 'bank')), 
    CONSTRAINT payments_tenant_id_reverses_id_fkey FOREIGN KEY(tenant_id, reverses_id) REFERENCES payments (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT payments_tenant_id_reverses_id_key UNIQUE (tenant_id, reverses_id), 
    CONSTRAINT payments_tenant_id_source_external_id_key UNIQUE (tenant_id, source, external_id), 
    CONSTRAINT payments_sign_check CHECK ((amount_minor > 0) = (reverses_id is null) and amount_minor <> 0)
);
CREATE INDEX payments_tenant_id_customer_id_idx ON payments (tenant_id, customer_id);

CREATE TABLE saved_views (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    agent_id UUID NOT NULL, 
    noun TEXT NOT NULL, 
    name TEXT NOT NULL, 
    filter JSONB DEFAULT '{}'::jsonb NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT saved_views_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT saved_views_tenant_id_agent_id_fkey FOREIGN KEY(tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT saved_views_tenant_id_agent_id_noun_name_key UNIQUE (tenant_id, agent_id, noun, name)
);
CREATE INDEX saved_views_tenant_id_agent_id_idx ON saved_views (tenant_id, agent_id);

CREATE TABLE send_rollups (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    run_id UUID, 
    template_id UUID, 
    sending_account_id UUID, 
    hour TIMESTAMP WITH TIME ZONE NOT NULL, 
    counts JSONB DEFAULT '{}'::jsonb NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT send_rollups_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT send_rollups_tenant_id_run_id_fkey FOREIGN KEY(tenant_id, run_id) REFERENCES runs (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT send_rollups_tenant_id_template_id_fkey FOREIGN KEY(tenant_id, template_id) REFERENCES templates (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT send_rollups_tenant_id_sending_account_id_fkey FOREIGN KEY(tenant_id, sending_account_id) REFERENCES sending_accounts (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT send_rollups_key UNIQUE NULLS NOT DISTINCT (tenant_id, run_id, template_id, sending_account_id, hour)
);
CREATE INDEX send_rollups_tenant_id_sending_account_id_idx ON send_rollups (tenant_id, sending_account_id);
CREATE INDEX send_rollups_tenant_id_template_id_idx ON send_rollups (tenant_id, template_id);

CREATE TABLE sessions (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    token_hash BYTEA NOT NULL, 
    account_id UUID, 
    agent_id UUID, 
    customer_id UUID, 
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    idle_expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    ip INET, 
    user_agent TEXT, 
    revoked_at TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT sessions_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT sessions_tenant_id_agent_id_fkey FOREIGN KEY(tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT sessions_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT sessions_tenant_id_token_hash_key UNIQUE (tenant_id, token_hash), 
    CONSTRAINT sessions_one_owner_check CHECK (num_nonnulls(agent_id, customer_id) = 1), 
    CONSTRAINT sessions_account_id_fkey FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE RESTRICT
);
CREATE INDEX sessions_account_id_idx ON sessions (account_id);
CREATE INDEX sessions_tenant_id_agent_id_idx ON sessions (tenant_id, agent_id);
CREATE INDEX sessions_tenant_id_customer_id_idx ON sessions (tenant_id, customer_id);

CREATE TABLE tasks (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    kind TEXT NOT NULL, 
    about_type TEXT NOT NULL, 
    about_id UUID NOT NULL, 
    customer_id UUID, 
    assignee UUID, 
    payload JSONB DEFAULT '{}'::jsonb NOT NULL, 
    due_on DATE, 
    done_at TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT tasks_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT tasks_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT tasks_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT tasks_tenant_id_assignee_fkey FOREIGN KEY(tenant_id, assignee) REFERENCES agents (tenant_id, id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX tasks_open_key ON tasks (tenant_id, kind, about_type, about_id) WHERE done_at is null;
CREATE INDEX tasks_tenant_id_assignee_idx ON tasks (tenant_id, assignee);
CREATE INDEX tasks_tenant_id_customer_id_idx ON tasks (tenant_id, customer_id);

CREATE TABLE template_versions (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    template_id UUID NOT NULL, 
    number INTEGER NOT NULL, 
    locale TEXT NOT NULL, 
    subject TEXT NOT NULL, 
    body TEXT NOT NULL, 
    body_format TEXT NOT NULL, 
    required_tags TEXT[] DEFAULT '{}' NOT NULL, 
    sample_data JSONB DEFAULT '{}'::jsonb NOT NULL, 
    published_at TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT template_versions_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT template_versions_tenant_id_template_id_fkey FOREIGN KEY(tenant_id, template_id) REFERENCES templates (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT template_versions_body_format_check CHECK (body_format in ('html', 'text')), 
    CONSTRAINT template_versions_tenant_id_template_id_number_locale_key UNIQUE (tenant_id, template_id, number, locale)
);

CREATE TABLE campaign_invoices (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    campaign_id UUID NOT NULL, 
    run_id UUID NOT NULL, 
    invoice_id UUID, 
    asked_for TEXT, 
    included BOOLEAN DEFAULT true NOT NULL, 
    excluded_reason TEXT, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT campaign_invoices_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT campaign_invoices_tenant_id_campaign_id_fkey FOREIGN KEY(tenant_id, campaign_id) REFERENCES campaigns (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT campaign_invoices_tenant_id_run_id_fkey FOREIGN KEY(tenant_id, run_id) REFERENCES runs (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT campaign_invoices_tenant_id_invoice_id_fkey FOREIGN KEY(tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT campaign_invoices_excluded_reason_check CHECK (excluded_reason in ('paid', 'draft', 'cancelled', 'not_due', 'promise', 'dispute', 'processing', 'replied', 'no_address', 'unsubscribed', 'hard_bounce', 'complaint', 'suppressed', 'customer_suspended', 'unknown', 'by_hand')), 
    CONSTRAINT campaign_invoices_tenant_id_campaign_id_run_id_invoice_id_key UNIQUE (tenant_id, campaign_id, run_id, invoice_id), 
    CONSTRAINT campaign_invoices_reason_check CHECK (included = (excluded_reason is null)), 
    CONSTRAINT campaign_invoices_subject_check CHECK (num_nonnulls(invoice_id, asked_for) >= 1)
);
CREATE INDEX campaign_invoices_tenant_id_invoice_id_idx ON campaign_invoices (tenant_id, invoice_id);
CREATE INDEX campaign_invoices_tenant_id_run_id_idx ON campaign_invoices (tenant_id, run_id);

CREATE TABLE credit_notes (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    invoice_id UUID NOT NULL, 
    customer_id UUID NOT NULL, 
    series TEXT NOT NULL, 
    number TEXT NOT NULL, 
    serial INTEGER NOT NULL, 
    issue_date DATE NOT NULL, 
    amount_minor BIGINT NOT NULL, 
    tax_minor BIGINT DEFAULT '0' NOT NULL, 
    currency CHAR(3) NOT NULL, 
    reason_code TEXT NOT NULL, 
    reason TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT credit_notes_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT credit_notes_tenant_id_invoice_id_fkey FOREIGN KEY(tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT credit_notes_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT credit_notes_tenant_id_series_number_key UNIQUE (tenant_id, series, number), 
    CONSTRAINT credit_notes_amount_check CHECK (amount_minor > 0)
);
CREATE INDEX credit_notes_tenant_id_customer_id_idx ON credit_notes (tenant_id, customer_id);
CREATE INDEX credit_notes_tenant_id_invoice_id_idx ON credit_notes (tenant_id, invoice_id);

CREATE TABLE disputes (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    invoice_id UUID NOT NULL, 
    customer_id UUID NOT NULL, 
    reason TEXT NOT NULL, 
    statement TEXT NOT NULL, 
    resolution TEXT, 
    resolved_at TIMESTAMP WITH TIME ZONE, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT disputes_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT disputes_tenant_id_invoice_id_fkey FOREIGN KEY(tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT disputes_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT disputes_reason_check CHECK (reason in ('already_paid', 'wrong_amount', 'not_ordered', 'not_delivered', 'quality', 'other')), 
    CONSTRAINT disputes_state_check CHECK (state in ('open', 'accepted', 'rejected', 'withdrawn'))
);
CREATE UNIQUE INDEX disputes_open_key ON disputes (tenant_id, invoice_id) WHERE state = 'open';
CREATE INDEX disputes_tenant_id_customer_id_idx ON disputes (tenant_id, customer_id);
CREATE INDEX disputes_tenant_id_invoice_id_idx ON disputes (tenant_id, invoice_id);

CREATE TABLE invoice_lines (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    invoice_id UUID NOT NULL, 
    customer_id UUID NOT NULL, 
    position INTEGER NOT NULL, 
    description TEXT NOT NULL, 
    quantity NUMERIC(18, 6) NOT NULL, 
    unit_price_minor BIGINT NOT NULL, 
    discount_minor BIGINT DEFAULT '0' NOT NULL, 
    tax_category TEXT NOT NULL, 
    tax_rate NUMERIC(5, 2) NOT NULL, 
    net_minor BIGINT NOT NULL, 
    tax_minor BIGINT NOT NULL, 
    service_from DATE, 
    service_to DATE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT invoice_lines_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT invoice_lines_tenant_id_invoice_id_fkey FOREIGN KEY(tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT invoice_lines_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT invoice_lines_tax_category_check CHECK (tax_category in ('S', 'Z', 'E', 'O', 'AE', 'N')), 
    CONSTRAINT invoice_lines_tenant_id_invoice_id_position_key UNIQUE (tenant_id, invoice_id, position)
);
CREATE INDEX invoice_lines_tenant_id_customer_id_idx ON invoice_lines (tenant_id, customer_id);

CREATE TABLE invoice_payments (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    invoice_id UUID NOT NULL, 
    payment_id UUID NOT NULL, 
    customer_id UUID NOT NULL, 
    amount_minor BIGINT NOT NULL, 
    reverses_id UUID, 
    reason TEXT, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT invoice_payments_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT invoice_payments_tenant_id_invoice_id_fkey FOREIGN KEY(tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT invoice_payments_tenant_id_payment_id_fkey FOREIGN KEY(tenant_id, payment_id) REFERENCES payments (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT invoice_payments_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT invoice_payments_tenant_id_reverses_id_fkey FOREIGN KEY(tenant_id, reverses_id) REFERENCES invoice_payments (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT invoice_payments_tenant_id_reverses_id_key UNIQUE (tenant_id, reverses_id), 
    CONSTRAINT invoice_payments_sign_check CHECK ((amount_minor > 0) = (reverses_id is null) and amount_minor <> 0)
);
CREATE INDEX invoice_payments_tenant_id_customer_id_idx ON invoice_payments (tenant_id, customer_id);
CREATE INDEX invoice_payments_tenant_id_invoice_id_idx ON invoice_payments (tenant_id, invoice_id);
CREATE INDEX invoice_payments_tenant_id_payment_id_idx ON invoice_payments (tenant_id, payment_id);

CREATE TABLE promises (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    invoice_id UUID NOT NULL, 
    customer_id UUID NOT NULL, 
    amount_minor BIGINT NOT NULL, 
    currency CHAR(3) NOT NULL, 
    promised_for DATE NOT NULL, 
    moves INTEGER DEFAULT '0' NOT NULL, 
    reason TEXT, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT promises_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT promises_tenant_id_invoice_id_fkey FOREIGN KEY(tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT promises_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT promises_state_check CHECK (state in ('active', 'kept', 'broken', 'withdrawn'))
);
CREATE UNIQUE INDEX promises_active_key ON promises (tenant_id, invoice_id) WHERE state = 'active';
CREATE INDEX promises_tenant_id_customer_id_idx ON promises (tenant_id, customer_id);
CREATE INDEX promises_tenant_id_invoice_id_idx ON promises (tenant_id, invoice_id);

CREATE TABLE sends (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    customer_id UUID, 
    purpose TEXT NOT NULL, 
    stream TEXT NOT NULL, 
    touch_key TEXT NOT NULL, 
    run_id UUID, 
    channel TEXT NOT NULL, 
    to_address TEXT, 
    address_key TEXT, 
    to_name TEXT, 
    locale TEXT NOT NULL, 
    template_version_id UUID, 
    subject TEXT, 
    merge_data JSONB, 
    reviewed JSONB, 
    edited_subject TEXT, 
    edited_body TEXT, 
    priority SMALLINT DEFAULT '5' NOT NULL, 
    reason TEXT, 
    sending_account_id UUID, 
    message_id TEXT, 
    provider_message_id TEXT, 
    provider_response TEXT, 
    thread_id TEXT, 
    links TEXT[], 
    attempts SMALLINT DEFAULT '0' NOT NULL, 
    delays SMALLINT DEFAULT '0' NOT NULL, 
    queue_at TIMESTAMP WITH TIME ZONE, 
    first_deferred_at TIMESTAMP WITH TIME ZONE, 
    claim_id UUID, 
    sent_at TIMESTAMP WITH TIME ZONE, 
    delivered_at TIMESTAMP WITH TIME ZONE, 
    bounced_at TIMESTAMP WITH TIME ZONE, 
    failed_at TIMESTAMP WITH TIME ZONE, 
    opened_at TIMESTAMP WITH TIME ZONE, 
    clicked_at TIMESTAMP WITH TIME ZONE, 
    replied_at TIMESTAMP WITH TIME ZONE, 
    open_count INTEGER DEFAULT '0' NOT NULL, 
    click_count INTEGER DEFAULT '0' NOT NULL, 
    content_sha256 BYTEA, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT sends_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT sends_purpose_check CHECK (purpose in ('campaign', 'chase', 'notice', 'welcome', 'payment_link', 'payment_reminder', 'dossier_reminder', 'review_request', 'notification', 'message', 'reply', 'statement', 'sign_in', 'webhook', 'test')), 
    CONSTRAINT sends_channel_check CHECK (channel in ('email', 'whatsapp', 'sms', 'push', 'webhook')), 
    CONSTRAINT sends_tenant_id_purpose_touch_key_channel_key UNIQUE (tenant_id, purpose, touch_key, channel), 
    CONSTRAINT sends_stream_check CHECK (stream in ('transactional', 'reminder', 'marketing')), 
    CONSTRAINT sends_queue_at_check CHECK (queue_at is null or state = 'queued'), 
    CONSTRAINT sends_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT sends_tenant_id_run_id_fkey FOREIGN KEY(tenant_id, run_id) REFERENCES runs (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT sends_tenant_id_template_version_id_fkey FOREIGN KEY(tenant_id, template_version_id) REFERENCES template_versions (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT sends_tenant_id_sending_account_id_fkey FOREIGN KEY(tenant_id, sending_account_id) REFERENCES sending_accounts (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT sends_state_check CHECK (state in ('queued', 'sending', 'sent', 'delivered', 'bounced', 'failed', 'suppressed', 'cancelled', 'uncertain'))
)
 WITH (fillfactor = 50);
CREATE INDEX sends_due_idx ON sends (tenant_id, sending_account_id, priority, queue_at) WHERE queue_at is not null;
CREATE INDEX sends_of_customer_idx ON sends (tenant_id, customer_id, id desc);
CREATE INDEX sends_reason_idx ON sends (tenant_id, reason, id) WHERE reason is not null;
CREATE INDEX sends_tenant_id_provider_message_id_idx ON sends (tenant_id, provider_message_id) WHERE provider_message_id is not null;
CREATE INDEX sends_tenant_id_run_id_idx ON sends (tenant_id, run_id);

CREATE TABLE attempts (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    send_id UUID NOT NULL, 
    number SMALLINT NOT NULL, 
    started_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    finished_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    outcome TEXT NOT NULL, 
    error_code TEXT, 
    error TEXT, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT attempts_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT attempts_tenant_id_send_id_fkey FOREIGN KEY(tenant_id, send_id) REFERENCES sends (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX attempts_tenant_id_send_id_idx ON attempts (tenant_id, send_id);

CREATE TABLE contact_days (
    tenant_id UUID NOT NULL, 
    key TEXT NOT NULL, 
    on_date DATE NOT NULL, 
    send_id UUID NOT NULL, 
    CONSTRAINT contact_days_pkey PRIMARY KEY (tenant_id, key, on_date), 
    CONSTRAINT contact_days_tenant_id_send_id_fkey FOREIGN KEY(tenant_id, send_id) REFERENCES sends (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX contact_days_tenant_id_send_id_idx ON contact_days (tenant_id, send_id);

CREATE TABLE dispute_notes (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    dispute_id UUID NOT NULL, 
    customer_id UUID NOT NULL, 
    author_type TEXT NOT NULL, 
    author_id UUID, 
    body TEXT NOT NULL, 
    file_id UUID, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT dispute_notes_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT dispute_notes_tenant_id_dispute_id_fkey FOREIGN KEY(tenant_id, dispute_id) REFERENCES disputes (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT dispute_notes_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT dispute_notes_tenant_id_file_id_fkey FOREIGN KEY(tenant_id, file_id) REFERENCES files (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX dispute_notes_tenant_id_customer_id_idx ON dispute_notes (tenant_id, customer_id);
CREATE INDEX dispute_notes_tenant_id_dispute_id_idx ON dispute_notes (tenant_id, dispute_id);
CREATE INDEX dispute_notes_tenant_id_file_id_idx ON dispute_notes (tenant_id, file_id);

CREATE TABLE engagements (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    send_id UUID NOT NULL, 
    run_id UUID, 
    kind TEXT NOT NULL, 
    at TIMESTAMP WITH TIME ZONE NOT NULL, 
    source TEXT NOT NULL, 
    class TEXT NOT NULL, 
    link_position SMALLINT, 
    user_agent TEXT, 
    device TEXT, 
    client TEXT, 
    ip_truncated INET, 
    country TEXT, 
    city TEXT, 
    provider_event_id TEXT, 
    payload JSONB, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT engagements_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT engagements_kind_check CHECK (kind in ('open', 'click', 'read', 'reply', 'bounce', 'complaint', 'unsubscribe', 'delivered')), 
    CONSTRAINT engagements_tenant_id_send_id_fkey FOREIGN KEY(tenant_id, send_id) REFERENCES sends (tenant_id, id) ON DELETE RESTRICT
)
 PARTITION BY range (id);
CREATE INDEX engagements_tenant_id_run_id_idx ON engagements (tenant_id, run_id);
CREATE INDEX engagements_tenant_id_send_id_idx ON engagements (tenant_id, send_id);

CREATE TABLE incoming_messages (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    channel TEXT NOT NULL, 
    from_address TEXT NOT NULL, 
    customer_id UUID, 
    send_id UUID, 
    subject TEXT, 
    body TEXT, 
    class TEXT NOT NULL, 
    provider_message_id TEXT NOT NULL, 
    received_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    handled_at TIMESTAMP WITH TIME ZONE, 
    handled_by UUID, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT incoming_messages_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT incoming_messages_channel_check CHECK (channel in ('email', 'whatsapp', 'sms', 'push', 'webhook')), 
    CONSTRAINT incoming_messages_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT incoming_messages_tenant_id_send_id_fkey FOREIGN KEY(tenant_id, send_id) REFERENCES sends (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT incoming_messages_tenant_id_channel_provider_message_id_key UNIQUE (tenant_id, channel, provider_message_id)
);
CREATE INDEX incoming_messages_tenant_id_customer_id_idx ON incoming_messages (tenant_id, customer_id);
CREATE INDEX incoming_messages_tenant_id_send_id_idx ON incoming_messages (tenant_id, send_id);

CREATE TABLE send_subjects (
    tenant_id UUID NOT NULL, 
    send_id UUID NOT NULL, 
    customer_id UUID, 
    subject_type TEXT NOT NULL, 
    subject_id UUID NOT NULL, 
    touch TEXT, 
    dropped_at TIMESTAMP WITH TIME ZONE, 
    reason TEXT, 
    CONSTRAINT send_subjects_pkey PRIMARY KEY (tenant_id, send_id, subject_type, subject_id), 
    CONSTRAINT send_subjects_tenant_id_send_id_fkey FOREIGN KEY(tenant_id, send_id) REFERENCES sends (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX send_subjects_live_idx ON send_subjects (tenant_id, subject_type, subject_id) WHERE dropped_at is null;
CREATE UNIQUE INDEX send_subjects_rung_key ON send_subjects (tenant_id, subject_type, subject_id, touch) WHERE touch is not null and dropped_at is null;

CREATE TABLE suppressions (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    address_key TEXT NOT NULL, 
    channel TEXT NOT NULL, 
    scope TEXT NOT NULL, 
    reason TEXT NOT NULL, 
    source_send_id UUID, 
    note TEXT, 
    expires_at TIMESTAMP WITH TIME ZONE, 
    lifted_at TIMESTAMP WITH TIME ZONE, 
    created_by UUID, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT suppressions_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT suppressions_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT suppressions_channel_check CHECK (channel in ('email', 'whatsapp', 'sms', 'push', 'webhook')), 
    CONSTRAINT suppressions_scope_check CHECK (scope in ('all', 'reminders', 'marketing', 'reviews')), 
    CONSTRAINT suppressions_reason_check CHECK (reason in ('hard_bounce', 'complaint', 'unsubscribe', 'manual', 'erasure')), 
    CONSTRAINT suppressions_tenant_id_source_send_id_fkey FOREIGN KEY(tenant_id, source_send_id) REFERENCES sends (tenant_id, id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX suppressions_live_key ON suppressions (tenant_id, address_key, channel, scope, reason) WHERE lifted_at is null;
CREATE INDEX suppressions_tenant_id_source_send_id_idx ON suppressions (tenant_id, source_send_id);

