"""The journal to take away: each event a row, as it was written and as it is said."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from bursar.core.errors import N_
from bursar.core.journal import Entry, Wanted, find
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.registry import Say
from bursar.core.work import Work
from bursar.tenancy.agents import names_of_agents
from bursar.tenancy.report_files import Batches
from bursar.tenancy.reports import ReportValue

AT_ONCE = 1_000
HEADER = (
    *(N_("Time"), N_("Who"), N_("Kind of actor"), N_("What happened"), N_("Event"), N_("About"), N_("Id")),
    *(N_("Customer's id"), N_("Before"), N_("After"), N_("Besides"), N_("Personal"), N_("Because of")),
    *(N_("IP address"), N_("Program"), N_("Request")),
)
"""Before, after, besides and personal are JSON: nothing of an event is lost in a sentence."""

Opened = Callable[[], AbstractAsyncContextManager[Work]]


async def journal_rows(opened: Opened, wanted: Wanted, say: Say) -> Batches:
    """All that fits, the newest first, in batches; a Work for each, since no transaction lives long enough.

    Administrators take it away: it is the whole firm's doing in one file, with from where people acted.
    """
    before: UUID | None = None
    more = True
    while more:
        async with opened() as work:
            work.allow(AgentRole.ADMIN)
            page = await find(work, wanted, before=before, limit=AT_ONCE)
            ids = {one.actor_id for one in page.entries if one.actor_type == ActorType.AGENT and one.actor_id}
            names = await names_of_agents(work, sorted(ids)) if ids else {}
            rows = [_row(work, entry, names, say) for entry in page.entries]
        yield rows
        before, more = page.before, page.before is not None


def _row(work: Work, entry: Entry, names: Mapping[UUID, str], say: Say) -> list[ReportValue]:
    return [
        entry.at.astimezone(work.zone).isoformat(timespec="seconds"),
        names.get(entry.actor_id, "") if entry.actor_id else "",
        entry.actor_type,
        entry.sentence(say),
        entry.type,
        entry.entity_type,
        str(entry.entity_id),
        str(entry.customer_id or ""),
        *(_json(entry.changes.get(side)) for side in ("before", "after")),
        _json(entry.payload),
        _json(entry.private),
        entry.cause or "",
        entry.ip or "",
        entry.user_agent or "",
        entry.request_id or "",
    ]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
