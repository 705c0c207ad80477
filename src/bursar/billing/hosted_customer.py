"""A customer's own page: all that is open at a firm, seen and answered by whoever has its link (R122, R126).

The link is the whole right, as an invoice's is (`hosted.py`): it names the customer and the version of their links.
What is shown is read as the customer, behind the wall of what they may see; an act then runs as the system, with the
customer as its actor. What is wrong with a link, and an invoice that is not theirs: one answer for all of it.
"""

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from bursar.billing import hosted, rules
from bursar.billing.hosted import Opened
from bursar.billing.hosted_paying import under_way
from bursar.billing.links import read_customer_token
from bursar.billing.queries import hosted as invoice_queries
from bursar.billing.queries import hosted_customer as queries
from bursar.billing.settings import Bank, BillingSettings
from bursar.billing.states import DisputeReason
from bursar.billing.tills.tills import taking_money
from bursar.core.errors import N_, Conflict
from bursar.core.kinds import ActorType
from bursar.core.money import Money
from bursar.core.tokens import BadToken
from bursar.core.work import Actor, Office, Origin, Role, Work
from bursar.tenancy.states import CustomerState, SuspendedReason

SHOWN = 200
"""Invoices on one page; the totals are of all."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A customer's link that counts. `may_act` unless the firm has ended its dealings with them."""

    tenant_id: UUID
    customer_id: UUID
    name: str
    locale: str | None
    may_act: bool

    def work(
        self, office: Office, *, origin: Origin = Origin(), read_only: bool = False
    ) -> AbstractAsyncContextManager[Work]:
        """One act of the customer."""
        actor = Actor(ActorType.CUSTOMER, self.customer_id)
        return office.work(self.tenant_id, actor=actor, origin=origin, read_only=read_only)

    def look(self, office: Office) -> AbstractAsyncContextManager[Work]:
        """A look as the customer: what the wall hides from them is not there."""
        return office.work(self.tenant_id, role=Role.CUSTOMER, customer_id=self.customer_id, read_only=True)

    def about(self, invoice_id: UUID) -> Opened:
        """One invoice of theirs, as if its own link had been opened."""
        return Opened(self.tenant_id, invoice_id, self.customer_id, self.may_act)


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """`promised_for`: the day that was promised. `contested`: what they said is wrong, while nobody has decided."""

    id: UUID
    number: str
    due_date: date
    is_late: bool
    total: Money
    balance: Money
    promised_for: date | None
    contested: DisputeReason | None


@dataclass(frozen=True, slots=True)
class OpenTotal:
    """One currency; `late` is the part that is past its due date."""

    open: Money
    late: Money
    count: int


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """What the page shows. `more`: open invoices beyond those listed. `by_card`: they can be paid here, with `live`
    money or to try it out; `under_way` are those whose money is on its way.
    """

    invoices: tuple[OpenInvoice, ...]
    totals: tuple[OpenTotal, ...]
    more: int
    name: str
    firm: str
    branding: Mapping[str, Any]
    locale: str
    bank: Bank
    payment_instructions: str | None
    today: date
    promise_until: date
    may_act: bool
    by_card: bool
    live: bool
    under_way: Collection[UUID]

    @property
    def may_promise(self) -> bool:
        return self.may_act and any(one.contested is None for one in self.invoices)


async def open_customer(office: Office, token: str) -> Entered:
    """Raises `BadToken`, whatever is wrong. Changes nothing."""
    signed = read_customer_token(office.keyring, token)
    async with office.work(signed.tenant_id, read_only=True, must_exist=False) as work:
        owner = (await work.db.execute(queries.owner(work, signed.id))).one_or_none()
    if owner is None or owner.link_version != signed.extra:
        raise BadToken
    ended = owner.state == CustomerState.SUSPENDED and owner.suspended_reason == SuspendedReason.ADMIN
    name = owner.company_name or owner.full_name or ""
    return Entered(signed.tenant_id, owner.id, name, owner.locale, not ended)


async def open_invoice(office: Office, token: str, invoice_id: UUID) -> Opened:
    """An invoice of the customer whose link this is. Raises `BadToken` for everybody else's."""
    entered = await open_customer(office, token)
    async with entered.look(office) as work:
        if (await work.db.execute(invoice_queries.seen(work, invoice_id))).first() is None:
            raise BadToken
    return entered.about(invoice_id)


async def show_page(office: Office, entered: Entered) -> CustomerPage:
    """Everything that the page says."""
    async with entered.look(office) as work:
        rows = (await work.db.execute(queries.open_invoices(work, entered.customer_id, SHOWN))).all()
        sums = (await work.db.execute(queries.open_totals(work, entered.customer_id))).all()
    async with entered.work(office, read_only=True) as work:
        firm = (await work.db.execute(invoice_queries.firm(work))).one()
        till = await taking_money(work)
        on_its_way = await under_way(work, [row.id for row in rows])
    settings = BillingSettings.of(firm.settings, firm.country)
    return CustomerPage(
        invoices=tuple(invoice_of(row, work.today) for row in rows),
        totals=tuple(
            OpenTotal(Money(row.open_minor, row.currency), Money(row.late_minor, row.currency), row.many)
            for row in sums
        ),
        more=sum(row.many for row in sums) - len(rows),
        name=entered.name,
        firm=firm.name,
        branding=firm.branding,
        locale=entered.locale or firm.locale,
        bank=settings.bank,
        payment_instructions=settings.payment_instructions,
        today=work.today,
        promise_until=work.today + rules.Terms.of(firm.settings).promise_ahead,
        may_act=entered.may_act,
        by_card=entered.may_act and till is not None,
        live=till is not None and till.live,
        under_way=on_its_way,
    )


async def promise_all(work: Work, entered: Entered, promised_for: date) -> int:
    """One day for everything that is open and not contested; how many invoices that is.

    An invoice whose day was moved as often as it may be keeps the one it has. Raises `Conflict` where no acts are
    taken or nothing is left to promise, and what `make_promise` raises about the day.
    """
    if not entered.may_act:
        raise hosted.acts_closed()
    ids = list(await work.db.scalars(queries.uncontested(work, entered.customer_id)))
    given, kept = 0, None
    for invoice_id in ids:
        try:
            await hosted.promise(work, entered.about(invoice_id), promised_for)
            given += 1
        except Conflict as refusal:
            if refusal.code != "no_moves_left":
                raise
            kept = refusal
    if not given:
        raise kept or Conflict(N_("There is nothing open to promise."), code="nothing_to_promise")
    return given


def invoice_of(row: Any, today: date) -> OpenInvoice:
    return OpenInvoice(
        row.id,
        row.number,
        row.due_date,
        row.due_date < today,
        Money(row.total_minor, row.currency),
        Money(row.balance_minor, row.currency),
        row.promised_for,
        DisputeReason(row.contested) if row.contested else None,
    )
