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

-- R86: no two prices of one customer and product on one day, and a price that was billed keeps its past.
-- Whoever writes a price holds its customer, so that two writers cannot both see no neighbour.
create function guard_price() returns trigger
    language plpgsql
as $$
begin
    if tg_op <> 'INSERT' and old.first_used_at is not null then
        if tg_op = 'DELETE' then
            raise exception 'this price was billed: it stays'
                using errcode = 'integrity_constraint_violation', constraint = 'customer_prices_used';
        end if;
        if to_jsonb(old) - 'effective_to' - 'updated_at' is distinct from to_jsonb(new) - 'effective_to' - 'updated_at' then
            raise exception 'this price was billed: only its end may change'
                using errcode = 'integrity_constraint_violation', constraint = 'customer_prices_used';
        end if;
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    if tg_op = 'UPDATE' and (old.customer_id, old.product_id, old.effective_from, old.effective_to)
        is not distinct from (new.customer_id, new.product_id, new.effective_from, new.effective_to) then
        return new;  -- stamped as billed: nothing moves, and who issues need not hold the customer
    end if;
    perform from customers c where c.tenant_id = new.tenant_id and c.id = new.customer_id for no key update;
    if exists (select from customer_prices p
                where p.tenant_id = new.tenant_id and p.customer_id = new.customer_id
                  and p.product_id = new.product_id and p.id <> new.id
                  and daterange(p.effective_from, p.effective_to) && daterange(new.effective_from, new.effective_to)) then
        raise exception 'two prices would hold on one day'
            using errcode = 'exclusion_violation', constraint = 'customer_prices_overlap';
    end if;
    return new;
end
$$;

create trigger prices_stay_apart before insert or update or delete on customer_prices
    for each row execute function guard_price();

-- The same thing is not counted twice on one day.
create function guard_unit() returns trigger
    language plpgsql
as $$
begin
    perform from customers c where c.tenant_id = new.tenant_id and c.id = new.customer_id for no key update;
    if exists (select from billable_units u
                where u.tenant_id = new.tenant_id and u.customer_id = new.customer_id
                  and u.product_id = new.product_id and u.label = new.label and u.id <> new.id
                  and daterange(u.active_from, u.active_to) && daterange(new.active_from, new.active_to)) then
        raise exception 'this unit would be counted twice on one day'
            using errcode = 'exclusion_violation', constraint = 'billable_units_overlap';
    end if;
    return new;
end
$$;

create trigger units_stay_apart before insert or update on billable_units
    for each row execute function guard_unit();
