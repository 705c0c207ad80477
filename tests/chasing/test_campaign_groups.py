"""Two texts tried against each other, customers kept out, and what may be said of the difference."""

from datetime import datetime, timedelta
from math import comb
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from bursar.billing.tables import invoice_payments, invoices
from bursar.chasing import campaigns
from bursar.chasing.comparing import comparison_of
from bursar.chasing.results import show
from bursar.chasing.tables import campaigns as campaign_rows
from bursar.chasing.tables import holdouts
from bursar.chasing.verdicts import compare, fisher
from bursar.core.errors import Invalid
from bursar.core.work import Work
from bursar.outbox.tables import sends, template_versions, templates
from tests.makers.billing import pay
from tests.makers.outbox import a_template
from tests.makers.story import a_campaign, a_crowd, all_sends, an_account, the_library

pytestmark = pytest.mark.anyio
TWO: dict[str, Any] = {"template": "overdue_gentle", "other_template": "overdue_firm"}


@pytest.fixture
async def firm(work: Work) -> Work:
    await an_account(work, 25)
    await the_library(work)
    await a_crowd(work, 200)
    return work


async def texts_of(work: Work) -> dict[UUID, str]:
    """Which template each customer's newest send was ordered with."""
    s, v, t = sends, template_versions, templates
    rows = await work.db.execute(
        sa.select(s.c.customer_id, t.c.code)
        .join(v, sa.and_(v.c.tenant_id == s.c.tenant_id, v.c.id == s.c.template_version_id))
        .join(t, sa.and_(t.c.tenant_id == v.c.tenant_id, t.c.id == v.c.template_id))
        .where(s.c.tenant_id == work.tenant_id)
        .order_by(s.c.id)
    )
    return {row.customer_id: row.code for row in rows}


async def kept_out(work: Work, campaign: UUID) -> set[UUID]:
    run = (await show(work, campaign)).run_id
    rows = sa.select(holdouts.c.customer_id).where(
        holdouts.c.tenant_id == work.tenant_id, holdouts.c.run_id == run
    )
    return set(await work.db.scalars(rows))


async def pays(work: Work, customer: UUID) -> None:
    invoice = (
        await work.db.scalars(sa.select(invoices.c.id).where(invoices.c.customer_id == customer))
    ).one()
    await pay(work, invoice, 50_00)


async def test_two_texts_are_drawn_by_customer_and_the_draw_stays(firm: Work) -> None:
    campaign = await a_campaign(firm, **TWO, other_share=30)
    first = await texts_of(firm)

    await campaigns.prepare(firm, campaign)

    shown = await show(firm, campaign)
    assert [(one.label, one.template, one.share) for one in shown.variants] == [
        ("A", "overdue_gentle", 70),
        ("B", "overdue_firm", 30),
    ]
    assert await texts_of(firm) == first
    second = sum(code == "overdue_firm" for code in first.values())
    assert 30 <= second <= 90  # 60 of 200, give or take what chance gives


async def test_all_messages_of_a_customer_have_one_text(firm: Work) -> None:
    await a_campaign(firm, **TWO, group_by="invoice")

    sends_ = await all_sends(firm)
    drawn = {(send.customer_id, send.template_version_id) for send in sends_ if send.locale == "en"}
    assert len(drawn) == len({customer for customer, _ in drawn})


async def test_a_reader_of_arabic_gets_either_text_in_arabic(firm: Work) -> None:
    await a_campaign(firm, **TWO)

    v = template_versions.c
    rows = await firm.db.execute(sa.select(v.id, v.locale).where(v.tenant_id == firm.tenant_id))
    languages = {row.id: row.locale for row in rows}
    assert all(languages[send.template_version_id] == send.locale for send in await all_sends(firm))
    assert {send.locale for send in await all_sends(firm)} == {"en", "ar"}


async def test_customers_kept_out_get_nothing_and_are_noted(firm: Work) -> None:
    campaign = await a_campaign(firm, holdout_percent=20)

    shown, out = await show(firm, campaign), await kept_out(firm, campaign)
    assert shown.excluded == {"holdout": len(out)}
    assert shown.total == 200 - len(out)
    assert 15 <= len(out) <= 70  # 40 of 200, give or take what chance gives
    assert not out & {send.customer_id for send in await all_sends(firm)}


async def test_who_is_kept_out_stays_so_when_the_list_is_made_again(firm: Work) -> None:
    campaign = await a_campaign(firm, holdout_percent=20)
    first = await kept_out(firm, campaign)

    await campaigns.prepare(firm, campaign)

    assert await kept_out(firm, campaign) == first


async def test_a_clone_tries_the_same_and_draws_anew(firm: Work) -> None:
    campaign = await a_campaign(firm, **TWO, other_share=40, holdout_percent=20, description="Autumn")

    clone = await campaigns.clone(firm, campaign, "Again")

    old, new = await show(firm, campaign), await show(firm, clone)
    assert (new.holdout_percent, new.description) == (20, "Autumn")
    assert [(one.template, one.share) for one in new.variants] == [
        (one.template, one.share) for one in old.variants
    ]
    assert await kept_out(firm, clone) != await kept_out(firm, campaign)


async def test_an_edit_forgets_the_second_text(firm: Work) -> None:
    campaign = await a_campaign(firm, **TWO)
    plan = campaigns.CampaignPlan("One text", "overdue_notice", {}, template="overdue_firm")  # pyright: ignore[reportArgumentType]  as a door says it

    await campaigns.edit_campaign(firm, campaign, plan)

    shown = await show(firm, campaign)
    assert (shown.variants, shown.total) == ((), 200)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"template": "overdue_gentle", "other_template": "overdue_gentle"}, "other_template"),
        ({**TWO, "other_share": 0}, "other_share"),
        ({**TWO, "other_share": 100}, "other_share"),
        ({"other_template": "nobody"}, "other_template"),
        ({"holdout_percent": 51}, "holdout_percent"),
        ({"holdout_percent": -1}, "holdout_percent"),
    ],
)
async def test_what_cannot_be_compared_is_refused_with_its_field(
    firm: Work, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await a_campaign(firm, **given)

    assert refusal.value.field == field


async def test_a_second_text_that_was_never_published_is_refused(firm: Work) -> None:
    await a_template(firm, code="unwritten", category="overdue_notice", channel="email")

    with pytest.raises(Invalid) as refusal:
        await a_campaign(firm, template="overdue_gentle", other_template="unwritten")

    assert refusal.value.code == "template_unpublished"


# --- what came of it ------------------------------------------------------------------------------------


async def test_the_groups_add_up_to_everybody_who_was_drawn(firm: Work) -> None:
    campaign = await a_campaign(firm, **TWO, holdout_percent=20)
    await campaigns.send_now(firm, campaign)
    texts, out = await texts_of(firm), await kept_out(firm, campaign)
    for customer in [*list(texts)[:3], *list(out)[:2]]:
        await pays(firm, customer)

    found = await comparison_of(firm, campaign)

    assert found is not None
    assert sum(group.customers for group in found.groups) == 200
    groups = {group.label: group for group in found.groups}
    assert set(groups) == {"A", "B", "holdout"}
    assert (groups["holdout"].customers, groups["holdout"].paid) == (len(out), 2)
    assert groups["A"].paid + groups["B"].paid == 3
    assert [str(one) for one in groups["holdout"].collected] == ["AED 100.00"]
    assert [(pair.first.label, pair.second.label) for pair in found.pairs] == [
        ("A", "B"),
        ("written_to", "holdout"),
    ]
    assert found.running


async def test_money_after_the_last_day_does_not_count(firm: Work) -> None:
    campaign = await a_campaign(firm, holdout_percent=20)
    await campaigns.send_now(firm, campaign)
    await pays(firm, next(iter(await kept_out(firm, campaign))))
    paid_at = (await firm.db.execute(sa.select(invoice_payments.c.created_at))).scalar_one()
    await began(firm, campaign, paid_at - timedelta(days=14))
    late = await comparison_of(firm, campaign, within=timedelta(days=14))
    await began(firm, campaign, paid_at - timedelta(days=14, microseconds=-1))
    in_time = await comparison_of(firm, campaign, within=timedelta(days=14))

    assert late is not None
    assert in_time is not None
    assert sum(group.paid for group in late.groups) == 0
    assert sum(group.paid for group in in_time.groups) == 1


async def began(work: Work, campaign: UUID, at: datetime) -> None:
    """The campaign as if it had been let go then."""
    row = sa.update(campaign_rows).where(
        campaign_rows.c.tenant_id == work.tenant_id, campaign_rows.c.id == campaign
    )
    await work.db.execute(row.values(started_at=at))


async def test_there_is_nothing_to_compare_before_the_release_or_with_one_group(firm: Work) -> None:
    draft = await a_campaign(firm, **TWO)
    plain = await a_campaign(firm)
    await campaigns.send_now(firm, plain)

    assert await comparison_of(firm, draft) is None
    assert await comparison_of(firm, plain) is None


@pytest.mark.pure
@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ((19, 19), (100, 0), "too_few"),
        ((100, 50), (100, 50), "no_difference"),
        ((100, 22), (100, 12), "no_difference"),
        ((100, 40), (100, 15), "first"),
        ((100, 15), (100, 40), "second"),
        ((180, 60), (20, 1), "first"),
        ((20, 0), (20, 0), "no_difference"),
    ],
)
def test_a_difference_is_called_one_only_when_chance_would_hardly_make_it(
    first: tuple[int, int], second: tuple[int, int], verdict: str
) -> None:
    assert compare(first, second).verdict == verdict


@pytest.mark.pure
@given(st.tuples(*[st.integers(0, 12)] * 4))
def test_the_probability_is_that_of_all_tables_counted_out(table: tuple[int, int, int, int]) -> None:
    a, b, c, d = table
    if not (a + b and c + d):
        assert fisher(a, b, c, d) == 1.0
        return
    every = comb(a + b + c + d, a + c)
    ways = {x: comb(a + b, x) * comb(c + d, a + c - x) for x in range(max(0, a - d), min(a + b, a + c) + 1)}
    exact = sum(many for many in ways.values() if many <= ways[a]) / every

    assert fisher(a, b, c, d) == pytest.approx(exact, abs=1e-9)
