-- What providers tell is tried again after a while; and refunds that go back through the till they came by.

alter table inbounds add column try_at timestamptz;
grant select (try_at, attempts) on inbounds to bursar_scan;
-- An agent asks for one to be applied again, and changes nothing of what was told.
grant update (handled_at, error, attempts, try_at) on inbounds to bursar_agent;

alter table refunds
    add column till_id uuid,
    add column asked_at timestamptz,
    add column last_error text,
    add constraint refunds_tenant_id_till_id_fkey foreign key (tenant_id, till_id)
        references tills (tenant_id, id) on delete restrict;
create index refunds_tenant_id_till_id_idx on refunds (tenant_id, till_id);
-- Which are to be sent back, and nothing else of them.
select open_to_scan('refunds', 'tenant_id, id, state, till_id, external_id');
