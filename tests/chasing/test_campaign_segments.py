"""Whom a campaign chooses: by tag, amount, age, language, kind, country and last contact, and from a sheet."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.billing.importers import import_desk
from bursar.chasing.campaigns import send_now
from bursar.chasing.estimating import estimate
from bursar.chasing.from_sheets import remind_of_sheet
from bursar.chasing.results import frozen_list, show
from bursar.chasing.selecting import check_selection
from bursar.chasing.states import CampaignKind
from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import Actor, Office, Work
from bursar.outbox.tables import sends
from bursar.tenancy.imports import import_sheet
from bursar.tenancy.states import ImportKind
from tests.makers.billing import an_invoice, an_overdue_invoice, pay
from tests.makers.story import a_campaign, an_account, late_customers, the_library
from tests.makers.tenancy import a_customer, a_tenant, acting

pytestmark = pytest.mark.anyio
K = CampaignKind


@pytest.fixture
async def firm(work: Work) -> Work:
    await an_account(work, 25)
    await the_library(work)
    return work


async def counted(work: Work, selection: dict[str, Any], kind: CampaignKind = K.OVERDUE_NOTICE) -> int:
    return (await estimate(work, kind, selection)).customers


@pytest.mark.parametrize(
    ("one", "other", "selection"),
    [
        ({"locale": "ar"}, {"locale": "en"}, {"languages": ["Arabic"]}),
        ({"locale": "ar-AE"}, {"locale": "fr"}, {"languages": ["ar", "he"]}),
        ({"locale": None}, {"locale": "ar"}, {"languages": ["en"]}),
        ({"kind": "person", "full_name": "Layla"}, {"kind": "firm"}, {"customer_kind": "person"}),
        ({"country": "OM"}, {"country": "AE"}, {"countries": "Oman, SA"}),
        ({"tags": ["boutique"]}, {"tags": ["hotel"]}, {"tags": ["boutique", "stall"]}),
    ],
)
async def test_a_segment_holds_the_customers_that_fit(
    firm: Work, one: dict[str, Any], other: dict[str, Any], selection: dict[str, Any]
) -> None:
    [fitting] = await late_customers(firm, 1, **one)
    await late_customers(firm, 1, **other)

    campaign = await show(firm, await a_campaign(firm, selection))

    assert campaign.run_id is not None
    assert [line.customer_id for line in await frozen_list(firm, campaign.run_id, included=True)] == [fitting]


async def test_amounts_are_between_the_least_and_the_most(firm: Work) -> None:
    for minor in (99_99, 100_00, 200_00, 200_01):
        await an_overdue_invoice(firm, minor=minor)
    await an_overdue_invoice(firm, minor=150_00, currency="EUR")

    between = {"currency": "AED", "min_balance_minor": 100_00, "max_balance_minor": 200_00}

    assert await counted(firm, between) == 2


async def test_whoever_was_written_to_lately_is_left_in_peace(firm: Work) -> None:
    [old, new, never] = await late_customers(firm, 3)
    campaign = await a_campaign(firm)
    await send_now(firm, campaign)
    for customer, days in ((old, 10), (new, 9)):
        sent = sa.update(sends).where(sends.c.tenant_id == firm.tenant_id, sends.c.customer_id == customer)
        at = firm.now - timedelta(days=days, hours=1)
        await firm.db.execute(sent.values(state="sent", queue_at=None, sent_at=at))

    assert await counted(firm, {"quiet_days": 10}) == 2
    assert await counted(firm, {"quiet_days": 9}) == 3
    assert await counted(firm, {"quiet_days": 11}) == 1
    assert never


async def test_what_a_person_asked_for_is_no_contact(firm: Work) -> None:
    await late_customers(firm, 1)
    await send_now(firm, await a_campaign(firm))
    asked_for = sa.update(sends).where(sends.c.tenant_id == firm.tenant_id)
    await firm.db.execute(
        asked_for.values(state="sent", queue_at=None, sent_at=firm.now, stream="transactional")
    )

    assert await counted(firm, {"quiet_days": 5}) == 1


# fmt: off
#                       late 1   due today  due in 7  due in 8
KINDS = {
    K.OVERDUE_NOTICE:    (True,   False,     False,    False),
    K.INVOICE_REMINDER:  (False,  True,      True,     False),
    K.PAYMENT_FOLLOW_UP: (True,   True,      True,     True),
    K.BULK_REMINDER:     (True,   True,      True,     True),
}
# fmt: on


@pytest.mark.parametrize(
    ("kind", "days", "inside"),
    [
        (kind, days, inside)
        for kind, row in KINDS.items()
        for days, inside in zip((-1, 0, 7, 8), row, strict=True)
    ],
)
async def test_each_kind_chooses_by_itself_what_it_is_for(
    firm: Work, kind: CampaignKind, days: int, inside: bool
) -> None:
    if days < 0:
        await an_overdue_invoice(firm, days=-days)
    else:
        await an_invoice(firm, due_date=firm.today + timedelta(days=days))

    assert await counted(firm, {}, kind) == int(inside)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("selection", "field", "code"),
    [
        ({"languages": ["Klingon"]}, "languages", "locale_unknown"),
        ({"languages": {"en": 1}}, "languages", "selection_unreadable"),
        ({"countries": "Nowhere"}, "countries", "country_unknown"),
        ({"customer_kind": "ghost"}, "customer_kind", "kind_unknown"),
        ({"quiet_days": "a week"}, "quiet_days", "number_unusable"),
        ({"import_run": "../../etc"}, "import_run", "selection_unreadable"),
        ({"min_balance_minor": 2, "max_balance_minor": 1}, "max_balance_minor", "amounts_crossed"),
    ],
)
def test_what_cannot_be_a_segment_is_refused_with_its_field(
    selection: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        check_selection(selection)

    assert (refusal.value.field, refusal.value.code) == (field, code)


# --- from a sheet -----------------------------------------------------------------------------------------

SHEET = (
    "Invoice,Customer,Email,Amount,Currency,Due\n"
    "S-1,Noor,noor@customer.example,100.00,AED,2026-10-01\n"
    "S-2,Noor,noor@customer.example,50.00,AED,2027-03-01\n"
    "S-3,Qamar,qamar@customer.example,70.00,AED,2026-10-01\n"
    "S-4,Nobody,,10.00,AED,2026-10-01\n"
    "S-5,Bad,bad@customer.example,minus,AED,2026-10-01\n"
)


async def a_firm(office: Office) -> UUID:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        await an_account(work, 25)
        await the_library(work)
        await late_customers(work, 1)
    return tenant


async def brought(office: Office, tenant: UUID, *, apply: bool = True, text: str = SHEET) -> UUID:
    owner = Actor(ActorType.AGENT, None, AgentRole.OWNER)
    run = await import_sheet(
        import_desk(office), tenant, owner, ImportKind.INVOICES, "pop autumn.csv", text.encode(), apply=apply
    )
    return run.id


async def test_a_sheet_becomes_a_campaign_over_what_it_brought_and_nothing_else(office: Office) -> None:
    tenant = await a_firm(office)
    run = await brought(office, tenant)

    async with office.work(tenant) as work:
        shown = await show(work, await remind_of_sheet(work, run))

    assert (shown.name, shown.kind, shown.group_by, shown.state) == (
        "pop autumn",
        "bulk_reminder",
        "customer",
        "draft",
    )
    assert (shown.total, shown.excluded) == (2, {"no_address": 1})


async def test_a_second_press_comes_to_the_same_draft_with_its_list_made_anew(office: Office) -> None:
    tenant = await a_firm(office)
    run = await brought(office, tenant)
    async with office.work(tenant) as work:
        first = await remind_of_sheet(work, run)
        before = await show(work, first)
        assert before.run_id is not None
        [one, *_] = await frozen_list(work, before.run_id, included=True)
        assert one.invoice_id is not None
        await pay(work, one.invoice_id, 100_00)

    async with office.work(tenant) as work:
        again = await remind_of_sheet(work, run)
        shown = await show(work, again)

    assert again == first
    assert shown.run_id != before.run_id
    assert shown.excluded == {"no_address": 1, "paid": 1}


async def test_only_an_applied_sheet_of_invoices_can_be_reminded_of(office: Office) -> None:
    tenant = await a_firm(office)
    dry = await brought(office, tenant, apply=False)

    async with office.work(tenant) as work:
        with pytest.raises(Conflict):
            await remind_of_sheet(work, dry)
        with pytest.raises(NotFound):
            await remind_of_sheet(work, uuid4())


async def test_a_sheet_of_which_nothing_is_open_has_nobody_to_write_to(office: Office) -> None:
    tenant = await a_firm(office)
    run = await brought(office, tenant, text=SHEET.partition("S-1")[0] + "S-4,Nobody,,10.00,AED,2026-10-01\n")

    async with office.work(tenant) as work:
        with pytest.raises(Invalid) as refusal:
            await remind_of_sheet(work, run)

    assert refusal.value.code == "campaign_empty"


async def test_another_firms_sheet_chooses_nothing_of_ours(office: Office) -> None:
    theirs, ours = await a_firm(office), await a_firm(office)
    run = await brought(office, theirs)

    async with office.work(ours) as work:
        with pytest.raises(NotFound):
            await remind_of_sheet(work, run)
        found = await estimate(work, K.BULK_REMINDER, {"import_run": str(run)})
        assert (found.invoices, found.left_out) == (0, {})


async def test_a_viewer_reminds_nobody(office: Office) -> None:
    tenant = await a_firm(office)
    run = await brought(office, tenant)

    async with office.work(tenant, actor=acting(AgentRole.VIEWER)) as work:
        with pytest.raises(NotAllowed):
            await remind_of_sheet(work, run)


async def test_a_file_whose_name_no_campaign_may_have_is_named_by_its_day(office: Office) -> None:
    tenant = await a_firm(office)
    owner = Actor(ActorType.AGENT, None, AgentRole.OWNER)
    desk, sheet = import_desk(office), SHEET.encode()
    run = await import_sheet(desk, tenant, owner, ImportKind.INVOICES, "=cmd|x.csv", sheet, apply=True)

    async with office.work(tenant) as work:
        shown = await show(work, await remind_of_sheet(work, run.id))

    assert shown.name == "2026-11-18"


async def test_nobody_is_left_out_of_an_estimate_that_a_campaign_would_not_leave_out(firm: Work) -> None:
    await late_customers(firm, 2)
    await an_overdue_invoice(firm, of=await a_customer(firm, email=None))

    told = await estimate(firm, K.OVERDUE_NOTICE, {})
    made = await show(firm, await a_campaign(firm))

    assert (told.customers, told.left_out) == (made.total, made.excluded)
