-- Who may do what with the new tables.

grant select, insert on journal_checks to bursar_agent;
grant select, insert, update on journal_checks to bursar_system;
grant select, insert, update on einvoice_obligations to bursar_agent, bursar_system;
grant select, insert, update, delete on exchange_rates to bursar_agent, bursar_system;
grant select, insert, update on products to bursar_agent, bursar_system;
grant select, insert, update on recurring_runs to bursar_agent, bursar_system;
grant select, insert, update, delete on billable_units to bursar_agent, bursar_system;
grant select, insert, update, delete on customer_prices to bursar_agent, bursar_system;
grant select, insert, update on recurring_invoices to bursar_agent, bursar_system;
grant select, insert, update on bank_lines to bursar_agent, bursar_system;
grant select, insert on credit_note_lines to bursar_agent, bursar_system;
grant select, insert, update on einvoice_documents to bursar_agent, bursar_system;
grant select, insert, update on refunds to bursar_agent, bursar_system;
grant select, insert, update, delete on customer_credits to bursar_agent, bursar_system;
grant update (pdf_file_id) on credit_notes to bursar_agent, bursar_system;
revoke execute on function guard_credit_note, guard_price, guard_price_days, guard_unit_days from public;
grant execute on function guard_credit_note, guard_price, guard_price_days, guard_unit_days to bursar_agent, bursar_system;
grant maintain on recurring_invoices, invoice_lines to bursar_system;

-- A customer reads what concerns them on the invoice page; acts run as bursar_system with the customer as actor.
grant select (pdf_file_id, exchange_rate, tax_local_minor, notes) on invoices to bursar_customer;
grant select (description_local, unit_code) on invoice_lines to bursar_customer;
grant select (tenant_id, id, customer_id, invoice_id, number, issue_date, amount_minor, tax_minor, currency, pdf_file_id)
    on credit_notes to bursar_customer;
