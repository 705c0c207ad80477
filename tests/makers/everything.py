"""One row in every table of a tenant, made from the metadata: what a wall is tested with.

A new table comes in by itself. Values are made from a column's type, foreign keys from the rows made before,
a list's value from its CHECK; what a table's own CHECKs want besides stands in `WANTED`.
"""

import re
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, INET, JSONB, insert

from bursar.core.schema import Reach, metadata
from bursar.core.work import Office

for _room in ("core", "tenancy", "catalog", "outbox", "billing", "onboarding", "chasing", "notifications"):
    import_module(f"bursar.{_room}.tables")

AT, DAY = datetime(2026, 11, 18, 8, tzinfo=UTC), date(2026, 11, 18)
IN_LIST = re.compile(r"^(\w+) in \('([^']*)'")
Row = dict[str, Any]

WANTED: Mapping[str, Row] = {
    "tenants": {"name": "Neighbour", "country": "FR", "currency": "EUR", "time_zone": "Europe/Paris", "locale": "fr"},
    "customers": {"state": "active", "company_name": "Neighbour's customer", "email": "them@example.com"},
    "invoices": {
        "state": "issued", "number": "", "series": "A", "issue_date": DAY, "due_date": DAY, "period": "2026-11",
        "subtotal_minor": 100, "total_minor": 100, "balance_minor": 100,
    },
    "payments": {"amount_minor": 1},
    "invoice_payments": {"amount_minor": 1},
    "credit_notes": {"amount_minor": 1},
    "recurring_invoices": {"day_of_month": 1, "quantity": 1, "next_run_on": DAY},
    "bank_lines": {"state": "matched"},
    "einvoice_documents": {"credit_note_id": None},
    "sends": {"state": "queued", "queue_at": AT},
    "sequence_touches": {"offset_days": 7, "severity": 2},
    "variants": {"share": 50},
    "events": {"entity_type": "invoice", "type": "invoice.issued"},
    "sessions": {"agent_id": None},
    "notifications": {"agent_id": None},
    "payment_links": {"claimed_at": AT, "used_at": AT},
    "orders": {"payment_link_id": None, "net_minor": 100, "tax_minor": 5, "amount_minor": 105},
}  # fmt: skip
"""What CHECKs want of several columns at once; an empty text is filled like any other."""

TYPED: Mapping[type, Any] = {
    sa.Numeric: 1, sa.Boolean: True, sa.Date: DAY, sa.DateTime: AT, JSONB: {}, INET: "192.0.2.1",
}  # fmt: skip


def tenant_tables() -> list[sa.Table]:
    """Inside the wall, parents first."""
    return [table for table in metadata.sorted_tables if not table.info.get("global")]


async def fill(office: Office, tenant_id: UUID, *, customers: int = 1) -> list[UUID]:
    """A row in every table, and in those that carry customers one for each; the customers' ids."""
    account_id = uuid4()
    async with office.directory() as work:
        account = {"id": account_id, "email": f"{account_id.hex}@example.com", "email_key": account_id.hex}
        await work.db.execute(sa.insert(metadata.tables["accounts"]).values(account))
    rows: dict[str, Row] = {}
    made: list[UUID] = []
    async with office.new_tenant_work(tenant_id) as work:
        for _ in range(customers):
            made.append(new_id())
            for table in tenant_tables():
                if table.name not in rows or customer_column(table) is not None:
                    rows[table.name] = _row(table, rows, tenant_id, made[-1], account_id)
                    await work.db.execute(_insert(table, rows[table.name]))
    return made


def _insert(table: sa.Table, row: Row) -> sa.Insert:
    if table.name != "tenants":
        return sa.insert(table).values(row)
    # The tenant may be there already, made by a maker of its own.
    return insert(table).values(row).on_conflict_do_nothing()


def new_id() -> UUID:
    """Version 7 by this machine's clock: the partitions of the journal are its months."""
    random = uuid4().int & ~(0xFFFFFFFFFFFF << 80 | 0xF << 76)
    return UUID(int=time.time_ns() // 1_000_000 << 80 | 7 << 76 | random)


def _row(
    table: sa.Table, rows: Mapping[str, Row], tenant_id: UUID, customer_id: UUID, account_id: UUID
) -> Row:
    mark = {"tenants": tenant_id, "customers": customer_id}.get(table.name) or new_id()
    row = {**WANTED.get(table.name, {}), "tenant_id": tenant_id}
    if "id" in table.c:
        row["id"] = mark
    for key in table.foreign_key_constraints:
        for column, element in zip(key.columns, key.elements, strict=True):
            if key.referred_table.name == "accounts":
                row.setdefault(column.name, account_id)
            elif key.referred_table is not table:
                row.setdefault(column.name, rows[key.referred_table.name][element.column.name])
    if "customer_id" in table.c:
        row.setdefault("customer_id", customer_id)
    lists = dict(filter(None, map(_first_of, table.constraints)))
    for column in table.c:
        needed = not column.nullable and column.server_default is None
        if row.get(column.name) == "" or (needed and column.name not in row):
            row[column.name] = lists.get(column.name) or _value(column, mark)
    return row


def _first_of(constraint: sa.Constraint) -> tuple[str, str] | None:
    text = str(constraint.sqltext) if isinstance(constraint, sa.CheckConstraint) else ""
    found = IN_LIST.match(text)
    return (found[1], found[2]) if found else None


def _value(column: sa.Column[Any], mark: UUID) -> Any:
    kind = column.type
    made = {
        sa.CHAR: "AED",
        sa.Text: f"{column.name}-{mark.hex[-12:]}",
        sa.UUID: mark,
        sa.Integer: mark.int % 30_000 + 1,  # fits smallint; no two rows of a table should have the same
        BYTEA: mark.bytes,
        sa.ARRAY: [],
    }
    for typed, value in (*made.items(), *TYPED.items()):
        if isinstance(kind, typed):
            return value
    raise TypeError(f"everything.py has no value for {column.table.name}.{column.name}, {kind}")


def customer_column(table: sa.Table) -> sa.Column[Any] | None:
    """The column that says whose row it is, or None where customers have no business."""
    match table.info["reach"]:
        case Reach.CUSTOMER:
            return table.c.customer_id
        case Reach.SELF:
            return table.c.id
    return None
