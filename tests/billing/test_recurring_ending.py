"""An end during a month that was billed: the days after it are given back by the formula that charges them (R87)."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.credited import lines_of_credit_note
from bursar.billing.recurring.ending import end_recurring
from bursar.billing.recurring.showing import get_recurring, made_by
from bursar.billing.states import Proration, RecurringState
from bursar.billing.tables import invoices
from bursar.core.errors import Conflict, Invalid
from bursar.core.money import Money
from bursar.core.work import Work
from tests.makers.billing import pay
from tests.makers.recurring import a_product, a_recurring, run_once

pytestmark = pytest.mark.anyio

DAILY: dict[str, Any] = {"proration": Proration.DAILY, "auto_issue": True}


async def balance_of(work: Work, recurring: UUID) -> list[tuple[str, int]]:
    rows = await work.db.execute(
        sa.select(invoices.c.state, invoices.c.balance_minor)
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.recurring_invoice_id == recurring)
        .order_by(invoices.c.period)
    )
    return [(row.state, row.balance_minor) for row in rows]


async def test_half_of_november_is_given_back_with_its_tax(work: Work) -> None:
    """10 x 190.00 for all of November, used until the 15th: 950.00 and 47.50 back of 1,900.00 and 95.00."""
    recurring = await a_recurring(work, quantity=Decimal(10), **DAILY)
    await run_once(work, recurring)

    [note] = await end_recurring(work, recurring, last_day=date(2026, 11, 15), because="Moved out")

    assert (note.amount, note.tax) == (Money(997_50, "AED"), Money(47_50, "AED"))
    assert await balance_of(work, recurring) == [("issued", 997_50)]
    [line] = await lines_of_credit_note(work, note.id)
    assert line["net_minor"] == 950_00
    ended = await get_recurring(work, recurring)
    assert (ended.state, ended.end_date) == (RecurringState.ENDED, date(2026, 11, 15))


@pytest.mark.parametrize("last_day", [date(2026, 11, day) for day in (1, 7, 18, 29)])
async def test_what_is_kept_is_what_the_days_would_have_cost(work: Work, last_day: date) -> None:
    """Σ parts of a month is its price: 100.01 does not divide by thirty."""
    product = await a_product(work, 100_01, tax_rate=Decimal(0), tax_category="Z")
    recurring = await a_recurring(work, product_id=product, **DAILY)
    await run_once(work, recurring)

    [note] = await end_recurring(work, recurring, last_day=last_day)

    charged = (Decimal(100_01) * last_day.day / 30).quantize(Decimal(1), "ROUND_HALF_UP")
    assert note.amount == Money(100_01 - int(charged), "AED")


async def test_nothing_is_given_back_for_the_last_day_of_a_month(work: Work) -> None:
    recurring = await a_recurring(work, **DAILY)
    await run_once(work, recurring)

    assert await end_recurring(work, recurring, last_day=date(2026, 11, 30)) == []
    assert (await get_recurring(work, recurring)).state is RecurringState.ENDED


async def test_a_paid_month_gives_its_rest_back_as_the_customers_credit(work: Work) -> None:
    recurring = await a_recurring(work, quantity=Decimal(10), **DAILY)
    await run_once(work, recurring)
    [made] = await made_by(work, recurring)
    await pay(work, made.id, 1_995_00)

    [note] = await end_recurring(work, recurring, last_day=date(2026, 11, 15))

    assert note.released == Money(997_50, "AED")
    assert await balance_of(work, recurring) == [("paid", 0)]


async def test_a_month_that_began_late_gives_back_of_its_own_days(work: Work) -> None:
    """From the 16th at 15/30 of 1,900.00; until the 20th: ten of fifteen days back."""
    recurring = await a_recurring(
        work, quantity=Decimal(10), day_of_month=16, start_date=date(2026, 11, 16), **DAILY
    )
    await run_once(work, recurring)

    [note] = await end_recurring(work, recurring, last_day=date(2026, 11, 20))

    assert note.amount - note.tax == Money(633_33, "AED")


async def test_whole_months_are_not_divided(work: Work) -> None:
    recurring = await a_recurring(work, auto_issue=True)
    await run_once(work, recurring)

    with pytest.raises(Invalid) as refused:
        await end_recurring(work, recurring, last_day=date(2026, 11, 15))
    assert (refused.value.code, refused.value.field) == ("charges_whole_months", "last_day")


async def test_a_day_before_the_start_or_of_a_month_that_was_not_billed_is_refused_by_name(
    work: Work,
) -> None:
    recurring = await a_recurring(work, **DAILY)
    await run_once(work, recurring)

    for day, code in ((date(2026, 10, 31), "before_start"), (date(2026, 12, 5), "month_not_billed")):
        with pytest.raises(Invalid) as refused:
            await end_recurring(work, recurring, last_day=day)
        assert (refused.value.code, refused.value.field) == (code, "last_day")
    assert (await get_recurring(work, recurring)).state is RecurringState.ACTIVE


async def test_a_draft_of_the_month_stands_in_the_way(work: Work) -> None:
    recurring = await a_recurring(work, proration=Proration.DAILY)
    await run_once(work, recurring)

    with pytest.raises(Conflict) as refused:
        await end_recurring(work, recurring, last_day=date(2026, 11, 15))
    assert refused.value.code == "month_is_a_draft"
