"""What one account has in one mode: its objects as they leave, and what never leaves them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import SystemRandom
from secrets import token_hex
from string import ascii_letters, digits
from typing import Any

from bursar.sandbox.stripe.refusing import missing

LETTERS = ascii_letters + digits
Thing = dict[str, Any]
"""An object of Stripe's, as JSON."""
_RANDOM = SystemRandom()


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_{''.join(_RANDOM.choices(LETTERS, k=length))}"


@dataclass
class Aside:
    """What a checkout knows and its object does not say. `card`: the one that waits for its holder."""

    items: list[Thing]
    intent_data: Mapping[str, Any]
    url: str
    payer: dict[str, str] = field(default_factory=dict)
    waiting: str = ""


@dataclass
class Ledger:
    account: Thing
    live: bool
    key: str = ""
    revoked: bool = False
    things: dict[str, Thing] = field(default_factory=dict)
    asides: dict[str, Aside] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = self.key or f"sk_{self.mode}_{token_hex(24)}"

    @property
    def mode(self) -> str:
        return "live" if self.live else "test"

    def put(self, thing: Thing) -> Thing:
        self.things[thing["id"]] = thing
        return thing

    def find(self, kind: str, told: str | None) -> Thing | None:
        thing = self.things.get(told or "")
        return thing if thing is not None and thing["object"] == kind else None

    def get(self, kind: str, told: str, *, param: str = "id") -> Thing:
        """Raises `Refusal`."""
        thing = self.find(kind, told)
        if thing is None:
            raise missing(kind.replace(".", " ").replace("_", " "), told, param=param)
        return thing

    def newest(self, kind: str) -> Iterator[Thing]:
        return (thing for thing in reversed(self.things.values()) if thing["object"] == kind)

    def of(self, kind: str, **given: Any) -> list[Thing]:
        """Those with these values, the newest first."""
        return [
            thing
            for thing in self.newest(kind)
            if all(thing.get(name) == value for name, value in given.items())
        ]
