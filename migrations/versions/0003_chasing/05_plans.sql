-- A firm's first large run is planned while the statistics know no invoice of it: the planner takes its rows for one,
-- and reads all of them once for every line. `offset 0` keeps the look-up apart, so that it goes by the whole key.
create or replace function guard_issued_lines() returns trigger
    language plpgsql
as $$
begin
    -- An imported invoice is born issued and brings its lines in the transaction that makes it: then its
    -- created_at is this transaction's now().
    if exists (select from touched_rows line
                 cross join lateral (select i.state, i.created_at from invoices i
                                      where i.tenant_id = line.tenant_id and i.id = line.invoice_id offset 0) invoice
                where invoice.state <> 'draft' and (tg_op <> 'INSERT' or invoice.created_at <> now())) then
        raise exception 'the lines of an issued invoice do not change'
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end
$$;
