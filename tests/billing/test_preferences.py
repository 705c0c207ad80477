"""Billing settings changed, and the rates of exchange."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.billing.exchange_rates import add_rate, list_rates, remove_rate, tax_currency
from bursar.billing.preferences import SettingsInput, billing_settings, change_billing_settings
from bursar.billing.rules import SeriesStrategy
from bursar.billing.settings import Bank, NoticeRules
from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.tables import events
from bursar.core.work import Office, Work
from tests.makers.billing import footprint, told_of
from tests.makers.tenancy import a_tenant, acting

pytestmark = pytest.mark.anyio


async def test_what_is_given_is_set_and_the_rest_stays(work: Work) -> None:
    await change_billing_settings(
        work, {"prefix": "HH-", "due_days": 14, "iban": "ae07 0331 2345 6789 0123 456"}
    )
    await change_billing_settings(work, {"strategy": "yearly", "reminder_days_before": None})

    told = await billing_settings(work)
    assert (told.series.strategy, told.series.prefix) == (SeriesStrategy.YEARLY, "HH-")
    assert (told.terms.due, told.bank) == (timedelta(days=14), Bank(iban="AE070331234567890123456"))
    assert told.notices == NoticeRules(reminder_days_before=None)


async def test_what_is_emptied_is_ours_again(work: Work) -> None:
    await change_billing_settings(work, {"due_days": 14, "bank": "Emirates NBD"})
    await change_billing_settings(work, {"due_days": None, "bank": " "})
    told = await billing_settings(work)
    assert (told.terms.due, told.bank) == (timedelta(days=30), Bank())


async def test_the_journal_says_what_stood_there_before(work: Work) -> None:
    await change_billing_settings(work, {"due_days": 14})
    await change_billing_settings(work, {"due_days": 14})
    found = sa.select(events.c.changes).where(
        events.c.tenant_id == work.tenant_id, events.c.type == "tenant.edit_settings"
    )
    assert list(await work.db.scalars(found)) == [
        {"fields": ["billing"], "before": {"terms": None}, "after": {"terms": {"due": 14}}}
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"strategy": "weekly"}, "strategy"),
        ({"prefix": "2026"}, "prefix"),
        ({"prefix": "A1"}, "prefix"),
        ({"prefix": "=A"}, "prefix"),
        ({"due_days": 366}, "due_days"),
        ({"due_days": True}, "due_days"),
        ({"promise_days_ahead": 0}, "promise_days_ahead"),
        ({"default_tax_rate": Decimal("5.001")}, "default_tax_rate"),
        ({"default_tax_rate": Decimal("nan")}, "default_tax_rate"),
        ({"default_tax_category": "Z"}, "default_tax_rate"),
        ({"iban": "AE070331234567890123457"}, "iban"),
        ({"bic": "EBIL"}, "bic"),
        ({"einvoice_provider": "nobody"}, "einvoice_provider"),
        ({"warn_after_days": 15}, "warn_after_days"),
        ({"payment_instructions": "x" * 2001}, "payment_instructions"),
        ({"colour": "blue"}, "colour"),
    ],
)
async def test_what_cannot_be_is_refused_by_field_and_nothing_is_written(
    work: Work, given: Any, field: str
) -> None:
    before = await footprint(work), await billing_settings(work)
    with pytest.raises(Invalid) as refused:
        await change_billing_settings(work, given)
    assert refused.value.field == field
    assert (await footprint(work), await billing_settings(work)) == before


async def test_settings_and_rates_are_the_admins(work: Work) -> None:
    work.actor = acting(AgentRole.AGENT)
    acts = [
        change_billing_settings(work, SettingsInput(due_days=1)),
        add_rate(work, "USD", work.today, Decimal("3.6725"), source="CBUAE"),
        remove_rate(work, uuid4()),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            await act


async def test_a_rate_is_entered_once_a_day_and_can_be_taken_away(work: Work) -> None:
    rate = await add_rate(work, "USD", work.today, Decimal("3.672500"), source="CBUAE")
    euro = await add_rate(work, "EUR", work.today, Decimal("4.25"), source="CBUAE")
    with pytest.raises(Conflict) as refused:
        await add_rate(work, "USD", work.today, Decimal("3.68"), source="CBUAE")
    assert refused.value.code == "rate_exists"
    assert [one.id for one in await list_rates(work)] == [euro, rate]
    assert [one.id for one in await list_rates(work, currency="USD")] == [rate]

    await remove_rate(work, rate)

    assert [one.id for one in await list_rates(work)] == [euro]
    assert await told_of(work, rate) == ["exchange_rate.add", "exchange_rate.remove"]
    with pytest.raises(NotFound):
        await remove_rate(work, rate)


@pytest.mark.parametrize(
    ("currency", "days", "rate", "source", "code"),
    [
        ("AED", 0, "1", "CBUAE", "own_currency"),
        ("XYZ", 0, "1", "CBUAE", "unknown_currency"),
        ("USD", 1, "3.6725", "CBUAE", "date_in_future"),
        ("USD", 0, "3.6725001", "CBUAE", "rate_unusable"),
        ("USD", 0, "0", "CBUAE", "rate_unusable"),
        ("USD", 0, "-3", "CBUAE", "rate_unusable"),
        ("USD", 0, "nan", "CBUAE", "rate_unusable"),
        ("USD", 0, "3.6725", " ", "source_missing"),
    ],
)
async def test_a_rate_that_cannot_be_is_refused(
    work: Work, currency: str, days: int, rate: str, source: str, code: str
) -> None:
    day = work.today + timedelta(days=days)
    before = await footprint(work)
    with pytest.raises(Invalid) as refused:
        await add_rate(work, currency, day, Decimal(rate), source=source)
    assert refused.value.code == code
    assert await footprint(work) == before


async def test_rates_are_counted_in_the_currency_of_the_tax(office: Office) -> None:
    async with office.work(await a_tenant(office, currency="USD")) as work:
        assert await tax_currency(work) == "AED"
    async with office.work(await a_tenant(office, country="FR", currency="EUR")) as work:
        assert await tax_currency(work) == "EUR"


async def test_another_firms_rate_is_not_there(office: Office) -> None:
    async with office.work(await a_tenant(office)) as work:
        rate = await add_rate(work, "USD", work.today, Decimal("3.6725"), source="CBUAE")
    async with office.work(await a_tenant(office)) as work:
        assert await list_rates(work) == []
        with pytest.raises(NotFound):
            await remove_rate(work, rate)
