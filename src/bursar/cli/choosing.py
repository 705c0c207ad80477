"""Options by which a command chooses invoices, and what they mean together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bursar.cli.campaign_answers import numbers_of
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.tenancy.states import CustomerKind

Invoices = Annotated[
    Path | None,
    typer.Option(help="File of invoice numbers, a line each; - is stdin. Unset: all that fit."),
]
Sheet = Annotated[
    str | None, typer.Option("--import", metavar="ID", help="What this import of invoices brought.")
]
MinDays = Annotated[int | None, typer.Option(min=0, help="Late for at least so many days.")]
MaxDays = Annotated[int | None, typer.Option(min=0, help="Late for at most so many days.")]
DueWithin = Annotated[int | None, typer.Option(min=0, help="Due within so many days.")]
Currency = Annotated[str | None, typer.Option(metavar="CODE", help="In this currency.")]
MinAmount = Annotated[str | None, typer.Option(help="At least so much is open; with --currency.")]
MaxAmount = Annotated[str | None, typer.Option(help="At most so much is open; with --currency.")]
Tags = Annotated[list[str] | None, typer.Option(help="Customers with this tag; may be repeated.")]
Languages = Annotated[list[str] | None, typer.Option(help="Customers who read it; may be repeated.")]
Countries = Annotated[list[str] | None, typer.Option(help="Customers of this country; may be repeated.")]
Kind = Annotated[CustomerKind | None, typer.Option(help="Persons or firms.")]
QuietDays = Annotated[int | None, typer.Option(min=0, help="Nothing was sent to them for so many days.")]
OtherTemplate = Annotated[str | None, typer.Option(help="A second text to compare with, by its code.")]
OtherShare = Annotated[int, typer.Option(min=1, max=99, help="Of a hundred customers so many get it.")]
Holdout = Annotated[int, typer.Option(min=0, max=50, help="Of a hundred so many get nothing, to compare.")]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options as they were given."""

    invoices: Path | None
    sheet: str | None
    min_days: int | None
    max_days: int | None
    due_within: int | None
    currency: str | None
    min_amount: str | None
    max_amount: str | None
    tags: list[str] | None
    languages: list[str] | None
    countries: list[str] | None
    customer_kind: CustomerKind | None
    quiet_days: int | None

    def selection(self) -> dict[str, Any]:
        """As `CampaignPlan` wants it. Raises `Invalid` by field."""
        if self.invoices:
            return {"numbers": numbers_of(self.invoices)}
        given = {
            "import_run": self.sheet,
            "min_days_overdue": self.min_days,
            "max_days_overdue": self.max_days,
            "due_within_days": self.due_within,
            "currency": self.currency,
            "min_balance_minor": self._minor(self.min_amount, "min_amount"),
            "max_balance_minor": self._minor(self.max_amount, "max_amount"),
            "tags": self.tags or None,
            "languages": self.languages or None,
            "countries": self.countries or None,
            "customer_kind": self.customer_kind,
            "quiet_days": self.quiet_days,
        }
        return {name: value for name, value in given.items() if value is not None}

    def _minor(self, amount: str | None, field: str) -> int | None:
        if amount is None:
            return None
        if self.currency is None:
            raise Invalid(N_("Say in which currency."), code="currency_missing", field="currency")
        return Money.parse(amount, self.currency.upper(), field=field).minor
