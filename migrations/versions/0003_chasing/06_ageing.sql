-- From when on an allocation counts. Those of before 0002 count from the day on which they were written, on their
-- firm's calendar; now every row says it, and reports as of a day read it from one index.
alter table invoice_payments no force row level security;
alter table tenants no force row level security;
alter table invoice_payments disable trigger user;
update invoice_payments a
   set applied_on = (a.created_at at time zone t.time_zone)::date
  from tenants t
 where t.tenant_id = a.tenant_id and a.applied_on is null;
alter table invoice_payments enable trigger user;
alter table invoice_payments force row level security;
alter table tenants force row level security;
alter table invoice_payments alter column applied_on set not null;

drop index invoice_payments_tenant_id_applied_on_idx;
create index invoice_payments_applied_idx on invoice_payments (tenant_id, applied_on) include (invoice_id, amount_minor);
