-- Tills: where customers pay by card; and each attempt to pay for something there.

create table tills (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    provider text not null,
    account_id text,
    live boolean default false not null,
    display_name text,
    secret_id uuid,
    webhook_secret_id uuid,
    is_primary boolean default false not null,
    last_error text,
    validated_at timestamptz,
    created_by uuid,
    state text not null,
    version integer default 1 not null,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint tills_pkey primary key (tenant_id, id),
    constraint tills_tenant_id_fkey foreign key (tenant_id) references tenants (tenant_id) on delete restrict,
    constraint tills_provider_check check (provider in ('stripe')),
    constraint tills_tenant_id_secret_id_fkey foreign key (tenant_id, secret_id)
        references secrets (tenant_id, id) on delete restrict,
    constraint tills_tenant_id_webhook_secret_id_fkey foreign key (tenant_id, webhook_secret_id)
        references secrets (tenant_id, id) on delete restrict,
    constraint tills_tenant_id_provider_account_id_live_key unique (tenant_id, provider, account_id, live),
    constraint tills_active_check
        check (state <> 'active' or (account_id is not null and secret_id is not null)),
    constraint tills_primary_check check (not is_primary or state <> 'disabled'),
    constraint tills_state_check check (state in ('connecting', 'active', 'needs_reauth', 'disabled'))
);
create unique index tills_primary_key on tills (tenant_id) where is_primary;
create index tills_tenant_id_secret_id_idx on tills (tenant_id, secret_id);
create index tills_tenant_id_webhook_secret_id_idx on tills (tenant_id, webhook_secret_id);

create table checkout_sessions (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    customer_id uuid not null,
    till_id uuid not null,
    about_type text not null,
    about_id uuid not null,
    attempt integer not null,
    amount_minor bigint not null,
    currency char(3) not null,
    session_id text,
    url text,
    payment_status text default 'unpaid' not null,
    payment_intent text,
    provider_customer text,
    payment_id uuid,
    expires_at timestamptz not null,
    seen_at timestamptz,
    last_error text,
    state text not null,
    version integer default 1 not null,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint checkout_sessions_pkey primary key (tenant_id, id),
    constraint checkout_sessions_tenant_id_customer_id_fkey foreign key (tenant_id, customer_id)
        references customers (tenant_id, id) on delete restrict,
    constraint checkout_sessions_tenant_id_till_id_fkey foreign key (tenant_id, till_id)
        references tills (tenant_id, id) on delete restrict,
    constraint checkout_sessions_about_type_check check (about_type in ('order', 'invoice')),
    constraint checkout_sessions_payment_status_check
        check (payment_status in ('unpaid', 'paid', 'no_payment_required', 'failed')),
    constraint checkout_sessions_tenant_id_payment_id_fkey foreign key (tenant_id, payment_id)
        references payments (tenant_id, id) on delete restrict,
    constraint checkout_sessions_tenant_id_about_type_about_id_attempt_key unique (tenant_id, about_type, about_id, attempt),
    constraint checkout_sessions_tenant_id_till_id_session_id_key unique (tenant_id, till_id, session_id),
    constraint checkout_sessions_amount_check check (amount_minor >= 0),
    constraint checkout_sessions_attempt_check check (attempt > 0),
    constraint checkout_sessions_state_check check (state in ('open', 'complete', 'expired'))
);
create index checkout_sessions_open_idx on checkout_sessions (tenant_id, expires_at)
    where state = 'open' or (state = 'complete' and payment_status = 'unpaid');
create index checkout_sessions_tenant_id_customer_id_idx on checkout_sessions (tenant_id, customer_id);
create index checkout_sessions_tenant_id_payment_id_idx on checkout_sessions (tenant_id, payment_id);
create index checkout_sessions_tenant_id_payment_intent_idx on checkout_sessions (tenant_id, payment_intent)
    where payment_intent is not null;
create index checkout_sessions_tenant_id_till_id_idx on checkout_sessions (tenant_id, till_id);

select raise_wall('tills', 'firm');
select raise_wall('checkout_sessions', 'customer');

create trigger touch before update on tills for each row execute function touch_updated_at();
create trigger touch before update on checkout_sessions for each row execute function touch_updated_at();

create trigger journal_new after insert on tills referencing new table as new_rows
    for each statement execute function write_journal('till');
create trigger journal_move after update on tills referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('till');
create trigger journal_new after insert on checkout_sessions referencing new table as new_rows
    for each statement execute function write_journal('checkout_session', 'row.customer_id');
create trigger journal_move after update on checkout_sessions referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('checkout_session', 'row.customer_id');

grant select, insert, update on tills to bursar_agent, bursar_system;
grant select, insert, update on checkout_sessions to bursar_agent, bursar_system;
-- Which checkouts ran out, or wait for money under way, and nothing else of them.
select open_to_scan('checkout_sessions', 'tenant_id, id, state, payment_status, expires_at');
