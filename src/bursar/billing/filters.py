"""Which invoices: what a list, a campaign or a page asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bursar.billing.rules import Status


@dataclass(frozen=True, slots=True)
class Chosen:
    """Every condition given must hold; none given is all.

    `number` is how the number begins; `text` that too, or how the purchase order begins, or a part of the
    customer's name. `named` are those customers where they are few; `finding` looks them up.
    """

    ids: Sequence[UUID] | None = None
    customer_id: UUID | None = None
    currency: str | None = None
    statuses: frozenset[Status] | None = None
    number: str | None = None
    text: str | None = None
    named: Sequence[UUID] | None = None
    due_from: date | None = None
    due_until: date | None = None
    paid_from: date | None = None
    open_only: bool = False
    overdue_only: bool = False


ALL = Chosen()
OPEN = Chosen(open_only=True)
OVERDUE = Chosen(overdue_only=True)
