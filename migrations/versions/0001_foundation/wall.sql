-- Row level security on every tenant table, and the triggers that keep updated_at and the journal.

select raise_wall('engagement_guards', 'firm');
select raise_wall('events', 'customer');
select raise_wall('files', 'firm');
select raise_wall('idempotency_keys', 'firm');
select raise_wall('inbounds', 'firm');
select raise_wall('seals', 'firm');
select raise_wall('secrets', 'firm');
select raise_wall('subject_keys', 'firm');
select raise_wall('tenant_keys', 'firm');
select raise_wall('tenants', 'firm');
select raise_wall('agents', 'firm');
select raise_wall('customers', 'self');
select raise_wall('holidays', 'firm');
select raise_wall('import_runs', 'firm');
select raise_wall('number_series', 'firm');
select raise_wall('runs', 'firm');
select raise_wall('sending_accounts', 'firm');
select raise_wall('templates', 'firm');
select raise_wall('account_usage', 'firm');
select raise_wall('api_keys', 'firm');
select raise_wall('campaigns', 'firm');
select raise_wall('claims', 'firm');
select raise_wall('consents', 'customer');
select raise_wall('customer_contacts', 'customer');
select raise_wall('customer_sign_in_tokens', 'firm');
select raise_wall('import_rows', 'firm');
select raise_wall('invoices', 'customer');
select raise_wall('notifications', 'customer');
select raise_wall('payments', 'customer');
select raise_wall('saved_views', 'firm');
select raise_wall('send_rollups', 'firm');
select raise_wall('sessions', 'firm');
select raise_wall('tasks', 'customer');
select raise_wall('template_versions', 'firm');
select raise_wall('campaign_invoices', 'firm');
select raise_wall('credit_notes', 'customer');
select raise_wall('disputes', 'customer');
select raise_wall('invoice_lines', 'customer');
select raise_wall('invoice_payments', 'customer');
select raise_wall('promises', 'customer');
select raise_wall('sends', 'customer');
select raise_wall('attempts', 'firm');
select raise_wall('contact_days', 'firm');
select raise_wall('dispute_notes', 'customer');
select raise_wall('engagements', 'firm');
select raise_wall('incoming_messages', 'customer');
select raise_wall('send_subjects', 'customer');
select raise_wall('suppressions', 'firm');

create trigger touch before update on accounts for each row execute function touch_updated_at();
create trigger touch before update on files for each row execute function touch_updated_at();
create trigger touch before update on idempotency_keys for each row execute function touch_updated_at();
create trigger touch before update on inbounds for each row execute function touch_updated_at();
create trigger touch before update on secrets for each row execute function touch_updated_at();
create trigger touch before update on subject_keys for each row execute function touch_updated_at();
create trigger touch before update on tenant_keys for each row execute function touch_updated_at();
create trigger touch before update on tenants for each row execute function touch_updated_at();
create trigger touch before update on agents for each row execute function touch_updated_at();
create trigger touch before update on customers for each row execute function touch_updated_at();
create trigger touch before update on holidays for each row execute function touch_updated_at();
create trigger touch before update on import_runs for each row execute function touch_updated_at();
create trigger touch before update on number_series for each row execute function touch_updated_at();
create trigger touch before update on runs for each row execute function touch_updated_at();
create trigger touch before update on sending_accounts for each row execute function touch_updated_at();
create trigger touch before update on templates for each row execute function touch_updated_at();
create trigger touch before update on account_usage for each row execute function touch_updated_at();
create trigger touch before update on api_keys for each row execute function touch_updated_at();
create trigger touch before update on campaigns for each row execute function touch_updated_at();
create trigger touch before update on customer_contacts for each row execute function touch_updated_at();
create trigger touch before update on customer_sign_in_tokens for each row execute function touch_updated_at();
create trigger touch before update on import_rows for each row execute function touch_updated_at();
create trigger touch before update on invoices for each row execute function touch_updated_at();
create trigger touch before update on notifications for each row execute function touch_updated_at();
create trigger touch before update on saved_views for each row execute function touch_updated_at();
create trigger touch before update on send_rollups for each row execute function touch_updated_at();
create trigger touch before update on sessions for each row execute function touch_updated_at();
create trigger touch before update on tasks for each row execute function touch_updated_at();
create trigger touch before update on template_versions for each row execute function touch_updated_at();
create trigger touch before update on disputes for each row execute function touch_updated_at();
create trigger touch before update on invoice_lines for each row execute function touch_updated_at();
create trigger touch before update on promises for each row execute function touch_updated_at();
create trigger touch before update on incoming_messages for each row execute function touch_updated_at();
create trigger touch before update on suppressions for each row execute function touch_updated_at();

create trigger journal_new after insert on files referencing new table as new_rows
    for each statement execute function write_journal('file');
create trigger journal_move after update on files referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('file');
create trigger journal_new after insert on customers referencing new table as new_rows
    for each statement execute function write_journal('customer', 'row.id');
create trigger journal_move after update on customers referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('customer', 'row.id');
create trigger journal_new after insert on import_runs referencing new table as new_rows
    for each statement execute function write_journal('import_run');
create trigger journal_move after update on import_runs referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('import_run');
create trigger journal_new after insert on runs referencing new table as new_rows
    for each statement execute function write_journal('run');
create trigger journal_move after update on runs referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('run');
create trigger journal_new after insert on sending_accounts referencing new table as new_rows
    for each statement execute function write_journal('sending_account');
create trigger journal_move after update on sending_accounts referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('sending_account');
create trigger journal_new after insert on campaigns referencing new table as new_rows
    for each statement execute function write_journal('campaign');
create trigger journal_move after update on campaigns referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('campaign');
create trigger journal_new after insert on invoices referencing new table as new_rows
    for each statement execute function write_journal('invoice', 'row.customer_id');
create trigger journal_move after update on invoices referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('invoice', 'row.customer_id');
create trigger journal_new after insert on disputes referencing new table as new_rows
    for each statement execute function write_journal('dispute', 'row.customer_id');
create trigger journal_move after update on disputes referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('dispute', 'row.customer_id');
create trigger journal_new after insert on promises referencing new table as new_rows
    for each statement execute function write_journal('promise', 'row.customer_id');
create trigger journal_move after update on promises referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('promise', 'row.customer_id');

-- Which tenants have work due, and nothing else of them.
select open_to_scan('tenants', 'tenant_id, id, slug, time_zone, country');
select open_to_scan('agents', 'tenant_id, id, account_id, active');
select open_to_scan('sends', 'tenant_id, id, sending_account_id, run_id, priority, queue_at, reason, state');
select open_to_scan('sending_accounts', 'tenant_id, id, state, channel, kind, next_batch_at, throttled_until, batch_size, batch_interval, connect_by');
select open_to_scan('runs', 'tenant_id, id, state, reason, release_at, any_hour');
select open_to_scan('claims', 'tenant_id, id, sending_account_id, lease_until, settled_at');
select open_to_scan('campaigns', 'tenant_id, id, state, scheduled_for, run_id');
select open_to_scan('events', 'tenant_id, id');
select open_to_scan('attempts', 'tenant_id, id');
select open_to_scan('seals', 'tenant_id, id, stream, number, up_to_id');
select open_to_scan('promises', 'tenant_id, id, state, promised_for');
select open_to_scan('inbounds', 'tenant_id, id, handled_at, received_at');

-- What the portal and public pages never show, whatever a query asks.
create policy no_drafts on invoices as restrictive for select to bursar_customer using (state <> 'draft');
