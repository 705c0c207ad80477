"""Who may do what, as PostgreSQL itself has it (R112, R116, R119-R121)."""

import pytest
import sqlalchemy as sa

from tests.catalogue import GLOBAL, ask

SEEN_BY_CUSTOMER = {
    "tenants": "tenant_id slug name legal_name legal_name_local country currency time_zone locale tax_number "
    "address_lines city subdivision branding",
    "customers": "tenant_id id external_code kind full_name company_name email phone locale time_zone state "
    "tax_number address_lines city country link_version",
    "invoices": "tenant_id id customer_id series number kind currency subtotal_minor tax_minor total_minor "
    "balance_minor refunded_minor issue_date due_date supply_date paid_on seller buyer purchase_order locale "
    "state version pdf_file_id exchange_rate tax_local_minor notes",
    "invoice_lines": "tenant_id id invoice_id customer_id position description quantity unit_price_minor "
    "discount_minor tax_category tax_rate net_minor tax_minor service_from service_to description_local unit_code",
    "credit_notes": "tenant_id id customer_id invoice_id number issue_date amount_minor tax_minor currency pdf_file_id",
    "payments": "tenant_id id customer_id amount_minor currency received_on method reference reverses_id created_at",
    "invoice_payments": "tenant_id id customer_id invoice_id payment_id amount_minor reverses_id",
    "promises": "tenant_id id customer_id invoice_id amount_minor currency promised_for moves state",
    "disputes": "tenant_id id customer_id invoice_id reason statement resolution state",
    "orders": "tenant_id id customer_id product_id invoice_id net_minor tax_minor amount_minor currency paid_at "
    "refunded_minor hold_reason state version created_at",
    "checkout_sessions": "tenant_id id customer_id about_type about_id attempt amount_minor currency payment_status "
    "expires_at state created_at",
    "consents": "tenant_id id customer_id channel purpose consent text_version at",
    "products": "tenant_id id code name name_local description description_local included included_local "
    "price_minor currency tax_category tax_rate active",
}
"""Every column that the portal can read, typed by hand: tags, sends and the journal are not among them."""

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
    "inbounds": "tenant_id id handled_at received_at provider try_at attempts",
    "checkout_sessions": "tenant_id id state payment_status expires_at",
    "payment_links": "tenant_id id state expires_at",
    "orders": "tenant_id id state look_at",
    "refunds": "tenant_id id state till_id external_id",
    "recurring_invoices": "tenant_id id state next_run_on",
    "recurring_runs": "tenant_id id finished_at",
    "files": "tenant_id id state",
    "einvoice_documents": "tenant_id id state",
    "rollup_marks": "tenant_id id counted_to time_zone",
    "send_changes": "tenant_id id",
    "mailbox_cursors": "tenant_id id next_read_at lease_until failures stopped_at",
    "sequences": "tenant_id id active",
    "sequence_runs": "tenant_id id run_id staged_at",
}
"""Queue columns, and nothing a person wrote or is called."""

DEFINERS = {
    "create_partitions",
    "procrastinate_defer_jobs_v1",
    "procrastinate_defer_periodic_job_v2",
}


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
        assert row.proconfig == ["search_path=pg_catalog, public, pg_temp"], row.proname


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
              and has_table_privilege(r.oid, c.oid, 'truncate, references, trigger')""",
    )
    assert rows == []


def test_only_the_system_takes_statistics_and_only_of_what_grows_by_leaps(catalogue: sa.Connection) -> None:
    rows = ask(
        catalogue,
        """select c.relname, r.rolname from pg_class c cross join pg_roles r
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
              and r.rolname like 'bursar%' and r.rolname <> 'bursar_owner'
              and c.relname not like 'procrastinate%' and has_table_privilege(r.oid, c.oid, 'maintain')""",
    )
    assert sorted(tuple(row) for row in rows) == [
        (table, "bursar_system")
        for table in (
            *("campaign_invoices", "chases", "customers", "invoice_lines", "invoices", "recurring_invoices"),
            *("send_subjects", "sends"),
        )
    ]


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
    "attempts", "consents", "credit_note_lines", "dispute_notes", "engagement_guards", "engagements", "events",
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
