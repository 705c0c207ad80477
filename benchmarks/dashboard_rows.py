"""A year of two firms as rows, what happens after the jobs, and the numbers counted over every row."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from bursar.core.work import Work

TABLES = (
    "customers",
    "invoices",
    "payments",
    "invoice_payments",
    "promises",
    "sends",
    "send_subjects",
    "campaigns",
    "runs",
)

# A message each few seconds of working days over a year; three in five in the run of their day, one about each invoice
# of four, two in three of those paid. Ids say when a row was drawn, as the program's own do.
WRITE = (
    """
    create temporary table told as
    select n, n / :a_day as day, :start + (n / :a_day) * interval '1 day' + interval '5 hours'
               + (n % :a_day) * (interval '9 hours' / :a_day) as at
      from generate_series(0, cast(:size as int) - 1) n
    """,
    """
    create temporary table run as
    select day, uuidv7() as id, uuidv7() as campaign_id from (select distinct day from told) d
    """,
    """
    insert into customers (tenant_id, id, external_code, kind, company_name, source, state)
    select :tenant, uuidv7(), 'C-' || n, 'firm', 'Customer ' || n, 'manual', 'active'
      from generate_series(1, cast(:customers as int)) n
    """,
    """
    create temporary table person as
    select id, row_number() over (order by id) - 1 as at from customers where tenant_id = :tenant
    """,
    """
    insert into runs (tenant_id, id, purpose, reason, state, version, created_at)
    select :tenant, id, 'campaign', 'finished', 'closed', 1, :start from run
    """,
    """
    insert into campaigns (tenant_id, id, name, kind, template_id, sending_account_id, group_by, selection, run_id,
                           state)
    select :tenant, campaign_id, 'Campaign ' || day, 'overdue_notice', :template, :account, 'invoice', '{}', id,
           'completed'
      from run
    """,
    """
    insert into invoices (tenant_id, id, customer_id, series, number, serial, currency, subtotal_minor, total_minor,
                          balance_minor, issue_date, due_date, state)
    select :tenant, uuidv7(), p.id, 'A', 'INV-' || lpad(t.n::text, 9, '0'), t.n, 'AED', 10000, 10000, 10000,
           cast(t.at as date) - 30, cast(t.at as date), 'issued'
      from told t join person p on p.at = t.n % :customers where t.n % 4 = 0
    """,
    """
    create temporary table bill as
    select id, customer_id, row_number() over (order by serial) - 1 as at from invoices where tenant_id = :tenant
    """,
    """
    create temporary table message as
    select t.*, b.id as invoice_id, b.customer_id, case when t.n % 5 < 3 then r.id end as run_id,
           (lpad(to_hex((extract(epoch from t.at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(t.n & 4095), 3, '0')
            || 'a' || lpad(to_hex(t.n), 15, '0'))::uuid as id
      from told t join run r on r.day = t.day join bill b on b.at = t.n / 4
    """,
    """
    insert into sends (tenant_id, id, customer_id, purpose, stream, touch_key, run_id, channel, to_address, address_key,
                       locale, template_version_id, sending_account_id, state, reason, sent_at, bounced_at, opened_at,
                       clicked_at, replied_at, open_count, click_count, version, created_at)
    select :tenant, m.id, customer_id, case when run_id is null then 'notice' else 'campaign' end, 'reminder',
           'bench/' || n, run_id, 'email', 'c' || n || '@example.com', 'c' || n || '@example.com', 'en',
           case when n % 2 = 0 then cast(:version as uuid) else cast(:other_version as uuid) end, :account,
           case when n % 50 = 1 then 'suppressed' when n % 100 = 2 then 'bounced' when n % 100 = 3 then 'failed'
                else 'sent' end,
           case when n % 50 = 1 then 'paid' when n % 100 = 2 then 'no_such_mailbox' when n % 100 = 3 then 'unreachable'
                end,
           case when n % 50 <> 1 and n % 100 <> 3 then at + interval '3 minutes' end,
           case when n % 100 = 2 then at + interval '4 minutes' end,
           case when n % 5 = 0 then at + interval '2 hours' end, case when n % 9 = 0 then at + interval '2 hours' end,
           case when n % 30 = 0 then at + interval '1 day' end, case when n % 5 = 0 or n % 7 = 0 then 1 else 0 end,
           case when n % 9 = 0 then 1 else 0 end, 3, at
      from message m
    """,
    """
    insert into send_subjects (tenant_id, send_id, customer_id, subject_type, subject_id)
    select :tenant, id, customer_id, 'invoice', invoice_id from message
    """,
    """
    create temporary table paid as
    select m.n, m.invoice_id, m.customer_id, cast(m.at as date) + (m.n / 4) % 40 as on_day, uuidv7() as payment_id
      from message m
     where m.n % 4 = 0 and m.n % 12 <> 0 and cast(m.at as date) + (m.n / 4) % 40 <= current_date
    """,
    """
    insert into payments (tenant_id, id, customer_id, amount_minor, currency, received_on, source)
    select :tenant, payment_id, customer_id, 10000, case when n % 8 = 0 then 'USD' else 'AED' end, on_day, 'bank'
      from paid
    """,
    """
    insert into invoice_payments (tenant_id, id, invoice_id, payment_id, customer_id, amount_minor, applied_on)
    select :tenant, uuidv7(least(on_day - now(), interval '-1 hour')), invoice_id, payment_id, customer_id, 10000,
           on_day
      from paid
    """,
    """
    insert into promises (tenant_id, id, invoice_id, customer_id, amount_minor, currency, promised_for, state,
                          created_at)
    select :tenant, uuidv7(at + interval '1 day' - now()), invoice_id, customer_id, 10000, 'AED', cast(at as date) + 9,
           case when n % 3 = 0 then 'broken' else 'kept' end, at + interval '1 day'
      from message where n % 200 = 4
    """,
    "drop table told, run, person, bill, message, paid",
)

LATE = (
    """
    update sends set opened_at = sent_at + interval '3 days', open_count = open_count + 1
     where tenant_id = :tenant and id in (select id from sends tablesample system (0.1)
                                           where tenant_id = :tenant and opened_at is null and sent_at is not null
                                           limit :many)
    """,
    """
    update sends set state = 'bounced', reason = 'no_such_mailbox', version = version + 1
     where tenant_id = :tenant and id in (select id from sends tablesample system (0.1)
                                           where tenant_id = :tenant and state = 'sent' limit :many)
    """,
    """
    insert into sends (tenant_id, purpose, stream, touch_key, channel, locale, state, queue_at)
    select :tenant, 'notice', 'reminder', 'late/' || n, 'email', 'en', 'queued', now()
      from generate_series(1, cast(:many as int)) n
    """,
)

COUNTED = """
    select case when state in ('queued', 'sending') then 'waiting' else state end as outcome,
           date_trunc('week', cast(timezone(:zone, coalesce(sent_at, uuid_extract_timestamp(id))) as date)) as week,
           count(*) as sends, count(sent_at) as accepted, count(replied_at) as replied, count(opened_at) as opened,
           count(*) filter (where opened_at is null and open_count > 0) as machine_opened, count(clicked_at) as clicked,
           count(*) filter (where clicked_at is null and click_count > 0) as machine_clicked
      from sends
     where tenant_id = :tenant
       and cast(timezone(:zone, coalesce(sent_at, uuid_extract_timestamp(id))) as date) between :first and :last
     group by 1, 2
"""
FIGURES = ("accepted", "replied", "opened", "machine_opened", "clicked", "machine_clicked")

# Each payment of the period and the last message about its invoice before it.
MONEY = """
    select p.currency, p.received_on - m.day as days, sum(a.amount_minor) as minor
      from invoice_payments a
      join payments p on p.tenant_id = a.tenant_id and p.id = a.payment_id
      join lateral (select cast(timezone(:zone, s.sent_at) as date) as day
                      from send_subjects b join sends s on s.tenant_id = b.tenant_id and s.id = b.send_id
                     where b.tenant_id = :tenant and b.subject_type = 'invoice' and b.subject_id = a.invoice_id
                       and b.dropped_at is null
                       and s.stream = 'reminder' and cast(timezone(:zone, s.sent_at) as date) <= p.received_on
                       and s.sent_at <= p.recorded_at
                     order by s.sent_at desc, s.id desc limit 1) m on true
     where a.tenant_id = :tenant and m.day between :first and :last and p.received_on >= :first
     group by 1, 2
"""
PROMISES = """
    select r.state, count(*) as many
      from promises r
      join lateral (select cast(timezone(:zone, s.sent_at) as date) as day
                      from send_subjects b join sends s on s.tenant_id = b.tenant_id and s.id = b.send_id
                     where b.tenant_id = :tenant and b.subject_type = 'invoice' and b.subject_id = r.invoice_id
                       and b.dropped_at is null
                       and s.stream = 'reminder'
                       and cast(timezone(:zone, s.sent_at) as date) <= cast(timezone(:zone, r.created_at) as date)
                     order by s.sent_at desc, s.id desc limit 1) m on true
     where r.tenant_id = :tenant and m.day between :first and :last
     group by 1
"""


async def naive(work: Work, first: date, last: date) -> dict[tuple[Any, ...], int]:
    """The numbers of the page over every row of the tenant, those that are not nothing."""
    await work.db.execute(sa.text("set local transaction_timeout = 0"))
    await work.db.execute(sa.text("set local statement_timeout = 0"))
    given = {"tenant": work.tenant_id, "zone": str(work.zone), "first": first, "last": last}
    told: dict[tuple[Any, ...], int] = {}

    def add(key: tuple[Any, ...], many: int) -> None:
        told[key] = told.get(key, 0) + many

    for row in await work.db.execute(sa.text(COUNTED), given):
        add(("outcome", row.outcome), row.sends)
        add(("week", row.week.date()), row.sends)
        for figure in FIGURES:
            add(("figure", figure), row._asdict()[figure])
    for row in await work.db.execute(sa.text(MONEY), given):
        for days in (7, 14, 30):
            if row.days <= days:
                add(("money", row.currency, days), int(row.minor))
    for row in await work.db.execute(sa.text(PROMISES), given):
        if row.state in ("kept", "broken"):
            add(("promises", row.state), row.many)
    return {key: many for key, many in told.items() if many}
