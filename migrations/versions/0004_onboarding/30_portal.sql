-- What a customer reads of their own: never what the firm thinks of it.

grant select (tenant_id, id, customer_id, product_id, invoice_id, net_minor, tax_minor, amount_minor, currency, paid_at,
    refunded_minor, state, version, created_at) on orders to bursar_customer;
grant select (tenant_id, id, customer_id, about_type, about_id, attempt, amount_minor, currency, payment_status,
    expires_at, state, created_at) on checkout_sessions to bursar_customer;
grant select (tenant_id, id, customer_id, channel, purpose, consent, text_version, at) on consents to bursar_customer;
grant select (tenant_id, id, code, name, name_local, description, description_local, included, included_local,
    price_minor, currency, tax_category, tax_rate, active) on products to bursar_customer;
create policy of_customer on products for select to bursar_customer
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
