-- Sequences: ladders of touches, the list of each day, who is not in it, and how each customer is chased.

create table sequences (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    name text not null,
    description text,
    applies_to jsonb default '{}'::jsonb not null,
    position integer default '1' not null,
    group_by text default 'customer' not null,
    sending_account_id uuid,
    sender_name text,
    reply_to text,
    auto_release boolean default false not null,
    release_time time default time '09:00' not null,
    gap_days integer default '3' not null,
    active boolean default false not null,
    archived_at timestamptz,
    created_by uuid,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint sequences_pkey primary key (tenant_id, id),
    constraint sequences_tenant_id_fkey foreign key (tenant_id) references tenants (tenant_id) on delete restrict,
    constraint sequences_group_by_check check (group_by in ('customer', 'invoice')),
    constraint sequences_tenant_id_sending_account_id_fkey foreign key (tenant_id, sending_account_id)
        references sending_accounts (tenant_id, id) on delete restrict,
    constraint sequences_gap_days_check check (gap_days between 1 and 60),
    constraint sequences_archived_check check (not (active and archived_at is not null))
);
create index sequences_active_idx on sequences (tenant_id, position) where active;
create index sequences_tenant_id_sending_account_id_idx on sequences (tenant_id, sending_account_id);

create table sequence_touches (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    sequence_id uuid not null,
    offset_days integer not null,
    channel text default 'email' not null,
    template_id uuid not null,
    severity integer not null,
    created_at timestamptz default now() not null,
    constraint sequence_touches_pkey primary key (tenant_id, id),
    constraint sequence_touches_tenant_id_sequence_id_fkey foreign key (tenant_id, sequence_id)
        references sequences (tenant_id, id) on delete restrict,
    constraint sequence_touches_channel_check check (channel in ('email', 'whatsapp', 'sms', 'push', 'webhook')),
    constraint sequence_touches_tenant_id_template_id_fkey foreign key (tenant_id, template_id)
        references templates (tenant_id, id) on delete restrict,
    constraint sequence_touches_tenant_id_sequence_id_offset_days_key unique (tenant_id, sequence_id, offset_days),
    constraint sequence_touches_offset_days_check check (offset_days between -60 and 365),
    constraint sequence_touches_severity_check check (severity between 0 and 9)
);
create index sequence_touches_tenant_id_template_id_idx on sequence_touches (tenant_id, template_id);

create table sequence_runs (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    sequence_id uuid not null,
    run_id uuid not null,
    sending_account_id uuid not null,
    on_date date not null,
    freezes integer default '1' not null,
    staged_to uuid,
    staged_at timestamptz,
    listed integer default '0' not null,
    totals jsonb default '[]'::jsonb not null,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint sequence_runs_pkey primary key (tenant_id, id),
    constraint sequence_runs_tenant_id_sequence_id_fkey foreign key (tenant_id, sequence_id)
        references sequences (tenant_id, id) on delete restrict,
    constraint sequence_runs_tenant_id_run_id_fkey foreign key (tenant_id, run_id)
        references runs (tenant_id, id) on delete restrict,
    constraint sequence_runs_tenant_id_sending_account_id_fkey foreign key (tenant_id, sending_account_id)
        references sending_accounts (tenant_id, id) on delete restrict,
    constraint sequence_runs_tenant_id_sequence_id_on_date_key unique (tenant_id, sequence_id, on_date)
);
create index sequence_runs_tenant_id_run_id_idx on sequence_runs (tenant_id, run_id);
create index sequence_runs_tenant_id_sending_account_id_idx on sequence_runs (tenant_id, sending_account_id);

create table sequence_exclusions (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    run_id uuid not null,
    invoice_id uuid not null,
    customer_id uuid not null,
    offset_days integer not null,
    reason text not null,
    created_at timestamptz default now() not null,
    constraint sequence_exclusions_pkey primary key (tenant_id, id),
    constraint sequence_exclusions_tenant_id_run_id_fkey foreign key (tenant_id, run_id)
        references runs (tenant_id, id) on delete restrict,
    constraint sequence_exclusions_tenant_id_invoice_id_fkey foreign key (tenant_id, invoice_id)
        references invoices (tenant_id, id) on delete restrict,
    constraint sequence_exclusions_tenant_id_customer_id_fkey foreign key (tenant_id, customer_id)
        references customers (tenant_id, id) on delete restrict,
    constraint sequence_exclusions_reason_check check (reason in (
        'promise', 'dispute', 'replied', 'chase_paused', 'chase_stopped', 'excluded', 'customer_suspended',
        'no_address', 'unsubscribed', 'hard_bounce', 'complaint', 'suppressed', 'too_soon', 'recent_campaign')),
    constraint sequence_exclusions_tenant_id_run_id_invoice_id_key unique (tenant_id, run_id, invoice_id)
);
create index sequence_exclusions_tenant_id_invoice_id_idx on sequence_exclusions (tenant_id, invoice_id);
create index sequence_exclusions_tenant_id_customer_id_run_id_idx
    on sequence_exclusions (tenant_id, customer_id, run_id);

create table chases (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    sequence_id uuid not null,
    customer_id uuid not null,
    invoice_id uuid,
    touch_number integer default '0' not null,
    last_touch_on date,
    next_touch_on date,
    pause_reason text,
    paused_until date,
    note text,
    state text not null,
    version integer default '1' not null,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint chases_pkey primary key (tenant_id, id),
    constraint chases_tenant_id_sequence_id_fkey foreign key (tenant_id, sequence_id)
        references sequences (tenant_id, id) on delete restrict,
    constraint chases_tenant_id_customer_id_fkey foreign key (tenant_id, customer_id)
        references customers (tenant_id, id) on delete restrict,
    constraint chases_tenant_id_invoice_id_fkey foreign key (tenant_id, invoice_id)
        references invoices (tenant_id, id) on delete restrict,
    constraint chases_key unique nulls not distinct (tenant_id, sequence_id, customer_id, invoice_id),
    constraint chases_pause_reason_check check (pause_reason in ('agent', 'reply')),
    constraint chases_paused_check check ((state = 'paused') = (pause_reason is not null)),
    constraint chases_paused_until_check check (paused_until is null or state = 'paused'),
    constraint chases_state_check check (state in ('running', 'paused', 'stopped', 'done'))
);
create index chases_tenant_id_customer_id_idx on chases (tenant_id, customer_id);
create index chases_tenant_id_invoice_id_idx on chases (tenant_id, invoice_id);
create index chases_paused_idx on chases (tenant_id, paused_until) where paused_until is not null;
create index chases_quiet_idx on chases (tenant_id, customer_id) where state in ('paused', 'stopped');

create index runs_planned_idx on runs (tenant_id, release_at) where state = 'held' and release_at is not null;

-- Notices and sequences write the same rung: days from the due date. What was told by then had our defaults. The owner
-- sees rows only while the wall does not bind it too.
alter table send_subjects no force row level security;
update send_subjects set touch = case touch when 'notice/reminder' then '-3' else '+1' end
 where touch in ('notice/reminder', 'notice/overdue');
alter table send_subjects force row level security;

select raise_wall('sequences', 'firm');
select raise_wall('sequence_touches', 'firm');
select raise_wall('sequence_runs', 'firm');
select raise_wall('sequence_exclusions', 'firm');
select raise_wall('chases', 'customer');

create trigger touch before update on sequences for each row execute function touch_updated_at();
create trigger touch before update on sequence_runs for each row execute function touch_updated_at();
create trigger touch before update on chases for each row execute function touch_updated_at();

create trigger journal_new after insert on chases referencing new table as new_rows
    for each statement execute function write_journal('chase', 'row.customer_id');
create trigger journal_move after update on chases referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('chase', 'row.customer_id');

-- A ladder is written anew when it is edited; so is the list of those who are not in a day's list.
grant select, insert, update on sequences to bursar_agent, bursar_system;
grant select, insert, delete on sequence_touches to bursar_agent, bursar_system;
grant select, insert, update on sequence_runs to bursar_agent, bursar_system;
grant select, insert, delete on sequence_exclusions to bursar_agent, bursar_system;
grant select, insert, update on chases to bursar_agent, bursar_system;
grant maintain on chases to bursar_system;

-- Which tenants have lists to make and to let go, and nothing else of them.
select open_to_scan('sequences', 'tenant_id, id, active');
select open_to_scan('sequence_runs', 'tenant_id, id, run_id, staged_at');
