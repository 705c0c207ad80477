"""Ways out that answer a sign-in as a test wants it: what stands behind the port, not in place of our code."""

from collections.abc import Mapping, Sequence
from typing import Any

from bursar.outbox.ports import AccountRef, Health, Letter, Outcome, Result


class ASender:
    """Lets everybody in, or says why not; remembers that it was closed."""

    def __init__(self, health: Health) -> None:
        self.health, self.closed = health, False
        self.delivered: list[Letter] = []

    async def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        self.delivered += letters
        return [Outcome(letter.send_id, Result.ACCEPTED) for letter in letters]

    async def check(self) -> Health:
        return self.health

    async def close(self) -> None:
        self.closed = True


class Senders:
    """A `SenderFactory` whose answer can be changed, and which remembers what it was asked with."""

    def __init__(self) -> None:
        self.health = Health(ok=True)
        self.asked: list[tuple[str, Mapping[str, Any], bytes | None]] = []
        self.made: list[ASender] = []

    def __call__(
        self, kind: str, settings: Mapping[str, Any], secret: bytes | None, account: AccountRef | None = None
    ) -> ASender:
        self.asked.append((kind, settings, secret))
        self.made.append(ASender(self.health))
        return self.made[-1]
