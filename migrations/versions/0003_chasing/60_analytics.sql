-- Results over millions of sends: rollups counted from rows, a log of what changed since, and what money followed.

-- Nothing has ever been written to it: its figures lay in one jsonb, by hours that no half-hour zone has.
drop table send_rollups;

create table send_rollups (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    hour timestamptz not null,
    day date not null,
    purpose text not null,
    run_id uuid,
    template_id uuid,
    sending_account_id uuid,
    outcome text not null,
    reason text,
    sends integer not null,
    accepted integer not null,
    replied integer not null,
    opened integer not null,
    machine_opened integer not null,
    clicked integer not null,
    machine_clicked integer not null,
    created_at timestamptz default now() not null,
    constraint send_rollups_pkey primary key (tenant_id, id),
    constraint send_rollups_tenant_id_fkey foreign key (tenant_id) references tenants (tenant_id) on delete restrict,
    constraint send_rollups_purpose_check check (purpose in (
        'campaign', 'chase', 'notice', 'welcome', 'payment_link', 'payment_reminder', 'dossier_reminder',
        'review_request', 'notification', 'message', 'reply', 'statement', 'sign_in', 'webhook', 'test')),
    constraint send_rollups_outcome_check check (outcome in (
        'waiting', 'sent', 'delivered', 'bounced', 'failed', 'suppressed', 'cancelled', 'uncertain'))
);
create index send_rollups_tenant_id_hour_idx on send_rollups (tenant_id, hour);
create index send_rollups_tenant_id_day_idx on send_rollups (tenant_id, day);

create table rollup_marks (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    counted_to uuid not null,
    time_zone text not null,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint rollup_marks_pkey primary key (tenant_id, id),
    constraint rollup_marks_tenant_id_fkey foreign key (tenant_id) references tenants (tenant_id) on delete restrict,
    constraint rollup_marks_tenant_id_key unique (tenant_id)
);

create table send_changes (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    send_id uuid not null,
    outcome text not null,
    reason text,
    template_version_id uuid,
    sending_account_id uuid,
    sent_at timestamptz,
    replied boolean not null,
    opened boolean not null,
    machine_opened boolean not null,
    clicked boolean not null,
    machine_clicked boolean not null,
    created_at timestamptz default now() not null,
    constraint send_changes_pkey primary key (tenant_id, id),
    constraint send_changes_outcome_check check (outcome in (
        'waiting', 'sent', 'delivered', 'bounced', 'failed', 'suppressed', 'cancelled', 'uncertain'))
);

-- Money that came after a message, and how long after; and which message a promise answered. Both are counted once,
-- from days that are over.
create table collection_rollups (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    day date not null,
    purpose text not null,
    run_id uuid,
    template_id uuid,
    sending_account_id uuid,
    currency char(3) not null,
    days_after integer not null,
    days_after_first integer not null,
    payments integer not null,
    amount_minor bigint not null,
    created_at timestamptz default now() not null,
    constraint collection_rollups_pkey primary key (tenant_id, id),
    constraint collection_rollups_tenant_id_fkey foreign key (tenant_id)
        references tenants (tenant_id) on delete restrict,
    constraint collection_rollups_purpose_check check (purpose in (
        'campaign', 'chase', 'notice', 'welcome', 'payment_link', 'payment_reminder', 'dossier_reminder',
        'review_request', 'notification', 'message', 'reply', 'statement', 'sign_in', 'webhook', 'test'))
);
create index collection_rollups_tenant_id_day_idx on collection_rollups (tenant_id, day);

create table promise_sends (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    promise_id uuid not null,
    send_id uuid not null,
    day date not null,
    created_at timestamptz default now() not null,
    constraint promise_sends_pkey primary key (tenant_id, id),
    constraint promise_sends_tenant_id_promise_id_fkey foreign key (tenant_id, promise_id)
        references promises (tenant_id, id) on delete restrict,
    constraint promise_sends_tenant_id_send_id_fkey foreign key (tenant_id, send_id)
        references sends (tenant_id, id) on delete restrict,
    constraint promise_sends_tenant_id_promise_id_key unique (tenant_id, promise_id)
);
create index promise_sends_tenant_id_send_id_idx on promise_sends (tenant_id, send_id);
create index promise_sends_tenant_id_day_idx on promise_sends (tenant_id, day);

create table collection_marks (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    counted_to uuid not null,
    counted_on date not null,
    promises_to uuid not null,
    time_zone text not null,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint collection_marks_pkey primary key (tenant_id, id),
    constraint collection_marks_tenant_id_fkey foreign key (tenant_id) references tenants (tenant_id) on delete restrict,
    constraint collection_marks_tenant_id_key unique (tenant_id)
);

select raise_wall('send_rollups', 'firm');
select raise_wall('rollup_marks', 'firm');
select raise_wall('send_changes', 'firm');
select raise_wall('collection_rollups', 'firm');
select raise_wall('promise_sends', 'firm');
select raise_wall('collection_marks', 'firm');

create trigger touch before update on rollup_marks for each row execute function touch_updated_at();
create trigger touch before update on collection_marks for each row execute function touch_updated_at();

-- What a send counted as until now. It counts nothing itself, and says nothing of a claim: queued and sending both
-- wait. By row and with its condition in the trigger, so that a further hit on a mail that was opened costs nothing.
create function note_send_change() returns trigger
    language plpgsql
as $$
begin
    insert into send_changes (tenant_id, send_id, outcome, reason, template_version_id, sending_account_id, sent_at,
                              replied, opened, machine_opened, clicked, machine_clicked)
    values (old.tenant_id, old.id, case when old.state in ('queued', 'sending') then 'waiting' else old.state end,
            case when old.state in ('suppressed', 'cancelled', 'failed', 'bounced') then old.reason end,
            old.template_version_id, old.sending_account_id, old.sent_at, old.replied_at is not null,
            old.opened_at is not null, old.opened_at is null and old.open_count > 0,
            old.clicked_at is not null, old.clicked_at is null and old.click_count > 0);
    return null;
end
$$;

create trigger note_change
    after update of state, reason, template_version_id, sending_account_id, sent_at, replied_at, opened_at, clicked_at,
        open_count, click_count on sends
    for each row when (
        (case when old.state in ('queued', 'sending') then 'waiting' else old.state end,
         case when old.state in ('suppressed', 'cancelled', 'failed', 'bounced') then old.reason end,
         old.template_version_id, old.sending_account_id, old.sent_at, old.replied_at is null, old.opened_at is null,
         old.open_count > 0, old.clicked_at is null, old.click_count > 0)
        is distinct from
        (case when new.state in ('queued', 'sending') then 'waiting' else new.state end,
         case when new.state in ('suppressed', 'cancelled', 'failed', 'bounced') then new.reason end,
         new.template_version_id, new.sending_account_id, new.sent_at, new.replied_at is null, new.opened_at is null,
         new.open_count > 0, new.clicked_at is null, new.click_count > 0))
    execute function note_send_change();

-- Agents read figures; only the job writes them. The log is written by whoever changes a send.
grant select on send_rollups, rollup_marks, collection_rollups, promise_sends, collection_marks to bursar_agent;
grant select, insert on send_changes to bursar_agent;
grant select, insert, delete on send_rollups, send_changes, collection_rollups, promise_sends to bursar_system;
grant select, insert, update on rollup_marks, collection_marks to bursar_system;
revoke execute on function note_send_change from public;
grant execute on function note_send_change to bursar_agent, bursar_system;

-- Which tenants have something to count, and nothing else of them.
select open_to_scan('rollup_marks', 'tenant_id, id, counted_to, time_zone');
select open_to_scan('send_changes', 'tenant_id, id');
