"""The season's 420 invoices of Working Title: the same every time, but for the day they are counted from."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from bursar.demo.stories import Bill, Buyer
from bursar.demo.working_title import IN_DOLLARS

BILLS = 420
PARTLY_PAID, TRANSFERS = 26, 14
TERMS = timedelta(days=30)
LONGEST_AGO, LATELY = 150, 3  # days since issue
SEED = 2026
GOODS = (
    "Spring collection, first delivery",
    "Spring collection, second delivery",
    "Showroom commission",
    "Reorder, linen line",
    "Reorder, evening line",
    "Sample set",
    "Photo shoot share",
)


def bills(buyers: Sequence[Buyer], today: date) -> list[Bill]:
    """In the order of their numbers. Everybody owes at least one that is overdue and open."""
    chance = random.Random(SEED)
    owners = [*buyers, *chance.choices(buyers, k=BILLS - len(buyers))]
    ages = [chance.randint(40, 110) for _ in buyers]
    ages += [chance.randint(LATELY, LONGEST_AGO) for _ in range(BILLS - len(buyers))]
    made = sorted(zip(ages, owners, strict=True), key=lambda pair: -pair[0])
    firsts = _oldest_of_each(made)
    others = [place for place in range(BILLS) if place not in firsts]
    part = set(chance.sample(others, PARTLY_PAID))
    found = []
    for place, (age, buyer) in enumerate(made):
        total = Decimal(chance.randrange(80_000, 4_800_000, 2_500)) / 100
        paid = (total * 2 / 5).quantize(Decimal("0.01")) if place in part else Decimal(0)
        issued = today - timedelta(days=age)
        found.append(
            Bill(
                number=f"WT-26-{1001 + place}",
                buyer=buyer,
                issued=issued,
                due=issued + TERMS,
                currency="USD" if buyer.code in IN_DOLLARS else "AED",
                total=total,
                paid=paid,
                description=chance.choice(GOODS),
                order=f"LPO-{chance.randint(4_000, 9_999)}",
            )
        )
    return found


def transfers(bills: Sequence[Bill]) -> list[Bill]:
    """Those that were paid after the sheet was made: nobody's oldest, and none that was paid in part."""
    oldest: dict[str, Bill] = {}
    for bill in bills:
        oldest.setdefault(bill.buyer.code, bill)
    free = [bill for bill in bills if not bill.paid and oldest[bill.buyer.code] is not bill]
    return random.Random(SEED).sample(free, TRANSFERS)


def _oldest_of_each(made: Sequence[tuple[int, Buyer]]) -> set[int]:
    """Places of the bills that stay open whatever chance says: each buyer's oldest."""
    seen: dict[str, int] = {}
    for place, (_, buyer) in enumerate(made):
        seen.setdefault(buyer.code, place)
    return set(seen.values())
