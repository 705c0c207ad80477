-- Mailboxes whose owners let us in at their provider, and what a provider says of a message beside yes or no.

alter table sending_accounts
    add column token_expires_at timestamptz,
    add column refreshing_until timestamptz,
    drop constraint sending_accounts_kind_check,
    add constraint sending_accounts_kind_check
        check (kind in ('smtp', 'gmail', 'outlook', 'ses', 'whatsapp', 'twilio', 'webpush'));

-- What a provider calls a conversation, and the Message-ID it put in place of ours. Most rows have neither.
alter table sends
    add column provider_thread_id text,
    add column final_message_id text;
create index sends_tenant_id_final_message_id_idx on sends (tenant_id, final_message_id)
    where final_message_id is not null;

-- What providers told and nobody has worked off yet: few rows of many.
create index inbounds_waiting_idx on inbounds (tenant_id, received_at) where handled_at is null;

create table mailbox_sign_ins (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    sending_account_id uuid not null,
    state_hash bytea not null,
    verifier_id uuid,
    reads boolean default false not null,
    agent_id uuid,
    session_id uuid,
    expires_at timestamptz not null,
    ended_at timestamptz,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint mailbox_sign_ins_pkey primary key (tenant_id, id),
    constraint mailbox_sign_ins_tenant_id_sending_account_id_fkey foreign key (tenant_id, sending_account_id)
        references sending_accounts (tenant_id, id) on delete restrict,
    constraint mailbox_sign_ins_tenant_id_verifier_id_fkey foreign key (tenant_id, verifier_id)
        references secrets (tenant_id, id) on delete restrict,
    constraint mailbox_sign_ins_tenant_id_state_hash_key unique (tenant_id, state_hash)
);
create index mailbox_sign_ins_tenant_id_sending_account_id_idx on mailbox_sign_ins (tenant_id, sending_account_id);
create index mailbox_sign_ins_tenant_id_verifier_id_idx on mailbox_sign_ins (tenant_id, verifier_id);

select raise_wall('mailbox_sign_ins', 'firm');
create trigger touch before update on mailbox_sign_ins for each row execute function touch_updated_at();
grant select, insert, update on mailbox_sign_ins to bursar_agent, bursar_system;
