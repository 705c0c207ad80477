-- The new tables, as src/bursar/*/tables.py had them when this revision was made.

CREATE TABLE journal_checks (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    anchors TEXT[] DEFAULT '{}' NOT NULL, 
    sealed_rows INTEGER NOT NULL, 
    checked_rows INTEGER DEFAULT '0' NOT NULL, 
    stream TEXT NOT NULL, 
    number INTEGER DEFAULT '0' NOT NULL, 
    up_to_id UUID NOT NULL, 
    hash BYTEA NOT NULL, 
    first_bad TEXT, 
    finished_at TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT journal_checks_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT journal_checks_stream_check CHECK (stream in ('events', 'attempts'))
);

CREATE TABLE einvoice_obligations (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    regime TEXT NOT NULL, 
    mandatory_from DATE NOT NULL, 
    asp_by DATE, 
    source TEXT NOT NULL, 
    checked_on DATE NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT einvoice_obligations_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT einvoice_obligations_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT einvoice_obligations_tenant_id_regime_key UNIQUE (tenant_id, regime)
);

CREATE TABLE exchange_rates (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    currency CHAR(3) NOT NULL, 
    on_date DATE NOT NULL, 
    rate NUMERIC(18, 6) NOT NULL, 
    source TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT exchange_rates_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT exchange_rates_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT exchange_rates_tenant_id_currency_on_date_key UNIQUE (tenant_id, currency, on_date), 
    CONSTRAINT exchange_rates_rate_check CHECK (rate > 0)
);

CREATE TABLE products (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    code TEXT NOT NULL, 
    name TEXT NOT NULL, 
    name_local TEXT, 
    description TEXT, 
    description_local TEXT, 
    price_minor BIGINT, 
    currency CHAR(3) NOT NULL, 
    tax_category TEXT NOT NULL, 
    tax_rate NUMERIC(5, 2) NOT NULL, 
    unit_code TEXT DEFAULT 'C62' NOT NULL, 
    item_kind TEXT DEFAULT 'services' NOT NULL, 
    classification_code TEXT, 
    active BOOLEAN DEFAULT true NOT NULL, 
    created_by UUID, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT products_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT products_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT products_tax_category_check CHECK (tax_category in ('S', 'Z', 'E', 'O', 'AE', 'N')), 
    CONSTRAINT products_item_kind_check CHECK (item_kind in ('goods', 'services', 'both')), 
    CONSTRAINT products_tenant_id_code_key UNIQUE (tenant_id, code), 
    CONSTRAINT products_price_check CHECK (price_minor > 0)
);

CREATE TABLE recurring_runs (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    as_of DATE NOT NULL, 
    due INTEGER DEFAULT '0' NOT NULL, 
    drafted INTEGER DEFAULT '0' NOT NULL, 
    issued INTEGER DEFAULT '0' NOT NULL, 
    refused INTEGER DEFAULT '0' NOT NULL, 
    finished_at TIMESTAMP WITH TIME ZONE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT recurring_runs_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT recurring_runs_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT
);

CREATE TABLE billable_units (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    customer_id UUID NOT NULL, 
    product_id UUID NOT NULL, 
    label TEXT NOT NULL, 
    active_from DATE NOT NULL, 
    active_to DATE, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT billable_units_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT billable_units_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT billable_units_tenant_id_product_id_fkey FOREIGN KEY(tenant_id, product_id) REFERENCES products (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT billable_units_tenant_id_customer_id_product_id_label_a_94c6 UNIQUE (tenant_id, customer_id, product_id, label, active_from), 
    CONSTRAINT billable_units_range_check CHECK (active_to > active_from)
);
CREATE INDEX billable_units_tenant_id_product_id_idx ON billable_units (tenant_id, product_id);

CREATE TABLE customer_prices (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    customer_id UUID NOT NULL, 
    product_id UUID NOT NULL, 
    unit_price_minor BIGINT NOT NULL, 
    currency CHAR(3) NOT NULL, 
    effective_from DATE NOT NULL, 
    effective_to DATE, 
    first_used_at TIMESTAMP WITH TIME ZONE, 
    created_by UUID, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT customer_prices_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT customer_prices_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT customer_prices_tenant_id_product_id_fkey FOREIGN KEY(tenant_id, product_id) REFERENCES products (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT customer_prices_tenant_id_customer_id_product_id_effect_a51e UNIQUE (tenant_id, customer_id, product_id, effective_from), 
    CONSTRAINT customer_prices_unit_price_check CHECK (unit_price_minor > 0), 
    CONSTRAINT customer_prices_range_check CHECK (effective_to > effective_from)
);
CREATE INDEX customer_prices_tenant_id_product_id_idx ON customer_prices (tenant_id, product_id);

CREATE TABLE recurring_invoices (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    customer_id UUID NOT NULL, 
    product_id UUID NOT NULL, 
    description TEXT, 
    day_of_month SMALLINT NOT NULL, 
    unit_price_minor BIGINT, 
    currency CHAR(3) NOT NULL, 
    quantity_source TEXT NOT NULL, 
    quantity NUMERIC(18, 6), 
    proration TEXT DEFAULT 'none' NOT NULL, 
    start_date DATE NOT NULL, 
    end_date DATE, 
    next_run_on DATE, 
    last_generated_on DATE, 
    auto_issue BOOLEAN DEFAULT false NOT NULL, 
    purchase_order TEXT, 
    notes TEXT, 
    refusal TEXT, 
    created_by UUID, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT recurring_invoices_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT recurring_invoices_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT recurring_invoices_tenant_id_product_id_fkey FOREIGN KEY(tenant_id, product_id) REFERENCES products (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT recurring_invoices_quantity_source_check CHECK (quantity_source in ('fixed', 'units')), 
    CONSTRAINT recurring_invoices_proration_check CHECK (proration in ('none', 'daily')), 
    CONSTRAINT recurring_invoices_day_of_month_check CHECK (day_of_month between 1 and 28), 
    CONSTRAINT recurring_invoices_range_check CHECK (end_date >= start_date), 
    CONSTRAINT recurring_invoices_unit_price_check CHECK (unit_price_minor > 0), 
    CONSTRAINT recurring_invoices_quantity_of_source_check CHECK ((quantity_source = 'fixed') = (quantity is not null)), 
    CONSTRAINT recurring_invoices_quantity_check CHECK (quantity > 0), 
    CONSTRAINT recurring_invoices_next_run_check CHECK ((state = 'ended') = (next_run_on is null)), 
    CONSTRAINT recurring_invoices_state_check CHECK (state in ('active', 'paused', 'ended'))
);
CREATE INDEX recurring_invoices_due_idx ON recurring_invoices (tenant_id, next_run_on, id) WHERE state = 'active';
CREATE INDEX recurring_invoices_tenant_id_customer_id_idx ON recurring_invoices (tenant_id, customer_id);
CREATE INDEX recurring_invoices_tenant_id_product_id_idx ON recurring_invoices (tenant_id, product_id);

CREATE TABLE bank_lines (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    received_on DATE NOT NULL, 
    amount_minor BIGINT NOT NULL, 
    currency CHAR(3) NOT NULL, 
    payer TEXT, 
    reference TEXT, 
    external_id TEXT NOT NULL, 
    payment_id UUID, 
    reason TEXT, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT bank_lines_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT bank_lines_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (tenant_id) ON DELETE RESTRICT, 
    CONSTRAINT bank_lines_tenant_id_payment_id_fkey FOREIGN KEY(tenant_id, payment_id) REFERENCES payments (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT bank_lines_tenant_id_external_id_key UNIQUE (tenant_id, external_id), 
    CONSTRAINT bank_lines_amount_check CHECK (amount_minor > 0), 
    CONSTRAINT bank_lines_payment_check CHECK ((state = 'matched') = (payment_id is not null)), 
    CONSTRAINT bank_lines_state_check CHECK (state in ('unmatched', 'matched', 'set_aside'))
);
CREATE INDEX bank_lines_open_idx ON bank_lines (tenant_id, received_on, id) WHERE state = 'unmatched';
CREATE INDEX bank_lines_tenant_id_payment_id_idx ON bank_lines (tenant_id, payment_id);

CREATE TABLE credit_note_lines (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    credit_note_id UUID NOT NULL, 
    invoice_line_id UUID, 
    customer_id UUID NOT NULL, 
    position INTEGER NOT NULL, 
    description TEXT NOT NULL, 
    description_local TEXT, 
    quantity NUMERIC(18, 6) NOT NULL, 
    unit_code TEXT DEFAULT 'C62' NOT NULL, 
    item_kind TEXT DEFAULT 'services' NOT NULL, 
    classification_code TEXT, 
    unit_price_minor BIGINT NOT NULL, 
    tax_category TEXT NOT NULL, 
    tax_rate NUMERIC(5, 2) NOT NULL, 
    net_minor BIGINT NOT NULL, 
    tax_minor BIGINT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT credit_note_lines_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT credit_note_lines_tenant_id_credit_note_id_fkey FOREIGN KEY(tenant_id, credit_note_id) REFERENCES credit_notes (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT credit_note_lines_tenant_id_invoice_line_id_fkey FOREIGN KEY(tenant_id, invoice_line_id) REFERENCES invoice_lines (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT credit_note_lines_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT credit_note_lines_item_kind_check CHECK (item_kind in ('goods', 'services', 'both')), 
    CONSTRAINT credit_note_lines_tax_category_check CHECK (tax_category in ('S', 'Z', 'E', 'O', 'AE', 'N')), 
    CONSTRAINT credit_note_lines_tenant_id_credit_note_id_position_key UNIQUE (tenant_id, credit_note_id, position)
);
CREATE INDEX credit_note_lines_tenant_id_customer_id_idx ON credit_note_lines (tenant_id, customer_id);
CREATE INDEX credit_note_lines_tenant_id_invoice_line_id_idx ON credit_note_lines (tenant_id, invoice_line_id);

CREATE TABLE einvoice_documents (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    invoice_id UUID, 
    credit_note_id UUID, 
    customer_id UUID NOT NULL, 
    document_uuid UUID NOT NULL, 
    xml_file_id UUID NOT NULL, 
    provider TEXT NOT NULL, 
    provider_id TEXT, 
    answer JSONB, 
    attempts INTEGER DEFAULT '0' NOT NULL, 
    due_at TIMESTAMP WITH TIME ZONE, 
    sent_at TIMESTAMP WITH TIME ZONE, 
    answered_at TIMESTAMP WITH TIME ZONE, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT einvoice_documents_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT einvoice_documents_tenant_id_invoice_id_fkey FOREIGN KEY(tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT einvoice_documents_tenant_id_credit_note_id_fkey FOREIGN KEY(tenant_id, credit_note_id) REFERENCES credit_notes (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT einvoice_documents_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT einvoice_documents_tenant_id_xml_file_id_fkey FOREIGN KEY(tenant_id, xml_file_id) REFERENCES files (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT einvoice_documents_tenant_id_invoice_id_key UNIQUE (tenant_id, invoice_id), 
    CONSTRAINT einvoice_documents_tenant_id_credit_note_id_key UNIQUE (tenant_id, credit_note_id), 
    CONSTRAINT einvoice_documents_tenant_id_document_uuid_key UNIQUE (tenant_id, document_uuid), 
    CONSTRAINT einvoice_documents_subject_check CHECK (num_nonnulls(invoice_id, credit_note_id) = 1), 
    CONSTRAINT einvoice_documents_state_check CHECK (state in ('queued', 'sent', 'accepted', 'rejected'))
);
CREATE INDEX einvoice_documents_due_idx ON einvoice_documents (tenant_id, due_at) WHERE state in ('queued', 'sent');
CREATE INDEX einvoice_documents_tenant_id_customer_id_idx ON einvoice_documents (tenant_id, customer_id);
CREATE INDEX einvoice_documents_tenant_id_xml_file_id_idx ON einvoice_documents (tenant_id, xml_file_id);

CREATE TABLE refunds (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    payment_id UUID NOT NULL, 
    customer_id UUID NOT NULL, 
    credit_note_id UUID, 
    amount_minor BIGINT NOT NULL, 
    currency CHAR(3) NOT NULL, 
    refunded_on DATE NOT NULL, 
    method TEXT, 
    reference TEXT, 
    reason TEXT NOT NULL, 
    external_id TEXT, 
    state TEXT NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT refunds_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT refunds_tenant_id_payment_id_fkey FOREIGN KEY(tenant_id, payment_id) REFERENCES payments (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT refunds_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT refunds_tenant_id_credit_note_id_fkey FOREIGN KEY(tenant_id, credit_note_id) REFERENCES credit_notes (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT refunds_tenant_id_external_id_key UNIQUE (tenant_id, external_id), 
    CONSTRAINT refunds_amount_check CHECK (amount_minor > 0), 
    CONSTRAINT refunds_state_check CHECK (state in ('pending', 'succeeded', 'failed'))
);
CREATE INDEX refunds_tenant_id_credit_note_id_idx ON refunds (tenant_id, credit_note_id);
CREATE INDEX refunds_tenant_id_customer_id_idx ON refunds (tenant_id, customer_id);
CREATE INDEX refunds_tenant_id_payment_id_idx ON refunds (tenant_id, payment_id);

CREATE TABLE customer_credits (
    tenant_id UUID NOT NULL, 
    id UUID DEFAULT uuidv7() NOT NULL, 
    payment_id UUID NOT NULL, 
    customer_id UUID NOT NULL, 
    amount_minor BIGINT NOT NULL, 
    currency CHAR(3) NOT NULL, 
    received_on DATE NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT customer_credits_pkey PRIMARY KEY (tenant_id, id), 
    CONSTRAINT customer_credits_tenant_id_payment_id_fkey FOREIGN KEY(tenant_id, payment_id) REFERENCES payments (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT customer_credits_tenant_id_customer_id_fkey FOREIGN KEY(tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE RESTRICT, 
    CONSTRAINT customer_credits_tenant_id_payment_id_key UNIQUE (tenant_id, payment_id), 
    CONSTRAINT customer_credits_amount_check CHECK (amount_minor >= 0)
);
CREATE INDEX customer_credits_tenant_id_customer_id_idx ON customer_credits (tenant_id, customer_id);
