"""Bank lines: money that arrived, matched to whoever paid it, set aside, or taken up again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import payments, receipts
from bursar.billing.bank_scoring import Suggestion, suggest
from bursar.billing.because import must_say_why
from bursar.billing.filters import Chosen
from bursar.billing.finding import open_invoices
from bursar.billing.payments import NewPayment, PaymentRecorded
from bursar.billing.queries import bank as queries
from bursar.billing.states import (
    BANK_LINE_MOVES,
    MATCH_BANK_LINE,
    SET_ASIDE,
    TAKE_UP,
    UNMATCH_BANK_LINE,
    BankLineState,
    PaymentSource,
)
from bursar.core.errors import IllegalMove, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.moves import move
from bursar.core.states import Move, allowed_from
from bursar.core.work import Work

AT_ONCE = 500
"""Lines whose suggestions are found together: more than a month of a small firm."""


@dataclass(frozen=True, slots=True)
class BankLine:
    id: UUID
    received_on: date
    amount: Money
    payer: str | None
    reference: str | None
    external_id: str
    state: BankLineState
    version: int
    payment_id: UUID | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Suggested:
    """A line and what may be meant by it, the best first."""

    line: BankLine
    suggestions: tuple[Suggestion, ...]

    @property
    def best(self) -> Suggestion | None:
        return self.suggestions[0] if self.suggestions else None


async def get_line(work: Work, line_id: UUID) -> BankLine:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.line(work, line_id))).one_or_none()
    if row is None:
        raise NotFound("bank line")
    return _line(row)


async def list_lines(
    work: Work,
    state: BankLineState = BankLineState.UNMATCHED,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> list[BankLine]:
    """In the order in which the money came, behind the line `after`."""
    return [_line(row) for row in await work.db.execute(queries.lines_in(work, state, after, limit))]


async def count_lines(work: Work) -> dict[BankLineState, int]:
    found = {row.state: row.lines for row in await work.db.execute(queries.count_lines(work))}
    return {state: found.get(state, 0) for state in BankLineState}


async def with_suggestions(work: Work, lines: Sequence[BankLine]) -> list[Suggested]:
    """What each line may mean, found for all of them in one statement."""
    if not lines:
        return []
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in await work.db.execute(queries.evidence(work, [line.id for line in lines])):
        found[row.line_id].append(row)
    return [Suggested(line, tuple(suggest(line.amount, found[line.id]))) for line in lines]


async def sure_lines(work: Work, *, limit: int = AT_ONCE) -> list[Suggested]:
    """Unmatched lines of which there is hardly a doubt, each invoice paid by one of them only."""
    told = await with_suggestions(work, await list_lines(work, limit=limit))
    taken: set[UUID] = set()
    sure = []
    for one in told:
        if one.best is None or not one.best.sure or taken.intersection(one.best.invoices):
            continue
        taken.update(one.best.invoices or (one.best.customer_id,))
        sure.append(one)
    return sure


async def match_line(
    work: Work,
    line_id: UUID,
    *,
    customer_id: UUID | None = None,
    allocate_to: Sequence[tuple[UUID, Money | None]] = (),
    taken: Mapping[UUID, Money] | None = None,
    version: int | None = None,
) -> PaymentRecorded:
    """Record the line as a payment of its customer; it pays the invoices named, in order.

    With none named it pays what its customer owes in its currency, the oldest first. Raises `IllegalMove` unless
    the line is unmatched, and whatever recording the payment raises.
    """
    work.allow(AgentRole.AGENT)
    line = await _in_state(work, line_id, MATCH_BANK_LINE)
    named = list(allocate_to)
    if not named and customer_id is not None:
        named = await oldest_first(work, customer_id, line.amount)
    recorded = await payments.record_payment(
        work,
        NewPayment(
            line.amount,
            line.received_on,
            customer_id=customer_id,
            allocate_to=named,
            taken=taken or {},
            method="bank_transfer",
            reference=line.reference,
            source=PaymentSource.BANK,
        ),
    )
    await move(work, MATCH_BANK_LINE, line_id, version=version, payment_id=recorded.payment_id)
    return recorded


async def accept_sure(work: Work, line_ids: Sequence[UUID]) -> list[UUID]:
    """Match those of `line_ids` of which there is still hardly a doubt; says which. Raises `NotFound`."""
    work.allow(AgentRole.AGENT)
    wanted = set(line_ids)
    if wanted.difference(await work.db.scalars(queries.lines_among(work, line_ids))):
        raise NotFound("bank line")
    matched = []
    for one in await sure_lines(work):
        if one.line.id in wanted and one.best is not None:
            paid = [(invoice_id, None) for invoice_id in one.best.invoices]
            await match_line(work, one.line.id, customer_id=one.best.customer_id, allocate_to=paid)
            matched.append(one.line.id)
    return matched


async def unmatch_line(work: Work, line_id: UUID, *, because: str, version: int | None = None) -> None:
    """It was not their money: the payment is reversed, unless it was already, and the line waits again."""
    work.allow(AgentRole.AGENT)
    must_say_why(because)
    line = await _in_state(work, line_id, UNMATCH_BANK_LINE)
    if line.payment_id is not None:
        payment = await receipts.get_payment(work, line.payment_id)
        if payment.reversed_by_id is None:
            await payments.reverse_payment(work, line.payment_id, because=because)
    await move(work, UNMATCH_BANK_LINE, line_id, because=because, version=version, payment_id=None)


async def set_line_aside(work: Work, line_id: UUID, *, because: str, version: int | None = None) -> None:
    """It pays no invoice of ours: interest, a loan, a mistake of the bank's."""
    work.allow(AgentRole.AGENT)
    must_say_why(because)
    await _in_state(work, line_id, SET_ASIDE)
    await move(work, SET_ASIDE, line_id, because=because, version=version, reason=because)


async def take_line_up(work: Work, line_id: UUID, *, version: int | None = None) -> None:
    """It was set aside and is to be matched after all."""
    work.allow(AgentRole.AGENT)
    await _in_state(work, line_id, TAKE_UP)
    await move(work, TAKE_UP, line_id, version=version, reason=None)


async def oldest_first(work: Work, customer_id: UUID, amount: Money) -> list[tuple[UUID, Money | None]]:
    """The invoices that `amount` would pay if it goes to what is due longest first (R73)."""
    chosen = Chosen(customer_id=customer_id, currency=amount.currency, open_only=True)
    left, named = amount.minor, []
    for one in await open_invoices(work, chosen, limit=AT_ONCE):
        if left <= 0:
            break
        left -= one.balance.minor
        named.append((one.id, None))
    return named


async def _in_state(work: Work, line_id: UUID, wanted: Move) -> BankLine:
    """Raises `IllegalMove` before a payment is written for nothing; `move` is what decides between two."""
    line = await get_line(work, line_id)
    if line.state not in wanted.sources:
        raise IllegalMove("bank_line", line.state, wanted.event, allowed_from(BANK_LINE_MOVES, line.state))
    return line


def _line(row: sa.Row[Any]) -> BankLine:
    return BankLine(
        row.id,
        row.received_on,
        Money(row.amount_minor, row.currency),
        row.payer,
        row.reference,
        row.external_id,
        BankLineState(row.state),
        row.version,
        row.payment_id,
        row.reason,
    )
