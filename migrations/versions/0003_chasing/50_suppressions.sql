-- What a suppression stands on, and who lifted it and why; sheets of suppressed addresses.

alter table suppressions
    add column incoming_message_id uuid,
    add column lifted_by uuid,
    add column lifted_because text,
    add constraint suppressions_tenant_id_incoming_message_id_fkey foreign key (tenant_id, incoming_message_id)
        references incoming_messages (tenant_id, id) on delete restrict;
create index suppressions_tenant_id_incoming_message_id_idx on suppressions (tenant_id, incoming_message_id);

alter table import_runs
    drop constraint import_runs_kind_check,
    add constraint import_runs_kind_check check (kind in (
        'customers', 'contacts', 'invoices', 'payments', 'products', 'prices', 'units', 'bank_lines', 'templates',
        'suppressions'
    ));
