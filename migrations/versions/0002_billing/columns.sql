-- What the tables of 0001 gain. Nothing is rewritten: each column is nullable or has a constant default.

alter table customers
    add column registration_number text,
    add column registration_authority text,
    add column subdivision text,
    add column name_local text;

alter table invoices
    add column recurring_invoice_id uuid,
    add column period text,
    add column tax_local_minor bigint,
    add column transaction_flags text not null default '00000000',
    add constraint invoices_tenant_id_recurring_invoice_id_fkey foreign key (tenant_id, recurring_invoice_id)
        references recurring_invoices (tenant_id, id) on delete restrict,
    add constraint invoices_tenant_id_recurring_invoice_id_period_key unique (tenant_id, recurring_invoice_id, period),
    add constraint invoices_period_of_recurring_check check ((recurring_invoice_id is null) = (period is null)),
    add constraint invoices_period_check check (period ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    add constraint invoices_transaction_flags_check check (transaction_flags ~ '^[01]{8}$'),
    add constraint invoices_exchange_rate_check check (exchange_rate > 0);
create index invoices_unprinted_idx on invoices (tenant_id, id)
    where pdf_file_id is null and number is not null and seller is not null;

alter table invoice_lines
    add column product_id uuid,
    add column customer_price_id uuid,
    add column description_local text,
    add column unit_code text not null default 'C62',
    add column item_kind text not null default 'services',
    add column classification_code text,
    add constraint invoice_lines_tenant_id_product_id_fkey foreign key (tenant_id, product_id)
        references products (tenant_id, id) on delete restrict,
    add constraint invoice_lines_tenant_id_customer_price_id_fkey foreign key (tenant_id, customer_price_id)
        references customer_prices (tenant_id, id) on delete restrict,
    add constraint invoice_lines_item_kind_check check (item_kind in ('goods', 'services', 'both'));
create index invoice_lines_tenant_id_product_id_idx on invoice_lines (tenant_id, product_id);
create index invoice_lines_tenant_id_customer_price_id_idx on invoice_lines (tenant_id, customer_price_id);

alter table invoice_payments
    add column taken_minor bigint,
    add column exchange_rate numeric(18, 6),
    add column difference_minor bigint,
    add column applied_on date;
create index invoice_payments_tenant_id_applied_on_idx on invoice_payments (tenant_id, applied_on);

alter table credit_notes
    add column released_minor bigint not null default '0',
    add column locale text,
    add column seller jsonb,
    add column buyer jsonb,
    add column exchange_rate numeric(18, 6),
    add column tax_local_minor bigint,
    add column pdf_file_id uuid,
    add constraint credit_notes_released_check check (released_minor between 0 and amount_minor),
    add constraint credit_notes_tenant_id_pdf_file_id_fkey foreign key (tenant_id, pdf_file_id)
        references files (tenant_id, id) on delete restrict;
create index credit_notes_tenant_id_pdf_file_id_idx on credit_notes (tenant_id, pdf_file_id);
create index credit_notes_tenant_id_issue_date_idx on credit_notes (tenant_id, issue_date);

alter table import_runs
    drop constraint import_runs_kind_check,
    add constraint import_runs_kind_check
        check (kind in ('customers', 'contacts', 'invoices', 'payments', 'products', 'prices', 'units', 'bank_lines'));

create index payments_tenant_id_received_on_idx on payments (tenant_id, received_on);

-- What payments had left when this revision came. The owner sees rows only while the wall does not bind it too.
alter table payments no force row level security;
alter table invoice_payments no force row level security;
insert into customer_credits (tenant_id, payment_id, customer_id, amount_minor, currency, received_on)
select p.tenant_id, p.id, p.customer_id, p.amount_minor - coalesce(used.amount, 0), p.currency, p.received_on
  from payments p
  left join (select tenant_id, payment_id, sum(amount_minor) as amount from invoice_payments group by 1, 2) used
         on used.tenant_id = p.tenant_id and used.payment_id = p.id
 where p.reverses_id is null and p.amount_minor > coalesce(used.amount, 0)
   and not exists (select from payments r where r.tenant_id = p.tenant_id and r.reverses_id = p.id);
alter table payments force row level security;
alter table invoice_payments force row level security;

create index files_waiting_idx on files (tenant_id, id) where state = 'quarantined';

-- Pages of the newest, by what is rare; and texts by how they begin, whatever the database's collation.
create index invoices_newest_open_idx on invoices (tenant_id, id) where state = 'issued' and balance_minor > 0;
create index invoices_seldom_idx on invoices (tenant_id, id) where state in ('draft', 'cancelled', 'refunded');
create index invoices_order_idx on invoices (tenant_id, purchase_order text_pattern_ops) where purchase_order is not null;
create index invoices_number_prefix_idx on invoices (tenant_id, number text_pattern_ops);
drop index invoices_tenant_id_number_idx;

create index events_actor_idx on events (tenant_id, actor_id, id) where actor_id is not null;
create index events_people_idx on events (tenant_id, actor_type, id) where actor_type <> 'system';
