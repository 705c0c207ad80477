"""What a send counts as in results, and the figures that are counted of it."""

from enum import StrEnum


class Outcome(StrEnum):
    """Every send is exactly one of these. The states of lifecycle 10, but that queued and sending both wait."""

    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


class Figure(StrEnum):
    """Sends of which something more is true, whatever they count as; one send may be in several.

    ACCEPTED         the provider took it, whatever became of it later
    REPLIED          somebody answered
    OPENED, CLICKED  by a person, as far as one can tell (R104)
    MACHINE_OPENED, MACHINE_CLICKED   only ever by machines
    """

    ACCEPTED = "accepted"
    REPLIED = "replied"
    OPENED = "opened"
    MACHINE_OPENED = "machine_opened"
    CLICKED = "clicked"
    MACHINE_CLICKED = "machine_clicked"
