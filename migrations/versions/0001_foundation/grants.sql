-- Who may do what. bursar_app itself has no right but to take up a role.

grant usage on schema public to bursar_app, bursar_agent, bursar_system, bursar_customer, bursar_scan;
revoke execute on all functions in schema public from public;
grant execute on function set_context to bursar_app, bursar_agent, bursar_system, bursar_customer, bursar_scan;
grant execute on function announce, current_tenant to bursar_agent, bursar_system;
grant execute on function create_partitions to bursar_system;
grant execute on function write_journal, touch_updated_at, refuse_change, guard_issued_invoice, guard_issued_lines,
    guard_published_version, month_bound to bursar_agent, bursar_system;

grant select, insert, update, delete on accounts to bursar_system;
grant select, insert on engagement_guards to bursar_agent, bursar_system;
grant select, insert on events to bursar_agent, bursar_system;
grant select, insert, update on files to bursar_agent, bursar_system;
grant select, insert, update, delete on idempotency_keys to bursar_agent, bursar_system;
grant select, insert, update on inbounds to bursar_system;
grant select on inbounds to bursar_agent;
grant select, insert on seals to bursar_system;
grant select on seals to bursar_agent;
grant select, insert, update, delete on secrets to bursar_agent, bursar_system;
grant select, insert, update, delete on sign_in_attempts to bursar_system;
grant select, insert, update on subject_keys to bursar_agent, bursar_system;
grant select, insert, update on tenant_keys to bursar_agent, bursar_system;
grant select, insert, update, delete on tenant_slugs to bursar_system;
grant select, insert, update on tenants to bursar_agent, bursar_system;
grant select, insert, update on agents to bursar_agent, bursar_system;
grant select, insert, update on customers to bursar_agent, bursar_system;
grant select, insert, update, delete on holidays to bursar_agent, bursar_system;
grant select, insert, update on import_runs to bursar_agent, bursar_system;
grant select, insert, update on number_series to bursar_agent, bursar_system;
grant select, insert, update on runs to bursar_agent, bursar_system;
grant select, insert, update on sending_accounts to bursar_agent, bursar_system;
grant select, insert, update, delete on sign_in_tokens to bursar_system;
grant select, insert, update on templates to bursar_agent, bursar_system;
grant select, insert, update on account_usage to bursar_agent, bursar_system;
grant select, insert, update on api_keys to bursar_agent, bursar_system;
grant select, insert, update on campaigns to bursar_agent, bursar_system;
grant select, insert, update on claims to bursar_agent, bursar_system;
grant select, insert on consents to bursar_agent, bursar_system;
grant select, insert, update, delete on customer_contacts to bursar_agent, bursar_system;
grant select, insert, update on customer_sign_in_tokens to bursar_agent, bursar_system;
grant select, insert, update, delete on import_rows to bursar_agent, bursar_system;
grant select, insert, update, delete on invoices to bursar_agent, bursar_system;
grant select, insert, update on notifications to bursar_agent, bursar_system;
grant select, insert on payments to bursar_agent, bursar_system;
grant select, insert, update, delete on saved_views to bursar_agent, bursar_system;
grant select, insert, update, delete on send_rollups to bursar_agent, bursar_system;
grant select, insert, update on sessions to bursar_agent, bursar_system;
grant select, insert, update on tasks to bursar_agent, bursar_system;
grant select, insert, update, delete on template_versions to bursar_agent, bursar_system;
grant select, insert, delete on campaign_invoices to bursar_agent, bursar_system;
grant select, insert on credit_notes to bursar_agent, bursar_system;
grant select, insert, update on disputes to bursar_agent, bursar_system;
grant select, insert, update, delete on invoice_lines to bursar_agent, bursar_system;
grant select, insert on invoice_payments to bursar_agent, bursar_system;
grant select, insert, update on promises to bursar_agent, bursar_system;
grant select, insert, update on sends to bursar_agent, bursar_system;
grant select, insert on attempts to bursar_agent, bursar_system;
grant select, insert on contact_days to bursar_agent, bursar_system;
grant select, insert on dispute_notes to bursar_agent, bursar_system;
grant select, insert on engagements to bursar_agent, bursar_system;
grant select, insert, update on incoming_messages to bursar_agent, bursar_system;
grant select, insert, update on send_subjects to bursar_agent, bursar_system;
grant select, insert, update on suppressions to bursar_agent, bursar_system;
grant select on alembic_version to bursar_system;

-- Who has just written many rows tells the planner so, instead of waiting for the next autovacuum.
grant maintain on customers, invoices, campaign_invoices, sends, send_subjects to bursar_system;

-- A customer reads only the columns that concern them; acts run as bursar_system with the customer as actor.
grant select (tenant_id, slug, name, legal_name, legal_name_local, country, currency, time_zone, locale, tax_number,
    address_lines, city, subdivision, branding) on tenants to bursar_customer;
create policy of_customer on tenants for select to bursar_customer
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
grant select (tenant_id, id, external_code, kind, full_name, company_name, email, phone, locale, time_zone, state,
    tax_number, address_lines, city, country, link_version) on customers to bursar_customer;
grant select (tenant_id, id, customer_id, series, number, kind, currency, subtotal_minor, tax_minor, total_minor,
    balance_minor, refunded_minor, issue_date, due_date, supply_date, paid_on, seller, buyer, purchase_order, locale,
    state, version) on invoices to bursar_customer;
grant select (tenant_id, id, invoice_id, customer_id, position, description, quantity, unit_price_minor, discount_minor,
    tax_category, tax_rate, net_minor, tax_minor, service_from, service_to) on invoice_lines to bursar_customer;
grant select (tenant_id, id, customer_id, amount_minor, currency, received_on, method) on payments to bursar_customer;
grant select (tenant_id, id, customer_id, invoice_id, payment_id, amount_minor) on invoice_payments to bursar_customer;
grant select (tenant_id, id, customer_id, invoice_id, amount_minor, currency, promised_for, state) on promises to bursar_customer;
grant select (tenant_id, id, customer_id, invoice_id, reason, statement, resolution, state) on disputes to bursar_customer;

-- The job library's tables belong to bursar_system; whoever acts may enqueue through its two functions.
do $$
declare
    subject regclass;
    routine regprocedure;
begin
    for subject in select c.oid from pg_class c where c.relnamespace = 'public'::regnamespace
                    and c.relname like 'procrastinate%' and c.relkind in ('r', 'S') loop
        execute format('grant all on %s to bursar_system', subject);
    end loop;
    for routine in select p.oid from pg_proc p where p.pronamespace = 'public'::regnamespace
                    and p.proname like 'procrastinate%' loop
        execute format('grant execute on function %s to bursar_system', routine);
        if routine::text like 'procrastinate_defer_%' then
            execute format('alter function %s security definer set search_path = pg_catalog, public, pg_temp', routine);
            execute format('grant execute on function %s to bursar_agent', routine);
        end if;
    end loop;
end
$$;
