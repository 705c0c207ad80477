"""What every table has in common, said once: the tenant in each key, states with a CHECK, money, instants."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID as UUID_

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

Part = sa.Column[Any] | sa.schema.SchemaItem


class Reach(StrEnum):
    """Who but the firm sees rows of a table: nobody, the customer whose `customer_id` it carries, or itself."""

    FIRM = "firm"
    CUSTOMER = "customer"  # carries customer_id: table marked C
    SELF = "self"  # customers: its id is the customer


def tenant_table(
    name: str,
    *parts: Part | tuple[Part, ...],
    state: type[StrEnum] | None = None,
    noun: str | None = None,
    changes: bool = True,
    reach: Reach = Reach.FIRM,
    postgresql_partition_by: str | None = None,
    storage: dict[str, Any] | None = None,
) -> sa.Table:
    """A table inside the wall: `(tenant_id, id)` is its key, and `state`, if it has one, its version's neighbour.

    `noun` is the singular by which events name its rows; `changes` is whether rows are ever updated.
    """
    items: list[Any] = [
        sa.Column("tenant_id", UUID, nullable=False),
        sa.Column("id", UUID, nullable=False, server_default=sa.text("uuidv7()")),
    ]
    for part in parts:
        items.extend(part if isinstance(part, tuple) else (part,))
    if state is not None:
        items += [
            sa.Column("state", sa.Text, nullable=False),
            sa.Column("version", sa.Integer, nullable=False, server_default="1"),
            sa.CheckConstraint(one_of("state", state), name="state"),
        ]
    items.append(instant("created_at", nullable=False, server_default=sa.text("now()")))
    if changes:
        items.append(instant("updated_at", nullable=False, server_default=sa.text("now()")))
    items.append(sa.PrimaryKeyConstraint("tenant_id", "id"))
    return sa.Table(
        name,
        metadata,
        *items,
        info={
            "noun": noun or name.removesuffix("s"),
            "reach": reach,
            "states": state,
            "changes": changes,
        },
        postgresql_partition_by=postgresql_partition_by,
        postgresql_with=storage or {},
    )


def one_of(column: str, values: type[StrEnum]) -> str:
    """The CHECK that a column holds a member of `values`."""
    return f"{column} in ({', '.join(repr(str(value)) for value in values)})"


def choice(name: str, values: type[StrEnum], **options: Any) -> tuple[Part, ...]:
    """A text column that holds a member of `values`, and the CHECK that says so."""
    options.setdefault("nullable", False)
    return sa.Column(name, sa.Text, **options), sa.CheckConstraint(one_of(name, values), name=name)


def ref(column: str, target: str, *, nullable: bool = False, index: bool = True) -> tuple[Part, ...]:
    """A column that points to `target` inside the same tenant, and an index that covers it."""
    parts: list[Part] = [
        sa.Column(column, UUID, nullable=nullable),
        sa.ForeignKeyConstraint(
            ["tenant_id", column],
            [f"{target}.tenant_id", f"{target}.id"],
            ondelete="RESTRICT",
        ),
    ]
    if index:
        parts.append(sa.Index(None, "tenant_id", column))
    return tuple(parts)


def of_tenant() -> Part:
    """For tables without a parent: the tenant itself must exist."""
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="RESTRICT")


def text(name: str, *, nullable: bool = True, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=nullable, **options)


def whole(name: str, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=nullable, **options)


def flag(name: str, *, default: bool) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text(str(default).lower()))


def instant(name: str, *, nullable: bool = True, **options: Any) -> sa.Column[Any]:
    """A point in time, as against `day`, which belongs to people."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, **options)


def day(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Date, nullable=nullable)


def minor(name: str, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    """An amount in the currency's minor units (R20); `currency` stands beside it in the same row."""
    return sa.Column(name, sa.BigInteger, nullable=nullable, **options)


def currency(*, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column("currency", sa.CHAR(3), nullable=nullable)


def texts(name: str, **options: Any) -> sa.Column[Any]:
    options.setdefault("server_default", sa.text("'{}'"))
    return sa.Column(name, sa.ARRAY(sa.Text), nullable=False, **options)


def document(name: str, *, nullable: bool = False, default: str | None = "{}") -> sa.Column[Any]:
    """A jsonb column for what has no columns of its own."""
    standard = None if nullable or default is None else sa.text(f"'{default}'::jsonb")
    return sa.Column(name, JSONB, nullable=nullable, server_default=standard)


def sealed(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    """Bytes that only the vault can read."""
    return sa.Column(name, BYTEA, nullable=nullable)


def same_tenant(one: sa.FromClause, other: sa.FromClause) -> sa.ColumnElement[bool]:
    """The half of every join inside the wall that names the tenant."""
    return one.c.tenant_id == other.c.tenant_id


class _Uuids(sa.types.UserDefinedType[str]):
    """`uuid[]` written as text: `%(ids)s::UUID[]`, whose type the server takes from the cast.

    A text parameter with `CAST(… AS uuid[])` is read again for every row that is compared with it.
    """

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: Any) -> str:
        return "UUID[]"


def uuids(ids: Iterable[UUID_]) -> sa.BindParameter[str]:
    """An array parameter as one text literal: the driver dumps it in one go, not element by element."""
    return sa.literal(uuids_text(ids), _Uuids())


def uuids_named(name: str) -> sa.BindParameter[str]:
    """The same as a named parameter of a statement that is built once; its value is `uuids_text(ids)`."""
    return sa.bindparam(name, type_=_Uuids())


def rows_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as one text, for statements that read them by `jsonb_to_recordset`: a batch is one parameter.

    By orjson, which takes a ninth of the time of the standard library: for 500 letters that is half a millisecond.
    """
    return orjson.dumps(rows).decode()


def uuids_text(ids: Iterable[UUID_]) -> str:
    """Hexadecimal digits without dashes, which the server reads as well: `str` of an id takes four times as long."""
    return "{" + ",".join([one.hex for one in ids]) + "}"
