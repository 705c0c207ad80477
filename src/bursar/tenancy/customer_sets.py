"""Many customers in few statements: who of a sheet is known already, who is new, what changes (R140)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.tenancy.cells import parse_tags
from bursar.tenancy.customers import edit_record, with_defaults
from bursar.tenancy.queries import customers as queries
from bursar.tenancy.states import CustomerSource, CustomerState, RowOutcome

AMBIGUOUS = N_("Several customers fit this row. Give its customer code.")
RECORDS_AT_ONCE = 2_000
"""A statement binds at most 65,535 values, and an event has about fifteen."""

_EMPTY: dict[str, Any] = {"address_lines": [], "tags": [], "custom_fields": {}}
_BY_CODE, _BY_TAX, _BY_NAME = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Same:
    """Which customer a row is about: one, none, or not to be told."""

    customer_id: UUID | None = None
    ambiguous: bool = False


@dataclass(slots=True)
class Target:
    """A customer that rows of one set are about. `before` is None for one that is to be made."""

    before: Mapping[str, Any] | None
    values: dict[str, Any]
    id: UUID | None = None

    @property
    def changed(self) -> dict[str, Any]:
        before = self.before or {}
        return {name: value for name, value in self.values.items() if before.get(name) != value}


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of one row. `fields` are those it changes; `reason`, a msgid, says why it is refused."""

    outcome: RowOutcome
    target: Target | None = None
    fields: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def customer_id(self) -> UUID | None:
        """Of a new customer only once it was written."""
        return self.target.id if self.target else None


@dataclass(slots=True)
class _Marks:
    """The targets of a set by what identifies them, for later rows about the same customer."""

    by_mark: dict[tuple[Any, ...], list[Target]] = field(default_factory=lambda: defaultdict(list))

    def add(self, target: Target) -> None:
        for mark in _marks(target.values).values():
            if not any(each is target for each in self.by_mark[mark]):
                self.by_mark[mark].append(target)

    def find(self, row: Mapping[str, Any]) -> tuple[Target | None, bool]:
        """The target, and whether there are several."""
        found = {rank: self._fitting(rank, mark, row) for rank, mark in _marks(row).items()}
        targets = {id(each): each for several in found.values() for each in several}
        chosen, ambiguous = _choose({rank: {id(each) for each in some} for rank, some in found.items()})
        return targets.get(chosen), ambiguous

    def _fitting(self, rank: int, mark: tuple[Any, ...], row: Mapping[str, Any]) -> list[Target]:
        strong = {_BY_CODE: (), _BY_TAX: ("external_code",), _BY_NAME: ("external_code", "tax_number")}[rank]
        return [
            target
            for target in self.by_mark.get(mark, ())
            if not any(
                row.get(name) and target.values.get(name) and row[name] != target.values[name]
                for name in strong
            )
        ]


async def find_same(work: Work, rows: Sequence[Mapping[str, Any]]) -> list[Same]:
    """For each row of clean columns the customer it is about: by code, else tax number, else e-mail and name.

    One statement for any number of rows. Who is known under another code is somebody else.
    """
    if not rows:
        return []
    asked = [
        {
            "number": number,
            **{name: row.get(name) for name in ("external_code", "tax_number", "email_key")},
            "name": _name_of(row),
        }
        for number, row in enumerate(rows)
    ]
    found: dict[int, dict[int, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    for match in await work.db.execute(queries.matches(work, asked)):
        found[match.number][match.rank].add(match.id)
    return [Same(*_choose(found[number])) for number in range(len(rows))]


async def plan_customers(
    work: Work, rows: Sequence[Mapping[str, Any]], *, lock: bool = False
) -> list[Planned]:
    """What `upsert_customers` would do with these rows; nothing is written (the dry run).

    Rows are what `clean_customer` gives. What is blank in a row leaves the customer as it is; tags and
    custom fields are added to those there. Later rows about one customer build on the earlier ones.
    """
    sames = await find_same(work, rows)
    known = {same.customer_id for same in sames if same.customer_id}
    loaded = await work.db.execute(queries.customers_by_id(work, sorted(known), lock=lock)) if known else None
    targets = {row.id: _known(row._asdict()) for row in loaded or ()}
    marks, plan = _Marks(), []
    for row, same in zip(rows, sames, strict=True):
        target, ambiguous = targets.get(same.customer_id) if same.customer_id else None, same.ambiguous
        if target is None and not ambiguous:
            target, ambiguous = marks.find(row)
        planned = Planned(RowOutcome.REFUSED, reason=AMBIGUOUS) if ambiguous else _plan_row(row, target)
        if planned.target is not None:
            marks.add(planned.target)
        plan.append(planned)
    return plan


async def upsert_customers(
    work: Work, rows: Sequence[Mapping[str, Any]], *, source: CustomerSource = CustomerSource.IMPORT
) -> list[Planned]:
    """Make and change customers by clean rows; the answer has one entry a row, in order.

    The same rows a second time change nothing and leave no event. Raises `Conflict` if somebody takes one
    of the codes at this very moment.
    """
    work.allow(AgentRole.AGENT)
    plan = await plan_customers(work, rows, lock=True)
    targets = list({id(one.target): one.target for one in plan if one.target}.values())
    await _make(work, [target for target in targets if target.before is None], source)
    await _change(work, [target for target in targets if target.before is not None and target.changed])
    return plan


async def tag_customers(
    work: Work, ids: Sequence[UUID], *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> int:
    """Give tags to all of `ids` and take others away; how many customers that changed."""
    work.allow(AgentRole.AGENT)
    more, less = parse_tags("\n".join(add)), set(parse_tags("\n".join(remove)))
    changed: list[Target] = []
    for row in await work.db.execute(queries.customers_by_id(work, ids, lock=True)):
        tags = [tag for tag in _union(row.tags, more) if tag not in less]
        if tags != row.tags:
            changed.append(_known(row._asdict(), tags=tags))
    await _change(work, changed)
    return len(changed)


def _known(row: dict[str, Any], **changed: Any) -> Target:
    return Target(row, {name: row[name] for name in queries.SET_COLUMNS} | changed, row["id"])


def _plan_row(row: Mapping[str, Any], target: Target | None) -> Planned:
    told = {name: value for name, value in row.items() if value not in (None, [], {}, "")}
    if target is None:
        try:
            made = Target(None, with_defaults(told))
        except Invalid as refusal:
            return Planned(RowOutcome.REFUSED, reason=refusal.message)
        return Planned(RowOutcome.CREATED, made, _shown(made.values))
    for name, merge in (("tags", _union), ("custom_fields", _merged)):
        if name in told:
            told[name] = merge(target.values.get(name) or _EMPTY[name], told[name])
    fresh = {name: value for name, value in told.items() if target.values.get(name) != value}
    target.values.update(fresh)
    return Planned(RowOutcome.UPDATED if fresh else RowOutcome.UNCHANGED, target, _shown(fresh))


def _shown(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if name != "email_key"))


async def _make(work: Work, targets: Sequence[Target], source: CustomerSource) -> None:
    if not targets:
        return
    for target, new_id in zip(
        targets, await work.db.scalars(queries.new_ids(work, len(targets))), strict=True
    ):
        target.id = new_id
    rows = [_document(target) for target in targets]
    made = await work.db.scalars(queries.add_customers(work, rows, source=source, state=CustomerState.ACTIVE))
    if len(made.all()) != len(targets):
        raise Conflict(
            N_("Somebody added one of these customers just now. Try again."), code="customers_changed"
        )


async def _change(work: Work, targets: Sequence[Target]) -> None:
    if not targets:
        return
    await work.db.execute(queries.edit_customers(work, [_document(target) for target in targets]))
    records: list[Record] = [
        edit_record(target.id, target.before, target.changed)
        for target in targets
        if target.id is not None and target.before is not None
    ]
    for start in range(0, len(records), RECORDS_AT_ONCE):
        await work.record("customer.edit", *records[start : start + RECORDS_AT_ONCE])


def _document(target: Target) -> dict[str, Any]:
    columns = {name: target.values.get(name, _EMPTY.get(name)) for name in queries.SET_COLUMNS}
    return {"id": str(target.id), **columns}


def _choose(found: Mapping[int, set[Any]]) -> tuple[Any, bool]:
    """The one meant, by the strongest mark that says anything; a shared tax number is told apart by name."""
    for rank in (_BY_CODE, _BY_TAX, _BY_NAME):
        fitting = found.get(rank) or set()
        if len(fitting) > 1:
            fitting = fitting & (found.get(_BY_NAME) or set())
            return (fitting.pop(), False) if len(fitting) == 1 else (None, True)
        if fitting:
            return next(iter(fitting)), False
    return None, False


def _marks(row: Mapping[str, Any]) -> dict[int, tuple[Any, ...]]:
    marks: dict[int, tuple[Any, ...]] = {}
    if row.get("external_code"):
        marks[_BY_CODE] = (_BY_CODE, row["external_code"])
    if row.get("tax_number"):
        marks[_BY_TAX] = (_BY_TAX, row["tax_number"])
    if row.get("email_key") and _name_of(row):
        marks[_BY_NAME] = (_BY_NAME, row["email_key"], _name_of(row).lower())
    return marks


def _name_of(row: Mapping[str, Any]) -> str:
    return row.get("company_name") or row.get("full_name") or ""


def _union(there: Sequence[str], more: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*there, *more]))


def _merged(there: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    return {**there, **more}
