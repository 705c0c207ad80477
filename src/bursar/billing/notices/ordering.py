"""Notices are ordered in the transaction of what they tell: an invoice is issued, money arrives, a day comes."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select

from bursar.billing import locks
from bursar.billing.documents.model import DOCUMENT
from bursar.billing.documents.reading import NotIssued
from bursar.billing.notices.kinds import CATEGORY, STREAM, NoticeKind
from bursar.billing.queries import invoices as invoice_queries
from bursar.billing.queries import issuing
from bursar.billing.queries import notices as queries
from bursar.billing.queries.notices import Words
from bursar.billing.settings import BillingSettings, NoticeRules
from bursar.billing.states import InvoiceState
from bursar.core.errors import N_, Conflict
from bursar.core.kinds import AgentRole
from bursar.core.work import Happened, Record, Work
from bursar.outbox import sends, template_library
from bursar.outbox.ordering import Order, order_many, primary_account
from bursar.outbox.states import Purpose, SendState

CATCH_UP = timedelta(days=7)
"""How long after its day an overdue notice may still be ordered, for workers that were down. Older debts are chased."""

URGENT = 3
"""Before campaigns: somebody waits for an invoice or a receipt."""


async def issued(work: Work, happened: Happened) -> None:
    """Called when invoices are issued (`reactions.py`): each customer gets theirs, once its PDF is printed. Who has
    paid in the same act gets a receipt instead.
    """
    ids = happened.ids
    if await work.db.scalar(issuing.any_unpaid(work, ids)) and (await _rules(work)).issued:
        await _order(
            work, NoticeKind.ISSUED, lambda words: queries.newly_issued(work, ids, words), waits_for=DOCUMENT
        )


async def received(work: Work, happened: Happened) -> None:
    """Called when payments are recorded (`reactions.py`): whoever paid invoices gets a receipt."""
    if (await _rules(work)).receipt:
        ids = happened.ids
        await _order(work, NoticeKind.RECEIPT, lambda words: queries.received(work, ids, words))


async def order_due(work: Work, spared: Select | None = None) -> None:
    """What the calendar wants said today: what comes due, and what is late. Safe to repeat.

    Nothing of the invoices that `spared` selects: somebody else reminds of them.
    """
    work.allow(AgentRole.ADMIN)
    rules = await _rules(work)
    before, after = rules.reminder_days_before, rules.overdue_days_after
    if before is not None:
        await _order(work, NoticeKind.REMINDER, lambda words: queries.coming_due(work, before, words, spared))
    if after is not None:
        last = work.today - timedelta(days=after)
        await _order(
            work,
            NoticeKind.OVERDUE,
            lambda words: queries.late(work, after, last - CATCH_UP, words, spared),
        )


async def let_go(work: Work) -> None:
    """Notices whose document is there, though nobody told them. Safe to repeat."""
    work.allow(AgentRole.ADMIN)
    ids = list(await work.db.scalars(queries.waiting_with_document(work)))
    await sends.let_go(work, "invoice", ids, waited_for=DOCUMENT)


async def send_invoice(work: Work, invoice_id: UUID) -> UUID:
    """An agent sends an issued invoice by e-mail, with its PDF, however often it was sent before; the send's id.

    Raises `NotFound`, `IllegalMove` for a draft or what was cancelled, `NotIssued` where we have no document of
    it, `Conflict` while it is on its way already or nobody could carry it.
    """
    work.allow(AgentRole.AGENT)
    invoice = await locks.lock_invoice(work, invoice_id)
    if invoice.state not in (InvoiceState.ISSUED, InvoiceState.PAID):
        raise locks.refuse(invoice, "send")
    if invoice.seller is None:
        raise NotIssued
    before = (await work.db.execute(queries.sent_by_hand(work, invoice_id))).all()
    if any(row.state in (SendState.QUEUED, SendState.SENDING) for row in before):
        raise Conflict(N_("This invoice is on its way already."), code="already_on_its_way")
    number = len(before) + 1
    ordered = await _order(
        work,
        NoticeKind.ISSUED,
        lambda words: queries.one_by_hand(work, invoice_id, number, words),
        waits_for=None if invoice.pdf_file_id else DOCUMENT,
    )
    if not ordered:
        raise Conflict(
            N_("No mailbox is connected that could send it, or its template is switched off."),
            code="cannot_send",
        )
    key = f"invoice/{invoice_id}/issued/{number}"
    send_id: UUID = (await work.db.execute(queries.ordered_as(work, key))).scalar_one()
    told = Record(invoice_id, invoice.customer_id, payload={"send_id": str(send_id)})
    await work.record("invoice.send", told)
    return send_id


async def _rules(work: Work) -> NoticeRules:
    row = (await work.db.execute(invoice_queries.settings(work))).one()
    return BillingSettings.of(row.settings, row.country).notices


async def _order(
    work: Work,
    kind: NoticeKind,
    due: Callable[[Words], Select],
    *,
    waits_for: str | None = None,
) -> bool:
    """False where nothing could be ordered: a firm without a mailbox, or without words, tells nobody."""
    account = await primary_account(work)
    if account is None:
        return False
    words = await template_library.words_for(work, CATEGORY[kind])
    if words is None:
        return False
    order = Order(
        Purpose.NOTICE, STREAM[kind], sending_account_id=account, priority=URGENT, waits_for=waits_for
    )
    await order_many(work, order, "invoice", due(Words(*words)))
    return True
