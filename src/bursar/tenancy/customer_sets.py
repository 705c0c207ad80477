"""Many customers in few statements: who of a sheet is known already, who is new, what changes (R140)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.tenancy.cells import parse_tags
from bursar.tenancy.customers import edit_record, shut_portal, with_defaults
from bursar.tenancy.queries import customers as queries
from bursar.tenancy.states import CustomerSource, CustomerState, RowOutcome

AMBIGUOUS = N_("Several customers fit this row. Give its customer code.")
RECORDS_AT_ONCE = 2_000
"""A statement binds at most 65,535 values, and an event has about fifteen."""

_EMPTY: dict[str, Any] = {"address_lines": [], "tags": [], "custom_fields": {}}
_BY_CODE, _BY_TAX, _BY_NAME, _BARE, _NAMESAKE = 1, 2, 3, 4, 5
_STRONG = ("external_code", "tax_number")


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


class _Marks:
    """Customers by what identifies them: those the tenant has, and those a set makes or renames."""

    def __init__(self) -> None:
        self._by_mark: dict[tuple[int, str], dict[int, Target]] = defaultdict(dict)

    def add(self, target: Target) -> None:
        name = _name_of(target.values).casefold()
        bare = [] if _is_marked(target.values) else [(_BARE, name)]
        for mark in (*_marks(target.values), *bare, (_NAMESAKE, name)):
            self._by_mark[mark][id(target)] = target

    def find(self, row: Mapping[str, Any]) -> tuple[Target | None, bool]:
        """The customer of the strongest mark that says anything, and whether it says several.

        A shared tax number is told apart by e-mail address and name. Left out is who contradicts a
        stronger mark, being known under another code or, by name, another tax number. A name alone says
        something only of a row or a customer who has nothing else.
        """
        name = _name_of(row).casefold()
        alone = [(_BARE if _is_marked(row) else _NAMESAKE, name)] if name else []
        found = {mark[0]: self._fitting(mark, row) for mark in (*_marks(row), *alone)}
        for rank in sorted(found):
            fitting = found[rank]
            if len(fitting) > 1:
                named = found.get(_BY_NAME, [])
                fitting = [each for each in fitting if any(each is other for other in named)]
                return (fitting[0], False) if len(fitting) == 1 else (None, True)
            if fitting:
                return fitting[0], False
        return None, False

    def _fitting(self, mark: tuple[int, str], row: Mapping[str, Any]) -> list[Target]:
        stronger = _STRONG[: mark[0] - 1]
        return [
            target
            for target in self._by_mark.get(mark, {}).values()
            if not (mark[0] == _BARE and _is_marked(target.values))
            and not any(_differ(row.get(name), target.values.get(name)) for name in stronger)
        ]


async def find_same(work: Work, rows: Sequence[Mapping[str, Any]]) -> list[Same]:
    """For each row of clean columns the customer it is about: by code, else tax number, else e-mail and name,
    else, of those who have nothing else, by name.

    One statement for any number of rows.
    """
    known = await _known_by(work, rows)
    found = (known.find(row) for row in rows)
    return [Same(target.id if target else None, ambiguous) for target, ambiguous in found]


async def plan_customers(
    work: Work, rows: Sequence[Mapping[str, Any]], *, lock: bool = False
) -> list[Planned]:
    """What `upsert_customers` would do with these rows; nothing is written (the dry run).

    Rows are what `clean_customer` gives. What is blank in a row leaves the customer as it is; tags and
    custom fields are added to those there. Later rows about one customer build on the earlier ones.
    """
    known, plan = await _known_by(work, rows, lock=lock), []
    for row in rows:
        target, ambiguous = known.find(row)
        planned = Planned(RowOutcome.REFUSED, reason=AMBIGUOUS) if ambiguous else _plan_row(row, target)
        if planned.target is not None:
            known.add(planned.target)
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


async def _known_by(work: Work, rows: Sequence[Mapping[str, Any]], *, lock: bool = False) -> _Marks:
    known = _Marks()
    names = (*_STRONG, "email_key")
    marks = {name: sorted({row[name] for row in rows if row.get(name)}) for name in names}
    every = {_name_of(row).lower() for row in rows if _name_of(row)}
    bare = {_name_of(row).lower() for row in rows if _name_of(row) and not _is_marked(row)}
    for row in await work.db.execute(
        queries.look_alikes(work, marks, sorted(bare), sorted(every), lock=lock)
    ):
        known.add(_known(row._asdict()))
    return known


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
    moved = [target.id for target in targets if target.id is not None and "email_key" in target.changed]
    if moved:
        await shut_portal(work, moved)  # a new address is another reader's


def _document(target: Target) -> dict[str, Any]:
    columns = {name: target.values.get(name, _EMPTY.get(name)) for name in queries.SET_COLUMNS}
    return {"id": str(target.id), **columns}


def _marks(row: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    if row.get("external_code"):
        yield _BY_CODE, row["external_code"]
    if row.get("tax_number"):
        yield _BY_TAX, row["tax_number"]
    if row.get("email_key") and _name_of(row):
        yield _BY_NAME, f"{row['email_key']}\n{_name_of(row).casefold()}"


def _is_marked(row: Mapping[str, Any]) -> bool:
    """Whether it has anything but a name to be told by."""
    return any(row.get(name) for name in (*_STRONG, "email_key"))


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one and other and one != other)


def _name_of(row: Mapping[str, Any]) -> str:
    return row.get("company_name") or row.get("full_name") or ""


def _union(there: Sequence[str], more: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*there, *more]))


def _merged(there: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    return {**there, **more}
