"""Runs of imports and their rows, and whom a row of a sheet may mean."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from bursar.core.work import Work
from bursar.tenancy.tables import customer_contacts, customers, import_rows, import_runs


def add_run(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(import_runs).values(tenant_id=work.tenant_id, **values).returning(import_runs.c.id)


def one_run(work: Work, run_id: UUID, *, lock: bool = False) -> sa.Select:
    found = sa.select(import_runs).where(
        import_runs.c.tenant_id == work.tenant_id, import_runs.c.id == run_id
    )
    return found.with_for_update(key_share=True) if lock else found


def list_runs(work: Work, before: UUID | None, limit: int) -> sa.Select:
    """The newest first, older than the cursor."""
    found = sa.select(import_runs).where(import_runs.c.tenant_id == work.tenant_id)
    if before is not None:
        found = found.where(import_runs.c.id < before)
    return found.order_by(import_runs.c.id.desc()).limit(limit)


def change_run(
    work: Work, run_id: UUID, values: Mapping[str, Any], *, new_version: bool = False
) -> sa.Update:
    """Everything but the state, which moves. `new_version` stops whoever works by the one before."""
    version = import_runs.c.version + 1 if new_version else import_runs.c.version
    return (
        sa.update(import_runs)
        .where(import_runs.c.tenant_id == work.tenant_id, import_runs.c.id == run_id)
        .values(**values, version=version)
    )


def add_rows(work: Work, run_id: UUID, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """Rows as they were read, without an outcome."""
    given = _given(rows, {"number": sa.Integer(), "raw": JSONB()})
    told = {"tenant_id": work.tenant_id, "import_run_id": run_id}
    return sa.insert(import_rows).from_select(
        [*told, "number", "raw"], sa.select(*map(sa.literal, told.values()), given.c.number, given.c.raw)
    )


def rows_of(work: Work, run_id: UUID, *, after: int = 0) -> sa.Select:
    """What was read, in the order of the sheet."""
    return (
        sa.select(import_rows.c.number, import_rows.c.raw)
        .where(
            import_rows.c.tenant_id == work.tenant_id,
            import_rows.c.import_run_id == run_id,
            import_rows.c.number > after,
        )
        .order_by(import_rows.c.number)
    )


def outcomes_of(
    work: Work, run_id: UUID, *, outcome: str | None = None, after: int = 0, limit: int | None = None
) -> sa.Select:
    """What becomes of the rows, in the order of the sheet; those of one outcome if it is given."""
    found = sa.select(import_rows).where(
        import_rows.c.tenant_id == work.tenant_id,
        import_rows.c.import_run_id == run_id,
        import_rows.c.number > after,
    )
    if outcome is not None:
        found = found.where(import_rows.c.outcome == outcome)
    return found.order_by(import_rows.c.number).limit(limit)


def count_outcomes(work: Work, run_id: UUID) -> sa.Select:
    return (
        sa.select(import_rows.c.outcome, sa.func.count().label("rows"))
        .where(import_rows.c.tenant_id == work.tenant_id, import_rows.c.import_run_id == run_id)
        .group_by(import_rows.c.outcome)
    )


def settle_rows(work: Work, run_id: UUID, verdicts: Sequence[Mapping[str, Any]]) -> sa.Update:
    """Outcomes for the numbers given; a row that says the same already is left alone."""
    names = ("outcome", "reason", "field", "entity_id")
    given = _given(
        verdicts,
        {"number": sa.Integer(), **dict.fromkeys(names[:3], sa.Text()), "entity_id": sa.UUID()},
    )
    return (
        sa.update(import_rows)
        .where(
            import_rows.c.tenant_id == work.tenant_id,
            import_rows.c.import_run_id == run_id,
            import_rows.c.number == given.c.number,
            sa.or_(*(import_rows.c[name].is_distinct_from(given.c[name]) for name in names)),
        )
        .values({name: given.c[name] for name in names})
    )


def pointed_at(work: Work, asked: Sequence[Mapping[str, Any]]) -> sa.Select:
    """Every customer with one of these e-mail addresses."""
    given = _given(asked, {"number": sa.Integer(), "email_key": sa.Text()})
    theirs = (customers.c.tenant_id == work.tenant_id) & (customers.c.email_key == given.c.email_key)
    return sa.select(given.c.number, customers.c.id).join_from(given, customers, theirs)


def meant_by(work: Work, texts: Sequence[str]) -> sa.CompoundSelect:
    """Every customer whose code, e-mail key or name (1, 2, 3) is one of `texts`, which are in lower case
    but for codes.
    """
    given = _given([{"text": text} for text in texts], {"text": sa.Text()})
    mine = customers.c.tenant_id == work.tenant_id
    ranks = (
        (1, customers.c.external_code == given.c.text),
        (2, customers.c.email_key == sa.func.lower(given.c.text)),
        (3, customers.c.name_key == sa.func.lower(given.c.text)),
    )
    return sa.union_all(
        *(
            sa.select(
                given.c.text, sa.literal_column(str(rank), sa.Integer).label("rank"), customers.c.id
            ).join_from(given, customers, mine & same)
            for rank, same in ranks
        )
    )


def contacts_of_many(work: Work, customer_ids: Sequence[UUID], *, lock: bool = False) -> sa.Select:
    """The people of these customers."""
    found = (
        sa.select(customer_contacts)
        .where(
            customer_contacts.c.tenant_id == work.tenant_id,
            customer_contacts.c.customer_id == sa.any_(sa.literal(list(customer_ids), sa.ARRAY(sa.UUID))),
        )
        .order_by(customer_contacts.c.id)
    )
    return found.with_for_update(key_share=True) if lock else found


CONTACT_COLUMNS = ("name", "email", "email_key", "phone", "role", "locale")


def add_contacts(work: Work, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """New people; somebody who was added meanwhile gives no row."""
    given = _given(
        rows, {"id": sa.UUID(), "customer_id": sa.UUID(), **dict.fromkeys(CONTACT_COLUMNS, sa.Text())}
    )
    from_rows = sa.select(
        sa.literal(work.tenant_id),
        given.c.id,
        given.c.customer_id,
        *(given.c[name] for name in CONTACT_COLUMNS),
    )
    return (
        insert(customer_contacts)
        .from_select(["tenant_id", "id", "customer_id", *CONTACT_COLUMNS], from_rows)
        .on_conflict_do_nothing(index_elements=["tenant_id", "customer_id", "email_key", "name"])
        .returning(customer_contacts.c.id)
    )


def edit_contacts(work: Work, rows: Sequence[Mapping[str, Any]]) -> sa.Update:
    """Each row's columns replaced by those given for its id; every row brings all of them."""
    given = _given(rows, {"id": sa.UUID(), **dict.fromkeys(CONTACT_COLUMNS, sa.Text())})
    return (
        sa.update(customer_contacts)
        .where(customer_contacts.c.tenant_id == work.tenant_id, customer_contacts.c.id == given.c.id)
        .values({name: given.c[name] for name in CONTACT_COLUMNS})
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
