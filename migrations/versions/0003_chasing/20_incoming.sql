-- What comes back to a firm's mailboxes: answers, automatic answers, reports; and where each mailbox was read to.

alter table incoming_messages
    add column sending_account_id uuid,
    add column from_name text,
    add column message_id text,
    add column cut_at integer,
    add column evidence text,
    add column perhaps_automatic boolean default false not null,
    add column verdict text,
    add column report jsonb,
    add column handled_as text,
    add constraint incoming_messages_class_check check (class in ('human', 'auto_reply', 'report', 'complaint')),
    add constraint incoming_messages_verdict_check
        check (verdict in ('hard', 'soft', 'policy', 'delayed', 'delivered', 'passed_on', 'unclear')),
    add constraint incoming_messages_handled_as_check
        check (handled_as in ('recorded', 'seen', 'answered', 'promise', 'dispute', 'already_paid', 'automatic')),
    add constraint incoming_messages_handled_check check (handled_as is null or handled_at is not null),
    add constraint incoming_messages_report_check check (verdict is null or class = 'report'),
    add constraint incoming_messages_tenant_id_sending_account_id_fkey foreign key (tenant_id, sending_account_id)
        references sending_accounts (tenant_id, id) on delete restrict;
create index incoming_messages_tenant_id_sending_account_id_idx on incoming_messages (tenant_id, sending_account_id);
-- Those that wait for a person; there are never many.
create index incoming_messages_waiting_idx on incoming_messages (tenant_id, id) where handled_at is null;

-- An answer without ids is known by the provider's name for its conversation. Most rows have none.
create index sends_tenant_id_provider_thread_id_idx on sends (tenant_id, provider_thread_id)
    where provider_thread_id is not null;

create table mailbox_cursors (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    sending_account_id uuid not null,
    folder text not null,
    position jsonb default '{}'::jsonb not null,
    read_until timestamptz,
    next_read_at timestamptz default now() not null,
    lease_until timestamptz,
    last_read_at timestamptz,
    failures integer default 0 not null,
    last_error text,
    stopped_at timestamptz,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint mailbox_cursors_pkey primary key (tenant_id, id),
    constraint mailbox_cursors_tenant_id_sending_account_id_fkey foreign key (tenant_id, sending_account_id)
        references sending_accounts (tenant_id, id) on delete restrict,
    constraint mailbox_cursors_tenant_id_sending_account_id_folder_key unique (tenant_id, sending_account_id, folder)
);
create index mailbox_cursors_due_idx on mailbox_cursors (tenant_id, next_read_at) where stopped_at is null;

select raise_wall('mailbox_cursors', 'firm');
create trigger touch before update on mailbox_cursors for each row execute function touch_updated_at();
grant select, insert, update on mailbox_cursors to bursar_agent, bursar_system;
select open_to_scan('mailbox_cursors', 'tenant_id, id, next_read_at, lease_until, failures, stopped_at');
