"""Lines of invoices as they are typed on a command line."""

from decimal import Decimal, InvalidOperation

from bursar.billing.crediting import Part
from bursar.billing.lines import Line
from bursar.billing.settings import BillingSettings
from bursar.catalog.kinds import TaxCategory
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money

LINE_HELP = (
    "“DESCRIPTION | QUANTITY | PRICE | CATEGORY | RATE”, the last two as the firm's usual if left out."
)


def parse_line(text: str, currency: str, usual: BillingSettings) -> Line:
    """Raises `Invalid` about `line`. A price below zero is a rebate."""
    parts = [part.strip() for part in text.split("|")]
    if not 3 <= len(parts) <= 5:
        raise Invalid(
            N_("Write a line as DESCRIPTION | QUANTITY | PRICE, or with CATEGORY and RATE behind."),
            code="line_unreadable",
            field="line",
        )
    description, quantity, price = parts[:3]
    category = parts[3] if len(parts) > 3 else usual.default_tax_category
    if category not in set(TaxCategory):
        raise Invalid(N_("Choose one of the list."), code="not_offered", field="line")
    rate = parts[4] if len(parts) > 4 else (usual.default_tax_rate if len(parts) == 3 else "0")
    amount = Money.parse(price.removeprefix("-"), currency, field="line")
    return Line(
        description=description,
        unit_price=-amount if price.startswith("-") else amount,
        quantity=number(quantity),
        tax_category=TaxCategory(category),
        tax_rate=number(str(rate)),
    )


def parse_part(text: str) -> Part:
    """`2` is all of line 2, `2=1.5` so many of it. Raises `Invalid` about `line`."""
    position, _, quantity = text.partition("=")
    if not position.strip().isdecimal():
        raise Invalid(
            N_("Write a line as its number, or as NUMBER=QUANTITY."), code="line_unreadable", field="line"
        )
    return Part(int(position), number(quantity) if quantity else None)


def number(text: str) -> Decimal:
    """Raises `Invalid` about `line`."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Invalid(N_("Write a number, like 2 or 1.5."), code="number_unreadable", field="line") from None
