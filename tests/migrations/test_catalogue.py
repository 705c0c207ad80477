"""The wall as PostgreSQL itself has it: every table, key and policy, from pg_catalog (R112-R123)."""

import sqlalchemy as sa

from tests.catalogue import GLOBAL, ask

TENANT = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"
CUSTOMER = "({} = (NULLIF(current_setting('app.customer_id'::text, true), ''::text))::uuid)"

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
        if customer := policies.pop("bursar_customer", None):
            assert customer == _of_customer(table), table
        assert policies == {}, table


# What a firm shows to whoever buys from it: read by tenant alone, in the columns that the grants name.
SHOWN_TO_ALL = {"tenants", "products"}


def _of_customer(table: str) -> tuple[str, str, str | None]:
    if table in SHOWN_TO_ALL:
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
