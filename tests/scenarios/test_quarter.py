"""A quarter in two firms, day by day: Dubai with Ramadan and its feast, Tel Aviv with a changed clock; all that is written.

Nobody is written to twice a day, no level twice, nothing on a day of rest or outside the hours; who pays, promises,
contests or answers hears nothing more until it is time again.
"""

from collections import Counter
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bursar.billing.disputes import open_dispute, reject_dispute
from bursar.billing.promises import make_promise
from bursar.billing.states import DisputeReason
from bursar.billing.tables import disputes
from bursar.chasing.sequences.ladders import DEFAULT_LADDER
from bursar.core.calendar import ShortDays, Window
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.work import Work
from bursar.outbox.tables import contact_days, sends
from bursar.tenancy.calendars import set_holiday, set_short_days
from bursar.tenancy.tables import tenants
from tests.makers.billing import an_invoice, pay
from tests.makers.quarter import (
    Firm,
    a_letter_from,
    handle_letters_of,
    live_through,
    numbered,
    owing,
    written,
)
from tests.makers.sequences import a_sequence
from tests.makers.story import Story, a_story, an_account, the_library
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

FIRST, LAST = date(2027, 1, 1), date(2027, 3, 31)

# fmt: off
DUBAI = [
    # The eighth is a Friday, until noon; weekends are Saturday and Sunday.
    ("2027-01-05 09:00", "Cedar",  "before_due",      "C1-5"),
    ("2027-01-07 09:00", "Dune",   "before_due",      "D1-5"),
    ("2027-01-11 09:00", "Almas",  "before_due",      "A1-5"),          # the tenth is a Sunday
    ("2027-01-11 09:00", "Cedar",  "overdue_gentle",  "C1+1"),          # promises for the 19th, pays on the 18th
    ("2027-01-13 09:00", "Dune",   "overdue_gentle",  "D1+1"),
    ("2027-01-15 09:00", "Badr",   "before_due",      "B1-5 B2"),
    ("2027-01-15 09:00", "Hala",   "before_due",      "H1-5"),          # shares an address with Hind
    ("2027-01-18 09:00", "Almas",  "overdue_gentle",  "A1+1"),          # the 16th is a Saturday
    ("2027-01-18 09:00", "Badr",   "before_due",      "B1 B2-5"),
    ("2027-01-18 09:00", "Hind",   "before_due",      "H2-5"),          # the address had its letter on the 15th
    ("2027-01-21 09:00", "Badr",   "overdue_gentle",  "B1+1 B2"),
    ("2027-01-21 09:00", "Hala",   "overdue_gentle",  "H1+1"),
    ("2027-01-22 09:00", "Almas",  "overdue_firm",    "A1+7"),
    ("2027-01-22 09:00", "Dune",   "overdue_firm",    "D1+7"),          # broke its word of the 21st
    ("2027-01-22 09:00", "Hind",   "overdue_gentle",  "H2+1"),
    ("2027-01-25 09:00", "Badr",   "overdue_gentle",  "B1 B2+1"),       # pays on the 26th
    ("2027-01-26 09:00", "Dune",   "overdue_serious", "D1+14"),         # pays on the 27th
    ("2027-01-27 09:00", "Emaan",  "before_due",      "E1-5"),
    ("2027-01-29 09:00", "Almas",  "overdue_serious", "A1+14"),
    ("2027-02-02 09:00", "Emaan",  "overdue_gentle",  "E1+1"),          # contests on the 3rd, in vain on the 15th
    ("2027-02-05 09:00", "Fajr",   "before_due",      "F1-5"),          # answers on the 8th
    # Ramadan: from ten to two.
    ("2027-02-15 10:00", "Almas",  "last_notice",     "A1+30"),
    ("2027-02-16 10:00", "Emaan",  "overdue_serious", "E1+14"),         # +7 was missed: one letter
    ("2027-02-23 10:00", "Fajr",   "overdue_firm",    "F1+7"),          # dealt with on the 22nd; +1 was missed
    ("2027-02-26 10:00", "Fajr",   "overdue_serious", "F1+14"),         # three days after; pays on 1 March
    ("2027-02-26 10:00", "Gulf",   "before_due",      "G1-5"),
    ("2027-03-03 10:00", "Emaan",  "last_notice",     "E1+30"),
    ("2027-03-04 10:00", "Gulf",   "overdue_gentle",  "G1+1"),
    ("2027-03-15 09:00", "Gulf",   "overdue_firm",    "G1+7"),          # the feast and a weekend lie before
    ("2027-03-18 09:00", "Gulf",   "overdue_serious", "G1+14"),
]
TEL_AVIV = [
    ("2027-01-27 09:00", "Shaked", "before_due",      "S1-5"),          # pays at once
    # Rimon is of no sequence: billing's own two notices, three days before and one day after.
    ("2027-02-07 09:00", "Rimon",  "before_due",      "R1-3"),
    ("2027-02-11 09:00", "Rimon",  "overdue_gentle",  "R1+1"),
    ("2027-03-17 09:00", "Peleg",  "before_due",      "P1-5"),
    ("2027-03-21 09:00", "Qesem",  "before_due",      "Q1-5"),          # the 20th is a Saturday; Sunday is worked
    ("2027-03-24 09:00", "Peleg",  "overdue_gentle",  "P1+1"),          # the 23rd is a feast
    ("2027-03-26 09:00", "Qesem",  "overdue_gentle",  "Q1+1"),          # a Friday; the clocks went forward at two
    ("2027-03-29 09:00", "Peleg",  "overdue_firm",    "P1+7"),
]
# fmt: on


async def test_every_message_of_a_quarter(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> None:
    quiet = {"billing": {"notices": {"issued": False, "receipt": False}}}
    clock.move_to(clock.now().replace(year=2026, month=12, day=31))
    async with a_story(addresses, clock, keyring, tenant={"settings": quiet}) as story:
        dubai = Firm(story, story.tenant_id, ZoneInfo("Asia/Dubai"), "AED")
        tel_aviv = await a_firm_in_tel_aviv(story, quiet)
        await people_of_dubai(dubai)
        await people_of_tel_aviv(tel_aviv)

        await live_through(clock, [dubai, tel_aviv], FIRST, LAST)

        assert await written(dubai) == DUBAI
        assert named_rimon(await written(tel_aviv)) == TEL_AVIV
        assert len(story.messages()) == len(DUBAI) + len(TEL_AVIV)
        for firm in (dubai, tel_aviv):
            assert await most_nudges_a_day(firm) == 1


def named_rimon(found: list[tuple[str, str, str, str]]) -> list[tuple[str, str, str, str]]:
    """Our own invoice has a number of its series; here it is R1."""
    return [
        (at, name, words, f"R1{about[-2:]}" if name == "Rimon" else about) for at, name, words, about in found
    ]


async def a_firm_in_tel_aviv(story: Story, settings: dict[str, Any]) -> Firm:
    given = {"country": "IL", "currency": "ILS", "time_zone": "Asia/Jerusalem", "city": "Tel Aviv"}
    tenant_id = await a_tenant(story.house.office, **given, settings=settings, subdivision=None)
    async with story.house.office.work(tenant_id) as work:
        await an_account(work, story.sink.port, address="books@tel-aviv.example")
        await the_library(work)
    return Firm(story, tenant_id, ZoneInfo("Asia/Jerusalem"), "ILS")


async def people_of_dubai(firm: Firm) -> None:
    async with firm.work() as work:
        await a_sequence(work, auto_release=True, touches=DEFAULT_LADDER)
        await set_holiday(work, date(2027, 1, 1), "New Year")
        for day in range(9, 13):
            await set_holiday(work, date(2027, 3, day), "Eid al-Fitr")
        await set_short_days(
            work, [ShortDays(date(2027, 2, 8), date(2027, 3, 8), Window(time(10), time(14)))]
        )
        jan, feb, mar = (lambda day, month=month: date(2027, month, day) for month in (1, 2, 3))
        await owing(work, "AED", "Almas", {"A1": jan(15)})
        await owing(work, "AED", "Badr", {"B1": jan(20), "B2": jan(22)})
        await owing(work, "AED", "Cedar", {"C1": jan(10)})
        await owing(work, "AED", "Dune", {"D1": jan(12)})
        await owing(work, "AED", "Emaan", {"E1": feb(1)})
        await owing(work, "AED", "Fajr", {"F1": feb(10)})
        await owing(work, "AED", "Gulf", {"G1": mar(3)})
        for name, number in (("Hala", "H1"), ("Hind", "H2")):
            await owing(work, "AED", name, {number: jan(20)}, email="office@towers.example")
    firm.on(jan(11), promising("C1", jan(19)))
    firm.on(jan(18), paying("C1"))
    firm.on(jan(18), promising("D1", jan(21)))
    firm.on(jan(22), paying("H1", "H2"))
    firm.on(jan(26), paying("B1", "B2"))
    firm.on(jan(27), paying("D1"))
    firm.on(feb(3), contesting("E1"))
    firm.on(feb(15), rejecting)
    firm.on(feb(8), lambda work: a_letter_from(work, "Fajr"))
    firm.on(feb(22), lambda work: handle_letters_of(work, "Fajr"))
    firm.on(mar(1), paying("F1"))


async def people_of_tel_aviv(firm: Firm) -> None:
    chased = {"tags": ["chase"], "locale": "he"}
    async with firm.work() as work:
        await a_sequence(work, auto_release=True, applies_to={"tags": ["chase"]})
        await set_holiday(work, date(2027, 3, 23), "Purim")
        await owing(work, "ILS", "Peleg", {"P1": date(2027, 3, 22)}, **chased)
        await owing(work, "ILS", "Qesem", {"Q1": date(2027, 3, 25)}, **chased)
        await owing(work, "ILS", "Shaked", {"S1": date(2027, 2, 1)}, **chased)
        rimon = await a_customer(work, company_name="Rimon", email="rimon@example.com")
        await an_invoice(work, of=rimon, currency="ILS", due_date=date(2027, 2, 10))
    firm.on(date(2027, 1, 27), paying("S1"))


def paying(*numbers: str) -> Any:
    async def act(work: Work) -> None:
        firm = (await work.db.execute(sa.select(tenants.c.currency))).scalar_one()
        for number in numbers:
            await pay(work, await numbered(work, number), 100_00, currency=firm)

    return act


def promising(number: str, until: date) -> Any:
    async def act(work: Work) -> None:
        await make_promise(work, await numbered(work, number), promised_for=until)

    return act


def contesting(number: str) -> Any:
    async def act(work: Work) -> None:
        await open_dispute(
            work, await numbered(work, number), reason=DisputeReason.OTHER, statement="Never ordered"
        )

    return act


async def rejecting(work: Work) -> None:
    dispute = (await work.db.scalars(sa.select(disputes.c.id).where(disputes.c.state == "open"))).one()
    await reject_dispute(work, dispute, because="It was delivered")


async def most_nudges_a_day(firm: Firm) -> int:
    """To one address or one customer, by the firm's days: from the messages themselves and from the days kept."""
    async with firm.work() as work:
        found = sa.select(sends.c.address_key, sends.c.customer_id, sends.c.sent_at).where(
            sends.c.tenant_id == firm.tenant_id, sends.c.state == "sent"
        )
        days: Counter[Any] = Counter()
        for row in await work.db.execute(found):
            day = row.sent_at.astimezone(firm.zone).date()
            days.update([(row.address_key, day), (row.customer_id, day)])
        kept = sa.select(sa.func.count()).select_from(contact_days)
        assert (await work.db.execute(kept)).scalar_one() == len(days)
    assert max(day for _, day in days) - min(day for _, day in days) > timedelta(days=60)
    return max(days.values())
