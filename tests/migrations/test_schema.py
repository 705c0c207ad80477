"""The migrated schema is what tables.py says, and migrating may be repeated and raced."""

import subprocess
import sys
from importlib import import_module
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.core.migrating import migrate, newest_revision
from bursar.core.schema import metadata
from tests import databases

FLOORS = (
    ("core",),
    ("tenancy",),
    ("catalog",),
    ("outbox",),
    ("billing",),
    ("onboarding",),
    ("chasing", "notifications"),
)
"""Rooms from the ground up; two on one floor do not know each other."""

for floor in FLOORS:
    for room in floor:
        import_module(f"bursar.{room}.tables")


def everything_of(db: sa.Connection, schema: str) -> dict[str, set[tuple[str, ...]]]:
    """Columns, constraints, indexes and table options as PostgreSQL prints them; partitions aside."""
    ours = """c.relnamespace = to_regnamespace(:schema) and not c.relispartition
              and c.relname not like 'procrastinate%' and c.relname <> 'alembic_version'"""
    parts = {
        "columns": f"""
            select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
                   coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attidentity, a.attgenerated
              from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
             where {ours} and c.relkind in ('r', 'p')""",
        "constraints": f"""
            select c.relname, k.conname, pg_get_constraintdef(k.oid)
              from pg_class c join pg_constraint k on k.conrelid = c.oid where {ours} and k.conparentid = 0""",
        "indexes": f"""
            select c.relname, pg_get_indexdef(i.indexrelid) from pg_class c join pg_index i on i.indrelid = c.oid
             where {ours}""",
        "tables": f"""
            select c.relname, c.relkind, coalesce(c.reloptions::text, ''), coalesce(pg_get_partkeydef(c.oid), '')
              from pg_class c where {ours} and c.relkind in ('r', 'p')""",
    }
    return {
        part: {
            tuple(str(value).replace(f"{schema}.", "") for value in row)
            for row in db.execute(sa.text(statement), {"schema": schema})
        }
        for part, statement in parts.items()
    }


@pytest.mark.parametrize("part", ["tables", "columns", "constraints", "indexes"])
def test_the_migrated_schema_is_what_tables_py_says(catalogue: sa.Connection, part: str) -> None:
    """PostgreSQL builds both and prints both, so that CHECKs and the text of partial indexes count too."""
    transaction = catalogue.begin_nested() if catalogue.in_transaction() else catalogue.begin()
    # A path without `public`: PostgreSQL then prints the names of both schemas in the same, qualified way.
    catalogue.execute(sa.text("create schema drawn"))
    catalogue.execute(sa.text("set local search_path = drawn"))
    metadata.create_all(catalogue, checkfirst=False)
    catalogue.execute(sa.text("set local search_path = pg_catalog"))
    drawn, migrated = everything_of(catalogue, "drawn"), everything_of(catalogue, "public")
    transaction.rollback()

    assert len(migrated[part]) > 40
    assert sorted(migrated[part] - drawn[part]) == []
    assert sorted(drawn[part] - migrated[part]) == []


def test_every_list_of_states_in_the_database_is_the_one_in_states_py(catalogue: sa.Connection) -> None:
    checks = {
        row.relname: set(row.allowed)
        for row in catalogue.execute(
            sa.text(
                """select c.relname, array(select m[1] from
                          regexp_matches(pg_get_constraintdef(k.oid), '''([^'']*)''', 'g') m) as allowed
                     from pg_constraint k join pg_class c on c.oid = k.conrelid
                    where k.conname = c.relname || '_state_check'"""
            )
        )
    }
    stated = {
        name: set(table.info["states"]) for name, table in metadata.tables.items() if table.info.get("states")
    }
    assert checks == {name: {str(state) for state in states} for name, states in stated.items()}
    assert len(stated) > 8


def test_foreign_keys_point_to_their_own_floor_or_below() -> None:
    room_of = {
        table: room
        for floor in reversed(FLOORS)
        for room in floor
        for table in vars(import_module(f"bursar.{room}.tables")).values()
        if isinstance(table, sa.Table)
    }
    height = {room: number for number, floor in enumerate(FLOORS) for room in floor}
    assert set(room_of) == set(metadata.tables.values())
    for table, room in room_of.items():
        for key in table.foreign_key_constraints:
            below = room_of[key.referred_table]
            assert below == room or height[below] < height[room], f"{table.name} -> {key.referred_table.name}"


def test_migrating_again_changes_nothing(server: databases.Server, template: str) -> None:
    name = databases.copy(server, template)
    engine = sa.create_engine(server.addresses(name).owner, poolclass=sa.NullPool)
    with engine.connect() as db:
        before = everything_of(db, "public")

    assert migrate(server.addresses(name)) == newest_revision()

    with engine.connect() as db:
        assert everything_of(db, "public") == before
        assert db.scalar(sa.text("select version_num from alembic_version")) == newest_revision()
    databases.drop(server, name)


RACER = """
import sys
import sqlalchemy as sa
from bursar.core.database import Addresses
from bursar.core.migrating import migrate
owner = sa.make_url(sys.argv[1])
print(migrate(Addresses(owner=owner, app=owner.set(username="bursar_app"))))
"""


def test_two_that_migrate_at_once_make_one_schema(server: databases.Server) -> None:
    name = f"race_{uuid4().hex[:12]}"
    url = server.addresses(name).owner.render_as_string(hide_password=False)
    racers = [
        subprocess.Popen([sys.executable, "-c", RACER, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [(*racer.communicate(timeout=120), racer.returncode) for racer in racers]
    databases.drop(server, name)

    assert [(out.decode().strip(), code) for out, _, code in said] == [(newest_revision(), 0)] * 2, said
