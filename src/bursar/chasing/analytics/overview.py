"""Results as people ask for them: what messages came to, over a period, and by what they were sent with."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.chasing.asking import Asked, Dimension, Interval, days_of
from bursar.chasing.queries import analytics as names
from bursar.chasing.queries import collection_marks as marks
from bursar.chasing.queries import collections as queries
from bursar.chasing.queries.collection_marks import BEFORE_ALL, LOWEST, Mark
from bursar.core.money import Money
from bursar.core.ready import Ready
from bursar.core.work import Work
from bursar.outbox.counted import Chosen, Counts, Key
from bursar.outbox.counting import By, count_sends, list_counted
from bursar.outbox.narrowing import narrowed_by
from bursar.outbox.outcomes import Figure, Outcome
from bursar.outbox.reading import Page

NOTHING = Counts()


@dataclass(frozen=True, slots=True)
class Collected:
    """Money of one currency that came within each of the asked windows after a message."""

    within: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Promised:
    """Promises that answered messages; `made` is all of them, also those that still run or were withdrawn."""

    made: int = 0
    kept: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """What the messages of one period came to, or of one campaign, sequence, template, mailbox or purpose.

    `id` is None for messages without one; a period is named by its first day.
    """

    id: UUID | str | date | None
    name: str | None
    counts: Counts
    collected: Mapping[str, Collected]
    promised: Promised


@dataclass(frozen=True, slots=True)
class Results:
    """`median_days`: from the first message about an invoice to the money, half of the payments came sooner."""

    first: date
    last: date
    windows: tuple[int, ...]
    counts: Counts
    reasons: Mapping[tuple[Outcome, str | None], int]
    collected: Mapping[str, Collected]
    promised: Promised
    median_days: int | None
    periods: tuple[Part, ...]
    parts: Mapping[Dimension, tuple[Part, ...]]


async def results(work: Work, asked: Asked, *, by: Sequence[Dimension] = ()) -> Results:
    """Exact at this moment, in every currency by itself. Raises `Invalid` for a period that ends before it begins."""
    first, last = days_of(asked, work.today)
    chosen = await choose(work, asked, first, last)
    keys: list[By] = ["day", *dict.fromkeys(dimension.key for dimension in by)]
    counted = await count_sends(work, chosen, by=keys)
    money = await _money(work, chosen, asked.windows, keys)
    promised = await _promised(work, chosen, keys)
    over = _Over(counted.by, money.by, promised, asked.windows)
    parts = {dimension: await _parts(work, dimension, over) for dimension in by}
    return Results(
        first,
        last,
        asked.windows,
        counted.total,
        counted.reasons,
        money.total,
        promised[""].get(None, Promised()),
        money.median,
        tuple(_periods(asked.interval, first, last, over)),
        parts,
    )


async def choose(work: Work, asked: Asked, first: date, last: date) -> Chosen:
    """Which sends are meant; a campaign's and a sequence's are those of their runs."""
    runs: list[UUID] | None = None
    if asked.campaign_id is not None:
        runs = list(await work.db.scalars(names.runs_of_campaign(work, asked.campaign_id)))
    if asked.sequence_id is not None:
        its = list(await work.db.scalars(names.runs_of_sequence(work, asked.sequence_id)))
        runs = its if runs is None else [run for run in runs if run in set(its)]
    purposes = (asked.purpose,) if asked.purpose else ()
    return Chosen(first, last, purposes, runs, asked.template_id, asked.sending_account_id)


@dataclass(frozen=True, slots=True)
class _Money:
    total: Mapping[str, Collected]
    by: Mapping[str, Mapping[Key, Mapping[str, Collected]]]
    median: int | None


@dataclass(frozen=True, slots=True)
class _Over:
    """The three answers by key and its value."""

    counts: Mapping[str, Mapping[Key, Counts]]
    money: Mapping[str, Mapping[Key, Mapping[str, Collected]]]
    promised: Mapping[str, Mapping[Key, Promised]]
    windows: tuple[int, ...]

    def part(self, key: str, values: Sequence[Key], id_: UUID | str | date | None, name: str | None) -> Part:
        """One part over several values of a key: the days of a week, the runs of a sequence."""
        counts, made = NOTHING, Promised()
        money: dict[str, Collected] = {}
        for value in values:
            counts = counts + self.counts[key].get(value, NOTHING)
            one = self.promised[key].get(value, Promised())
            made = Promised(made.made + one.made, made.kept + one.kept, made.broken + one.broken)
            for currency, sums in self.money[key].get(value, {}).items():
                had = money.get(currency)
                within = sums.within if had is None else tuple(map(_add, had.within, sums.within))
                money[currency] = Collected(within)
        return Part(id_, name, counts, money, made)


def _add(one: Money, other: Money) -> Money:
    return one + other


async def _money(work: Work, chosen: Chosen, windows: Sequence[int], keys: Sequence[str]) -> _Money:
    question = queries.money(narrowed_by(chosen), tuple(windows), tuple(keys))
    rows = await _of_one_moment(work, question, chosen)
    total: dict[str, Collected] = {}
    by: dict[str, dict[Key, dict[str, Collected]]] = {key: defaultdict(dict) for key in keys}
    after: dict[int, int] = {}
    every = ("days_after_first", *keys)
    for row in rows:
        key = _grouped_by(every, row.which)
        if key == "days_after_first":
            after[row.days_after_first] = row.payments
            continue
        sums = Collected(
            tuple(Money(getattr(row, f"within_{number}"), row.currency) for number in range(len(windows)))
        )
        if key is None:
            total[row.currency] = sums
        else:
            by[key][getattr(row, key)][row.currency] = sums
    return _Money(total, by, median_of(after))


async def _promised(work: Work, chosen: Chosen, keys: Sequence[str]) -> dict[str, dict[Key, Promised]]:
    """By key and value; under the key "" over all."""
    found: dict[str, dict[Key, dict[str, int]]] = {key: defaultdict(dict) for key in (*keys, "")}
    rows = await _of_one_moment(work, queries.promised(narrowed_by(chosen), tuple(keys)), chosen)
    for row in rows:
        key = _grouped_by(keys, row.which) or ""
        found[key][getattr(row, key) if key else None][row.state] = row.many
    return {
        key: {
            value: Promised(sum(many.values()), many.get("kept", 0), many.get("broken", 0))
            for value, many in values.items()
        }
        for key, values in found.items()
    }


async def _of_one_moment(work: Work, question: Ready, chosen: Chosen) -> Sequence[Row[Any]]:
    """What is counted and what is not yet, of one moment: asked again if a job moved the mark meanwhile."""
    while True:
        row = (await work.db.execute(marks.mark(work))).one_or_none()
        mark = Mark(*row) if row is not None else BEFORE_ALL
        rows = (await question.ask(work.db, queries.given(work, mark, chosen))).all()
        if not rows or (rows[0].version or LOWEST) == mark.counted_to:
            return rows


def _grouped_by(keys: Sequence[str], which: int) -> str | None:
    """GROUPING() has a bit for each key, the last one lowest, set for those that were not grouped by."""
    return next((key for at, key in enumerate(reversed(keys)) if not which >> at & 1), None)


def median_of(after: Mapping[int, int]) -> int | None:
    """The number of days by which half of the payments had come, from how many came after how many days."""
    total = sum(after.values())
    if total <= 0:
        return None
    seen = 0
    for days in sorted(after):
        seen += after[days]
        if 2 * seen >= total:
            return days
    return None


def _periods(interval: Interval, first: date, last: date, over: _Over) -> list[Part]:
    """Every period from the first to the last day, those without a message too."""
    days: dict[date, list[Key]] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        days.setdefault(interval.begin(day), []).append(day)
    return [over.part("day", values, begin, None) for begin, values in days.items()]


async def _parts(work: Work, dimension: Dimension, over: _Over) -> tuple[Part, ...]:
    """The parts of a dimension, most messages first."""
    key: str = dimension.key
    values = {*over.counts[key], *over.money[key], *over.promised[key]}
    named: dict[Any, tuple[Any, str | None]] = {value: (value, None) for value in values}
    if dimension is not Dimension.PURPOSE:
        ids = [value for value in values if isinstance(value, UUID)]
        rows = await work.db.execute(names.named(work, dimension, ids))
        told = {row.key: (row.id, row.name) for row in rows}
        named = {value: told.get(value, (None, None)) for value in values}
    together: dict[Any, list[Key]] = defaultdict(list)
    for value, whose in named.items():
        together[whose].append(value)
    parts = [over.part(key, its, id_, name) for (id_, name), its in together.items()]
    if dimension in (Dimension.CAMPAIGN, Dimension.SEQUENCE):
        parts = [part for part in parts if part.id is not None]
    return tuple(sorted(parts, key=lambda part: (-part.counts.ordered, part.name or "")))


async def behind(
    work: Work,
    asked: Asked,
    *,
    outcome: Outcome | None = None,
    figure: Figure | None = None,
    reason: str | None = None,
    cursor: UUID | None = None,
    limit: int = 50,
) -> Page:
    """The messages that a number counts, the newest first. Raises `Invalid` as `results` does."""
    chosen = await choose(work, asked, *days_of(asked, work.today))
    chosen = replace(chosen, outcome=outcome, figure=figure, reason=reason)
    return await list_counted(work, chosen, cursor=cursor, limit=limit)
