"""The ground of `benchmarks.sequences`: a firm that has lived with its ladder, one's list as another's rows."""

WORLD = (
    """
    insert into customers (tenant_id, external_code, kind, company_name, email, email_key, source, state, locale)
    select :t, 'C-' || n, 'firm', 'Customer ' || n, 'c' || n || '@example.com', 'c' || n || '@example.com',
           'import', 'active', case when n % 4 = 0 then 'ar' else 'en' end
      from generate_series(1, :customers) n
    """,
    """
    insert into invoices (tenant_id, customer_id, series, number, currency, subtotal_minor, total_minor,
                          balance_minor, issue_date, due_date, state, external_source, external_id)
    select :t, c.id, 'import:sheet', c.external_code || '/' || n, 'AED', 10000 + n, 10000 + n, 10000 + n,
           date '2026-08-01', cast(:today as date) + 10 - (hashtext(c.external_code || n) & 65535) % 70, 'issued',
           'sheet', c.external_code || '/' || n
      from (select id, external_code from customers where tenant_id = :t) c, generate_series(1, 5) n
    """,
    # A promise, a dispute and an exclusion of every hundredth, and as many who want no reminders.
    """
    insert into promises (tenant_id, customer_id, invoice_id, amount_minor, currency, promised_for, state)
    select tenant_id, customer_id, id, balance_minor, currency, cast(:today as date) + 7, 'active' from invoices
     where tenant_id = :t and hashtext(number) % 100 = 1
    """,
    """
    insert into disputes (tenant_id, customer_id, invoice_id, reason, statement, state)
    select tenant_id, customer_id, id, 'other', 'Not ours', 'open' from invoices
     where tenant_id = :t and hashtext(number) % 100 = 2
    """,
    """
    insert into exclusions (tenant_id, customer_id, covers, reason)
    select tenant_id, id, 'everything', 'our own branch' from customers
     where tenant_id = :t and hashtext(external_code) % 100 = 3
    """,
    """
    insert into suppressions (tenant_id, address_key, channel, scope, reason)
    select tenant_id, email_key, 'email', 'reminders', 'unsubscribe' from customers
     where tenant_id = :t and hashtext(external_code) % 100 = 4
    """,
)
PAST = (
    "insert into runs (tenant_id, id, purpose, state, reason) values (:t, :run, 'chase', 'closed', 'finished')",
    # What each invoice had reached by yesterday was told then, one letter a customer; the last ten days ago at most.
    """
    create temporary table past on commit drop as
    select i.id, i.customer_id, max(o.off) as touch
      from invoices i join unnest(cast(:offsets as integer[])) o(off)
        on i.due_date + o.off <= cast(:today as date) - (case when hashtext(i.number) % 20 = 0 then 0 else 4 end)
     where i.tenant_id = :t group by i.id, i.customer_id
    """,
    """
    insert into sends (tenant_id, id, customer_id, purpose, stream, touch_key, run_id, channel, to_address, address_key,
                       to_name, locale, sending_account_id, sent_at, state)
    select :t, k.id, c.id, 'chase', 'reminder', 'past/' || c.id, :run, 'email', c.email, c.email_key, c.company_name,
           c.locale, a.id, cast(:now as timestamptz) - interval '5 days', 'sent'
      from (select customer_id, uuidv7() as id from past group by customer_id) k
      join customers c on c.tenant_id = :t and c.id = k.customer_id
      join sending_accounts a on a.tenant_id = :t
    """,
    """
    insert into send_subjects (tenant_id, send_id, customer_id, subject_type, subject_id, touch)
    select :t, s.id, s.customer_id, 'invoice', p.id, to_char(p.touch, 'FMSG999') from past p
      join sends s on s.tenant_id = :t and s.run_id = :run and s.customer_id = p.customer_id
    """,
    """
    insert into chases (tenant_id, sequence_id, customer_id, touch_number, last_touch_on, state)
    select :t, :sequence, id, 1, cast(:today as date) - 5, 'running' from customers where tenant_id = :t
    """,
)
KEPT = (
    """
    create table kept_sends as
    select cb.tenant_id, uuidv7() as id, cb.id as customer_id, s.purpose, s.stream, s.touch_key, s.channel,
           s.to_address, s.address_key, s.to_name, s.locale, vb.id as template_version_id, s.reviewed,
           ab.id as sending_account_id,
           s.priority, s.queue_at, s.state, s.id as of_id
      from sends s join customers ca on ca.tenant_id = :a and ca.id = s.customer_id
      join customers cb on cb.tenant_id = :b and cb.external_code = ca.external_code
      join template_versions va on va.tenant_id = :a and va.id = s.template_version_id
      join templates ta on ta.tenant_id = :a and ta.id = va.template_id
      join templates tb on tb.tenant_id = :b and tb.code = ta.code
      join template_versions vb on vb.tenant_id = :b and vb.template_id = tb.id and vb.locale = va.locale
      join sending_accounts ab on ab.tenant_id = :b
     where s.tenant_id = :a and s.run_id = :of
    """,
    """
    create table kept_subjects as
    select k.tenant_id, k.id as send_id, k.customer_id, b.subject_type, ib.id as subject_id, b.touch
      from kept_sends k join send_subjects b on b.tenant_id = :a and b.send_id = k.of_id
      join invoices ia on ia.tenant_id = :a and ia.id = b.subject_id
      join invoices ib on ib.tenant_id = :b and ib.number = ia.number
    """,
    """
    create table kept_exclusions as
    select ib.tenant_id, ib.id as invoice_id, ib.customer_id, e.offset_days, e.reason
      from sequence_exclusions e join invoices ia on ia.tenant_id = :a and ia.id = e.invoice_id
      join invoices ib on ib.tenant_id = :b and ib.number = ia.number
     where e.tenant_id = :a and e.run_id = :of
    """,
    """
    create table kept_chases as
    select cb.tenant_id, cast(:sequence as uuid) as sequence_id, cb.id as customer_id, k.touch_number, k.last_touch_on,
           k.next_touch_on, k.last_touch_on = cast(:on_date as date) as touched
      from chases k join customers ca on ca.tenant_id = :a and ca.id = k.customer_id
      join customers cb on cb.tenant_id = :b and cb.external_code = ca.external_code
     where k.tenant_id = :a
    """,
    *(f"create index on kept_{name} (customer_id)" for name in ("sends", "subjects", "exclusions", "chases")),
    *(
        f"grant select on kept_{name} to bursar_system"
        for name in ("sends", "subjects", "exclusions", "chases")
    ),
)
