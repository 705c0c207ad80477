"""Which sends are counted, and what they came to: values alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from bursar.outbox.outcomes import Figure, Outcome
from bursar.outbox.states import Purpose


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is None or empty does not matter. `first` and `last` are the firm's days, both included.

    `outcome`, `reason` and `figure` choose from what is counted what a list of sends shows.
    """

    first: date | None = None
    last: date | None = None
    purposes: Sequence[Purpose] = ()
    run_ids: Sequence[UUID] | None = None
    template_id: UUID | None = None
    sending_account_id: UUID | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    figure: Figure | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What some sends came to. `outcomes` add up to `ordered`; a send may be in several of `figures`."""

    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    figures: Mapping[Figure, int] = field(default_factory=dict)

    @property
    def ordered(self) -> int:
        return sum(self.outcomes.values())

    def of(self, name: str) -> int:
        """One of them by its name; `ordered` too."""
        if name == "ordered":
            return self.ordered
        return (
            self.figures.get(Figure(name), 0) if name in set(Figure) else self.outcomes.get(Outcome(name), 0)
        )

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            {one: self.outcomes.get(one, 0) + other.outcomes.get(one, 0) for one in Outcome},
            {one: self.figures.get(one, 0) + other.figures.get(one, 0) for one in Figure},
        )


Key = UUID | date | str | None


@dataclass(frozen=True, slots=True)
class Counted:
    """`total` over all that was chosen; `reasons` why what did not arrive did not; `by` each key that was asked for."""

    total: Counts
    reasons: Mapping[tuple[Outcome, str | None], int]
    by: Mapping[str, Mapping[Key, Counts]]
