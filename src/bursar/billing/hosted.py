"""An invoice's public page: whoever has the link sees it and may answer it, without signing in (R126).

The link is the whole right. What it names is looked up as the customer, behind the wall of what a customer may
see; an act then runs as the system, with the customer as its actor. A draft, an invoice of nobody, a link that was
changed, revoked or made by another key: one answer for all of them.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from bursar.billing import disputes, promises, rules
from bursar.billing.documents.model import Kind
from bursar.billing.documents.reading import Written, read_documents
from bursar.billing.finding import Invoice, get_invoice, lines_of
from bursar.billing.hosted_paying import Paying, paying
from bursar.billing.links import read_token
from bursar.billing.queries import hosted as queries
from bursar.billing.settings import Bank, BillingSettings
from bursar.billing.showing import Allocation, CreditNoteShown, credit_notes_of, payments_on
from bursar.billing.states import DisputeReason, InvoiceState
from bursar.core import uploads
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import ActorType
from bursar.core.money import Money
from bursar.core.tokens import BadToken
from bursar.core.uploads import Taken
from bursar.core.work import Actor, Office, Origin, Role, Work
from bursar.tenancy.states import CustomerState, SuspendedReason

LONGEST_WORDS = 2_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that counts. `may_act` unless the firm has ended its dealings with the customer."""

    tenant_id: UUID
    invoice_id: UUID
    customer_id: UUID
    may_act: bool

    def work(
        self, office: Office, *, origin: Origin = Origin(), read_only: bool = False
    ) -> AbstractAsyncContextManager[Work]:
        """One act of the customer on what their link has found."""
        actor = Actor(ActorType.CUSTOMER, self.customer_id)
        return office.work(self.tenant_id, actor=actor, origin=origin, read_only=read_only)


@dataclass(frozen=True, slots=True)
class Hosted:
    """What the page shows. `document` is what was written at issue, None for what another program wrote.

    A promise may be made, or moved as long as `moves_left`, up to `promise_until`.
    """

    invoice: Invoice
    document: Written | None
    lines: tuple[Mapping[str, Any], ...]
    payments: tuple[Allocation, ...]
    credit_notes: tuple[CreditNoteShown, ...]
    firm: str
    branding: Mapping[str, Any]
    locale: str
    bank: Bank
    payment_instructions: str | None
    today: date
    promised_for: date | None
    moves_left: int
    promise_until: date
    contested: DisputeReason | None
    may_act: bool
    paying: Paying

    @property
    def may_pay(self) -> bool:
        return self.is_open and self.may_act and self.paying.till and not self.paying.is_under_way

    @property
    def is_open(self) -> bool:
        return self.invoice.state is InvoiceState.ISSUED and self.invoice.balance.minor > 0


async def open_link(office: Office, token: str) -> Opened:
    """Raises `BadToken`, whatever is wrong. Changes nothing."""
    signed = read_token(office.keyring, token)
    async with office.work(signed.tenant_id, read_only=True, must_exist=False) as work:
        owner = (await work.db.execute(queries.owner(work, signed.id))).one_or_none()
    if owner is None or owner.link_version != signed.extra:
        raise BadToken
    async with office.work(
        signed.tenant_id, role=Role.CUSTOMER, customer_id=owner.id, read_only=True
    ) as work:
        if (await work.db.execute(queries.seen(work, signed.id))).first() is None:
            raise BadToken
    ended = owner.state == CustomerState.SUSPENDED and owner.suspended_reason == SuspendedReason.ADMIN
    return Opened(signed.tenant_id, signed.id, owner.id, not ended)


async def show(work: Work, opened: Opened) -> Hosted:
    """Everything that the page says."""
    invoice = await get_invoice(work, opened.invoice_id)
    documents = await read_documents(work, Kind.INVOICE, [invoice.id])
    written = documents[0] if documents else None
    firm = (await work.db.execute(queries.firm(work))).one()
    settings, terms = BillingSettings.of(firm.settings, firm.country), rules.Terms.of(firm.settings)
    promise = (await work.db.execute(queries.promise_on(work, invoice.id))).one_or_none()
    dispute = (await work.db.execute(queries.dispute_on(work, invoice.id))).one_or_none()
    document = written.document if written else None
    return Hosted(
        invoice=invoice,
        document=written,
        lines=tuple(await lines_of(work, invoice.id)),
        payments=tuple(await payments_on(work, invoice.id)),
        credit_notes=tuple(await credit_notes_of(work, invoice.id)),
        firm=firm.name,
        branding=firm.branding,
        locale=invoice.locale or firm.locale,
        bank=document.bank if document else settings.bank,
        payment_instructions=document.payment_instructions if document else settings.payment_instructions,
        today=work.today,
        promised_for=promise.promised_for if promise else None,
        moves_left=max(terms.promise_moves - promise.moves, 0) if promise else terms.promise_moves,
        promise_until=work.today + terms.promise_ahead,
        contested=DisputeReason(dispute.reason) if dispute else None,
        may_act=opened.may_act,
        paying=await paying(work, invoice.id),
    )


async def promise(work: Work, opened: Opened, promised_for: date) -> None:
    """The customer names a day for all that is open, or another one than before; the same again changes nothing.

    Raises what `make_promise` and `move_promise` raise, `Conflict` where no acts are taken.
    """
    _must_act(opened)
    before = (await work.db.execute(queries.promise_on(work, opened.invoice_id))).one_or_none()
    if before is None:
        await promises.make_promise(work, opened.invoice_id, promised_for=promised_for)
    elif before.promised_for != promised_for:
        await promises.move_promise(work, before.id, promised_for=promised_for)


async def contest(work: Work, opened: Opened, reason: DisputeReason, statement: str) -> None:
    """Something is wrong with it, in the customer's words; more words about it join the open dispute.

    Raises what `open_dispute` raises, `Conflict` where no acts are taken.
    """
    _must_act(opened)
    await _say(work, opened.invoice_id, reason, _words(statement), None)


async def say_paid(
    work: Work,
    opened: Opened,
    *,
    paid_on: date,
    amount: Money,
    reference: str,
    proof: Taken | None = None,
) -> None:
    """The customer says it is paid, and may show something for it: a dispute for an agent to match (lifecycle 16).

    Raises what `open_dispute` raises, `Invalid` for a payment that cannot have been, `Conflict` where no acts are
    taken.
    """
    _must_act(opened)
    if paid_on > work.today:
        raise Invalid(N_("A payment cannot be from the future."), code="paid_in_future", field="paid_on")
    if amount.minor <= 0:
        raise Invalid(N_("Give an amount above zero."), code="amount_not_positive", field="amount")
    told = [f"{amount.plain()} {amount.currency}", paid_on.isoformat(), " ".join(reference.split())[:200]]
    await _say(work, opened.invoice_id, DisputeReason.ALREADY_PAID, " · ".join(filter(None, told)), proof)


def acts_closed() -> Conflict:
    return Conflict(N_("This can only be answered by writing to us."), code="acts_closed")


def _must_act(opened: Opened) -> None:
    if not opened.may_act:
        raise acts_closed()


def _words(text: str) -> str:
    words = text.strip()
    if len(words) > LONGEST_WORDS:
        raise Invalid(
            N_("Say it in at most %(most)s characters."),
            code="too_long",
            field="statement",
            most=LONGEST_WORDS,
        )
    return words


async def _say(work: Work, invoice_id: UUID, reason: DisputeReason, words: str, proof: Taken | None) -> None:
    """Said twice it stands there once, whether it was a second click or a second mail."""
    before = (await work.db.execute(queries.dispute_on(work, invoice_id))).one_or_none()
    if before is None:
        dispute_id = await disputes.open_dispute(work, invoice_id, reason=reason, statement=words)
        if proof is None:
            return
    else:
        dispute_id = before.id
        repeated = (await work.db.execute(queries.said_before(work, dispute_id, words))).first()
        if repeated or (before.statement == words and proof is None):
            return
    file_id = await uploads.keep(work, proof) if proof else None
    await disputes.comment_dispute(work, dispute_id, body=words, file_id=file_id)
