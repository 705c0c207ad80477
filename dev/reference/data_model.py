"""The page of the data model: every table with its columns and keys, and a diagram a room."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dev.reference.modules import values_of

INTRODUCTION = """# Data model

Every table as the program declares it. `tenant_id` leads every key; where a column points to another table it
does so together with `tenant_id`, so that nothing can belong to two tenants. Columns that every table has
(`tenant_id`, `id`, `created_at`, and `updated_at` where rows change) are left out of the lists.
"""
FLOORS = (
    "core",
    "tenancy",
    "catalog",
    "outbox",
    "billing",
    "onboarding",
    "dossiers",
    "chasing",
    "reviews",
    "notifications",
)
EVERYWHERE = frozenset({"tenant_id", "id", "created_at", "updated_at"})
DIALECT = postgresql.dialect()


def page() -> str:
    return "\n".join([INTRODUCTION, *(room(name, tables) for name, tables in tables_by_room().items())])


def tables_by_room() -> dict[str, list[sa.Table]]:
    """The tables of each room, in the order of its file.

    Rooms are asked from the ground up, so a table that an upper room imports stays with its owner.
    """
    rooms: dict[str, list[sa.Table]] = {}
    seen: set[str] = set()
    for name in FLOORS:
        tables = {each.name: each for each in values_of(name, "tables") if isinstance(each, sa.Table)}
        own = [table for table in tables.values() if table.name not in seen]
        seen.update(table.name for table in own)
        if own:
            rooms[name] = own
    return rooms


def room(name: str, tables: Iterable[sa.Table]) -> str:
    tables = list(tables)
    return "\n".join([f"## {name}", "", diagram(tables), *(table_section(table) for table in tables)])


def diagram(tables: list[sa.Table]) -> str:
    """Arrows inside the room and to the tables it points to; a table without any stands alone."""
    lines = ["```mermaid", "erDiagram"]
    for table in tables:
        targets = sorted({key.elements[0].column.table.name for key in table.foreign_key_constraints})
        lines += [f"    {target} ||--o{{ {table.name} : has" for target in targets if target != "tenants"]
        if not targets or targets == ["tenants"]:
            lines.append(f"    {table.name}")
    return "\n".join([*lines, "```", ""])


def table_section(table: sa.Table) -> str:
    lines = [f"### {table.name}", ""]
    columns = [column for column in table.columns if column.name not in EVERYWHERE]
    if columns:
        lines += ["| column | type | |", "|---|---|---|", *map(column_line, columns), ""]
    lines += [f"- unique: {names}" for names in _uniques(table)]
    return "\n".join([*lines, ""])


def column_line(column: sa.Column) -> str:
    notes = [] if column.nullable else ["required"]
    notes += sorted(f"→ {key.column.table.name}" for key in column.foreign_keys)
    return f"| {column.name} | {column.type.compile(dialect=DIALECT)} | {', '.join(notes)} |"


def _uniques(table: sa.Table) -> list[str]:
    constraints = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    indexes = [each for each in table.indexes if each.unique]
    found = [", ".join(column.name for column in each.columns) for each in constraints]
    for index in indexes:
        condition = index.dialect_options["postgresql"]["where"]
        where = "" if condition is None else f" where {condition}"
        found.append(", ".join(str(part).split(".")[-1] for part in index.expressions) + where)
    return sorted(found)
