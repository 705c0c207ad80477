"""What is known of a type of event."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventType:
    """`detailed` is said instead of `sentence` when the event holds all that it names (after an erasure it
    may not).
    """

    sentence: str
    detailed: str | None = None
    kind: str | None = None
