"""What the journal of Hashrate Hosting must say of its year 2025: written from the story, not from a run of it."""

from tests.makers.year import Told


def billed(day: str, period: str) -> list[Told]:
    """The monthly run makes an invoice and issues it."""
    agreed: Told = (day, "recurring_invoice.run", "agreement")
    return [(day, "invoice.draft", period), agreed, (day, "invoice.issue", period)]


def paid(day: str, amount: str, *periods: str) -> list[Told]:
    """One payment that leaves nothing open of these invoices."""
    received: Told = (day, "payment.received", amount)
    return [received, *((day, "invoice.settle", period) for period in periods)]


def overdue(day: str, period: str) -> list[Told]:
    return [(day, "invoice.became_overdue", period)]


FALCON: list[Told] = [
    ("2024-12-30", "customer.active", "Falcon"),
    ("2024-12-30", "customer_price.add", "180.00"),
    ("2024-12-30", "billable_unit.add", "F1"),
    ("2024-12-30", "billable_unit.add", "F2"),
    ("2024-12-30", "billable_unit.add", "F3"),
    ("2024-12-30", "billable_unit.add", "F4"),
    ("2024-12-30", "recurring_invoice.active", "agreement"),
    *billed("2025-01-01", "2025-01"),
    *paid("2025-01-10", "756.00", "2025-01"),
    *billed("2025-02-01", "2025-02"),
    ("2025-02-06", "billable_unit.add", "F5"),
    *overdue("2025-02-16", "2025-02"),
    *billed("2025-03-01", "2025-03"),
    *paid("2025-03-03", "756.00", "2025-02"),
    *paid("2025-03-10", "945.00", "2025-03"),
    ("2025-03-15", "customer_price.end", "180.00"),
    ("2025-03-15", "customer_price.add", "198.00"),
    *billed("2025-04-01", "2025-04"),
    *paid("2025-04-10", "1039.50", "2025-04"),
    *billed("2025-05-01", "2025-05"),
    *paid("2025-05-12", "1039.50", "2025-05"),
    ("2025-05-20", "billable_unit.retire", "F1"),
    *billed("2025-06-01", "2025-06"),
    *paid("2025-06-10", "831.60", "2025-06"),
    ("2025-06-20", "customer_price.end", "198.00"),
    ("2025-06-20", "customer_price.add", "175.00"),
    *billed("2025-07-01", "2025-07"),
    *paid("2025-07-10", "781.74", "2025-07"),
    *billed("2025-08-01", "2025-08"),
    *paid("2025-08-11", "735.00", "2025-08"),
    *billed("2025-10-10", "2025-09"),
    *billed("2025-10-10", "2025-10"),
    *paid("2025-10-20", "1470.00", "2025-09", "2025-10"),
    *billed("2025-11-01", "2025-11"),
    *paid("2025-11-10", "735.00", "2025-11"),
    *billed("2025-12-01", "2025-12"),
    *paid("2025-12-10", "800.00", "2025-12"),
    *billed("2026-01-01", "2026-01"),
]

ORYX: list[Told] = [
    ("2024-12-30", "customer.active", "Oryx"),
    ("2024-12-30", "recurring_invoice.active", "agreement"),
    *billed("2025-01-01", "2025-01"),
    *paid("2025-01-14", "997.50", "2025-01"),
    *billed("2025-02-01", "2025-02"),
    ("2025-02-12", "payment.received", "500.00"),
    ("2025-02-12", "invoice.allocate", "2025-02"),
    *overdue("2025-02-16", "2025-02"),
    *billed("2025-03-01", "2025-03"),
    *paid("2025-03-02", "497.50", "2025-02"),
    *paid("2025-03-14", "997.50", "2025-03"),
    ("2025-03-15", "customer_price.add", "209.00"),
    *billed("2025-04-01", "2025-04"),
    *overdue("2025-04-16", "2025-04"),
    ("2025-04-17", "promise.active", "2025-04"),
    *paid("2025-04-23", "1097.25", "2025-04"),
    ("2025-04-23", "promise.paid_enough", "2025-04"),
    *billed("2025-05-01", "2025-05"),
    ("2025-05-06", "invoice.draft", "Installation"),
    ("2025-05-06", "invoice.issue", "Installation"),
    ("2025-05-07", "credit_note.issue", "210.00"),
    ("2025-05-07", "invoice.cancel", "Installation"),
    *paid("2025-05-14", "1097.25", "2025-05"),
    *billed("2025-06-01", "2025-06"),
    ("2025-06-10", "recurring_invoice.pause", "agreement"),
    *paid("2025-06-12", "1097.25", "2025-06"),
    ("2025-08-05", "recurring_invoice.resume", "agreement"),
    *billed("2025-10-10", "2025-09"),
    *billed("2025-10-10", "2025-10"),
    ("2025-10-15", "payment.received", "1500.00"),
    ("2025-10-15", "invoice.allocate", "2025-10"),
    ("2025-10-15", "invoice.settle", "2025-09"),
    *overdue("2025-10-25", "2025-10"),
    *billed("2025-11-01", "2025-11"),
    *overdue("2025-11-16", "2025-11"),
    *paid("2025-11-20", "694.50", "2025-10"),
    ("2025-11-25", "recurring_invoice.edit", "agreement"),
    *billed("2025-12-01", "2025-12"),
    *overdue("2025-12-16", "2025-12"),
    *billed("2026-01-01", "2026-01"),
]

NAJM: list[Told] = [
    ("2024-12-30", "customer.active", "Najm"),
    ("2024-12-30", "recurring_invoice.active", "agreement"),
    *billed("2025-01-01", "2025-01"),
    *paid("2025-01-10", "1050.00", "2025-01"),
    ("2025-01-20", "invoice.reverse_allocation", "2025-01"),
    ("2025-01-20", "payment.reversed", "1050.00"),
    *overdue("2025-01-21", "2025-01"),
    *billed("2025-02-01", "2025-02"),
    *paid("2025-02-03", "1050.00", "2025-01"),
    *paid("2025-02-13", "1050.00", "2025-02"),
    *billed("2025-03-01", "2025-03"),
    *paid("2025-03-13", "1050.00", "2025-03"),
    *billed("2025-04-01", "2025-04"),
    *overdue("2025-04-16", "2025-04"),
    *billed("2025-05-01", "2025-05"),
    ("2025-05-08", "dispute.open", "2025-04"),
    ("2025-05-13", "dispute.accept", "2025-04"),
    ("2025-05-13", "credit_note.issue", "100.00"),
    ("2025-05-13", "invoice.credit_note", "2025-04"),
    *paid("2025-05-14", "1050.00", "2025-05"),
    *paid("2025-05-15", "950.00", "2025-04"),
    *billed("2025-06-01", "2025-06"),
    *overdue("2025-06-16", "2025-06"),
    *paid("2025-06-30", "1050.00", "2025-06"),
    *billed("2025-07-01", "2025-07"),
    *paid("2025-07-11", "1050.00", "2025-07"),
    ("2025-07-22", "credit_note.issue", "210.00"),
    ("2025-07-22", "invoice.credit_note", "2025-07"),
    *billed("2025-08-01", "2025-08"),
    ("2025-08-04", "refund.pending", "210.00"),
    ("2025-08-06", "refund.succeed", "210.00"),
    ("2025-08-06", "invoice.refund", "2025-07"),
    *paid("2025-08-14", "1050.00", "2025-08"),
    *billed("2025-10-10", "2025-09"),
    *billed("2025-10-10", "2025-10"),
    *paid("2025-10-22", "2100.00", "2025-09", "2025-10"),
    *billed("2025-11-01", "2025-11"),
    *paid("2025-11-14", "1050.00", "2025-11"),
    ("2025-11-15", "recurring_invoice.end", "agreement"),
]

DUNE: list[Told] = [
    ("2024-12-30", "customer.active", "Dune"),
    ("2024-12-30", "recurring_invoice.active", "agreement"),
    *billed("2025-01-28", "2025-01"),
    *overdue("2025-02-12", "2025-01"),
    *billed("2025-02-28", "2025-02"),
    *paid("2025-03-03", "315.00", "2025-01"),
    *overdue("2025-03-15", "2025-02"),
    ("2025-03-16", "promise.active", "2025-02"),
    ("2025-03-21", "promise.date_passed", "2025-02"),
    *billed("2025-03-28", "2025-03"),
    *paid("2025-04-02", "315.00", "2025-02"),
    *paid("2025-04-11", "315.00", "2025-03"),
    *billed("2025-04-28", "2025-04"),
    *paid("2025-05-12", "315.00", "2025-04"),
    *billed("2025-05-28", "2025-05"),
    *paid("2025-06-11", "315.00", "2025-05"),
    *billed("2025-06-28", "2025-06"),
    *paid("2025-07-01", "315.00", "2025-06"),
    *billed("2025-07-28", "2025-07"),
    ("2025-09-05", "promise.active", "2025-07"),
    *overdue("2025-10-10", "2025-07"),
    ("2025-10-10", "promise.date_passed", "2025-07"),
    *billed("2025-10-10", "2025-08"),
    *billed("2025-10-10", "2025-09"),
    *paid("2025-10-12", "945.00", "2025-07", "2025-08", "2025-09"),
    *billed("2025-10-28", "2025-10"),
    *overdue("2025-11-12", "2025-10"),
    ("2025-11-20", "customer.admin_suspend", "Dune"),
    *paid("2025-11-24", "315.00", "2025-10"),
    ("2025-11-28", "recurring_invoice.run_refused", "agreement"),
    ("2025-12-03", "customer.reinstate", "Dune"),
    *billed("2025-12-04", "2025-11"),
    *paid("2025-12-18", "315.00", "2025-11"),
    *billed("2025-12-28", "2025-12"),
]

BALTIC: list[Told] = [
    ("2024-12-30", "customer.active", "Baltic"),
    ("2024-12-30", "billable_unit.add", "B1"),
    ("2024-12-30", "billable_unit.add", "B2"),
    ("2024-12-30", "billable_unit.add", "B3"),
    ("2024-12-30", "recurring_invoice.active", "agreement"),
    *billed("2025-01-05", "2025-01"),
    *paid("2025-01-15", "200.00", "2025-01"),
    *billed("2025-02-05", "2025-02"),
    ("2025-02-06", "invoice.allocate", "2025-02"),
    *paid("2025-02-14", "112.00", "2025-02"),
    *billed("2025-03-05", "2025-03"),
    *paid("2025-03-14", "156.00", "2025-03"),
    *billed("2025-04-05", "2025-04"),
    *paid("2025-04-15", "156.00", "2025-04"),
    *billed("2025-05-05", "2025-05"),
    *paid("2025-05-15", "156.00", "2025-05"),
    *billed("2025-06-05", "2025-06"),
    *paid("2025-06-16", "156.00", "2025-06"),
    *billed("2025-07-05", "2025-07"),
    *paid("2025-07-15", "156.00", "2025-07"),
    *billed("2025-08-05", "2025-08"),
    *paid("2025-08-15", "156.00", "2025-08"),
    ("2025-10-10", "invoice.draft", "2025-09"),
    ("2025-10-10", "recurring_invoice.run", "agreement"),
    ("2025-10-10", "recurring_invoice.run_refused", "agreement"),
    ("2025-10-10", "invoice.issue", "2025-09"),
    *billed("2025-10-11", "2025-10"),
    ("2025-10-20", "customer_price.add", "55.00"),
    *paid("2025-10-24", "312.00", "2025-09", "2025-10"),
    *billed("2025-11-05", "2025-11"),
    *paid("2025-11-14", "165.00", "2025-11"),
    ("2025-11-25", "credit_note.issue", "165.00"),
    ("2025-11-25", "invoice.credit_note", "2025-11"),
    ("2025-11-25", "refund.pending", "165.00"),
    ("2025-11-25", "refund.succeed", "165.00"),
    ("2025-11-25", "invoice.refund", "2025-11"),
    *billed("2025-12-05", "2025-12"),
    *overdue("2025-12-20", "2025-12"),
]

RUNS = {
    **dict.fromkeys(
        ("2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06", "2025-07"), "01 05 28"
    ),
    "2025-08": "01 05",
    "2025-10": "10 11 28",
    "2025-11": "01 05 28 29 30",
    "2025-12": "01 02 03 04 05 28",
    "2026-01": "01",
}
"""On which days something was due; one that is refused is tried again each morning."""

RATES = ("01-03", "02-03", "03-03", "04-03", "05-03", "06-03", "07-03", "08-03", "10-10", "11-03", "12-03")

SHEET = ("import_run.reading", "import_run.read", "import_run.apply")

FIRM: list[Told] = sorted(
    [
        ("2024-12-30", "product.create", "HOST"),
        ("2024-12-30", "product.create", "HOST-USD"),
        ("2024-12-30", "product.create", "RACK"),
        *(
            (f"{month}-{day}", "recurring_run.start", f"{month}-{day}")
            for month, days in RUNS.items()
            for day in days.split()
        ),
        *((f"2025-{day}", "exchange_rate.add", "USD") for day in RATES),
        *(("2025-03-14", event, "bank_lines") for event in SHEET),
        ("2025-03-14", "bank_line.unmatched", "156.00"),
        ("2025-03-14", "bank_line.match", "156.00"),
        *(("2025-03-17", event, "bank_lines") for event in SHEET),
    ]
)
"""What is nobody's in particular: by day, and within one by name."""

OF_CUSTOMERS = {"Falcon": FALCON, "Oryx": ORYX, "Najm": NAJM, "Dune": DUNE, "Baltic": BALTIC}
