"""Small closed lists that core's rows use."""

from enum import StrEnum


class ActorType(StrEnum):
    """Who did it. A webhook acts as system; its inbound is the cause."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


class AgentRole(StrEnum):
    """What an agent may do, from the highest to the lowest; each may all that the lower ones may."""

    OWNER = "owner"
    ADMIN = "admin"
    AGENT = "agent"
    VIEWER = "viewer"

    def reaches(self, needed: "AgentRole") -> bool:
        """Whether this role is `needed` or higher."""
        order = list(AgentRole)
        return order.index(self) <= order.index(needed)


class Stream(StrEnum):
    """The two chains of seals."""

    EVENTS = "events"
    ATTEMPTS = "attempts"


class FileState(StrEnum):
    QUARANTINED = "quarantined"
    CLEAN = "clean"
    INFECTED = "infected"
