"""How the firm numbers, taxes and is paid; and the rates of exchange its documents are taxed at."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, page_of
from bursar.api.values import Currency, Day, Flag, Line, Made, Prose, Quantity, Shown, Strict, Whole
from bursar.billing import exchange_rates
from bursar.billing.preferences import SettingsInput, billing_settings, change_billing_settings
from bursar.billing.rules import SeriesStrategy
from bursar.billing.settings import BillingSettings as Told
from bursar.catalog.kinds import TaxCategory

settings = door("/billing-settings", "settings", tag="billing settings")
rates = door("/exchange-rates", "settings", tag="exchange rates")

Days = Annotated[Whole, Field(ge=0, le=365)]
Rate = Annotated[str, Field(pattern=r"^[0-9]{1,11}(\.[0-9]{1,6})?$", examples=["3.672500"])]


class BillingChange(Strict):
    """What is left out is not touched; null goes back to what everybody has, for notices it is "never"."""

    strategy: SeriesStrategy | None = None
    prefix: Line | None = None
    due_days: Days | None = None
    promise_days_ahead: Days | None = None
    promise_moves: Days | None = None
    default_tax_category: TaxCategory | None = None
    default_tax_rate: Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,2})?$")] | None = None
    payment_instructions: Prose | None = None
    account_name: Line | None = None
    iban: Line | None = None
    bic: Line | None = None
    bank: Line | None = None
    auto_issue: Flag | None = None
    notice_issued: Flag | None = None
    notice_receipt: Flag | None = None
    reminder_days_before: Days | None = None
    overdue_days_after: Days | None = None
    einvoice_provider: Line | None = None
    issue_within_days: Days | None = None
    warn_after_days: Days | None = None


class BillingSettings(Shown):
    strategy: SeriesStrategy
    prefix: str
    due_days: int
    promise_days_ahead: int
    promise_moves: int
    default_tax_category: TaxCategory
    default_tax_rate: Quantity
    payment_instructions: str | None
    account_name: str | None
    iban: str | None
    bic: str | None
    bank: str | None
    auto_issue: bool
    notice_issued: bool
    notice_receipt: bool
    reminder_days_before: int | None
    overdue_days_after: int | None
    einvoice_provider: str | None
    issue_within_days: int
    warn_after_days: int


class RateIn(Strict):
    currency: Currency
    on_date: Day
    rate: Rate
    source: Line


class ExchangeRate(Shown):
    """Units of the firm's own currency for one of `currency`."""

    id: UUID
    currency: str
    on_date: date
    rate: Quantity
    source: str


class RateQuery(Paging):
    currency: Currency | None = None


@settings.get("")
async def get_billing_settings(work: Acting) -> BillingSettings:
    return _shown(await billing_settings(work))


@settings.patch("")
async def edit_billing_settings(work: Acting, given: BillingChange) -> BillingSettings:
    """From the next document on; what was issued stays as it is."""
    plain: dict[str, Any] = given.given()
    if plain.get("default_tax_rate") is not None:
        plain["default_tax_rate"] = Decimal(plain["default_tax_rate"])
    await change_billing_settings(work, SettingsInput(**plain))
    return _shown(await billing_settings(work))


@rates.get("")
async def list_exchange_rates(work: Acting, asked: Annotated[RateQuery, Query()]) -> Listed[ExchangeRate]:
    """The last entered first."""
    found = await exchange_rates.list_rates(
        work, currency=asked.currency, before=asked.after, limit=asked.limit + 1
    )
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[ExchangeRate.model_validate(row) for row in rows], next_cursor=cursor)


@rates.post("", status_code=201)
async def add_exchange_rate(work: Acting, given: RateIn) -> Made:
    """As the central bank published it, with at most six decimals."""
    rate = Decimal(given.rate)
    made = await exchange_rates.add_rate(work, given.currency, given.on_date, rate, source=given.source)
    return Made(id=made)


@rates.delete("/{rate_id}", status_code=204)
async def remove_exchange_rate(work: Acting, rate_id: UUID) -> None:
    """One that was mistyped; invoices that were issued keep theirs."""
    await exchange_rates.remove_rate(work, rate_id)


def _shown(told: Told) -> BillingSettings:
    return BillingSettings(
        strategy=told.series.strategy,
        prefix=told.series.prefix,
        due_days=told.terms.due.days,
        promise_days_ahead=told.terms.promise_ahead.days,
        promise_moves=told.terms.promise_moves,
        default_tax_category=told.default_tax_category,
        default_tax_rate=told.default_tax_rate,
        payment_instructions=told.payment_instructions,
        account_name=told.bank.account_name,
        iban=told.bank.iban,
        bic=told.bank.bic,
        bank=told.bank.bank,
        auto_issue=told.auto_issue,
        notice_issued=told.notices.issued,
        notice_receipt=told.notices.receipt,
        reminder_days_before=told.notices.reminder_days_before,
        overdue_days_after=told.notices.overdue_days_after,
        einvoice_provider=told.einvoice_provider,
        issue_within_days=told.limits.issue_within_days,
        warn_after_days=told.limits.warn_after_days,
    )
