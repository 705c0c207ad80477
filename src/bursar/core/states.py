"""A move of a state machine, as data (pure: no SQL, no Work)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bursar.core.kinds import FileState


@dataclass(frozen=True, slots=True)
class Move:
    """`event` takes a row of `table` from one of `sources` to `target`; everything else is refused.

    `noun` names the machine in events (`invoice.issue`) and in messages.
    """

    table: str
    noun: str
    event: str
    sources: frozenset[StrEnum]
    target: StrEnum

    @property
    def name(self) -> str:
        """The event's type in the journal."""
        return f"{self.noun}.{self.event}"


def allowed_from(moves: Iterable[Move], state: str) -> tuple[str, ...]:
    """The events that may happen in `state`, in alphabetical order."""
    return tuple(sorted({move.event for move in moves if state in move.sources}))


PASS_FILE = Move("files", "file", "pass", frozenset({FileState.QUARANTINED}), FileState.CLEAN)
CONDEMN_FILE = Move("files", "file", "condemn", frozenset({FileState.QUARANTINED}), FileState.INFECTED)
FILE_MOVES = (PASS_FILE, CONDEMN_FILE)
