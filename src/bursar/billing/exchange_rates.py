"""Rates of exchange as a central bank published them: units of the firm's own currency for one of another (R19)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from bursar.billing import rules
from bursar.billing.queries import exchange_rates as queries
from bursar.billing.queries import invoices as invoice_queries
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.money import exponent_of
from bursar.core.work import Record, Work

LARGEST_PAGE = 200
_DECIMALS = 6
_MOST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    id: UUID
    currency: str
    on_date: date
    rate: Decimal
    source: str


async def tax_currency(work: Work) -> str:
    """What the rates are counted in."""
    firm = (await work.db.execute(invoice_queries.settings(work))).one()
    return rules.tax_currency(firm.country, firm.currency)


async def add_rate(work: Work, currency: str, on_date: date, rate: Decimal, *, source: str) -> UUID:
    """The rate of a day. Invoices that were issued keep the one they had.

    Raises `Invalid` for more than 6 decimals (ibr-002-ae), a day to come, or the firm's own currency;
    `Conflict` if that day has one.
    """
    work.allow(AgentRole.ADMIN)
    _check(work, currency, on_date, rate, source, own=await tax_currency(work))
    values = {"currency": currency, "on_date": on_date, "rate": rate, "source": source.strip()}
    rate_id = (await work.db.scalars(queries.add_rate(work, values))).one_or_none()
    if rate_id is None:
        raise Conflict(
            N_("This day has a rate of %(currency)s. Remove it first."),
            code="rate_exists",
            field="on_date",
            currency=currency,
        )
    await work.record("exchange_rate.add", Record(rate_id, payload=values))
    return rate_id


async def remove_rate(work: Work, rate_id: UUID) -> None:
    """One that was mistyped. Raises `NotFound`."""
    work.allow(AgentRole.ADMIN)
    gone = (await work.db.execute(queries.drop_rate(work, rate_id))).mappings().one_or_none()
    if gone is None:
        raise NotFound("exchange rate")
    await work.record("exchange_rate.remove", Record(rate_id, payload=dict(gone)))


async def list_rates(
    work: Work, *, currency: str | None = None, before: UUID | None = None, limit: int = 50
) -> Sequence[ExchangeRate]:
    """The last entered first, older than `before`."""
    found = await work.db.execute(queries.rates(work, currency, before, min(limit, LARGEST_PAGE)))
    return [ExchangeRate(row.id, row.currency, row.on_date, row.rate, row.source) for row in found]


def _check(work: Work, currency: str, on_date: date, rate: Decimal, source: str, *, own: str) -> None:
    exponent_of(currency)
    if currency == own:
        raise Invalid(
            N_("This is your own currency. It needs no rate."), code="own_currency", field="currency"
        )
    if on_date > work.today:
        raise Invalid(N_("This day is still to come."), code="date_in_future", field="on_date")
    if not rate.is_finite() or not 0 < rate < _MOST or rate != round(rate, _DECIMALS):
        raise Invalid(
            N_("A rate is above zero and has six decimals at most, like 3.672500."),
            code="rate_unusable",
            field="rate",
        )
    if not source.strip():
        raise Invalid(N_("Say where the rate was published."), code="source_missing", field="source")
