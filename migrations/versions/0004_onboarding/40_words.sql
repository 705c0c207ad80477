-- Sheets of prospects; and which provider's inbounds wait.

alter table import_runs
    drop constraint import_runs_kind_check,
    add constraint import_runs_kind_check check (kind in (
        'customers', 'contacts', 'invoices', 'payments', 'products', 'prices', 'units', 'bank_lines', 'templates',
        'suppressions', 'payment_links'
    ));

grant select (provider) on inbounds to bursar_scan;
