"""Every message of a campaign exactly as it would go, by the very composer and template that will send it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.chasing.queries import campaigns as queries
from bursar.chasing.queries import results
from bursar.core.errors import N_, Conflict, IllegalMove, Invalid, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.outbox.composing import Composer, Composers, Held, Queued, Say, Silent
from bursar.outbox.letters import Letters
from bursar.outbox.ordering import Order, order
from bursar.outbox.skeletons import Composed
from bursar.outbox.states import MailStream, Purpose
from bursar.outbox.targets import PIXEL, UNSUBSCRIBE
from bursar.tenancy import cells


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One invoice of a previewed message; `dropped` says why it is not in it any more."""

    id: UUID
    number: str
    balance: Money
    dropped: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """One person's message. `problem`: why it would not go as things stand (paid, changed, a broken template);
    `own_words`: an agent wrote it, not the template.
    """

    send_id: UUID
    customer_id: UUID | None
    to_address: str | None
    to_name: str | None
    locale: str
    state: str
    invoices: tuple[InvoiceLine, ...]
    subject: str | None = None
    html: str | None = None
    text: str | None = None
    problem: str | None = None
    own_words: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and plain text of one message, for an agent to rewrite; `own` if one did so before."""

    subject: str
    body: str
    locale: str
    own: bool


async def previews(
    work: Work,
    letters: Letters,
    composers: Composers,
    campaign_id: UUID,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Preview]:
    """A page of a campaign's messages, composed from the facts of this moment."""
    run_id = await _run(work, campaign_id)
    return await previews_in_run(work, letters, composers, run_id, after=after, limit=limit)


async def previews_in_run(
    work: Work,
    letters: Letters,
    composers: Composers,
    run_id: UUID,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Preview]:
    """The same of any run of which chasing speaks, a day's list of a sequence too."""
    rows = (
        await work.db.execute(results.sends_of_run(work, run_id, ids=None, after=after, limit=limit))
    ).all()
    return await _composed(work, letters, composers, rows)


async def preview_one(
    work: Work, letters: Letters, composers: Composers, campaign_id: UUID, send_id: UUID
) -> Preview:
    """One message of a campaign. Raises `NotFound`."""
    return await preview_in_run(work, letters, composers, await _run(work, campaign_id), send_id)


async def preview_in_run(
    work: Work, letters: Letters, composers: Composers, run_id: UUID, send_id: UUID
) -> Preview:
    """One message of a run. Raises `NotFound`."""
    rows = (
        await work.db.execute(results.sends_of_run(work, run_id, ids=[send_id], after=None, limit=1))
    ).all()
    if not rows:
        raise NotFound("message")
    return (await _composed(work, letters, composers, rows))[0]


async def subjects_now(
    work: Work, letters: Letters, composers: Composers, send_ids: Sequence[UUID]
) -> dict[UUID, str]:
    """What the lines of these waiting messages would read if they went now; those that would not go are missing."""
    rows = (await work.db.execute(results.waiting(work, send_ids))).all()
    found: dict[UUID, str] = {}
    for purpose in (Purpose.CAMPAIGN, Purpose.CHASE, Purpose.NOTICE):
        some = [row for row in rows if row.purpose == purpose]
        previews_ = await _composed(work, letters, composers, some)
        found |= {one.send_id: one.subject for one in previews_ if one.subject}
    return found


async def words_in_run(
    work: Work, letters: Letters, composers: Composers, run_id: UUID, send_id: UUID
) -> Words:
    """What one message says to its reader, without what stands below every message.

    Raises `NotFound`, `IllegalMove` for a message that does not wait any more, `Conflict` for one that would
    not go as things stand: its words would be about what is no longer so.
    """
    row = (
        await work.db.execute(results.sends_of_run(work, run_id, ids=[send_id], after=None, limit=1))
    ).one_or_none()
    if row is None:
        raise NotFound("message")
    if row.queue_at is None:
        raise IllegalMove("send", row.state, "edit", ())
    if row.edited_body is not None:
        return Words(row.edited_subject, row.edited_body, row.locale, own=True)
    verdict = (await composers[Purpose(row.purpose)].compose(work, [_queued(row)]))[row.id]
    if not isinstance(verdict, Say):
        raise Conflict(
            N_("This message would not go as things stand. Look at why first."), code="would_not_go"
        )
    await letters.load(work, {row.template_version_id})
    composed = letters.compose(row.template_version_id, verdict.values)
    below = shown(letters.compose(row.template_version_id, verdict.values, subject="-", body="-"))[1]
    body = shown(composed)[1].removesuffix(below.removeprefix("-"))
    return Words(composed.subject, body.replace("\r\n", "\n").strip(), row.locale, own=False)


async def send_test(work: Work, campaign_id: UUID, send_id: UUID, to: str) -> UUID:
    """Order this message to oneself: the same words from the same mailbox, to an agent's own address.

    Raises `Invalid` for a customer's: a test waits for no window and no day's contact, and heeds no opt-out.
    """
    work.allow(AgentRole.AGENT)
    address, key = cells.parse_email(to, field="to")
    if await work.db.scalar(queries.is_customers(work, key)):
        raise Invalid(
            N_("This is a customer's address. Send the test to yourself."),
            code="test_to_customer",
            field="to",
        )
    run_id = await _run(work, campaign_id)
    campaign = (await work.db.execute(queries.one(work, campaign_id))).one()
    row = (
        await work.db.execute(results.sends_of_run(work, run_id, ids=[send_id], after=None, limit=1))
    ).one_or_none()
    if row is None:
        raise NotFound("message")
    test_id = await order(
        work,
        Order(
            Purpose.TEST, MailStream.TRANSACTIONAL, sending_account_id=campaign.sending_account_id, priority=1
        ),
        touch_key=f"test/{send_id}/{work.now.isoformat()}",
        to_address=address,
        address_key=key,
        to_name=row.to_name,
        locale=row.locale,
        template_version_id=row.template_version_id,
        reviewed={"send": str(send_id), "customer": str(row.customer_id), "run": str(run_id)},
    )
    if test_id is None:
        raise Invalid(N_("This test was sent a moment ago."), code="test_repeated", field="to")
    return test_id


class TestComposer:
    """Speaks for test sends: what the message they try out would say now, held to no review."""

    __test__ = False  # not a test, for all its name

    def __init__(self, composer: Composer) -> None:
        self._composer = composer

    async def compose(self, work: Work, sends: Sequence[Queued]) -> dict[UUID, Say | Silent | Held]:
        originals = [_original(send) for send in sends]
        said = await self._composer.compose(work, originals)
        verdicts = {send.id: said[original.id] for send, original in zip(sends, originals, strict=True)}
        return {send_id: _undropped(verdict) for send_id, verdict in verdicts.items()}


def _original(send: Queued) -> Queued:
    told = send.reviewed or {}
    return Queued(
        UUID(told["send"]),
        send.purpose,
        UUID(told["customer"]),
        UUID(told["run"]),
        send.locale,
        send.to_address,
        send.to_name,
        send.template_version_id,
        None,
    )


def _undropped(verdict: Say | Silent | Held) -> Say | Silent | Held:
    """A test drops nothing from the message it tries out."""
    if isinstance(verdict, Say):
        return Say(verdict.values, {}, verdict.from_name, verdict.reply_to)
    return Silent(verdict.reason) if isinstance(verdict, Silent) else verdict


async def _run(work: Work, campaign_id: UUID) -> UUID:
    row = (await work.db.execute(queries.one(work, campaign_id))).one_or_none()
    if row is None or row.run_id is None:
        raise NotFound("campaign")
    return row.run_id


async def _composed(
    work: Work, letters: Letters, composers: Composers, rows: Sequence[Row[Any]]
) -> list[Preview]:
    if not rows:
        return []
    queued = [_queued(row) for row in rows]
    verdicts = await composers[queued[0].purpose].compose(work, queued)
    await letters.load(work, {row.template_version_id for row in rows})
    about: dict[UUID, list[InvoiceLine]] = {}
    for one in await work.db.execute(results.invoices_about(work, [row.id for row in rows])):
        line = InvoiceLine(
            one.id, one.number, Money(one.balance_minor, one.currency), one.reason if one.dropped_at else None
        )
        about.setdefault(one.send_id, []).append(line)
    return [_preview(letters, row, verdicts[row.id], about.get(row.id, [])) for row in rows]


def _queued(row: Row[Any]) -> Queued:
    return Queued(
        row.id,
        Purpose(row.purpose),
        row.customer_id,
        row.run_id,
        row.locale,
        row.to_address,
        row.to_name,
        row.template_version_id,
        row.reviewed,
        edited=row.edited_body is not None or row.edited_subject is not None,
    )


def _preview(
    letters: Letters, row: Row[Any], verdict: Say | Silent | Held, lines: list[InvoiceLine]
) -> Preview:
    head = (row.id, row.customer_id, row.to_address, row.to_name, row.locale, row.state, tuple(lines))
    if isinstance(verdict, Held):
        return Preview(*head, problem=f"changed_{verdict.what}")
    if isinstance(verdict, Silent):
        return Preview(*head, problem=verdict.reason)
    try:
        composed = letters.compose(
            row.template_version_id, verdict.values, subject=row.edited_subject, body=row.edited_body
        )
    except Refusal as refusal:
        return Preview(*head, problem=refusal.code)
    html, text = shown(composed)
    return Preview(*head, composed.subject, html, text, own_words=row.edited_body is not None)


def shown(composed: Composed) -> tuple[str, str]:
    """Both bodies with their targets in place and nothing that would count a reader."""
    fillings = {position: target.encode() for position, target in enumerate(composed.links)}
    fillings |= {UNSUBSCRIBE: b"#", PIXEL: b""}
    return composed.html.filled(fillings).decode(), composed.text.filled(fillings).decode()
