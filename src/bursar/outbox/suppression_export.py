"""The list of suppressed addresses to take away, in the columns in which a sheet brings one."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from bursar.core.errors import N_
from bursar.core.work import Work
from bursar.outbox.suppressions import list_suppressions
from bursar.tenancy.reports import ReportValue

AT_ONCE = 200
HEADER = (
    N_("E-mail address"),
    N_("What is stopped"),
    N_("Why"),
    N_("Note"),
    N_("Until"),
    N_("Since"),
)
"""What is stopped and why stand as codes, which `import_suppressions` reads again."""


async def suppression_rows(work: Work, **wanted: Any) -> AsyncIterator[Sequence[Sequence[ReportValue]]]:
    """Those in force, in batches, the newest first; `wanted` as in `list_suppressions`.

    What was lifted stays behind: whoever brings the list elsewhere would stop it again.
    """
    cursor: UUID | None = None
    while True:
        page = await list_suppressions(work, **wanted, cursor=cursor, limit=AT_ONCE)
        if page.rows:
            yield [
                (
                    *(one.address_key, str(one.scope), str(one.reason), one.note),
                    _last_day(work, one.expires_at),
                    one.created_at.astimezone(work.zone).date(),
                )
                for one in page.rows
            ]
        cursor = page.next
        if cursor is None:
            return


def _last_day(work: Work, expires_at: datetime | None) -> date | None:
    """The last day on which it holds, where the firm is: what ends at midnight ended with the day before."""
    return (expires_at - timedelta(microseconds=1)).astimezone(work.zone).date() if expires_at else None
