"""Was the month billed as it should be? What was promised of Hashrate Hosting, and its rows of the table."""

from collections.abc import Iterator

from bursar.demo.hashrate import LATE, MONTHS, PART_PAID
from bursar.demo.stage import Billed

CUSTOMERS, PRICED, PRICES, MACHINES = 50, 49, 108, 350
"""One customer waits for a price, so that the older program billed 49."""
LINES, SURE = 35, 33
"""Money that came in; of two lines nobody can be sure."""


def promises(told: Billed) -> Iterator[tuple[str, bool]]:
    """Each with whether it was kept."""
    history = {
        "customers": CUSTOMERS,
        "products": 3,
        "prices": PRICES,
        "units": MACHINES,
        "invoices": PRICED * MONTHS,
    }
    yield "a year of history came in as it was", told.imported == history and not any(told.refused.values())
    yield "a change of price said what it changes", told.raised > 0 and told.previewed >= told.raised
    first = {"due": CUSTOMERS, "issued": PRICED, "refused": 1}
    yield "all but one were billed, and that one not at zero", told.first_run == first
    yield (
        "with its price it was billed too, and nobody twice",
        told.second_run
        == {
            "due": 1,
            "issued": 1,
            "refused": 0,
        },
    )
    serials = [int(number.rpartition("-")[2]) for number in told.numbers]
    yield "the numbers have no gap", serials == list(range(1, CUSTOMERS + 1))
    yield "what is beyond doubt was matched, the rest waits", (told.lines, told.matched) == (LINES, SURE)
    yield "a stranger's money waits for a person", told.left == ["QUICK SERVE GENERAL TRADING"]
    yield (
        "a credit note has a number, a refund its end",
        told.credited.startswith("CN-HH-") and (told.refunded == "refunded"),
    )
    yield "who was late before is late here", told.states["overdue"] == LATE + PART_PAID
    yield "invoices, ageing and statements say the same", told.owed == told.aged == told.closing != {}
    yield "every document was printed", told.printed == CUSTOMERS
    yield "the figures go back a year", told.months == MONTHS + 1


def rows(told: Billed) -> Iterator[tuple[str, object, str]]:
    yield (
        "history of the hosting firm",
        told.imported["invoices"],
        f"invoices of {MONTHS} months, with payments",
    )
    machines = f"{told.imported['units']} machines, {told.imported['prices']} prices"
    yield "billed this month", told.first_run["issued"] + told.second_run["issued"], machines
    yield "bank lines matched at once", told.matched, f"of {told.lines}"
    owed = " + ".join(f"{code} {amount}" for code, amount in told.owed.items())
    states = ", ".join(f"{many} {name}" for name, many in sorted(told.states.items()))
    yield "open at the hosting firm", owed, states
