"""New sends and what they are about, set by set from what a room says is due.

What is due is written once, with the new send ids, into a temporary table that both inserts read. Evaluated
twice, the plan was a lottery: 2 seconds or 8 minutes for 100,000.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from bursar.core.work import Work
from bursar.outbox.states import SendState
from bursar.outbox.tables import send_subjects, sending_accounts, sends

staged = sa.table(
    "staged",
    sa.column("id", sa.UUID),
    sa.column("touch_key", sa.Text),
    sa.column("subject_id", sa.UUID),
    sa.column("touch", sa.Text),
    sa.column("fact", sa.BigInteger),
    sa.column("customer_id", sa.UUID),
    sa.column("to_address", sa.Text),
    sa.column("address_key", sa.Text),
    sa.column("to_name", sa.Text),
    sa.column("locale", sa.Text),
    sa.column("template_version_id", sa.UUID),
)
DUE = tuple(column.name for column in staged.columns if column.name != "id")
"""The columns of every `due` select: one row a subject. `fact` is the amount that a person will review."""

CREATE_STAGED = sa.text(
    """
    create temporary table if not exists staged (
        id uuid, touch_key text, subject_id uuid, touch text, fact bigint, customer_id uuid, to_address text,
        address_key text, to_name text, locale text, template_version_id uuid
    ) on commit drop
    """
)
ANALYZE_STAGED = sa.text("analyze staged (id, touch_key)")  # as far as the inserts join and group by it


def empty_staged() -> sa.Delete:
    """All rows of this transaction's own temporary table, which has no tenant_id."""
    return sa.delete(staged)


def stage(due: sa.Select) -> sa.Insert:
    """What is due, with one new send id for each touch key; `due` itself names the tenant_id.

    In the order of the keys, which is that of their customers: of two who share an address the elder is first.
    """
    d = due.cte("due")  # read twice, so PostgreSQL writes it once
    key = d.c.touch_key.collate("C").label("touch_key")
    sorted_ = sa.select(key).group_by(key).order_by(key).subquery("sorted")
    keys = sa.select(sorted_.c.touch_key, sa.func.uuidv7().label("id")).cte("keys")
    rows = sa.select(keys.c.id, *(d.c[name] for name in DUE)).join_from(
        d, keys, keys.c.touch_key == d.c.touch_key
    )
    return sa.insert(staged).from_select(["id", *DUE], rows)


def order_sends(work: Work, told: dict[str, Any]) -> sa.Insert:
    """One queued send for every touch key in `staged`, however many subjects it has.

    Safe to run twice, and from two workers at once: the unique key on (tenant, purpose, touch key, channel)
    turns the second arrival into no rows. `reviewed` keeps what a person will see: address and amounts.
    """
    each = [
        staged.c[name]
        for name in (
            "id",
            "touch_key",
            "customer_id",
            "to_address",
            "address_key",
            "to_name",
            "locale",
            "template_version_id",
        )
    ]
    facts = sa.func.jsonb_object_agg(sa.cast(staged.c.subject_id, sa.Text), staged.c.fact)
    reviewed = sa.func.jsonb_build_object("to", staged.c.to_address, "invoices", facts, type_=JSONB)
    fixed = {"tenant_id": work.tenant_id, "state": SendState.QUEUED, "queue_at": work.now, **told}
    values = [_typed(name, value) for name, value in fixed.items()]
    rows = sa.select(*values, *each, reviewed).group_by(*each).order_by(staged.c.id)
    names = [*fixed, *(column.name for column in each), "reviewed"]
    return (
        insert(sends)
        .from_select(names, rows)
        .on_conflict_do_nothing(index_elements=["tenant_id", "purpose", "touch_key", "channel"])
    )


def order_subjects(work: Work, kind: str) -> sa.Insert:
    """What the new sends are about: each row of `staged`, unless it had this touch before.

    A send left with none (another order was quicker) says nothing: its claim suppresses it.
    """
    ours = (sends.c.tenant_id == work.tenant_id) & (sends.c.id == staged.c.id)
    columns = ["tenant_id", "send_id", "customer_id", "subject_type", "subject_id", "touch"]
    rows = sa.select(
        sends.c.tenant_id,
        sends.c.id,
        sends.c.customer_id,
        sa.literal(kind, sa.Text),
        staged.c.subject_id,
        staged.c.touch,
    ).join(staged, ours)
    return insert(send_subjects).from_select(columns, rows).on_conflict_do_nothing()


def add_one(work: Work, values: dict[str, Any]) -> sa.Insert:
    """A single send, unless its touch key was used before."""
    return (
        insert(sends)
        .values(tenant_id=work.tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "purpose", "touch_key", "channel"])
        .returning(sends.c.id)
    )


def add_subjects(
    work: Work, send_id: UUID, customer_id: UUID | None, rows: list[dict[str, Any]]
) -> sa.Insert:
    fixed = {"tenant_id": work.tenant_id, "send_id": send_id, "customer_id": customer_id}
    return insert(send_subjects).values([{**fixed, **row} for row in rows]).on_conflict_do_nothing()


def _typed(name: str, value: Any) -> sa.ColumnElement[Any]:
    return sa.literal(value, sends.c[name].type).label(name)


def primary_account(work: Work, channel: str) -> sa.Select:
    """The account that sends on a channel when nobody chose one."""
    return sa.select(sending_accounts.c.id).where(
        sending_accounts.c.tenant_id == work.tenant_id,
        sending_accounts.c.channel == channel,
        sending_accounts.c.is_primary,
    )
