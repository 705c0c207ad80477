"""A firm at its browser that chases by the usual ladder."""

from uuid import UUID

from bursar.chasing.sequences import lists
from tests.makers.billing import an_overdue_invoice
from tests.makers.staff import Staff
from tests.makers.tenancy import a_customer


async def late(staff: Staff, *days: int, **given: str | None) -> tuple[UUID, list[UUID]]:
    """A customer with invoices so many days late."""
    async with staff.work() as work:
        customer = await a_customer(work, **given)
        return customer, [await an_overdue_invoice(work, of=customer, days=each) for each in days]


async def the_ladder(staff: Staff) -> str:
    """The usual one, installed and switched on; its page."""
    made = await staff.post("/sequences/default-ladder")
    page = made.headers["location"]
    answer = await staff.post(f"{page}/activation")
    assert answer.headers["location"] == page, answer.text[-2000:]
    return page


async def the_day(staff: Staff) -> lists.DayList:
    async with staff.work() as work:
        [day] = await lists.held_lists(work)
        return day
