"""An answer to who answered: a message of ours in the same conversation, in an agent's own words (R103)."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.outbox import resolving
from bursar.outbox.composing import Queued, Say, Verdict
from bursar.outbox.incoming.inbox import get_incoming, handle
from bursar.outbox.mime import Thread
from bursar.outbox.ordering import Order, Subject, order
from bursar.outbox.queries import incoming as queries
from bursar.outbox.states import HandledAs, MailStream, Purpose
from bursar.tenancy import cells
from bursar.tenancy.tenants import this_tenant

SUBJECT = "incoming_message"
RE = ("re:", "aw:", "sv:", "antw:", "תגובה:", "רד:")
LONGEST_SUBJECT = 200  # characters


async def answer(work: Work, message_id: UUID, *, body: str, subject: str | None = None) -> UUID:
    """Order a message to whoever wrote, through the account that wrote first; with it theirs is dealt with.

    It goes to the address the answer came from, and asks nobody's leave: it is what they asked for. Raises
    `NotFound`, `Conflict` for what nobody wrote or for an address that must not be written to, `Invalid`.
    """
    work.allow(AgentRole.AGENT)
    theirs = await get_incoming(work, message_id)
    if theirs.verdict is not None or not theirs.from_address:
        raise Conflict(N_("Nobody wrote this: there is no one to answer."), code="nobody_to_answer")
    if cells.says_nothing(body):
        raise Invalid(N_("Write what you want to say."), code="body_missing", field="body")
    address, key = cells.parse_email(theirs.from_address, field="to")
    nth = (await work.db.scalars(queries.count_answers(work, f"reply/{message_id}/"))).one() + 1
    send_id = await order(
        work,
        Order(Purpose.REPLY, MailStream.TRANSACTIONAL, sending_account_id=await _account(work, message_id)),
        touch_key=f"reply/{message_id}/{nth}",
        to_address=address,
        address_key=key,
        to_name=theirs.from_name or theirs.customer_name,
        locale=theirs.locale or "en",
        template_version_id=None,
        customer_id=theirs.customer_id,
        subjects=[Subject(SUBJECT, message_id)],
    )
    if send_id is None:
        raise Conflict(N_("Somebody is answering this right now."), code="busy")
    line = subject if subject and not cells.says_nothing(subject) else answering(theirs.subject)
    await resolving.edit_text(
        work, send_id, subject=line[:LONGEST_SUBJECT], body=body, locale=theirs.locale or "en"
    )
    await work.record(
        "incoming_message.answer", Record(message_id, theirs.customer_id, payload={"send_id": str(send_id)})
    )
    if theirs.waiting:
        await handle(work, message_id, HandledAs.ANSWERED)
    return send_id


def answering(subject: str | None) -> str:
    """Their subject with "Re:" before it, once: this one is a reply (compare decision 0007)."""
    line = " ".join((subject or "").split()) or "…"
    return line if line.lower().startswith(RE) else f"Re: {line}"


class ReplyComposer:
    """Speaks for answers: their words are an agent's, and only the conversation is looked up."""

    async def compose(self, work: Work, sends: Sequence[Queued]) -> Mapping[UUID, Verdict]:
        found = await work.db.execute(queries.answered(work, [send.id for send in sends], SUBJECT))
        threads = {row.send_id: _thread(row.message_id, row.ours) for row in found}
        firm = await this_tenant(work)
        lines = [*firm.address_lines, *([firm.city] if firm.city else [])]
        values = {"tenant": {"name": firm.name, "address": ", ".join(lines)}, "unsubscribe_link": None}
        return {send.id: Say(values, thread=threads.get(send.id)) for send in sends}


def _thread(theirs: str | None, ours: str | None) -> Thread | None:
    known = tuple(one for one in (ours, theirs) if one)
    return Thread(theirs, known) if known else None


async def _account(work: Work, message_id: UUID) -> UUID | None:
    """The account that the answered message left by, if it still sends; else the primary one."""
    return await work.db.scalar(queries.account_of(work, message_id))
