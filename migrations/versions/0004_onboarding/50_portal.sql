-- In the portal a customer sees how often a promise was moved, what of their payments was taken back, and
-- whether money for an order is being looked at: who reads that does not pay again.

grant select (moves) on promises to bursar_customer;
grant select (reference, reverses_id, created_at) on payments to bursar_customer;
grant select (reverses_id) on invoice_payments to bursar_customer;
grant select (hold_reason) on orders to bursar_customer;
