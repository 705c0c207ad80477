-- What the wall, the journal and the guards are made of. Nothing here is SECURITY DEFINER but
-- create_partitions, which takes no tenant's data and has its search path pinned, pg_temp last: where it is
-- not named it comes first, and anybody's temporary table would stand for ours.

-- The tenant of this transaction, or null: a forgotten context sees nothing. After COMMIT a local
-- setting reads as '' and not as null, hence nullif.
create function current_tenant() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.tenant_id', true), '')::uuid;

create function current_customer() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.customer_id', true), '')::uuid;

-- One transaction's role, tenant and actor. Answers the tenant's time zone, which every Work needs.
create function set_context(
    role text, tenant uuid, customer uuid, actor_type text, actor_id uuid, cause text,
    ip text, user_agent text, request_id text
) returns text
    language plpgsql
as $$
declare
    zone text;
begin
    perform set_config('app.tenant_id', coalesce(tenant::text, ''), true),
            set_config('app.customer_id', coalesce(customer::text, ''), true),
            set_config('app.actor_type', actor_type, true),
            set_config('app.actor_id', coalesce(actor_id::text, ''), true),
            set_config('app.cause', coalesce(cause, ''), true),
            set_config('app.ip', coalesce(ip, ''), true),
            set_config('app.user_agent', coalesce(user_agent, ''), true),
            set_config('app.request_id', coalesce(request_id, ''), true),
            set_config('app.event', '', true),
            set_config('app.because', '', true),
            set_config('role', role, true);
    if tenant is not null and role in ('bursar_agent', 'bursar_system', 'bursar_customer') then
        select time_zone into zone from tenants where tenant_id = tenant;
    end if;
    return zone;
end
$$;

-- The name and reason of the move that the next statement makes; the journal's trigger reads and clears both.
create function announce(event text, because text) returns void
    language sql volatile
begin atomic
    select set_config('app.event', event, true), set_config('app.because', coalesce(because, ''), true);
end;

-- Writes what happened to the rows of one statement: `<noun>.<state>` for new ones, the announced event
-- for those whose state changed. TG_ARGV: the noun, and the column that holds the customer, or null.
create function write_journal() returns trigger
    language plpgsql
as $$
declare
    noun constant text := tg_argv[0];
    customer constant text := coalesce(tg_argv[1], 'null::uuid');
    announced text := nullif(current_setting('app.event', true), '');
    because text := nullif(current_setting('app.because', true), '');
    source text;
    written bigint;
begin
    if tg_op = 'INSERT' then
        source := format(
            'select n.tenant_id, n.id, %L || n.state, %s,
                    jsonb_build_object(''after'', jsonb_build_object(''state'', n.state)), ''{}''::jsonb
               from new_rows n', noun || '.', replace(customer, 'row.', 'n.'));
    else
        source := format(
            'select n.tenant_id, n.id, coalesce($1, ''''), %s,
                    jsonb_build_object(''before'', jsonb_build_object(''state'', o.state),
                                       ''after'', jsonb_build_object(''state'', n.state)),
                    case when $2 is null then ''{}''::jsonb else jsonb_build_object(''because'', $2) end
               from new_rows n join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
              where o.state is distinct from n.state', replace(customer, 'row.', 'n.'));
    end if;
    execute format(
        'insert into events (tenant_id, entity_id, type, customer_id, changes, payload, entity_type,
                             actor_type, actor_id, cause, ip, user_agent, request_id)
         select s.*, %L, $3, $4, $5, $6, $7, $8 from (%s) s', noun, source)
        using announced, because,
              coalesce(nullif(current_setting('app.actor_type', true), ''), 'system'),
              nullif(current_setting('app.actor_id', true), '')::uuid,
              nullif(current_setting('app.cause', true), ''),
              nullif(current_setting('app.ip', true), '')::inet,
              nullif(current_setting('app.user_agent', true), ''),
              nullif(current_setting('app.request_id', true), '');
    get diagnostics written = row_count;
    if tg_op = 'UPDATE' then
        if written > 0 and announced is null then
            raise exception '% changed its state without a move', tg_table_name
                using errcode = 'integrity_constraint_violation', hint = 'Write states through move().';
        end if;
        perform set_config('app.event', '', true), set_config('app.because', '', true);
    end if;
    return null;
end
$$;

create function touch_updated_at() returns trigger
    language plpgsql
as $$
begin
    new.updated_at := now();
    return new;
end
$$;

create function refuse_change() returns trigger
    language plpgsql
as $$
begin
    raise exception '% is append-only: % refused', tg_table_name, lower(tg_op)
        using errcode = 'integrity_constraint_violation';
end
$$;

-- Row level security on one table: forced, with exactly one permissive policy for each role (R116).
-- reach: 'firm', 'customer' (the table has customer_id) or 'self' (customers).
create function raise_wall(subject regclass, reach text) returns void
    language plpgsql
as $$
declare
    inside constant text := 'tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::uuid';
    theirs constant text := case reach when 'self' then 'id' else 'customer_id' end
        || ' = nullif(current_setting(''app.customer_id'', true), '''')::uuid';
    role text;
begin
    execute format('alter table %s enable row level security', subject);
    execute format('alter table %s force row level security', subject);
    foreach role in array array['agent', 'system'] loop
        execute format('create policy of_%s on %s for all to bursar_%s using (%s) with check (%s)',
                       role, subject, role, inside, inside);
    end loop;
    if reach <> 'firm' then
        execute format('create policy of_customer on %s for all to bursar_customer using (%s and %s) with check (%s and %s)',
                       subject, inside, theirs, inside, theirs);
    end if;
end
$$;

-- bursar_scan may read these columns of every tenant, to find out where work is due; never to write.
create function open_to_scan(subject regclass, columns text) returns void
    language plpgsql
as $$
begin
    execute format('create policy of_scan on %s for select to bursar_scan using (true)', subject);
    execute format('grant select (%s) on %s to bursar_scan', columns, subject);
end
$$;

-- The first uuidv7 of a month: its first millisecond in the upper 48 bits.
create function month_bound(month date) returns uuid
    language sql immutable
    return (lpad(to_hex((extract(epoch from month::timestamp at time zone 'UTC') * 1000)::bigint), 12, '0')
            || '00000000000000000000')::uuid;

-- Makes the monthly partitions of the journal and of engagements from this month to `ahead` months on.
create function create_partitions(ahead integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
    parent text;
    month date;
    child text;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('bursar partitions'));
    foreach parent in array array['events', 'engagements'] loop
        for month in select generate_series(date_trunc('month', now() at time zone 'UTC'),
                                            date_trunc('month', now() at time zone 'UTC') + make_interval(months => ahead),
                                            interval '1 month')::date loop
            child := format('%s_%s', parent, to_char(month, 'YYYYMM'));
            continue when to_regclass('public.' || child) is not null;
            execute format('create table public.%I partition of public.%I for values from (%L) to (%L)',
                           child, parent, public.month_bound(month),
                           public.month_bound((month + interval '1 month')::date));
            execute format('alter table public.%I enable row level security', child);
            execute format('alter table public.%I force row level security', child);
            execute format('create trigger append_only before update or delete on public.%I
                            for each statement execute function public.refuse_change()', child);
            made := made + 1;
        end loop;
    end loop;
    return made;
end
$$;
