-- What the database itself refuses, whoever asks.

do $$
declare
    subject text;
begin
    -- The ledger and the journal only grow. engagements keep no trigger of their own: their partitions do.
    foreach subject in array array['events', 'seals', 'attempts', 'payments', 'invoice_payments', 'credit_notes',
                                   'consents', 'dispute_notes', 'engagements', 'engagement_guards'] loop
        execute format('create trigger append_only before update or delete on %I
                        for each statement execute function refuse_change()', subject);
    end loop;
    foreach subject in array array['events', 'seals', 'attempts', 'payments', 'invoice_payments', 'credit_notes'] loop
        execute format('create trigger no_truncate before truncate on %I
                        for each statement execute function refuse_change()', subject);
    end loop;
end
$$;

-- R71: after issue nothing legal changes.
create function guard_issued_invoice() returns trigger
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
        old.locale, old.exchange_rate, old.rounding_mode, old.created_by, old.created_at)
       is distinct from
       (new.tenant_id, new.id, new.customer_id, new.series, new.number, new.serial, new.kind, new.currency,
        new.subtotal_minor, new.tax_minor, new.total_minor, new.issue_date, new.due_date, new.supply_date,
        new.seller, new.buyer, new.notes, new.purchase_order, new.external_source, new.external_id,
        new.locale, new.exchange_rate, new.rounding_mode, new.created_by, new.created_at) then
        raise exception 'invoice % was issued: nothing legal of it changes', old.number
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;

create trigger issued_stays before update on invoices
    for each row when (old.state <> 'draft') execute function guard_issued_invoice();
create trigger issued_stays_there before delete on invoices
    for each row when (old.state <> 'draft') execute function guard_issued_invoice();

-- Lines change only while their invoice is a draft. An imported invoice is born issued and brings its lines
-- in the transaction that makes it: then its created_at is this transaction's now().
create function guard_issued_lines() returns trigger
    language plpgsql
as $$
declare
    line record := case tg_op when 'DELETE' then old else new end;
begin
    if exists (select from invoices i
                where i.tenant_id = line.tenant_id and i.id = line.invoice_id and i.state <> 'draft'
                  and (tg_op <> 'INSERT' or i.created_at <> now())) then
        raise exception 'the lines of an issued invoice do not change'
            using errcode = 'integrity_constraint_violation';
    end if;
    return line;
end
$$;

create trigger issued_stays before insert or update or delete on invoice_lines
    for each row execute function guard_issued_lines();

-- A published template version is what somebody received: it stays.
create function guard_published_version() returns trigger
    language plpgsql
as $$
begin
    raise exception 'a published template version does not change: make a new one'
        using errcode = 'integrity_constraint_violation';
end
$$;

create trigger published_stays before update or delete on template_versions
    for each row when (old.published_at is not null) execute function guard_published_version();
