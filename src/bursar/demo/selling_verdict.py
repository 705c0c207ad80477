"""Were offers sold once and only once? What was promised of Majlis Partners, and its rows of the table."""

from collections.abc import Iterator

from bursar.demo.partners import DECLINED, LEAVES, PAYS
from bursar.demo.stage import Sold


def promises(told: Sold) -> Iterator[tuple[str, bool]]:
    """Each with whether it was kept."""
    yield "a till takes test money after its key and its secret were tried", told.till == "active"
    yield "each offer became one order", told.links == 3 and told.states == ["paid", "paid", "pending"]
    yield "who paid came back to their order", told.came_back
    yield "a declined card is no payment", told.declined and told.after_decline == "pending"
    yield "both sets of books say the same", told.ours == told.theirs and len(told.ours) == 2
    yield "one invoice each, paid, and none for who left", told.invoices == ["paid", "paid"]
    yield "who paid is welcomed, once, however often Stripe tells of it", told.welcomes == 2
    paid = {told.customers.get(one.email) for one in (PAYS, DECLINED)}
    yield (
        "who paid is a customer, who left is not yet",
        (paid == {"active"} and told.customers.get(LEAVES.email) == "pending"),
    )
    yield "a customer sees their invoice in the portal", told.seen


def rows(told: Sold) -> Iterator[tuple[str, object, str]]:
    yield "offers by link", told.links, f"{told.states.count('paid')} paid, 1 declined before, 1 left"
    yield "charged at Stripe", " + ".join(told.theirs), "the same as recorded here"
