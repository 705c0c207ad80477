"""What only a person can say of a send: what became of an uncertain one, and that a changed one may go."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_, IllegalMove, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.outbox.letters import by_hand
from bursar.outbox.queries import reading as queries
from bursar.outbox.queries.runs import free_rungs
from bursar.outbox.skeletons import one_line
from bursar.outbox.states import SendState
from bursar.outbox.tags import Category
from bursar.tenancy import cells

LONGEST_REASON = 500  # characters


async def resolve(
    work: Work, send_id: UUID, became: Literal["sent", "queued", "failed"], *, reason: str
) -> None:
    """Somebody looked: an uncertain send arrived, is to be sent again, or never will be (lifecycle 10).

    Written down as a try made by hand, with who said so in the journal. Raises `NotFound`, `Invalid` without a
    reason, `IllegalMove` for a send that is not uncertain.
    """
    work.allow(AgentRole.AGENT)
    if cells.says_nothing(reason):
        raise Invalid(N_("Say how you know what became of it."), code="reason_missing", field="reason")
    said = cells.parse_text(reason, field="reason", limit=LONGEST_REASON)
    row = await _locked(work, send_id)
    if not await work.db.scalar(queries.resolve(work, send_id, SendState(became))):
        raise IllegalMove("send", row.state, "resolve", ())
    attempt = {"send_id": send_id, "number": row.attempts, "outcome": f"resolved_{became}", "error": said}
    await work.db.execute(queries.add_attempt(work, {**attempt, "error_code": "by_hand"}))
    await work.record("send.resolve", Record(send_id, row.customer_id, payload={"became": became}))


async def approve(
    work: Work, send_id: UUID, facts: Mapping[str, Any], *, to: tuple[str, str] | None = None
) -> None:
    """A send that waits because something changed goes after all; `facts` are what the person saw now, `to`
    the address (as written, as compared) if that is what changed.

    The ordering room gives them, in the shape it compares at the claim. Raises `NotFound`, `IllegalMove` for a
    send that does not wait for this.
    """
    work.allow(AgentRole.AGENT)
    row = await _locked(work, send_id)
    if not await work.db.scalar(queries.approve(work, send_id, facts, to)):
        raise IllegalMove("send", row.state, "approve", ())
    await work.record("send.approve", Record(send_id, row.customer_id))


async def edit_text(work: Work, send_id: UUID, *, subject: str, body: str, locale: str) -> None:
    """One message in an agent's own words. It goes only if its facts stay as they were reviewed.

    An empty `body` goes back to the template. Raises `NotFound`, `Invalid` for words that may not stand in an
    e-mail, `IllegalMove` for a send that is not queued any more.
    """
    work.allow(AgentRole.AGENT)
    own = body.strip() or None
    line = one_line(subject) if own else None
    if own:
        by_hand(own, locale, Category.PAYMENT_FOLLOW_UP)
    row = await _locked(work, send_id)
    if not await work.db.scalar(queries.edit_text(work, send_id, line, own)):
        raise IllegalMove("send", row.state, "edit", ())
    await work.record("send.edit", Record(send_id, row.customer_id))


async def cancel(work: Work, send_id: UUID) -> None:
    """A person does not want this send; its rungs are free again. Raises `NotFound`, `IllegalMove` unless queued.

    The last one of a run that is called off leaves the run to be finished by whoever looks after runs.
    """
    work.allow(AgentRole.AGENT)
    row = await _locked(work, send_id)
    if not await work.db.scalar(queries.cancel(work, send_id, "agent")):
        raise IllegalMove("send", row.state, "cancel", ())
    await work.db.execute(free_rungs(work, [send_id], "agent"))
    await work.record("send.cancel", Record(send_id, row.customer_id))


async def _locked(work: Work, send_id: UUID) -> Row[Any]:
    row = (await work.db.execute(queries.lock(work, send_id))).one_or_none()
    if row is None:
        raise NotFound("send")
    return row
