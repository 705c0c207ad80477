"""July to December at Hashrate Hosting: money goes back, the worker is down for two months, a customer leaves."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from bursar.billing.credit_notes import issue_credit_note
from bursar.billing.issuing import issue_invoice
from bursar.billing.promises import make_promise
from bursar.billing.receipts import list_payments
from bursar.billing.recurring.ending import end_recurring
from bursar.billing.recurring.planning import edit_recurring, resume_recurring
from bursar.billing.recurring.plans import Plan
from bursar.billing.refunding import refund_invoice
from bursar.billing.refunds import NewRefund, refund_payment, succeed_refund
from bursar.tenancy.customers import reinstate_customer, suspend_customer
from tests.makers.hosting import START, Hosting, aed, usd


async def july(firm: Hosting) -> None:
    await firm.until("2025-07-03")
    await firm.dollar()
    await firm.until("2025-07-10")
    await firm.pays("Falcon", aed(781_74), "2025-07")
    await firm.until("2025-07-11")
    await firm.pays("Najm", aed(1_050_00), "2025-07")
    await firm.until("2025-07-15")
    await firm.pays("Baltic", usd(156_00), "2025-07")
    await firm.until("2025-07-22")
    async with firm.people() as work:
        paid = await firm.invoice(work, "Najm", "2025-07")
        note = await issue_credit_note(work, paid, aed(210_00), because="The rack was too hot")
        firm.kept["note"] = note.id

    assert await firm.month_ends("2025-07-31") == {"AED": (315_00, 210_00)}


async def august(firm: Hosting) -> None:
    """From the tenth on the worker is down. People go on."""
    await firm.until("2025-08-03")
    await firm.dollar()
    await firm.until("2025-08-04")
    async with firm.people() as work:
        [payment] = await list_payments(work, invoice_id=await firm.invoice(work, "Najm", "2025-07"))
        back = NewRefund(payment.id, aed(210_00), work.today, "Too hot", credit_note_id=firm.kept["note"])
        refund = (await refund_payment(work, replace(back, done=False))).id
    await firm.until("2025-08-05")
    async with firm.people() as work:
        await resume_recurring(work, firm.agreements["Oryx"])
    await firm.until("2025-08-06")
    async with firm.people() as work:
        await succeed_refund(work, refund)
    await firm.until("2025-08-09")
    firm.worker_is_up = False
    await firm.until("2025-08-11")
    await firm.pays("Falcon", aed(735_00), "2025-08")
    await firm.until("2025-08-14")
    await firm.pays("Najm", aed(1_050_00), "2025-08")
    await firm.until("2025-08-15")
    await firm.pays("Baltic", usd(156_00), "2025-08")

    assert await firm.month_ends("2025-08-31") == {"AED": (315_00, 0)}


async def september(firm: Hosting) -> None:
    """Nobody has looked at the calendar: nothing is billed, nothing becomes overdue, no promise breaks."""
    await firm.until("2025-09-05")
    async with firm.people() as work:
        word = await firm.invoice(work, "Dune", "2025-07")
        await make_promise(work, word, promised_for=date(2025, 9, 12))

    assert await firm.month_ends("2025-09-30") == {"AED": (315_00, 0)}


async def october(firm: Hosting) -> None:
    """The worker is back on the tenth and catches up; no rate of the dollar is known since August."""
    await firm.until("2025-10-09", "23:59")
    firm.worker_is_up = True
    await firm.until("2025-10-10")
    await firm.dollar()
    async with firm.people() as work:
        await issue_invoice(work, await firm.invoice(work, "Baltic", "2025-09"))
    await firm.until("2025-10-12")
    await firm.pays("Dune", aed(945_00), "2025-07", "2025-08", "2025-09")
    await firm.until("2025-10-15")
    await firm.pays("Oryx", aed(1_500_00), "2025-09", "2025-10")
    await firm.until("2025-10-20")
    await firm.pays("Falcon", aed(1_470_00), "2025-09", "2025-10")
    async with firm.people() as work:
        await firm.prices(work, "Baltic", "HOST-USD", usd(55_00), date(2025, 11, 1))
    await firm.until("2025-10-22")
    await firm.pays("Najm", aed(2_100_00), "2025-09", "2025-10")
    await firm.until("2025-10-24")
    await firm.pays("Baltic", usd(312_00), "2025-09", "2025-10")

    assert await firm.month_ends("2025-10-31") == {"AED": (1_009_50, 0)}


async def november(firm: Hosting) -> None:
    await firm.until("2025-11-03")
    await firm.dollar()
    await firm.until("2025-11-10")
    await firm.pays("Falcon", aed(735_00), "2025-11")
    await firm.until("2025-11-14")
    await firm.pays("Najm", aed(1_050_00), "2025-11")
    await firm.pays("Baltic", usd(165_00), "2025-11")
    await firm.until("2025-11-15")
    async with firm.people() as work:
        await end_recurring(work, firm.agreements["Najm"], because="Moved out")
    await firm.until("2025-11-20")
    await firm.pays("Oryx", aed(694_50), "2025-10")
    async with firm.people() as work:
        await suspend_customer(work, firm.customers["Dune"], reason="Nobody answers")
    await firm.until("2025-11-24")
    await firm.pays("Dune", aed(315_00), "2025-10")
    await firm.until("2025-11-25")
    async with firm.people() as work:
        six = Plan(firm.customers["Oryx"], firm.products["HOST"], 1, START, quantity=Decimal(6))
        await edit_recurring(work, firm.agreements["Oryx"], six)
        burnt = await firm.invoice(work, "Baltic", "2025-11")
        await refund_invoice(work, burnt, because="The hall burned down")

    assert await firm.month_ends("2025-11-30") == {"AED": (1_097_25, 0)}


async def december(firm: Hosting) -> None:
    await firm.until("2025-12-03")
    await firm.dollar()
    async with firm.people() as work:
        await reinstate_customer(work, firm.customers["Dune"])
    await firm.until("2025-12-10")
    assert (await firm.pays("Falcon", aed(800_00), "2025-12")).credit == aed(65_00)
    await firm.until("2025-12-18")
    await firm.pays("Dune", aed(315_00), "2025-11")

    assert await firm.month_ends("2025-12-31") == {"AED": (2_728_95, 65_00), "USD": (165_00, 0)}


MONTHS = (july, august, september, october, november, december)
