"""What can be chosen for a campaign, and what a hostile or tired hand may write there."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bursar.billing.imported import ImportedInvoice, add_imported
from bursar.chasing.campaigns import CampaignPlan, create_campaign, edit_campaign
from bursar.chasing.results import frozen_list, show
from bursar.chasing.selecting import check_selection
from bursar.chasing.states import CampaignKind
from bursar.core.errors import Invalid
from bursar.core.work import Office, Work
from tests.makers.billing import aed, an_overdue_invoice
from tests.makers.outbox import a_template
from tests.makers.story import a_campaign, an_account, late_customers, the_library
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

HOSTILE = [
    ({"min_days_overdue": "x"}, "min_days_overdue", "number_unusable"),
    ({"min_days_overdue": -1}, "min_days_overdue", "number_unusable"),
    ({"max_days_overdue": 10**12}, "max_days_overdue", "number_unusable"),
    ({"due_within_days": 1.5}, "due_within_days", "number_unusable"),
    ({"due_within_days": True}, "due_within_days", "number_unusable"),
    ({"min_balance_minor": "9" * 400}, "min_balance_minor", "number_unusable"),
    ({"min_balance_minor": 2**80}, "min_balance_minor", "number_unusable"),
    ({"currency": "XXQ"}, "currency", "unknown_currency"),
    ({"currency": 7}, "currency", "unknown_currency"),
    ({"currency": ["AED"]}, "currency", "selection_unreadable"),
    ({"tags": {"a": 1}}, "tags", "selection_unreadable"),
    ({"tags": [None]}, "tags", "selection_unreadable"),
    ({"customers": ["nobody"]}, "customers", "selection_unreadable"),
    ({"customers": "nobody"}, "customers", "selection_unreadable"),
    ({"customers": ["x"] * 10_001}, "customers", "too_many"),
    ({"numbers": []}, "invoices", "no_numbers"),
    ({"numbers": ["  ", ""]}, "invoices", "no_numbers"),
    ({"numbers": "INV-1"}, "invoices", "selection_unreadable"),
    ({"numbers": [{"a": 1}]}, "invoices", "selection_unreadable"),
    ({"numbers": ["INV\x001"]}, "invoices", "selection_unreadable"),
    ({"numbers": ["x" * 101]}, "invoices", "selection_unreadable"),
    ({"numbers": [str(n) for n in range(10_001)]}, "invoices", "too_many"),
    ({"min_days_overdue": 9, "max_days_overdue": 3}, "max_days_overdue", "days_crossed"),
    ({"1; drop table invoices": 1}, "invoices", "unknown_filter"),
]


@pytest.mark.pure
@pytest.mark.parametrize(("selection", "field", "code"), HOSTILE)
def test_what_cannot_be_a_choice_is_refused_with_its_field(
    selection: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        check_selection(selection)

    assert (refusal.value.field, refusal.value.code) == (field, code)


@pytest.mark.pure
def test_a_choice_is_kept_as_it_was_meant() -> None:
    given = {
        "min_days_overdue": " 7 ",
        "max_days_overdue": None,
        "currency": "aed",
        "tags": "late, big",
        "customers": ["{018F0000-0000-7000-8000-000000000001}"],
    }

    assert check_selection(given) == {
        "min_days_overdue": 7,
        "currency": "AED",
        "tags": ["late", "big"],
        "customers": ["018f0000-0000-7000-8000-000000000001"],
    }


@pytest.mark.pure
def test_pasted_numbers_stand_once_in_their_order() -> None:
    assert check_selection({"numbers": [" B-2", "A-1", "B-2 ", 17, ""]}) == {"numbers": ["B-2", "A-1", "17"]}


@pytest.fixture
async def firm(work: Work) -> Work:
    await an_account(work, 25)
    await the_library(work)
    return work


async def test_a_campaign_over_nothing_says_that_nobody_would_be_written_to(firm: Work) -> None:
    with pytest.raises(Invalid) as refusal:
        await a_campaign(firm)

    assert (refusal.value.code, refusal.value.field) == ("campaign_empty", "invoices")


async def test_when_all_are_left_out_it_says_why(firm: Work) -> None:
    await an_overdue_invoice(firm, of=await a_customer(firm, email=None))

    with pytest.raises(Invalid) as refusal:
        await a_campaign(firm)

    assert str(refusal.value) == "None of these invoices can be written about (no e-mail address: 1)."


async def test_unknown_numbers_stand_beside_those_that_are_known(firm: Work) -> None:
    await late_customers(firm, 2)
    known = [one.number for one in await frozen_list(firm, await run_over(firm), included=True)]

    campaign = await a_campaign(firm, {"numbers": [*known, known[0], "NOBODY-7"]})

    shown = await show(firm, campaign)
    assert shown.run_id is not None
    assert (shown.total, shown.excluded) == (2, {"unknown": 1})
    [left_out] = await frozen_list(firm, shown.run_id, included=False)
    assert (left_out.number, left_out.invoice_id, left_out.excluded_reason) == ("NOBODY-7", None, "unknown")


async def run_over(work: Work) -> UUID:
    run = (await show(work, await a_campaign(work))).run_id
    assert run is not None
    return run


async def test_ten_thousand_pasted_numbers_are_read(firm: Work) -> None:
    await late_customers(firm, 1)
    [known] = [one.number for one in await frozen_list(firm, await run_over(firm), included=True)]

    campaign = await a_campaign(firm, {"numbers": [known, *(f"N-{n}" for n in range(9_999))]})

    shown = await show(firm, campaign)
    assert (shown.total, shown.excluded) == (1, {"unknown": 9_999})


async def test_a_number_in_two_series_is_not_guessed_at(firm: Work) -> None:
    customer, due = await a_customer(firm), firm.today - timedelta(days=9)
    for source in ("sheet", "odoo"):
        row = ImportedInvoice("INV-7", customer, aed(1_00), aed(1_00), due - timedelta(days=30), due)
        await add_imported(firm, source, [row])

    with pytest.raises(Invalid) as refusal:
        await a_campaign(firm, {"numbers": ["INV-7"]})

    assert refusal.value.code == "number_ambiguous"
    assert "INV-7" in refusal.value.params["numbers"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"template": "nothing_like_it"}, "template"),
        ({"template": "two\nlines"}, "template"),
        ({"sender_name": "Us\r\nBcc: everybody@example.com"}, "sender_name"),
        ({"reply_to": "us@example.com\r\nBcc: everybody@example.com"}, "reply_to"),
        ({"reply_to": "not an address"}, "reply_to"),
        ({"reply_to": "a@example.com, b@example.com"}, "reply_to"),
    ],
)
async def test_what_would_stand_in_a_letters_head_is_read_before_anything_is_frozen(
    firm: Work, given: dict[str, Any], field: str
) -> None:
    await late_customers(firm, 1)

    with pytest.raises(Invalid) as refusal:
        await a_campaign(firm, **given)

    assert refusal.value.field == field


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "two\nlines"])
async def test_a_campaign_has_a_name_of_one_line(firm: Work, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await create_campaign(firm, CampaignPlan(name, CampaignKind.OVERDUE_NOTICE, {}))

    assert refusal.value.field == "name"


async def test_a_template_that_was_never_published_sends_nothing(firm: Work) -> None:
    await late_customers(firm, 1)
    await a_template(firm, code="mine")

    with pytest.raises(Invalid) as refusal:
        await a_campaign(firm, template="mine")

    assert refusal.value.code == "template_unpublished"


async def test_a_template_of_another_channel_is_none_for_mail(firm: Work) -> None:
    await late_customers(firm, 1)
    await a_template(firm, code="chat", channel="whatsapp")

    with pytest.raises(Invalid) as refusal:
        await a_campaign(firm, template="chat")

    assert refusal.value.code == "unknown_template"


async def test_templates_and_mailboxes_of_another_firm_are_not_there(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(theirs) as work:
        account = await an_account(work, 25)
        await a_template(work, code="theirs")
    async with office.work(ours) as work:
        await the_library(work)
        await late_customers(work, 1)
        with pytest.raises(Invalid) as refusal:
            await a_campaign(work, sending_account_id=account)
        assert refusal.value.code == "no_account"
        await an_account(work, 25)
        with pytest.raises(Invalid) as refusal:
            await a_campaign(work, template="theirs")
        assert refusal.value.code == "unknown_template"


async def test_a_draft_is_edited_under_the_same_rules(firm: Work) -> None:
    await late_customers(firm, 1)
    campaign = await a_campaign(firm)

    plan = CampaignPlan("November", CampaignKind.OVERDUE_NOTICE, {"min_days_overdue": []})

    with pytest.raises(Invalid) as refusal:
        await edit_campaign(firm, campaign, plan)

    assert refusal.value.field == "min_days_overdue"
