"""What sends came to, and which they were: exact at the moment it is asked, over millions of them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row

from bursar.core.work import Work
from bursar.outbox.counted import Chosen, Counted, Counts, Key
from bursar.outbox.outcomes import Figure, Outcome
from bursar.outbox.queries import counting as queries
from bursar.outbox.reading import LARGEST_PAGE, Page, these
from bursar.outbox.rollups import HOUR, hour_of, id_at

By = Literal["day", "purpose", "run_id", "template_id", "sending_account_id"]
HOURS_AT_ONCE = 48
ALL = Chosen()
WITH_REASON = frozenset({Outcome.SUPPRESSED, Outcome.CANCELLED, Outcome.FAILED, Outcome.BOUNCED})


async def count_sends(work: Work, chosen: Chosen = ALL, *, by: Sequence[By] = ()) -> Counted:
    """The chosen sends by what they came to, and by each of `by` for itself."""
    rows = await _rows(work, chosen, by)
    keys = ("reason", *by)
    sets: dict[str, dict[Key, list[Row[Any]]]] = {key: defaultdict(list) for key in keys}
    for row in rows:
        key = _grouped_by(keys, row.which)
        sets[key][getattr(row, key)].append(row)
    over_all = [row for rows in sets["reason"].values() for row in rows]
    not_arrived = [row for row in over_all if Outcome(row.outcome) in WITH_REASON]
    not_arrived.sort(key=lambda row: (-row.sends, row.outcome, row.reason or ""))
    reasons = {(Outcome(row.outcome), row.reason): row.sends for row in not_arrived}
    return Counted(
        _counts(over_all),
        reasons,
        {key: {value: _counts(rows) for value, rows in sets[key].items()} for key in by},
    )


async def list_counted(work: Work, chosen: Chosen, *, cursor: UUID | None = None, limit: int = 50) -> Page:
    """The sends behind a number, the newest first. Only the hours in which there are any are looked through."""
    size = max(1, min(limit, LARGEST_PAGE))
    start = hour_of(cursor) if cursor is not None else None
    to = await _mark(work)
    hours = list(await work.db.scalars(queries.hours_with(work, chosen, to, start)))
    found: list[UUID] = []
    for at in range(0, len(hours), HOURS_AT_ONCE):
        ranges = [(id_at(hour), id_at(hour + HOUR)) for hour in hours[at : at + HOURS_AT_ONCE]]
        left = size + 1 - len(found)
        found += await work.db.scalars(queries.within(work, chosen, ranges, cursor, left))
        if len(found) > size:
            break
    rows = await these(work, found[:size])
    return Page(rows, found[size - 1] if len(found) > size else None)


async def _rows(work: Work, chosen: Chosen, by: Sequence[str]) -> Sequence[Row[Any]]:
    """Rollups and what they cannot know, of one moment: asked again if a job moved the mark meanwhile."""
    to = await _mark(work)
    while True:
        question = queries.counted(queries.shape_of(chosen, to), tuple(by))
        rows = (await question.ask(work.db, queries.given(work, chosen, to))).all()
        now = rows[0].counted_to or queries.LOWEST if rows else await _mark(work)
        if now == to:
            return rows
        to = now


async def _mark(work: Work) -> UUID:
    return await work.db.scalar(queries.mark(work)) or queries.LOWEST


def _grouped_by(keys: Sequence[str], which: int) -> str:
    """GROUPING() has a bit for each key, the last one lowest; the one that is not set was grouped by."""
    return next(key for at, key in enumerate(reversed(keys)) if not which >> at & 1)


def _counts(rows: Sequence[Row[Any]]) -> Counts:
    outcomes: dict[Outcome, int] = defaultdict(int)
    figures: dict[Figure, int] = defaultdict(int)
    for row in rows:
        outcomes[Outcome(row.outcome)] += row.sends
        for figure in Figure:
            figures[figure] += getattr(row, figure)
    return Counts(dict(outcomes), dict(figures))
