-- Payment links and orders, and what of a product is told to whom it is offered.

create table payment_links (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    token_hash bytea not null,
    product_id uuid not null,
    prospect_email text not null,
    email_key text not null,
    prospect_name text,
    locale text not null,
    price_minor bigint,
    currency char(3) not null,
    note text,
    expires_at timestamptz not null,
    mailed_at timestamptz,
    claimed_at timestamptz,
    claimed_by uuid,
    used_at timestamptz,
    used_by uuid,
    created_by uuid,
    state text not null,
    version integer default 1 not null,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint payment_links_pkey primary key (tenant_id, id),
    constraint payment_links_tenant_id_product_id_fkey foreign key (tenant_id, product_id)
        references products (tenant_id, id) on delete restrict,
    constraint payment_links_tenant_id_claimed_by_fkey foreign key (tenant_id, claimed_by)
        references customers (tenant_id, id) on delete restrict,
    constraint payment_links_tenant_id_used_by_fkey foreign key (tenant_id, used_by)
        references customers (tenant_id, id) on delete restrict,
    constraint payment_links_tenant_id_token_hash_key unique (tenant_id, token_hash),
    constraint payment_links_price_check check (price_minor > 0),
    constraint payment_links_claimed_check check ((claimed_at is null) = (claimed_by is null)),
    constraint payment_links_used_check check ((used_at is null) = (used_by is null)),
    constraint payment_links_claimed_state_check
        check (state not in ('claimed', 'used') or claimed_at is not null),
    constraint payment_links_state_check check (state in ('active', 'claimed', 'used', 'expired', 'revoked'))
);
create index payment_links_open_idx on payment_links (tenant_id, expires_at) where state = 'active';
create index payment_links_tenant_id_claimed_by_idx on payment_links (tenant_id, claimed_by);
create index payment_links_tenant_id_email_key_idx on payment_links (tenant_id, email_key);
create index payment_links_tenant_id_product_id_idx on payment_links (tenant_id, product_id);
create index payment_links_tenant_id_used_by_idx on payment_links (tenant_id, used_by);

create table orders (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    customer_id uuid not null,
    product_id uuid not null,
    payment_link_id uuid,
    invoice_id uuid,
    payment_id uuid,
    net_minor bigint not null,
    tax_minor bigint not null,
    amount_minor bigint not null,
    currency char(3) not null,
    hold_reason text,
    attempts integer default 0 not null,
    paid_at timestamptz,
    refunded_minor bigint default '0' not null,
    stripe_customer_id text,
    stripe_payment_intent_id text,
    terms_version text,
    terms_accepted_at timestamptz,
    reminders integer default 0 not null,
    look_at timestamptz,
    metadata jsonb default '{}'::jsonb not null,
    created_by uuid,
    state text not null,
    version integer default 1 not null,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint orders_pkey primary key (tenant_id, id),
    constraint orders_tenant_id_customer_id_fkey foreign key (tenant_id, customer_id)
        references customers (tenant_id, id) on delete restrict,
    constraint orders_tenant_id_product_id_fkey foreign key (tenant_id, product_id)
        references products (tenant_id, id) on delete restrict,
    constraint orders_tenant_id_payment_link_id_fkey foreign key (tenant_id, payment_link_id)
        references payment_links (tenant_id, id) on delete restrict,
    constraint orders_tenant_id_invoice_id_fkey foreign key (tenant_id, invoice_id)
        references invoices (tenant_id, id) on delete restrict,
    constraint orders_tenant_id_payment_id_fkey foreign key (tenant_id, payment_id)
        references payments (tenant_id, id) on delete restrict,
    constraint orders_hold_reason_check
        check (hold_reason in ('awaiting_funds', 'amount_mismatch', 'paid_after_cancel', 'chargeback')),
    constraint orders_tenant_id_payment_link_id_key unique (tenant_id, payment_link_id),
    constraint orders_tenant_id_stripe_payment_intent_id_key unique (tenant_id, stripe_payment_intent_id),
    constraint orders_amount_check
        check (amount_minor = net_minor + tax_minor and net_minor >= 0 and tax_minor >= 0),
    constraint orders_refunded_check check (refunded_minor between 0 and amount_minor),
    constraint orders_paid_check check (state not in ('paid', 'refunded') or paid_at is not null),
    constraint orders_look_check check (look_at is null or state = 'pending'),
    constraint orders_state_check check (state in ('pending', 'paid', 'failed', 'cancelled', 'refunded'))
);
create index orders_held_idx on orders (tenant_id, id) where hold_reason is not null;
create index orders_look_idx on orders (tenant_id, look_at) where look_at is not null;
create index orders_tenant_id_customer_id_id_idx on orders (tenant_id, customer_id, id);
create index orders_tenant_id_invoice_id_idx on orders (tenant_id, invoice_id);
create index orders_tenant_id_payment_id_idx on orders (tenant_id, payment_id);
create index orders_tenant_id_product_id_idx on orders (tenant_id, product_id);

select raise_wall('payment_links', 'firm');
select raise_wall('orders', 'customer');

create trigger touch before update on payment_links for each row execute function touch_updated_at();
create trigger touch before update on orders for each row execute function touch_updated_at();

create trigger journal_new after insert on payment_links referencing new table as new_rows
    for each statement execute function write_journal('payment_link');
create trigger journal_move after update on payment_links referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('payment_link');
create trigger journal_new after insert on orders referencing new table as new_rows
    for each statement execute function write_journal('order', 'row.customer_id');
create trigger journal_move after update on orders referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('order', 'row.customer_id');

grant select, insert, update on payment_links to bursar_agent, bursar_system;
grant select, insert, update on orders to bursar_agent, bursar_system;
-- What the clock has something to do with.
select open_to_scan('payment_links', 'tenant_id, id, state, expires_at');
select open_to_scan('orders', 'tenant_id, id, state, look_at');

alter table products
    add column included text[] default '{}' not null,
    add column included_local text[] default '{}' not null,
    add column stripe_product_id text,
    add column stripe_price_id text;
