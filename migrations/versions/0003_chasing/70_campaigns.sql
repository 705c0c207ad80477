-- Campaigns complete: who is left out and why, texts tried against each other, customers kept out to compare with.

alter table campaigns
    add column holdout_percent integer not null default '0',
    add constraint campaigns_holdout_percent_check check (holdout_percent between 0 and 50);

alter table campaign_invoices
    drop constraint campaign_invoices_excluded_reason_check,
    add constraint campaign_invoices_excluded_reason_check
        check (excluded_reason in ('paid', 'draft', 'cancelled', 'not_due', 'promise', 'dispute', 'processing', 'replied',
                                   'no_address', 'unsubscribed', 'hard_bounce', 'complaint', 'suppressed',
                                   'customer_suspended', 'unknown', 'by_hand', 'excluded', 'holdout'));

create table exclusions (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    customer_id uuid not null,
    invoice_id uuid,
    covers text not null,
    reason text not null,
    until date,
    lifted_at timestamptz,
    created_by uuid,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    constraint exclusions_pkey primary key (tenant_id, id),
    constraint exclusions_tenant_id_customer_id_fkey foreign key (tenant_id, customer_id)
        references customers (tenant_id, id) on delete restrict,
    constraint exclusions_tenant_id_invoice_id_fkey foreign key (tenant_id, invoice_id)
        references invoices (tenant_id, id) on delete restrict,
    constraint exclusions_covers_check check (covers in ('campaigns', 'everything'))
);
create unique index exclusions_live_key on exclusions (tenant_id, customer_id, invoice_id) nulls not distinct
    where lifted_at is null;
create index exclusions_tenant_id_customer_id_idx on exclusions (tenant_id, customer_id);
create index exclusions_tenant_id_invoice_id_idx on exclusions (tenant_id, invoice_id);

create table campaign_exclusions (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    campaign_id uuid not null,
    customer_id uuid not null,
    invoice_id uuid,
    reason text,
    created_by uuid,
    created_at timestamptz default now() not null,
    constraint campaign_exclusions_pkey primary key (tenant_id, id),
    constraint campaign_exclusions_key unique nulls not distinct (tenant_id, campaign_id, customer_id, invoice_id),
    constraint campaign_exclusions_tenant_id_campaign_id_fkey foreign key (tenant_id, campaign_id)
        references campaigns (tenant_id, id) on delete restrict,
    constraint campaign_exclusions_tenant_id_customer_id_fkey foreign key (tenant_id, customer_id)
        references customers (tenant_id, id) on delete restrict,
    constraint campaign_exclusions_tenant_id_invoice_id_fkey foreign key (tenant_id, invoice_id)
        references invoices (tenant_id, id) on delete restrict
);
create index campaign_exclusions_tenant_id_customer_id_idx on campaign_exclusions (tenant_id, customer_id);
create index campaign_exclusions_tenant_id_invoice_id_idx on campaign_exclusions (tenant_id, invoice_id);

create table variants (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    campaign_id uuid not null,
    label text not null,
    template_id uuid not null,
    share integer not null,
    created_at timestamptz default now() not null,
    constraint variants_pkey primary key (tenant_id, id),
    constraint variants_tenant_id_campaign_id_label_key unique (tenant_id, campaign_id, label),
    constraint variants_tenant_id_campaign_id_template_id_key unique (tenant_id, campaign_id, template_id),
    constraint variants_tenant_id_campaign_id_fkey foreign key (tenant_id, campaign_id)
        references campaigns (tenant_id, id) on delete restrict,
    constraint variants_tenant_id_template_id_fkey foreign key (tenant_id, template_id)
        references templates (tenant_id, id) on delete restrict,
    constraint variants_share_check check (share between 1 and 99)
);
create index variants_tenant_id_template_id_idx on variants (tenant_id, template_id);

create table holdouts (
    tenant_id uuid not null,
    id uuid default uuidv7() not null,
    campaign_id uuid not null,
    run_id uuid not null,
    customer_id uuid not null,
    created_at timestamptz default now() not null,
    constraint holdouts_pkey primary key (tenant_id, id),
    constraint holdouts_tenant_id_campaign_id_run_id_customer_id_key
        unique (tenant_id, campaign_id, run_id, customer_id),
    constraint holdouts_tenant_id_campaign_id_fkey foreign key (tenant_id, campaign_id)
        references campaigns (tenant_id, id) on delete restrict,
    constraint holdouts_tenant_id_run_id_fkey foreign key (tenant_id, run_id)
        references runs (tenant_id, id) on delete restrict,
    constraint holdouts_tenant_id_customer_id_fkey foreign key (tenant_id, customer_id)
        references customers (tenant_id, id) on delete restrict
);
create index holdouts_tenant_id_run_id_idx on holdouts (tenant_id, run_id);
create index holdouts_tenant_id_customer_id_idx on holdouts (tenant_id, customer_id);

select raise_wall('exclusions', 'firm');
select raise_wall('campaign_exclusions', 'firm');
select raise_wall('variants', 'firm');
select raise_wall('holdouts', 'firm');

create trigger touch before update on exclusions for each row execute function touch_updated_at();

-- A draft's texts are chosen anew when it is edited, and who was left out by hand may be put back.
grant select, insert, update on exclusions to bursar_agent, bursar_system;
grant select, insert, delete on campaign_exclusions to bursar_agent, bursar_system;
grant select, insert, delete on variants to bursar_agent, bursar_system;
grant select, insert on holdouts to bursar_agent, bursar_system;
