-- What the database itself refuses, whoever asks.

create trigger append_only before update or delete on credit_note_lines
    for each statement execute function refuse_change();
create trigger no_truncate before truncate on credit_note_lines
    for each statement execute function refuse_change();
create trigger no_truncate before truncate on refunds
    for each statement execute function refuse_change();

-- R71, with the columns that came since.
create or replace function guard_issued_invoice() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'only a draft can be deleted: invoice % was issued', old.number
            using errcode = 'integrity_constraint_violation';
    end if;
    if (old.tenant_id, old.id, old.customer_id, old.series, old.number, old.serial, old.kind, old.currency,
        old.subtotal_minor, old.tax_minor, old.total_minor, old.issue_date, old.due_date, old.supply_date,
        old.seller, old.buyer, old.notes, old.purchase_order, old.external_source, old.external_id,
        old.locale, old.exchange_rate, old.tax_local_minor, old.rounding_mode, old.transaction_flags,
        old.recurring_invoice_id, old.period, old.created_by, old.created_at)
       is distinct from
       (new.tenant_id, new.id, new.customer_id, new.series, new.number, new.serial, new.kind, new.currency,
        new.subtotal_minor, new.tax_minor, new.total_minor, new.issue_date, new.due_date, new.supply_date,
        new.seller, new.buyer, new.notes, new.purchase_order, new.external_source, new.external_id,
        new.locale, new.exchange_rate, new.tax_local_minor, new.rounding_mode, new.transaction_flags,
        new.recurring_invoice_id, new.period, new.created_by, new.created_at) then
        raise exception 'invoice % was issued: nothing legal of it changes', old.number
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;

-- A credit note stays as it is; only its printed form is put beside it, once.
create function guard_credit_note() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'DELETE' or old.pdf_file_id is not null
       or to_jsonb(old) - 'pdf_file_id' is distinct from to_jsonb(new) - 'pdf_file_id' then
        raise exception 'credit note % was issued: it does not change', old.number
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;

drop trigger append_only on credit_notes;
create trigger issued_stays before update or delete on credit_notes
    for each row execute function guard_credit_note();

-- The lines of an issued invoice do not change. By statement, not by row: a look-up for each line was planned while
-- the table was empty, and reads a whole tenant for every line of the first large run.
create or replace function guard_issued_lines() returns trigger
    language plpgsql
as $$
begin
    -- An imported invoice is born issued and brings its lines in the transaction that makes it: then its
    -- created_at is this transaction's now().
    if exists (select from touched_rows line join invoices i on i.tenant_id = line.tenant_id and i.id = line.invoice_id
                where i.state <> 'draft' and (tg_op <> 'INSERT' or i.created_at <> now())) then
        raise exception 'the lines of an issued invoice do not change'
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end
$$;

drop trigger issued_stays on invoice_lines;
create trigger issued_stays_insert after insert on invoice_lines referencing new table as touched_rows
    for each statement execute function guard_issued_lines();
create trigger issued_stays_update after update on invoice_lines referencing old table as touched_rows
    for each statement execute function guard_issued_lines();
create trigger issued_stays_delete after delete on invoice_lines referencing old table as touched_rows
    for each statement execute function guard_issued_lines();

-- R86: a price that was billed keeps its past.
create function guard_price() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'this price was billed: it stays'
            using errcode = 'integrity_constraint_violation', constraint = 'customer_prices_used';
    end if;
    if to_jsonb(old) - 'effective_to' - 'updated_at' is distinct from to_jsonb(new) - 'effective_to' - 'updated_at' then
        raise exception 'this price was billed: only its end may change'
            using errcode = 'integrity_constraint_violation', constraint = 'customer_prices_used';
    end if;
    return new;
end
$$;

create trigger used_stays before update or delete on customer_prices
    for each row when (old.first_used_at is not null) execute function guard_price();

-- R86: no two prices of one customer and product on one day; the same thing is not counted twice on one day. By
-- statement, for the reason above. Whoever writes holds the customers, so that of two writers the second sees what
-- the first wrote: each statement of a function looks anew.
create function guard_price_days() returns trigger
    language plpgsql
as $$
begin
    -- Stamped as billed, a price does not move, and who issues need not hold the customer.
    if tg_op = 'UPDATE' then
        if not exists (select from old_rows o join new_rows n on n.tenant_id = o.tenant_id and n.id = o.id
                        where (o.customer_id, o.product_id, o.effective_from, o.effective_to)
                              is distinct from (n.customer_id, n.product_id, n.effective_from, n.effective_to)) then
            return null;
        end if;
    end if;
    perform from customers c
      where (c.tenant_id, c.id) in (select n.tenant_id, n.customer_id from new_rows n)
      order by c.id for no key update;
    if exists (select from (select p.effective_to, lead(p.effective_from) over one_price as next_from
                              from customer_prices p
                             where (p.tenant_id, p.customer_id) in (select n.tenant_id, n.customer_id from new_rows n)
                            window one_price as (partition by p.tenant_id, p.customer_id, p.product_id
                                                 order by p.effective_from)) days
                where next_from is not null and (effective_to is null or effective_to > next_from)) then
        raise exception 'two prices would hold on one day'
            using errcode = 'exclusion_violation', constraint = 'customer_prices_overlap';
    end if;
    return null;
end
$$;

create trigger prices_stay_apart after insert on customer_prices referencing new table as new_rows
    for each statement execute function guard_price_days();
create trigger moved_prices_stay_apart after update on customer_prices
    referencing old table as old_rows new table as new_rows
    for each statement execute function guard_price_days();

create function guard_unit_days() returns trigger
    language plpgsql
as $$
begin
    perform from customers c
      where (c.tenant_id, c.id) in (select n.tenant_id, n.customer_id from new_rows n)
      order by c.id for no key update;
    if exists (select from (select u.active_to, lead(u.active_from) over one_unit as next_from
                              from billable_units u
                             where (u.tenant_id, u.customer_id) in (select n.tenant_id, n.customer_id from new_rows n)
                            window one_unit as (partition by u.tenant_id, u.customer_id, u.product_id, u.label
                                                order by u.active_from)) days
                where next_from is not null and (active_to is null or active_to > next_from)) then
        raise exception 'this unit would be counted twice on one day'
            using errcode = 'exclusion_violation', constraint = 'billable_units_overlap';
    end if;
    return null;
end
$$;

create trigger units_stay_apart after insert on billable_units referencing new table as new_rows
    for each statement execute function guard_unit_days();
create trigger moved_units_stay_apart after update on billable_units referencing new table as new_rows
    for each statement execute function guard_unit_days();
