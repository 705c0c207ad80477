"""What billing needs of whoever carries e-invoices into the network: corner two of five (R22)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID


class Outcome(StrEnum):
    """What the provider knows of a document."""

    RECEIVED = "received"  # it has it, and has not decided yet
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"  # it never got it


class Complaint(NamedTuple):
    """One reason of a refusal: the network's own rule, and its sentence."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`provider_id` is by which name the provider knows the document."""

    outcome: Outcome
    provider_id: str | None = None
    complaints: Sequence[Complaint] = ()


class Unreachable(Exception):
    """Nobody knows whether it arrived: ask by the document's UUID before handing it over again."""


class EinvoiceProvider(Protocol):
    """Hands documents over. Safe to be given one twice: its UUID says that it is the same."""

    async def submit(self, document_uuid: UUID, xml: bytes) -> Answer:
        """Raises `Unreachable`."""
        ...

    async def query(self, document_uuid: UUID) -> Answer:
        """What became of it. Raises `Unreachable`."""
        ...

    async def close(self) -> None: ...


ProviderFactory = Callable[[str], EinvoiceProvider]
"""From the name that a firm's settings hold. Raises `ValueError` for one that no adapter is bound to."""
