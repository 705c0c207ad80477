"""The numbers of Stripe's test cards that we use, and what their banks say (from memory of the vendor's pages)."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Card:
    """`decline` and `words` are what its bank says if it refuses. `asks`: its holder has to confirm first.

    `disputes`: its holder tells the bank at once that they did not owe this.
    """

    number: str
    name: str
    told: str
    code: str = ""
    decline: str = ""
    words: str = ""
    asks: bool = False
    disputes: bool = False

    @property
    def spaced(self) -> str:
        return " ".join(self.number[place : place + 4] for place in range(0, 16, 4))

    def method(self) -> dict[str, Any]:
        """`payment_method_details` of a charge."""
        card = {"brand": "visa", "country": "US", "funding": "credit", "last4": self.number[-4:]}
        return {"card": card | {"exp_month": 12, "exp_year": 2034, "network": "visa"}, "type": "card"}


CARDS = {
    one.number: one
    for one in (
        Card("4242424242424242", "paid", "is paid"),
        Card("4000000000000002", "declined", "is declined", "card_declined", "generic_decline",
             "Your card was declined."),
        Card("4000000000009995", "insufficient_funds", "has too little on it", "card_declined",
             "insufficient_funds", "Your card has insufficient funds."),
        Card("4000000000000069", "expired_card", "has run out", "expired_card", "",
             "Your card has expired."),
        Card("4000000000000119", "processing_error", "breaks on the way", "processing_error", "",
             "An error occurred while processing your card. Try again in a little bit."),
        Card("4000002500003155", "authentication", "asks its holder to confirm", asks=True),
        Card("4000000000000259", "disputed", "is paid, and disputed at once", disputes=True),
    )
}  # fmt: skip
BY_NAME = {one.name: one for one in CARDS.values()}


def is_number(told: str) -> bool:
    """Whether the last digit fits the others (ISO/IEC 7812-1)."""
    if not told.isdecimal() or not 12 <= len(told) <= 19:
        return False
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(told)))
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0
