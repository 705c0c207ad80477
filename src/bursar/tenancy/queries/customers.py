"""Which customers, and how they are written: alone, by a filter, and ten thousand at a time."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from bursar.core.schema import uuids
from bursar.core.work import Work
from bursar.tenancy.states import CustomerState, SuspendedReason
from bursar.tenancy.tables import customer_sign_in_tokens, customers, sessions

# What a set of rows may bring, by the type it has in a JSON document.
SET_COLUMNS: dict[str, Any] = {
    "external_code": sa.Text(),
    "kind": sa.Text(),
    "full_name": sa.Text(),
    "company_name": sa.Text(),
    "email": sa.Text(),
    "email_key": sa.Text(),
    "phone": sa.Text(),
    "locale": sa.Text(),
    "time_zone": sa.Text(),
    "tax_number": sa.Text(),
    "address_lines": sa.ARRAY(sa.Text),
    "city": sa.Text(),
    "country": sa.Text(),
    "tags": sa.ARRAY(sa.Text),
    "custom_fields": JSONB(),
}


def one_customer(work: Work, customer_id: UUID, *, lock: bool = False) -> sa.Select:
    """The customer with all columns; locked against other writers, not against foreign keys, on demand."""
    found = sa.select(customers).where(customers.c.tenant_id == work.tenant_id, customers.c.id == customer_id)
    return found.with_for_update(key_share=True) if lock else found


def customers_by_id(work: Work, ids: Sequence[UUID], *, lock: bool = False) -> sa.Select:
    """Those of `ids` that exist, by id; locked in that order so that two sets never deadlock."""
    found = (
        sa.select(customers)
        .where(
            customers.c.tenant_id == work.tenant_id,
            customers.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.UUID))),
        )
        .order_by(customers.c.id)
    )
    return found.with_for_update(key_share=True) if lock else found


def list_customers(work: Work, wanted: Mapping[str, Any], before: UUID | None, limit: int) -> sa.Select:
    """Those that meet `wanted`, the newest first, older than the cursor."""
    found = sa.select(customers).where(*_meets(work, wanted))
    if before is not None:
        found = found.where(customers.c.id < before)
    return found.order_by(customers.c.id.desc()).limit(limit)


def count_customers(work: Work, wanted: Mapping[str, Any]) -> sa.Select:
    """How many meet `wanted`."""
    return (
        sa.select(sa.func.count())
        .select_from(customers)
        .where(customers.c.tenant_id == work.tenant_id, *_meets(work, wanted))
    )


def ids_of_customers(work: Work, wanted: Mapping[str, Any]) -> sa.Select:
    """The ids of all that meet `wanted`, in their order."""
    return (
        sa.select(customers.c.id)
        .where(customers.c.tenant_id == work.tenant_id, *_meets(work, wanted))
        .order_by(customers.c.id)
    )


def add_customer(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    """One row, unless its code is taken: then none comes back."""
    return (
        insert(customers)
        .values(tenant_id=work.tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "external_code"])
        .returning(customers.c.id)
    )


def edit_customer(work: Work, customer_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    return (
        sa.update(customers)
        .where(customers.c.tenant_id == work.tenant_id, customers.c.id == customer_id)
        .values(**values, version=customers.c.version + 1)
        .returning(customers.c.version)
    )


def holder_of_code(work: Work, code: str) -> sa.Select:
    return sa.select(customers.c.id).where(
        customers.c.tenant_id == work.tenant_id, customers.c.external_code == code
    )


def look_alikes(
    work: Work,
    marks: Mapping[str, Sequence[str]],
    bare_names: Sequence[str],
    names: Sequence[str],
    *,
    lock: bool = False,
) -> sa.Select:
    """Every customer with one of these codes, tax numbers, e-mail keys or bare names, and those of `names`
    who have nothing but their name; locked in order of id on demand. Names are in small letters.

    Lists of values and no join: the rows of a sheet just imported have no statistics yet, and a join
    guessed at a hundred rows compares ten thousand with ten thousand.
    """
    any_mark = [
        customers.c[name] == sa.any_(sa.literal(list(values), sa.ARRAY(sa.Text)))
        for name, values in marks.items()
    ]
    name = customers.c.name_key
    nothing_else = sa.and_(*(customers.c[column].is_(None) for column in marks))
    found = (
        sa.select(customers)
        .where(
            customers.c.tenant_id == work.tenant_id,
            sa.or_(
                *any_mark,
                name == sa.any_(sa.literal(list(bare_names), sa.ARRAY(sa.Text))),
                nothing_else & (name == sa.any_(sa.literal(list(names), sa.ARRAY(sa.Text)))),
            ),
        )
        .order_by(customers.c.id)
    )
    return found.with_for_update(key_share=True) if lock else found


def new_ids(work: Work, count: int) -> sa.Select:
    """Fresh ids in order, for rows of this tenant that are about to be written."""
    return sa.select(sa.func.uuidv7()).select_from(
        sa.func.generate_series(1, count).table_valued("n", name=f"rows_of_{work.tenant_id.hex[:8]}")
    )


def add_customers(work: Work, rows: Sequence[Mapping[str, Any]], *, source: str, state: str) -> sa.Insert:
    """All rows in one statement, born in `state`; a code that somebody else took meanwhile gives no row."""
    given = _given(rows, {"id": sa.UUID(), **SET_COLUMNS})
    told = {"tenant_id": work.tenant_id, "source": source, "state": state}
    return (
        insert(customers)
        .from_select(
            [*told, "id", *SET_COLUMNS],
            sa.select(*map(sa.literal, told.values()), given.c.id, *(given.c[name] for name in SET_COLUMNS)),
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "external_code"])
        .returning(customers.c.id)
    )


def edit_customers(work: Work, rows: Sequence[Mapping[str, Any]]) -> sa.Update:
    """Each row's columns replaced by those given for its id; every row brings all of them."""
    given = _given(rows, {"id": sa.UUID(), **SET_COLUMNS})
    return (
        sa.update(customers)
        .where(customers.c.tenant_id == work.tenant_id, customers.c.id == given.c.id)
        .values(**{name: given.c[name] for name in SET_COLUMNS}, version=customers.c.version + 1)
        .returning(customers.c.id)
    )


def waiting_for_money(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Those of `ids` whom a payment makes active: pending, or suspended as unpaid."""
    return sa.select(customers.c.id).where(
        customers.c.tenant_id == work.tenant_id,
        customers.c.id == sa.any_(uuids(ids)),
        sa.or_(
            customers.c.state == CustomerState.PENDING,
            customers.c.suspended_reason == SuspendedReason.UNPAID,
        ),
    )


def raise_link_version(work: Work, customer_id: UUID) -> sa.Update:
    """Links signed with the number before stop working."""
    return (
        sa.update(customers)
        .where(customers.c.tenant_id == work.tenant_id, customers.c.id == customer_id)
        .values(link_version=customers.c.link_version + 1, version=customers.c.version + 1)
        .returning(customers.c.link_version)
    )


def end_portal_sessions(work: Work, customer_ids: Sequence[UUID]) -> sa.Update:
    """These customers' sessions that are still good."""
    return (
        sa.update(sessions)
        .where(
            sessions.c.tenant_id == work.tenant_id,
            sessions.c.customer_id == sa.any_(uuids(customer_ids)),
            sessions.c.revoked_at.is_(None),
        )
        .values(revoked_at=work.now)
    )


def spend_sign_in_links(work: Work, customer_ids: Sequence[UUID]) -> sa.Update:
    """These customers' sign-in links that nobody used yet."""
    tokens = customer_sign_in_tokens
    return (
        sa.update(tokens)
        .where(
            tokens.c.tenant_id == work.tenant_id,
            tokens.c.customer_id == sa.any_(uuids(customer_ids)),
            tokens.c.used_at.is_(None),
        )
        .values(used_at=work.now)
    )


def _given(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> sa.TableValuedAlias:
    """`rows` as a table of the statement: one bound document, however many there are."""
    document = sa.cast(sa.literal([dict(row) for row in rows], JSONB), JSONB)
    typed = [sa.column(name, kind) for name, kind in columns.items()]
    return (
        sa.func.jsonb_to_recordset(document)
        .table_valued(*typed, name="given")
        .render_derived(with_types=True)
    )


def tags_in_use(work: Work) -> sa.Select:
    """Every tag that a customer has, in order."""
    tag = sa.func.unnest(customers.c.tags).label("tag")
    return sa.select(tag).where(customers.c.tenant_id == work.tenant_id).distinct().order_by(tag)


def _meets(work: Work, wanted: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """The conditions of a filter; text is looked for anywhere in names, e-mail address, code and phone."""
    conditions = [customers.c.tenant_id == work.tenant_id]
    exact = ("state", "kind", "source", "country", "locale")
    conditions += [customers.c[name] == wanted[name] for name in exact if wanted.get(name)]
    if wanted.get("ids") is not None:
        conditions.append(customers.c.id == sa.any_(uuids(wanted["ids"])))
    if wanted.get("tags"):
        tags = sa.literal(list(wanted["tags"]), sa.ARRAY(sa.Text))
        conditions.append(customers.c.tags.op("@>", is_comparison=True)(tags))
    if wanted.get("has_email") is not None:
        conditions.append((customers.c.email.is_not(None)) == sa.literal(wanted["has_email"]))
    if wanted.get("text"):
        fields = ("full_name", "company_name", "email", "external_code", "phone")
        conditions.append(
            sa.or_(*(customers.c[name].icontains(wanted["text"], autoescape=True) for name in fields))
        )
    return conditions
