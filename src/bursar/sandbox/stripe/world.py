"""All that this Stripe knows: its accounts in both modes, its clock, and who is told when something happens."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from bursar.sandbox.stripe import resources
from bursar.sandbox.stripe.clock import Clock
from bursar.sandbox.stripe.contract import Contract
from bursar.sandbox.stripe.courier import Courier
from bursar.sandbox.stripe.ledger import Ledger, Thing, new_id

FROM_OUTSIDE: Mapping[str, str | None] = {"id": None, "idempotency_key": None}
"""What an event says of its request when no program asked for it."""


class NoSuch(Exception):
    """No account has an object of this kind and id."""


@dataclass
class World:
    """`pages_url`: where checkouts are shown; known once the process listens."""

    contract: Contract = field(default_factory=Contract.load)
    clock: Clock = field(default_factory=Clock)
    courier: Courier = field(init=False)
    ledgers: list[Ledger] = field(default_factory=list)
    pages_url: str = ""

    def __post_init__(self) -> None:
        self.courier = Courier(self.clock)

    def open_account(
        self, name: str, *, country: str = "AE", currency: str = "aed", key: str = ""
    ) -> tuple[Ledger, Ledger]:
        """Its test mode and its live mode. `key`: of test mode."""
        account = resources.account(name, country, currency, self.clock.now())
        test, live = Ledger(account, live=False, key=key), Ledger(account, live=True)
        self.ledgers += [test, live]
        return test, live

    def of_key(self, key: str) -> Ledger | None:
        return next((one for one in self.ledgers if one.key == key), None)

    def other_mode(self, ledger: Ledger) -> Ledger:
        """The same account's other mode."""
        return next(one for one in self.ledgers if one.account is ledger.account and one is not ledger)

    def holding(self, kind: str, told: str) -> tuple[Ledger, Thing]:
        """Whichever ledger has it. Raises `NoSuch`."""
        for ledger in self.ledgers:
            thing = ledger.find(kind, told)
            if thing is not None:
                return ledger, thing
        raise NoSuch(told)

    def sessions(self) -> Iterator[tuple[Ledger, Thing]]:
        """Of all accounts, the newest first in each."""
        for ledger in self.ledgers:
            for thing in ledger.newest("checkout.session"):
                yield ledger, thing


@dataclass(frozen=True)
class Act:
    """Something happens in a ledger, because a program asked for it (`request`) or from outside."""

    world: World
    ledger: Ledger
    request: Mapping[str, str | None] = field(default_factory=lambda: dict(FROM_OUTSIDE))

    @property
    def now(self) -> int:
        return self.world.clock.now()

    def tell(self, type_: str, thing: Thing, previous: Mapping[str, Any] | None = None) -> None:
        """An event of it, as it is at this moment; `previous` are the values that changed."""
        assert type_ in self.world.contract.events, type_
        self.world.contract.check(thing)
        for _ in range(1 + self.world.courier.behaviour.twins):
            data: dict[str, Any] = {"object": deepcopy(thing)}
            data |= {"previous_attributes": dict(previous)} if previous else {}
            self.publish(type_, data)

    def publish(self, type_: str, data: Mapping[str, Any], **instead: Any) -> Thing:
        """An event with this text; `instead` replaces what else it says of itself."""
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": self.world.contract.version,
            "created": self.now,
            "data": data,
            "livemode": self.ledger.live,
            "pending_webhooks": 0,
            "request": dict(self.request),
            "type": type_,
            **instead,
        }
        endpoints = self.world.courier.listening(self.ledger.account["id"], type_, live=self.ledger.live)
        event["pending_webhooks"] = len(endpoints)
        self.ledger.put(event)
        self.world.courier.hand_over(event, endpoints)
        return event
