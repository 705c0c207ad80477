"""Print the DDL of the tables as they stand in `tables.py`, for the first draft of a migration.

`python -m dev.schema tables|wall|grants [TABLE ...]`. A migration is frozen once it has landed; tests
compare the migrated database with `tables.py`, so nothing is taken on trust here.
"""

import sys
from importlib import import_module

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from bursar.core.schema import Reach, metadata

ROOMS = ("core", "tenancy", "catalog", "outbox", "billing", "onboarding", "chasing", "notifications")
CUSTOMER_COLUMN = {Reach.CUSTOMER: "row.customer_id", Reach.SELF: "row.id"}
UNJOURNALLED = {"sends"}  # its attempts tell its story
DELETABLE = {
    "invoices",
    "invoice_lines",
    "customer_prices",
    "billable_units",
    "exchange_rates",
    "import_rows",
    "saved_views",
    "campaign_invoices",
    "campaign_exclusions",
    "variants",
    "template_versions",
    "holidays",
    "customer_contacts",
    "idempotency_keys",
    "secrets",
    "send_rollups",
    "send_changes",
    "collection_rollups",
    "promise_sends",
    "sequence_touches",
    "sequence_exclusions",
}
SYSTEM_ONLY_WRITES = {"seals", "inbounds"}


def main(part: str, names: list[str]) -> None:
    for room in ROOMS:
        import_module(f"bursar.{room}.tables")
    chosen = [table for table in metadata.sorted_tables if not names or table.name in names]
    {"tables": print_tables, "wall": print_wall, "grants": print_grants}[part](chosen)


def print_tables(chosen: list[sa.Table]) -> None:
    dialect = postgresql.dialect()
    for table in chosen:
        print(str(CreateTable(table).compile(dialect=dialect)).strip().replace("\t", "    ") + ";")
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            print(str(CreateIndex(index).compile(dialect=dialect)).strip() + ";")
        print()


def print_wall(chosen: list[sa.Table]) -> None:
    for table in chosen:
        if not table.info.get("global"):
            print(f"select raise_wall('{table.name}', '{table.info['reach']}');")
    print()
    for table in chosen:
        if table.info.get("changes") or (table.info.get("global") and "updated_at" in table.c):
            print(
                f"create trigger touch before update on {table.name} "
                "for each row execute function touch_updated_at();"
            )
    print()
    for table in chosen:
        if table.info.get("states") and table.name not in UNJOURNALLED:
            print_journal(table)


def print_journal(table: sa.Table) -> None:
    customer = CUSTOMER_COLUMN.get(table.info["reach"])
    arguments = f"'{table.info['noun']}'" + (f", '{customer}'" if customer else "")
    print(
        f"create trigger journal_new after insert on {table.name} referencing new table as new_rows\n"
        f"    for each statement execute function write_journal({arguments});\n"
        f"create trigger journal_move after update on {table.name} "
        "referencing old table as old_rows new table as new_rows\n"
        f"    for each statement execute function write_journal({arguments});"
    )


def print_grants(chosen: list[sa.Table]) -> None:
    for table in chosen:
        rights = ["select", "insert"]
        everywhere = table.info.get("global", False)
        if table.info.get("changes") or everywhere or table.name in {"sends", "claims", "send_subjects"}:
            rights.append("update")
        if table.name in DELETABLE or everywhere:
            rights.append("delete")
        if everywhere:
            print(f"grant {', '.join(rights)} on {table.name} to bursar_system;")
        elif table.name in SYSTEM_ONLY_WRITES:
            print(f"grant {', '.join(rights)} on {table.name} to bursar_system;")
            print(f"grant select on {table.name} to bursar_agent;")
        else:
            print(f"grant {', '.join(rights)} on {table.name} to bursar_agent, bursar_system;")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
