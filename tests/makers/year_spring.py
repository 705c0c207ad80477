"""January to June at Hashrate Hosting: a cheque bounces, prices rise, a promise is kept and one is not, a dispute."""

from datetime import date
from decimal import Decimal

from bursar.billing.allocations import apply_credit
from bursar.billing.bank import list_lines, match_line
from bursar.billing.billed import billed_through
from bursar.billing.credit_notes import cancel_invoice
from bursar.billing.disputes import accept_dispute, open_dispute
from bursar.billing.importers import import_desk
from bursar.billing.invoices import Draft, create_draft
from bursar.billing.issuing import issue_invoice
from bursar.billing.lines import Line
from bursar.billing.payments import reverse_payment
from bursar.billing.price_changes import preview_change
from bursar.billing.promises import make_promise
from bursar.billing.recurring.planning import pause_recurring
from bursar.billing.states import DisputeReason, PaymentSource
from bursar.catalog.price_changes import Change, Way, Whose, apply_change
from bursar.catalog.units import find_units, retire_units
from tests.makers.hosting import Hosting, aed, usd
from tests.makers.sheets import bring, csv_of

BANK_SHEET = csv_of(
    ("Date", "Amount", "Currency", "Payer", "Reference"), ("2025-03-13", "156.00", "USD", "Baltic", "March")
)


async def january(firm: Hosting) -> None:
    await firm.until("2025-01-03")
    await firm.dollar()
    await firm.until("2025-01-10")
    await firm.pays("Falcon", aed(756_00), "2025-01")
    cheque = await firm.pays("Najm", aed(1_050_00), "2025-01", method="cheque")
    await firm.until("2025-01-14")
    await firm.pays("Oryx", aed(997_50), "2025-01")
    await firm.until("2025-01-15")
    too_much = await firm.pays("Baltic", usd(200_00), "2025-01")
    assert too_much.credit == usd(44_00)
    await firm.until("2025-01-20")
    async with firm.people() as work:
        await reverse_payment(work, cheque.payment_id, because="The cheque bounced")

    assert await firm.month_ends("2025-01-31") == {"AED": (1_365_00, 0), "USD": (0, 44_00)}


async def february(firm: Hosting) -> None:
    await firm.until("2025-02-03")
    await firm.dollar()
    await firm.pays("Najm", aed(1_050_00), "2025-01")
    await firm.until("2025-02-06")
    async with firm.people() as work:
        await firm.counts(work, "Falcon", "HOST", "F5", since=date(2025, 2, 10))
        assert await apply_credit(work, await firm.invoice(work, "Baltic", "2025-02")) == usd(44_00)
    await firm.until("2025-02-12")
    await firm.pays("Oryx", aed(500_00), "2025-02")
    await firm.until("2025-02-13")
    await firm.pays("Najm", aed(1_050_00), "2025-02")
    await firm.until("2025-02-14")
    transfer = {"source": PaymentSource.IMPORT, "external_id": "TT-4711", "received_on": date(2025, 2, 14)}
    first = await firm.pays("Baltic", usd(112_00), "2025-02", **transfer)
    await firm.until("2025-02-17")
    again = await firm.pays("Baltic", usd(112_00), "2025-02", **transfer)
    assert (again.payment_id, again.repeated) == (first.payment_id, True)

    assert await firm.month_ends("2025-02-28") == {"AED": (1_883_50, 0)}


async def march(firm: Hosting) -> None:
    await firm.until("2025-03-02")
    await firm.pays("Oryx", aed(497_50), "2025-02")
    await firm.until("2025-03-03")
    await firm.dollar()
    await firm.pays("Dune", aed(315_00), "2025-01")
    await firm.pays("Falcon", aed(756_00), "2025-02", received_on=date(2025, 2, 27))
    # It had arrived in February and was entered in March: what February says is corrected by just that.
    firm.closed[date(2025, 2, 28)] = {"AED": (1_127_50, 0)}
    await firm.until("2025-03-10")
    await firm.pays("Falcon", aed(945_00), "2025-03")
    await firm.until("2025-03-13")
    await firm.pays("Najm", aed(1_050_00), "2025-03")
    await firm.until("2025-03-14")
    await firm.pays("Oryx", aed(997_50), "2025-03")
    desk = import_desk(firm.office)
    assert (await bring(desk, firm.tenant_id, "bank_lines", BANK_SHEET)).created == 1
    async with firm.people() as work:
        [line] = await list_lines(work)
        await match_line(work, line.id, customer_id=firm.customers["Baltic"])
    await firm.until("2025-03-15")
    await prices_rise(firm)
    await firm.until("2025-03-16")
    async with firm.people() as work:
        word = await firm.invoice(work, "Dune", "2025-02")
        await make_promise(work, word, promised_for=date(2025, 3, 20))
    await firm.until("2025-03-17")
    assert (await bring(desk, firm.tenant_id, "bank_lines", BANK_SHEET)).unchanged == 1

    assert await firm.month_ends("2025-03-31") == {"AED": (630_00, 0)}


async def prices_rise(firm: Hosting) -> None:
    """By a tenth, for all with machines, seen before it is made: 18 and 19 dirhams each, from April on."""
    change = Change(
        firm.products["HOST"],
        date(2025, 4, 1),
        Way.RAISE_BY_PERCENT,
        percent=Decimal(10),
        whose=Whose(tags=["machines"], without_own=True),
    )
    async with firm.people() as work:
        seen = await preview_change(work, change, months=1)
        assert seen.effect.sums == [(aed(900_00 + 950_00), aed(990_00 + 1_045_00))]
        await apply_change(work, change, billed=billed_through, seen=seen.mark)


async def april(firm: Hosting) -> None:
    await firm.until("2025-04-02")
    await firm.pays("Dune", aed(315_00), "2025-02")
    await firm.until("2025-04-03")
    await firm.dollar()
    await firm.until("2025-04-10")
    await firm.pays("Falcon", aed(1_039_50), "2025-04")
    await firm.until("2025-04-11")
    await firm.pays("Dune", aed(315_00), "2025-03")
    await firm.until("2025-04-15")
    await firm.pays("Baltic", usd(156_00), "2025-04")
    await firm.until("2025-04-17")
    async with firm.people() as work:
        word = await firm.invoice(work, "Oryx", "2025-04")
        await make_promise(work, word, promised_for=date(2025, 4, 24))
    await firm.until("2025-04-23")
    await firm.pays("Oryx", aed(1_097_25), "2025-04")

    assert await firm.month_ends("2025-04-30") == {"AED": (1_365_00, 0)}


async def may(firm: Hosting) -> None:
    await firm.until("2025-05-03")
    await firm.dollar()
    await firm.until("2025-05-06")
    async with firm.people() as work:
        line = Line("Installation", aed(200_00))
        draft = Draft(firm.customers["Oryx"], "AED", [line], purchase_order="Installation")
        mistake = await create_draft(work, draft)
        await issue_invoice(work, mistake)
    await firm.until("2025-05-07")
    async with firm.people() as work:
        await cancel_invoice(work, mistake, because="Nothing was installed")
    await firm.until("2025-05-08")
    async with firm.people() as work:
        contested = await firm.invoice(work, "Najm", "2025-04")
        dispute = await open_dispute(
            work, contested, reason=DisputeReason.NOT_DELIVERED, statement="No power for three days"
        )
    await firm.until("2025-05-12")
    await firm.pays("Falcon", aed(1_039_50), "2025-05")
    await firm.pays("Dune", aed(315_00), "2025-04")
    await firm.until("2025-05-13")
    async with firm.people() as work:
        await accept_dispute(work, dispute, because="True", credit=aed(100_00))
    await firm.until("2025-05-14")
    await firm.pays("Oryx", aed(1_097_25), "2025-05")
    await firm.pays("Najm", aed(1_050_00), "2025-05")
    await firm.until("2025-05-15")
    await firm.pays("Najm", aed(950_00), "2025-04")
    await firm.pays("Baltic", usd(156_00), "2025-05")
    await firm.until("2025-05-20")
    async with firm.people() as work:
        [sold] = await find_units(work, firm.customers["Falcon"], ["F1"])
        await retire_units(work, [sold.id], date(2025, 5, 20))

    assert await firm.month_ends("2025-05-31") == {"AED": (315_00, 0)}


async def june(firm: Hosting) -> None:
    """Its last minute and the first of July are one day in UTC, and two in Dubai."""
    await firm.until("2025-06-03")
    await firm.dollar()
    await firm.until("2025-06-10")
    await firm.pays("Falcon", aed(831_60), "2025-06")
    async with firm.people() as work:
        await pause_recurring(work, firm.agreements["Oryx"])
    await firm.until("2025-06-11")
    await firm.pays("Dune", aed(315_00), "2025-05")
    await firm.until("2025-06-12")
    await firm.pays("Oryx", aed(1_097_25), "2025-06")
    await firm.until("2025-06-16")
    await firm.pays("Baltic", usd(156_00), "2025-06")
    await firm.until("2025-06-20")
    async with firm.people() as work:
        await firm.prices(work, "Falcon", "HOST", aed(175_00), date(2025, 7, 16))
    await firm.until("2025-06-30", "23:59")
    await firm.pays("Najm", aed(1_050_00), "2025-06")

    assert await firm.month_ends("2025-06-30") == {"AED": (315_00, 0)}
    await firm.pays("Dune", aed(315_00), "2025-06")


MONTHS = (january, february, march, april, may, june)
