"""Hashrate Hosting, a data hall in Dubai: 50 customers, billed each month by the machine, at prices that changed.

The same every time, but for the day from which its months are counted.
"""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from importlib import resources

from bursar.demo.stories import Firm

FIRM = Firm(
    slug="hashrate",
    name="Hashrate Hosting",
    country="AE",
    currency="AED",
    time_zone="Asia/Dubai",
    locale="en",
    owner_email="mina@hashrate.example.com",
    owner_name="Mina Rostami",
    password="cold aisle warm aisle",
    mailbox="billing@hashrate.example.com",
)
HERE, ABROAD, TANKS = "HOST", "HOST-X", "IMMERSION"
"""Products: a machine's place for customers of the Emirates, one for those abroad, and one that nobody priced yet."""

MONTHS = 12
TERMS = timedelta(days=14)
LATE, PART_PAID = 6, 3
"""Customers who still owe last month's invoice, and those who have paid half of it."""
DOLLAR = Decimal("3.672500")
SEED = 2027
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Miner:
    """One customer with its machines of today; `product` follows from the country."""

    code: str
    company: str
    person: str
    locale: str
    country: str
    city: str
    street: str
    email: str
    machines: int

    @property
    def product(self) -> str:
        if self.code == "HH-50":
            return TANKS
        return HERE if self.country == "AE" else ABROAD

    @property
    def currency(self) -> str:
        return "AED" if self.product == HERE else "USD"

    @property
    def tax_number(self) -> str:
        return f"100{int(self.code[3:]) * 6_151 + 3_000_000:09}003" if self.country == "AE" else ""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a customer pays for a machine and a month, from a day on."""

    miner: Miner
    price: Decimal
    since: date


@dataclass(frozen=True, slots=True)
class Machine:
    """In service from a day on; `until` it is retired."""

    miner: Miner
    label: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Past:
    """A month that the older program billed, as it remembers it: `paid` of `total`, on `paid_on`."""

    number: str
    miner: Miner
    issued: date
    total: Decimal
    paid: Decimal
    paid_on: date | None

    @property
    def due(self) -> date:
        return self.issued + TERMS

    @property
    def state(self) -> str:
        return "PAID" if self.paid == self.total else "OVERDUE"


def miners() -> list[Miner]:
    text = (resources.files("bursar.demo") / "data" / "hashrate.csv").read_text("utf-8")
    return [
        Miner(code=f"HH-{place:02}", **{**row, "machines": int(row["machines"])})
        for place, row in enumerate(csv.DictReader(text.splitlines()), start=1)
    ]


def month_before(today: date, months: int) -> date:
    """The first day of the month so many before today's."""
    at = today.year * 12 + today.month - 1 - months
    return date(at // 12, at % 12 + 1, 1)


def rates(miners: Sequence[Miner], today: date) -> list[Rate]:
    """A year ago each agreed on a price; five months ago it rose for all, two months ago large ones got it back."""
    chance, found = random.Random(SEED), []
    for miner in miners:
        if miner.product == TANKS:
            continue
        first = Decimal(chance.randrange(190, 231, 5) if miner.product == HERE else chance.randrange(52, 63))
        risen = (first * Decimal("1.06")).quantize(CENT, ROUND_HALF_UP)
        found.append(Rate(miner, first, month_before(today, MONTHS)))
        found.append(Rate(miner, risen, month_before(today, 5)))
        if miner.machines >= 10:
            found.append(Rate(miner, first, month_before(today, 2)))
    return found


def machines(miners: Sequence[Miner], today: date) -> list[Machine]:
    """Most were there a year ago; of every third customer one was sold and two came half a year ago."""
    found = []
    for place, miner in enumerate(miners):
        grows = place % 3 == 0
        for number in range(1, miner.machines + 1):
            new = grows and number > miner.machines - 2
            since = month_before(today, 6 if new else MONTHS) + timedelta(days=9 if new else 0)
            found.append(Machine(miner, f"{miner.code}-{number:03}", since, None))
        if grows:
            sold = month_before(today, 4) + timedelta(days=19)
            found.append(Machine(miner, f"{miner.code}-OLD", month_before(today, MONTHS), sold))
    return found


def past(miners: Sequence[Miner], today: date) -> list[Past]:
    """Each month of the last year at its price and with its machines of that day; all but a few were paid."""
    chance, priced, units = random.Random(SEED), rates(miners, today), machines(miners, today)
    billed = [miner for miner in miners if miner.product != TANKS]
    owing = chance.sample(billed, LATE + PART_PAID)
    found = []
    for months in range(MONTHS, 0, -1):
        day = month_before(today, months)
        for place, miner in enumerate(billed, start=1):
            total = _total(miner, _count(units, miner, day) * _price(priced, miner, day))
            paid, paid_on = total, day + timedelta(days=chance.randint(3, 20))
            if months == 1 and miner in owing:
                half = (total / 2).quantize(CENT, ROUND_HALF_UP)
                paid = half if owing.index(miner) >= LATE else Decimal(0)
            number = f"{day:%Y%m%d}{place:02}"
            found.append(Past(number, miner, day, total, paid, paid_on if paid else None))
    return found


def _count(units: Sequence[Machine], miner: Miner, day: date) -> int:
    mine = (one for one in units if one.miner is miner)
    return sum(one.since <= day and (one.until is None or one.until > day) for one in mine)


def _price(priced: Sequence[Rate], miner: Miner, day: date) -> Decimal:
    return [one.price for one in priced if one.miner is miner and one.since <= day][-1]


def _total(miner: Miner, net: Decimal) -> Decimal:
    """With 5 % in the Emirates, and none for what is exported."""
    tax = (net * 5 / 100).quantize(CENT, ROUND_HALF_UP) if miner.product == HERE else Decimal(0)
    return net + tax


def transfers(bills: Sequence[tuple[str, str, Decimal]]) -> Iterator[tuple[Decimal, str, str, str]]:
    """What the bank's sheet will say of (number, currency, total): amount, currency, payer, reference.

    Two thirds pay at once and name the number; then somebody whom nobody knows, interest, and a fee that went out.
    """
    for number, currency, total in bills[: len(bills) * 2 // 3]:
        yield total, currency, "", f"TT {number} hosting"
    yield Decimal("1234.50"), "AED", "QUICK SERVE GENERAL TRADING", "payment"
    yield Decimal("18.27"), "AED", "", "credit interest"
    yield Decimal("-52.50"), "AED", "", "monthly fee"
