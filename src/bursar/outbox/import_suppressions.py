"""Sheets of addresses not to be written to: another program's list, or one of our own taken away before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Invalid
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import Record, Work
from bursar.outbox.queries import suppressed_sheets as queries
from bursar.outbox.states import Channel, Scope, SuppressionReason
from bursar.outbox.suppressions import EVENTS, LONGEST_NOTE, end_of, stop_queued
from bursar.tenancy.cells import parse_email, parse_text, text_of
from bursar.tenancy.customer_sets import RECORDS_AT_ONCE
from bursar.tenancy.dates import parse_date
from bursar.tenancy.folding import fold
from bursar.tenancy.grids import CellValue
from bursar.tenancy.importers import Entry, Firm, Table, Verdict, read_rows
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, RowOutcome


def _folded(words: Mapping[Any, str]) -> dict[str, Any]:
    return {fold(word): value for value, each in words.items() for word in each.split("|")}


_SCOPES: Mapping[str, Scope] = _folded(
    {
        Scope.ALL: "all|everything|all but invoices|everything but what was asked for|الكل|كل شيء|tout",
        Scope.REMINDERS: "reminders|reminder|dunning|التذكيرات|تذكيرات|rappels|relances",
        Scope.MARKETING: "marketing|newsletters|newsletter|promotions|النشرات|تسويق|التسويق|publicité",
        Scope.REVIEWS: "reviews|review|review requests|التقييمات|avis",
    }
)
_REASONS: Mapping[str, SuppressionReason] = _folded(
    {
        SuppressionReason.MANUAL: "manual|by hand|blocked|blacklist|blocklisted|يدوي|يدويا|manuel",
        SuppressionReason.UNSUBSCRIBE: "unsubscribe|unsubscribed|opt out|opted out|إلغاء الاشتراك|désabonné",
        SuppressionReason.COMPLAINT: "complaint|spam|spam complaint|marked as spam|abuse|شكوى|plainte",
        SuppressionReason.HARD_BOUNCE: (
            "hard bounce|bounce|bounced|hard_bounce|invalid|does not exist|address does not exist|مرتد|rebond"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One address of a sheet. Without `until` it holds for good."""

    address_key: str
    scope: Scope
    reason: SuppressionReason
    note: str | None
    until: date | None

    @property
    def mark(self) -> tuple[str, str, str]:
        """Two rows with the same are one suppression."""
        return self.address_key, self.scope, self.reason


@dataclass(frozen=True, slots=True)
class SuppressionImporter:
    """A suppression is the same by address, scope and reason, as when it is said by hand; none is made weaker.

    A bounce of another program is taken at its word: it is somebody's own list, and lifting it is one click.
    """

    kind: ImportKind = ImportKind.SUPPRESSIONS

    def read(self, table: Table, firm: Firm) -> list[Entry[Listed]]:
        return read_rows(table, lambda row: _listed(table, row, firm))

    async def judge(self, work: Work, entries: Sequence[Entry[Listed]]) -> list[Verdict]:
        return _verdicts(entries, await _in_force(work, entries), {})

    async def write(self, work: Work, entries: Sequence[Entry[Listed]]) -> list[Verdict]:
        work.allow(AgentRole.AGENT)
        before = await _in_force(work, entries)
        fresh = {entry.read.mark: entry.read for entry in entries if entry.read.mark not in before}
        made = await _add(work, list(fresh.values()))
        for mark in made:
            await stop_queued(work, mark[0], Channel.EMAIL, fresh[mark].scope, fresh[mark].reason)
        return _verdicts(entries, before, made)


async def _in_force(work: Work, entries: Sequence[Entry[Listed]]) -> dict[tuple[str, str, str], UUID]:
    keys = sorted({entry.read.address_key for entry in entries})
    rows = await work.db.execute(queries.in_force(work, keys))
    return {(row.address_key, row.scope, row.reason): row.id for row in rows}


async def _add(work: Work, listed: Sequence[Listed]) -> dict[tuple[str, str, str], UUID]:
    """The new ones; one that somebody else was quicker with is theirs."""
    if not listed:
        return {}
    by = work.actor.id if work.actor.type is ActorType.AGENT else None
    rows = [
        {
            "address_key": one.address_key,
            "scope": one.scope,
            "reason": one.reason,
            "note": one.note,
            "expires_at": end_of(work, one.until) if one.until else None,
        }
        for one in listed
    ]
    made = {
        (row.address_key, row.scope, row.reason): row.id
        for row in await work.db.execute(queries.add_listed(work, rows, by))
    }
    for reason, event in EVENTS.items():
        records = [
            Record(one, payload={"scope": mark[1], "imported": True})
            for mark, one in made.items()
            if mark[2] == reason
        ]
        for start in range(0, len(records), RECORDS_AT_ONCE):
            await work.record(event, *records[start : start + RECORDS_AT_ONCE])
    return made


def _verdicts(
    entries: Sequence[Entry[Listed]],
    before: Mapping[tuple[str, str, str], UUID],
    made: Mapping[tuple[str, str, str], UUID],
) -> list[Verdict]:
    seen: set[tuple[str, str, str]] = set(before)
    verdicts = []
    for entry in entries:
        mark = entry.read.mark
        outcome = RowOutcome.UNCHANGED if mark in seen else RowOutcome.CREATED
        seen.add(mark)
        verdicts.append(Verdict(entry.number, outcome, entity_id=before.get(mark) or made.get(mark)))
    return verdicts


def _listed(table: Table, row: Row, firm: Firm) -> Listed:
    address = table.cell(row, "address")
    if address is None:
        raise Invalid(N_("Give the e-mail address."), code="address_missing", field="address")
    rest = table.cells(row, ("scope", "reason", "note", "until"))
    until = parse_date(rest["until"], table.dates, field="until") if "until" in rest else None
    if until is not None and until < firm.today:
        raise Invalid(N_("The end must be later than now."), code="expires_in_the_past", field="until")
    return Listed(
        parse_email(address, field="address")[1],
        _one_of(_SCOPES, rest.get("scope"), Scope.ALL, "scope"),
        _one_of(_REASONS, rest.get("reason"), SuppressionReason.MANUAL, "reason"),
        parse_text(rest["note"], field="note", limit=LONGEST_NOTE) if "note" in rest else None,
        until,
    )


def _one_of(words: Mapping[str, Any], cell: CellValue | None, usual: Any, field: str) -> Any:
    """What a word of the sheet means. Raises `Invalid` for one that is not known: guessing would write to somebody."""
    if cell is None:
        return usual
    found = words.get(fold(text_of(cell, field)))
    if found is None:
        raise Invalid(
            N_("“%(word)s” is not known here. Leave it empty, or write one of: %(known)s."),
            code="word_unknown",
            field=field,
            word=text_of(cell, field)[:50],
            known=", ".join(sorted({str(value) for value in words.values()})),
        )
    return found
