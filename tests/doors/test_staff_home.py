"""The first page: a new firm's guide, and what needs somebody."""

from collections.abc import AsyncIterator

import pytest

from bursar.billing.disputes import open_dispute
from bursar.billing.states import DisputeReason
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.outbox import pausing
from bursar.outbox.states import SendState
from tests.makers.billing import an_invoice, an_overdue_invoice, pay
from tests.makers.outbox import a_send, an_account
from tests.makers.staff import Staff, staff_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def test_a_new_firm_is_shown_the_way(staff: Staff):
    page = (await staff.get("/")).text

    assert "Four steps to the first reminder" in page
    assert page.count('class="guide-step"') == 4
    async with staff.work() as work:
        await a_customer(work)
    page = (await staff.get("/")).text
    assert page.count("guide-done") == 1


async def test_what_failed_bounced_changed_or_is_uncertain_is_counted_and_named(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
        account = await an_account(work)
        for state, reason in (
            (SendState.FAILED, "rejected"),
            (SendState.BOUNCED, "hard_bounce"),
            (SendState.UNCERTAIN, "no_answer"),
            (SendState.QUEUED, "changed"),
            (SendState.SUPPRESSED, "paid"),
            (SendState.QUEUED, None),
        ):
            await a_send(work, customer_id=noor, state=state, reason=reason, sending_account_id=account)

    page = (await staff.get("/")).text

    for title, link in (
        ("Could not be sent", "failed"),
        ("Mails came back", "bounced"),
        ("Outcome unknown", "uncertain"),
        ("Changed since the review", "changed"),
    ):
        assert title in page
        assert f'href="/sends?state={link}"' in page
    assert page.count("<bdi>Atelier Noor</bdi>") == 4


async def test_a_mailbox_in_trouble_and_a_dispute_stand_there(staff: Staff):
    async with staff.office.work(staff.tenant_id) as work:
        await pausing.needs_reauth(work, await an_account(work, address="billing@wt.example"), "535 no")
        await open_dispute(
            work, await an_overdue_invoice(work), reason=DisputeReason.QUALITY, statement="Torn."
        )

    page = (await staff.get("/")).text

    assert "A mailbox needs a new sign-in" in page
    assert "An invoice is disputed" in page
    assert 'class="top-count"' in page  # the bell


async def test_sums_are_kept_apart_by_currency_and_say_how_old_they_are(staff: Staff):
    async with staff.work() as work:
        await an_overdue_invoice(work, minor=1_000_00, days=10)
        await an_overdue_invoice(work, minor=500_00, days=70)
        await an_overdue_invoice(work, minor=70_00, days=100, currency="EUR")
        await pay(work, await an_invoice(work, minor=80_00), 30_00)

    page = (await staff.get("/")).text

    assert "Overdue in AED" in page
    assert "1,500.00" in page
    assert "Overdue in EUR" in page
    assert page.count('<rect class="age-') == 4  # three ages of dirhams, one of euros
    assert "30.00" in page


async def test_another_firms_trouble_is_not_seen(staff: Staff, addresses, clock, keyring):
    async with staff_of(addresses, clock, keyring) as other:
        async with other.work() as work:
            await a_send(work, state=SendState.FAILED, reason="rejected")
            await an_overdue_invoice(work)

        assert "Could not be sent" not in (await staff.get("/")).text
        assert "Overdue in" not in (await staff.get("/")).text
