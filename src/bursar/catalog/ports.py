"""What catalog asks of the room above it that writes invoices."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Protocol
from uuid import UUID

from bursar.core.work import Work

Pair = tuple[UUID, UUID]
"""A customer and a product."""


class Billed(Protocol):
    """How far each pair was billed: no price of theirs may begin or end on or before that day (R86)."""

    async def __call__(self, work: Work, pairs: Collection[Pair]) -> Mapping[Pair, date]:
        """The last day of service on an issued invoice; a pair of which nothing was billed is left out."""
        ...
