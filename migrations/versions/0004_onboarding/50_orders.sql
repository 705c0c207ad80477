-- When an order was last reminded of: reminders stand days apart, whatever else made the clock look at it.

alter table orders add column reminded_at timestamptz;
