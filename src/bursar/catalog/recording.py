"""Many events of one kind, in statements that the database takes."""

from collections.abc import Sequence

from bursar.core.work import Record, Work

RECORDS_AT_ONCE = 2_000
"""A statement binds at most 65,535 values, and an event has about fifteen."""


async def record_all(work: Work, event: str, records: Sequence[Record]) -> None:
    for start in range(0, len(records), RECORDS_AT_ONCE):
        await work.record(event, *records[start : start + RECORDS_AT_ONCE])
