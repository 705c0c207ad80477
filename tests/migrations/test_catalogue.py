"""The wall as PostgreSQL itself has it: every table, key, policy and grant, from pg_catalog (R112-R123)."""

import pytest
import sqlalchemy as sa

GLOBAL = {"accounts", "sign_in_tokens", "sign_in_attempts", "tenant_slugs", "alembic_version"}
"""Tables of no tenant, which only bursar_system touches; besides those of the job library."""

TENANT = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"
CUSTOMER = "({} = (NULLIF(current_setting('app.customer_id'::text, true), ''::text))::uuid)"

SEEN_BY_CUSTOMER = {
    "tenants": "tenant_id slug name legal_name legal_name_local country currency time_zone locale tax_number "
    "address_lines city subdivision branding",
    "customers": "tenant_id id external_code kind full_name company_name email phone locale time_zone state "
    "tax_number address_lines city country link_version",
    "invoices": "tenant_id id customer_id series number kind currency subtotal_minor tax_minor total_minor "
    "balance_minor refunded_minor issue_date due_date supply_date paid_on seller buyer purchase_order locale "
    "state version",
    "invoice_lines": "tenant_id id invoice_id customer_id position description quantity unit_price_minor "
    "discount_minor tax_category tax_rate net_minor tax_minor service_from service_to",
    "payments": "tenant_id id customer_id amount_minor currency received_on method",
    "invoice_payments": "tenant_id id customer_id invoice_id payment_id amount_minor",
    "promises": "tenant_id id customer_id invoice_id amount_minor currency promised_for state",
    "disputes": "tenant_id id customer_id invoice_id reason statement resolution state",
}
"""Every column that the portal can read, typed by hand: notes, tags, sends and the journal are not among them."""

SEEN_BY_SCAN = {
    "tenants": "tenant_id id slug time_zone country",
    "agents": "tenant_id id account_id active",
    "sends": "tenant_id id sending_account_id run_id priority queue_at reason state",
    "sending_accounts": "tenant_id id state channel kind next_batch_at throttled_until batch_size batch_interval "
    "connect_by",
    "runs": "tenant_id id state reason release_at any_hour",
    "claims": "tenant_id id sending_account_id lease_until settled_at",
    "campaigns": "tenant_id id state scheduled_for run_id",
    "events": "tenant_id id",
    "attempts": "tenant_id id",
    "seals": "tenant_id id stream number up_to_id",
    "promises": "tenant_id id state promised_for",
    "inbounds": "tenant_id id handled_at received_at",
}
"""Queue columns, and nothing a person wrote or is called."""

DEFINERS = {
    "create_partitions",
    "procrastinate_defer_jobs_v1",
    "procrastinate_defer_periodic_job_v2",
}

WITHOUT_COVERING_INDEX = {
    "sends_tenant_id_sending_account_id_fkey": "accounts are disabled, never deleted; sends pays for each index",
    "sends_tenant_id_template_version_id_fkey": "only drafts are deleted, by hand; sends pays for each index",
    "claims_tenant_id_sending_account_id_fkey": "accounts are disabled, never deleted; open claims have theirs",
}
"""Foreign keys that no index covers, each with its reason."""

TABLES = """
    select c.relname from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname not like 'procrastinate%'
"""


def ask(db: sa.Connection, statement: str, **given: object) -> list[sa.Row]:
    return list(db.execute(sa.text(statement), given))


def tenant_tables(db: sa.Connection) -> set[str]:
    return {row.relname for row in ask(db, TABLES)} - GLOBAL


def test_every_table_but_the_globals_names_its_tenant(catalogue: sa.Connection) -> None:
    named = ask(
        catalogue,
        f"""select c.relname from ({TABLES}) t join pg_class c on c.relname = t.relname
              join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
             where a.attnotnull and a.atttypid = 'uuid'::regtype and c.relnamespace = 'public'::regnamespace""",
    )
    assert tenant_tables(catalogue) <= {row.relname for row in named}
    assert len(tenant_tables(catalogue)) > 40


def test_row_level_security_is_on_and_forced_also_for_partitions(catalogue: sa.Connection) -> None:
    open_tables = ask(
        catalogue,
        """select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace
              and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)
              and c.relname not like 'procrastinate%' and not c.relname = any (:globals)""",
        globals=sorted(GLOBAL),
    )
    assert open_tables == []


def test_nobody_but_their_parent_reaches_a_partition(catalogue: sa.Connection) -> None:
    partitions = ask(
        catalogue,
        """select c.relname, p.relname as parent, c.relacl,
                  exists (select from pg_policy y where y.polrelid = c.oid) as has_policy,
                  array(select t.tgname::text from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal
                         order by 1) as triggers
             from pg_class c join pg_inherits i on i.inhrelid = c.oid join pg_class p on p.oid = i.inhparent
            where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'""",
    )
    assert {row.parent for row in partitions} == {"events", "engagements"}
    for row in partitions:
        grantees = {str(entry).partition("=")[0] for entry in (row.relacl or "").strip("{}").split(",")}
        assert grantees <= {"", "bursar_owner"}, row.relname
        assert not row.has_policy, row.relname
        assert "append_only" in row.triggers, row.relname


def test_each_role_has_exactly_one_permissive_policy(catalogue: sa.Connection) -> None:
    found: dict[str, dict[str, tuple[str, str | None, str | None]]] = {}
    for row in ask(
        catalogue,
        """select c.relname, r.rolname, p.polcmd, pg_get_expr(p.polqual, p.polrelid) as reads,
                  pg_get_expr(p.polwithcheck, p.polrelid) as writes
             from pg_policy p join pg_class c on c.oid = p.polrelid, unnest(p.polroles) as role(oid)
             left join pg_roles r on r.oid = role.oid where p.polpermissive""",
    ):
        policies = found.setdefault(row.relname, {})
        assert row.rolname not in policies, f"two permissive policies on {row.relname} are joined by OR"
        policies[row.rolname] = (row.polcmd, row.reads, row.writes)

    assert set(found) == tenant_tables(catalogue)
    for table, policies in found.items():
        for role in ("bursar_agent", "bursar_system"):
            assert policies.pop(role) == ("*", TENANT, TENANT), table
        if scan := policies.pop("bursar_scan", None):
            assert scan == ("r", "true", None), table
            assert table in SEEN_BY_SCAN
        if customer := policies.pop("bursar_customer", None):
            assert customer == _of_customer(table), table
        assert policies == {}, table


def _of_customer(table: str) -> tuple[str, str, str | None]:
    if table == "tenants":
        return "r", TENANT, None
    theirs = f"({TENANT} AND {CUSTOMER.format('id' if table == 'customers' else 'customer_id')})"
    return "*", theirs, theirs


def test_the_only_restrictive_policy_hides_drafts_from_customers(catalogue: sa.Connection) -> None:
    rows = ask(
        catalogue,
        """select polrelid::regclass::text as table, pg_get_expr(polqual, polrelid) as reads,
                  polroles::regrole[]::text[] as roles from pg_policy where not polpermissive""",
    )
    assert [tuple(row) for row in rows] == [("invoices", "(state <> 'draft'::text)", ["bursar_customer"])]


def test_every_key_and_unique_index_starts_with_the_tenant(catalogue: sa.Connection) -> None:
    loose = ask(
        catalogue,
        """select i.indexrelid::regclass::text as index from pg_index i join pg_class c on c.oid = i.indrelid
             left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
            where c.relnamespace = 'public'::regnamespace and i.indisunique and c.relkind in ('r', 'p')
              and c.relname not like 'procrastinate%' and not c.relname = any (:globals)
              and a.attname is distinct from 'tenant_id'""",
        globals=sorted(GLOBAL),
    )
    assert loose == []
    keyless = ask(
        catalogue,
        f"""select t.relname from ({TABLES}) t where not exists (
              select from pg_index i where i.indrelid = ('public.' || t.relname)::regclass and i.indisprimary)""",
    )
    assert keyless == []


FOREIGN_KEYS = """
    select f.conname, f.conrelid::regclass::text as child, f.confrelid::regclass::text as parent,
           f.confdeltype, f.confupdtype, f.condeferrable, f.convalidated,
           array(select a.attname::text from unnest(f.conkey) with ordinality k(n, i)
                  join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.n order by k.i) as own,
           array(select a.attname::text from unnest(f.confkey) with ordinality k(n, i)
                  join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.n order by k.i) as other,
           exists (select from pg_index x where x.indrelid = f.conrelid and x.indpred is null
                     and (x.indkey::int2[])[0:cardinality(f.conkey) - 1] @> f.conkey) as covered
      from pg_constraint f
     where f.contype = 'f' and f.conparentid = 0 and f.connamespace = 'public'::regnamespace
       and f.conrelid::regclass::text not like 'procrastinate%'
"""


def test_every_foreign_key_between_tenant_tables_contains_the_tenant(catalogue: sa.Connection) -> None:
    rows = ask(catalogue, FOREIGN_KEYS)
    assert len(rows) > 50
    for row in rows:
        if row.parent in GLOBAL:
            continue
        assert (row.own[0], row.other[0]) == ("tenant_id", "tenant_id"), row.conname


def test_nothing_cascades_and_nothing_is_set_null(catalogue: sa.Connection) -> None:
    for row in ask(catalogue, FOREIGN_KEYS):
        # NO ACTION of an update refuses as RESTRICT does, only at the statement's end.
        assert row.confdeltype == "r", row.conname
        assert row.confupdtype in {"a", "r"}, row.conname
        assert row.convalidated, row.conname
        assert not row.condeferrable, row.conname


def test_every_foreign_key_has_an_index_that_covers_it(catalogue: sa.Connection) -> None:
    bare = {row.conname for row in ask(catalogue, FOREIGN_KEYS) if not row.covered}
    assert bare == set(WITHOUT_COVERING_INDEX)


def test_the_role_that_signs_in_has_no_rights_of_its_own(catalogue: sa.Connection) -> None:
    readable = ask(
        catalogue,
        """select c.relname from pg_class c cross join (values ('bursar_app'), ('public')) w(who)
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
              and (has_any_column_privilege(w.who, c.oid, 'select, insert, update, references')
                   or has_table_privilege(w.who, c.oid, 'delete, truncate, trigger, maintain'))""",
    )
    assert readable == []


def test_no_role_could_step_over_the_wall(catalogue: sa.Connection) -> None:
    roles = ask(
        catalogue,
        """select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolinherit
             from pg_roles where rolname like 'bursar%' order by 1""",
    )
    assert [tuple(row) for row in roles] == [
        ("bursar_agent", False, False, False, False, False, False),
        ("bursar_app", False, False, False, False, True, False),
        ("bursar_customer", False, False, False, False, False, False),
        ("bursar_owner", False, False, False, False, False, False),
        ("bursar_scan", False, False, False, False, False, False),
        ("bursar_system", False, False, False, False, False, False),
    ]
    memberships = ask(
        catalogue,
        """select roleid::regrole::text as of, inherit_option, set_option, admin_option from pg_auth_members
            where member::regrole::text like 'bursar%' order by 1""",
    )
    assert [tuple(row) for row in memberships] == [
        (role, False, True, False)
        for role in ("bursar_agent", "bursar_customer", "bursar_scan", "bursar_system")
    ]


def test_what_signs_in_has_its_timeouts(catalogue: sa.Connection) -> None:
    settings = catalogue.scalar(
        sa.text("select setconfig from pg_db_role_setting where setrole = 'bursar_app'::regrole")
    )
    assert sorted(settings) == [
        "client_connection_check_interval=2s",
        "idle_in_transaction_session_timeout=60s",
        "lock_timeout=10s",
        "statement_timeout=30s",
        "transaction_timeout=60s",
    ]


def test_only_the_listed_functions_run_as_their_owner_and_their_path_is_pinned(
    catalogue: sa.Connection,
) -> None:
    definers = ask(
        catalogue,
        """select proname, proconfig from pg_proc
            where prosecdef and pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)""",
    )
    assert {row.proname for row in definers} == DEFINERS
    for row in definers:
        assert row.proconfig == ["search_path=pg_catalog, public"], row.proname


def test_public_may_execute_nothing_of_ours(catalogue: sa.Connection) -> None:
    rows = ask(
        catalogue,
        """select p.oid::regprocedure::text as name from pg_proc p
            where p.pronamespace = 'public'::regnamespace and has_function_privilege('public', p.oid, 'execute')""",
    )
    assert rows == []


def test_ids_come_from_no_sequence_and_nothing_is_a_view(catalogue: sa.Connection) -> None:
    rows = ask(
        catalogue,
        """select relkind, relname from pg_class where relnamespace = 'public'::regnamespace
              and relkind in ('S', 'v', 'm', 'f') and relname not like 'procrastinate%'""",
    )
    assert rows == []


def test_nobody_but_the_owner_may_truncate_or_refer(catalogue: sa.Connection) -> None:
    rows = ask(
        catalogue,
        """select c.relname, r.rolname from pg_class c cross join pg_roles r
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
              and r.rolname like 'bursar%' and r.rolname <> 'bursar_owner'
              and c.relname not like 'procrastinate%'
              and has_table_privilege(r.oid, c.oid, 'truncate, references, trigger, maintain')""",
    )
    assert rows == []


def test_global_tables_are_the_systems_alone(catalogue: sa.Connection) -> None:
    rows = ask(
        catalogue,
        """select c.relname, r.rolname from pg_class c cross join pg_roles r
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'S')
              and r.rolname in ('bursar_agent', 'bursar_customer', 'bursar_scan', 'bursar_app')
              and (c.relname = any (:globals) or c.relname like 'procrastinate%')
              and case c.relkind when 'S' then has_sequence_privilege(r.oid, c.oid, 'usage, select, update')
                  else has_any_column_privilege(r.oid, c.oid, 'select, insert, update')
                       or has_table_privilege(r.oid, c.oid, 'delete') end""",
        globals=sorted(GLOBAL),
    )
    assert rows == []


@pytest.mark.parametrize(
    ("role", "seen"), [("bursar_scan", SEEN_BY_SCAN), ("bursar_customer", SEEN_BY_CUSTOMER)]
)
def test_scan_and_customer_read_only_the_listed_columns_and_write_nothing(
    catalogue: sa.Connection, role: str, seen: dict[str, str]
) -> None:
    readable: dict[str, set[str]] = {}
    for row in ask(
        catalogue,
        """select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0
              and not a.attisdropped and has_column_privilege(:role, c.oid, a.attnum, 'select')""",
        role=role,
    ):
        readable.setdefault(row.relname, set()).add(row.attname)
    assert {table: " ".join(sorted(columns)) for table, columns in readable.items()} == {
        table: " ".join(sorted(columns.split())) for table, columns in seen.items()
    }
    writable = ask(
        catalogue,
        """select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace
              and c.relkind in ('r', 'p') and (has_any_column_privilege(:role, c.oid, 'insert, update')
                   or has_table_privilege(:role, c.oid, 'delete'))""",
        role=role,
    )
    assert writable == []


APPEND_ONLY = {
    "attempts", "consents", "credit_notes", "dispute_notes", "engagement_guards", "engagements", "events",
    "invoice_payments", "payments", "seals",
}  # fmt: skip


def test_the_ledger_and_the_journal_only_grow(catalogue: sa.Connection) -> None:
    guarded = ask(
        catalogue,
        """select tgrelid::regclass::text as table from pg_trigger t join pg_class c on c.oid = t.tgrelid
            where tgname = 'append_only' and tgenabled = 'O' and not c.relispartition""",
    )
    assert {row.table for row in guarded} == APPEND_ONLY
    for role in ("bursar_agent", "bursar_system"):
        for table in APPEND_ONLY:
            allowed = catalogue.scalar(
                sa.text(
                    "select has_any_column_privilege(:role, :table, 'update') "
                    "or has_table_privilege(:role, :table, 'delete')"
                ),
                {"role": role, "table": table},
            )
            assert not allowed, (role, table)
