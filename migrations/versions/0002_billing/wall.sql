-- Row level security on every new table, and the triggers that keep updated_at and the journal.

select raise_wall('journal_checks', 'firm');
select raise_wall('einvoice_obligations', 'firm');
select raise_wall('exchange_rates', 'firm');
select raise_wall('products', 'firm');
select raise_wall('recurring_runs', 'firm');
select raise_wall('billable_units', 'customer');
select raise_wall('customer_prices', 'customer');
select raise_wall('recurring_invoices', 'customer');
select raise_wall('bank_lines', 'firm');
select raise_wall('credit_note_lines', 'customer');
select raise_wall('einvoice_documents', 'customer');
select raise_wall('refunds', 'customer');
select raise_wall('customer_credits', 'customer');

create trigger touch before update on journal_checks for each row execute function touch_updated_at();
create trigger touch before update on einvoice_obligations for each row execute function touch_updated_at();
create trigger touch before update on exchange_rates for each row execute function touch_updated_at();
create trigger touch before update on products for each row execute function touch_updated_at();
create trigger touch before update on recurring_runs for each row execute function touch_updated_at();
create trigger touch before update on billable_units for each row execute function touch_updated_at();
create trigger touch before update on customer_prices for each row execute function touch_updated_at();
create trigger touch before update on recurring_invoices for each row execute function touch_updated_at();
create trigger touch before update on bank_lines for each row execute function touch_updated_at();
create trigger touch before update on einvoice_documents for each row execute function touch_updated_at();
create trigger touch before update on refunds for each row execute function touch_updated_at();
create trigger touch before update on customer_credits for each row execute function touch_updated_at();

create trigger journal_new after insert on recurring_invoices referencing new table as new_rows
    for each statement execute function write_journal('recurring_invoice', 'row.customer_id');
create trigger journal_move after update on recurring_invoices referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('recurring_invoice', 'row.customer_id');
create trigger journal_new after insert on bank_lines referencing new table as new_rows
    for each statement execute function write_journal('bank_line');
create trigger journal_move after update on bank_lines referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('bank_line');
create trigger journal_new after insert on einvoice_documents referencing new table as new_rows
    for each statement execute function write_journal('einvoice_document', 'row.customer_id');
create trigger journal_move after update on einvoice_documents referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('einvoice_document', 'row.customer_id');
create trigger journal_new after insert on refunds referencing new table as new_rows
    for each statement execute function write_journal('refund', 'row.customer_id');
create trigger journal_move after update on refunds referencing old table as old_rows new table as new_rows
    for each statement execute function write_journal('refund', 'row.customer_id');

-- Which tenants have recurring invoices to make or e-invoices to hand over, and nothing else of them.
select open_to_scan('recurring_invoices', 'tenant_id, id, state, next_run_on');
select open_to_scan('recurring_runs', 'tenant_id, id, finished_at');
select open_to_scan('einvoice_documents', 'tenant_id, id, state');
select open_to_scan('files', 'tenant_id, id, state');
