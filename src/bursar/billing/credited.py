"""Credit notes as others see them: one with its lines, or a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.credit_notes import CreditReason
from bursar.billing.queries import credit_notes as queries
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class CreditNoteShown:
    """`tax_local` is in minor units of the firm's own currency; `pdf_file_id` once it is printed."""

    id: UUID
    number: str
    invoice_id: UUID
    invoice_number: str
    customer_id: UUID
    customer_name: str
    issue_date: date
    amount: Money
    tax: Money
    released: Money
    reason_code: CreditReason
    reason: str
    exchange_rate: Decimal | None
    tax_local: int | None
    pdf_file_id: UUID | None


async def list_credit_notes(
    work: Work,
    *,
    customer_id: UUID | None = None,
    invoice_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[CreditNoteShown]:
    """The newest first, older than `before`."""
    statement = queries.listed(
        work,
        customer_id=customer_id,
        invoice_id=invoice_id,
        before=before,
        limit=min(limit, LARGEST_PAGE + 1),
    )
    return [_shown(row) for row in await work.db.execute(statement)]


async def get_credit_note(work: Work, credit_note_id: UUID) -> CreditNoteShown:
    """Raises `NotFound`."""
    return _there((await work.db.execute(queries.one(work, credit_note_id))).one_or_none())


async def credit_note_by_number(work: Work, number: str) -> CreditNoteShown:
    """Raises `NotFound`."""
    return _there((await work.db.execute(queries.numbered(work, number))).one_or_none())


async def lines_of_credit_note(work: Work, credit_note_id: UUID) -> Sequence[dict[str, Any]]:
    """Its lines in order, as they are stored: amounts in minor units."""
    return [dict(row) for row in (await work.db.execute(queries.lines_of(work, credit_note_id))).mappings()]


def _there(row: sa.Row[Any] | None) -> CreditNoteShown:
    if row is None:
        raise NotFound("credit note")
    return _shown(row)


def _shown(row: sa.Row[Any]) -> CreditNoteShown:
    names = ("id", "number", "invoice_id", "invoice_number", "customer_id", "customer_name", "issue_date")
    return CreditNoteShown(
        **{name: getattr(row, name) for name in (*names, "reason", "exchange_rate", "pdf_file_id")},
        amount=Money(row.amount_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
        released=Money(row.released_minor, row.currency),
        reason_code=CreditReason(row.reason_code),
        tax_local=row.tax_local_minor,
    )
