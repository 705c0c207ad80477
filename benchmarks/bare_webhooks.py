"""The bare limit of `webhooks`: the same rows by hand-written SQL, into the same tables, set by set.

Each firm gets a twin that stands as it did before the first webhook. What our program then writes for a firm is kept
beside, and copied into its twin by an INSERT or UPDATE .. SELECT for each table and set: as bursar_system, inside the
wall, with every constraint, index, trigger and policy on. What is left out is all that has to be found out first.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from bursar.core.queries.inbounds import STORE
from bursar.core.schema import metadata
from bursar.house import House

CONTEXT = "select set_context('bursar_system', %s, null, 'system', null, 'provider', null, null, null)"
ONE_SET = """
insert into inbounds (tenant_id, provider, external_id, kind, payload, received_at)
select %(tenant)s, 'stripe', r.external_id, r.kind, r.payload, now()
  from json_to_recordset(%(rows)s::json) as r(external_id text, kind text, payload jsonb)
on conflict do nothing
"""
LANES = 2
SIDE_BY_SIDE = 5
CHANGED = {
    "customers": "customer.payment_confirmed",
    "orders": "order.payment_confirmed",
    "checkout_sessions": "checkout_session.complete",
    "inbounds": None,
}
"""Tables whose rows change, and the event that the journal's trigger is told."""

BY_TRIGGER = (
    "customer.payment_confirmed",
    "order.payment_confirmed",
    "checkout_session.complete",
    "invoice.draft",
)
"""Events that triggers write in the twin too; a paid invoice that is inserted is one event, as its draft was."""

LEFT_OUT = {"secrets", "tenant_keys", "subject_keys", "seals"}


def text_of_store() -> str:
    return STORE.text


class BareWebhooks:
    """`firms` and their twins. The texts of what was run by hand stand in `texts`."""

    def __init__(self, house: House, firms: Sequence[UUID]) -> None:
        self.house = house
        self.twins = {firm: uuid4() for firm in firms}
        self.texts: list[str] = []
        self._new: list[tuple[str, sql.Composed]] = []

    def _owner(self) -> psycopg.Connection[Any]:
        url = self.house.addresses.owner.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(url)

    def _app(self) -> str:
        url = self.house.addresses.app.set(drivername="postgresql")
        return url.render_as_string(hide_password=False)

    def stand_beside(self) -> None:
        """The twins, row by row, without triggers: they write nothing of this."""
        with self._owner() as db:
            db.execute("create table bare_twins (firm uuid, twin uuid)")
            db.cursor().executemany("insert into bare_twins values (%s, %s)", list(self.twins.items()))
            db.execute("set session_replication_role = replica")
            for name in self._tables():
                columns = self._columns(db, name)
                told = [_of_twin(name, column) for column in columns]
                db.execute(
                    sql.SQL(
                        "insert into {t} ({c}) select {v} from {t} o join bare_twins b on b.firm = o.tenant_id"
                    ).format(
                        t=sql.Identifier(name),
                        c=sql.SQL(", ").join(map(sql.Identifier, columns)),
                        v=sql.SQL(", ").join(told),
                    )
                )

    async def store(self, at_once: int) -> float:
        """The inbounds of the firms into their twins, in sets as large as there are askers; seconds."""
        with self._owner() as db:
            found = db.execute(
                "select b.twin, i.external_id, i.kind, i.payload"
                "  from inbounds i join bare_twins b on b.firm = i.tenant_id"
                " where i.handled_at is null and i.kind like 'checkout%' order by i.external_id"
            ).fetchall()
        self.texts.append(ONE_SET)
        sets = [found[start : start + at_once] for start in range(0, len(found), at_once)]
        queue = iter(sets)

        async def lane(db: psycopg.AsyncConnection[Any]) -> None:
            for one in queue:
                by_twin: dict[UUID, list[dict[str, Any]]] = {}
                for twin, external_id, kind, payload in one:
                    by_twin.setdefault(twin, []).append(
                        {"external_id": external_id, "kind": kind, "payload": payload}
                    )
                async with db.pipeline():
                    for twin in sorted(by_twin):
                        await db.execute(CONTEXT, (twin,))
                        await db.execute(ONE_SET, {"tenant": twin, "rows": json.dumps(by_twin[twin])})
                await db.commit()

        opened = [await psycopg.AsyncConnection.connect(self._app()) for _ in range(LANES)]
        began = time.perf_counter()
        await asyncio.gather(*map(lane, opened))
        took = time.perf_counter() - began
        for one in opened:
            await one.close()
        return took

    async def apply(self, a_set: int) -> float:
        """What our program wrote for the firms, copied into the twins; seconds."""
        counts = await asyncio.to_thread(self._keep, a_set)
        queue = iter(self.twins.values())

        async def hand(db: psycopg.AsyncConnection[Any]) -> None:
            for twin in queue:
                for batch in range(1, counts + 1):
                    async with db.pipeline():
                        await db.execute(CONTEXT, (twin,))
                        for event, statement in self._new:
                            if event:
                                await db.execute("select announce(%s, null)", (event,))
                            await db.execute(statement, {"twin": twin, "batch": batch})
                    await db.commit()

        opened = [await psycopg.AsyncConnection.connect(self._app()) for _ in range(SIDE_BY_SIDE)]
        began = time.perf_counter()
        await asyncio.gather(*map(hand, opened))
        took = time.perf_counter() - began
        for one in opened:
            await one.close()
        await asyncio.to_thread(self._compare)
        return took

    def _keep(self, a_set: int) -> int:
        """What the firms have and their twins have not, or have otherwise, cut into sets; how many sets."""
        with self._owner() as db:
            most = db.execute(
                "select max(n) from (select count(*) n from orders group by tenant_id) o"
            ).fetchone()
            sets = -(-most[0] // a_set) if most else 1
            for name in self._tables():
                if name == "tenants":
                    continue
                columns = self._columns(db, name)
                kept = f"bare_{name}"
                statement = sql.SQL(
                    "create table {k} as select ntile({n}) over (partition by b.twin order by o.{by}) as batch, b.twin,"
                    "  o.*"
                    "  from {t} o join bare_twins b on b.firm = o.tenant_id where {wanted}"
                )
                # Ids grow as sets were written; what was there before belongs to the set of its payment.
                by = "payment_id" if name in ("orders", "checkout_sessions") else "id"
                values = {"k": sql.Identifier(kept), "n": sql.Literal(sets), "t": sql.Identifier(name)}
                values["by"] = sql.Identifier(by)
                db.execute(statement.format(**values, wanted=_wanted(name, columns)))
                count = db.execute(sql.SQL("select count(*) from {k}").format(**values)).fetchone()
                if count and count[0]:
                    db.execute(sql.SQL("create index on {k} (twin, batch)").format(**values))
                    db.execute(sql.SQL("grant select on {k} to bursar_system").format(**values))
                    self._say(db, name, kept, columns)
            db.commit()
            db.autocommit = True
            db.execute("vacuum analyze")
        self._new.sort(key=lambda one: one[1].as_string().startswith("update"))
        return sets

    def _say(self, db: psycopg.Connection[Any], name: str, kept: str, columns: Sequence[str]) -> None:
        others = [c for c in columns if c != "tenant_id"]
        if name == "invoices":  # born paid; one that brings its lines is of this very moment
            others.remove("created_at")
        if name in CHANGED:
            set_ = [c for c in others if c not in ("id", "updated_at", "created_at", "received_at")]
            by = "external_id" if name == "inbounds" else "id"
            statement = sql.SQL(
                "update {t} t set {s} from {k} k"
                " where t.tenant_id = %(twin)s and k.twin = %(twin)s and k.batch = %(batch)s and t.{by} = k.{by}"
            ).format(
                t=sql.Identifier(name),
                k=sql.Identifier(kept),
                by=sql.Identifier(by),
                s=sql.SQL(", ").join(sql.SQL("{c} = k.{c}").format(c=sql.Identifier(c)) for c in set_),
            )
        else:
            statement = sql.SQL(
                "insert into {t} (tenant_id, {c})"
                " select %(twin)s, {c} from {k} where twin = %(twin)s and batch = %(batch)s"
            ).format(
                t=sql.Identifier(name),
                k=sql.Identifier(kept),
                c=sql.SQL(", ").join(map(sql.Identifier, others)),
            )
        self._new.append((CHANGED.get(name) or "", statement))
        self.texts.append(statement.as_string(db))

    def _compare(self) -> None:
        """A firm and its twin have as many rows of everything."""
        with self._owner() as db:
            for name in self._tables():
                rows = db.execute(
                    sql.SQL(
                        "select count(*) filter (where o.tenant_id = b.firm),"
                        "       count(*) filter (where o.tenant_id = b.twin)"
                        " from {t} o join bare_twins b on o.tenant_id in (b.firm, b.twin){w}"
                    ).format(
                        t=sql.Identifier(name),
                        w=sql.SQL(" where o.kind like 'checkout%'" if name == "inbounds" else ""),
                    )
                ).fetchone()
                if rows and rows[0] != rows[1]:
                    raise AssertionError(f"{name}: {rows[0]} of ours, {rows[1]} by hand")

    def _tables(self) -> list[str]:
        return [
            table.name
            for table in metadata.sorted_tables
            if "tenant_id" in table.c and "id" in table.c and table.name not in LEFT_OUT
        ]

    def _columns(self, db: psycopg.Connection[Any], name: str) -> list[str]:
        rows = db.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
            " and attgenerated = ''",
            (name,),
        )
        return [row[0] for row in rows]


def _wanted(name: str, columns: Sequence[str]) -> sql.Composable:
    """Rows of a firm that its twin has not, or has otherwise."""
    if name not in CHANGED:
        new = sql.SQL("not exists (select from {t} w where w.tenant_id = b.twin and w.id = o.id)")
        wanted = new.format(t=sql.Identifier(name))
        if name == "events":
            wanted += sql.SQL(" and o.type <> all ({types})").format(types=sql.Literal(list(BY_TRIGGER)))
        return wanted
    same = [
        one for one in columns if one not in ("id", "tenant_id", "created_at", "updated_at", "received_at")
    ]
    by = sql.Identifier("external_id" if name == "inbounds" else "id")
    return sql.SQL(
        "exists (select from {t} w where w.tenant_id = b.twin and w.{by} = o.{by} and ({o}) is distinct from ({w}))"
    ).format(
        t=sql.Identifier(name),
        by=by,
        o=sql.SQL(", ").join(sql.Identifier("o", one) for one in same),
        w=sql.SQL(", ").join(sql.Identifier("w", one) for one in same),
    )


def _of_twin(table: str, column: str) -> sql.Composable:
    if column == "tenant_id" or (table == "tenants" and column == "id"):
        return sql.SQL("b.twin")
    if table == "tenants" and column == "slug":
        return sql.SQL("o.slug || '-twin'")
    return sql.Identifier("o", column)
