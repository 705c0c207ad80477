"""A payment link by mail: its letter carries the address, and nothing that is kept does."""

import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.catalog.products import archive_product
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, IllegalMove, NotAllowed
from bursar.core.keys import Keyring, new_entry
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.onboarding.link_list import get_link, mails_of
from bursar.onboarding.link_mail import mail_link, mail_links
from bursar.onboarding.offers import find_offer
from bursar.onboarding.payment_links import Issued, extend_link, reissue_link, revoke_link
from bursar.outbox.reading import get_send, message_of
from bursar.outbox.tables import sending_accounts
from tests.makers.catalog import a_product
from tests.makers.payment_links import OVER, a_link, past
from tests.makers.story import Story, a_story
from tests.makers.tenancy import acting

pytestmark = pytest.mark.anyio


@pytest.fixture
async def story(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    async with a_story(addresses, clock, keyring, base_url="https://pay.firm.example") as told:
        yield told


async def ordered(story: Story, **given: Any) -> tuple[Issued, UUID]:
    """A link and the message that is to carry it."""
    async with story.house.office.work(story.tenant_id) as work:
        issued = await a_link(work, **given)
        return issued, await mail_link(work, issued.link_id)


async def drain(story: Story) -> None:
    await story.pump(1).run_until_idle()


async def everything_kept(work: Work) -> str:
    """Every row of every table that this tenant may see, and of the jobs, as one text."""
    names = list(
        await work.db.scalars(
            sa.text("select table_name from information_schema.columns where column_name = 'tenant_id'")
        )
    )
    kept = []
    for name in sorted(set(names)):
        rows = await work.db.scalar(
            sa.text(f"select string_agg(t::text, '|') from {name} t where t.tenant_id = :t"),
            {"t": work.tenant_id},
        )
        kept.append(rows or "")
    jobs = await work.db.scalar(sa.text("select string_agg(j::text, '|') from procrastinate_jobs j"))
    return "\n".join([*kept, jobs or ""])


def words(message: Any, kind: str = "plain") -> str:
    return message.get_body((kind,)).get_content()


async def test_the_letter_carries_the_address_and_nothing_that_is_kept_does(
    story: Story, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    issued, send_id = await ordered(story, name="Lina", note="As agreed on the phone.")
    await drain(story)

    [letter] = story.messages()
    address = f"https://pay.firm.example/p/{issued.token}"
    assert address in words(letter)
    assert f'href="{address}"' in words(letter, "html")
    async with story.house.office.work(story.tenant_id) as work:
        assert issued.token not in await everything_kept(work)
        told = (await get_send(work, send_id)).send
        message = await message_of(work, story.house.letters, send_id)
    assert (told.state, told.stream, told.purpose) == ("sent", "transactional", "payment_link")
    assert message.is_the_same
    assert issued.token not in message.preview.html + message.preview.text
    assert issued.token not in caplog.text + "".join(capsys.readouterr())


async def test_the_letter_says_what_is_offered_what_it_costs_and_until_when(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        product = await a_product(
            work, name="Formation", description="All of it.", included=["Fees", "Stamps"], minor=1_000_00
        )
    await ordered(story, product_id=product, name="Lina", note="As agreed on the phone.")
    await drain(story)

    [letter] = story.messages()
    text = words(letter).replace("\xa0", " ")
    assert letter["Subject"] == "Working Title: Formation"
    assert letter["To"] == "Lina <lina@prospect.example>"
    for said in (
        "Dear Lina,",
        "Formation: AED 1,050.00, including AED 50.00 tax.",
        "As agreed on the phone.",
        "All of it.",
        "- Fees",
        "- Stamps",
        "until 2 December 2026",
    ):
        assert said in text
    assert letter["List-Unsubscribe"] is None
    assert "Stop them here" not in text  # nobody is reminded by it


async def test_a_prospect_reads_their_own_language_in_its_direction(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        product = await a_product(work, name="Formation", name_local="تأسيس شركة", minor=1_000_00)
    await ordered(story, product_id=product, locale="ar")
    await drain(story)

    [letter] = story.messages()
    assert letter["Subject"] == "Working Title: تأسيس شركة"
    assert 'dir="rtl"' in words(letter, "html")
    assert "1,050.00" in words(letter)


async def test_what_was_asked_for_goes_at_any_hour_and_counts_as_no_nudge(
    story: Story, clock: FixedClock
) -> None:
    clock.advance(timedelta(hours=14))  # two at night in Dubai
    await ordered(story)
    await ordered(story)
    await drain(story)

    assert len(story.messages()) == 2


async def test_mailed_again_it_carries_the_same_address(story: Story) -> None:
    issued, first = await ordered(story)
    await drain(story)
    async with story.house.office.work(story.tenant_id) as work:
        second = await mail_link(work, issued.link_id)
    await drain(story)

    assert first != second
    assert [f"/p/{issued.token}" in words(letter) for letter in story.messages()] == [True, True]
    async with story.house.office.work(story.tenant_id) as work:
        link = await get_link(work, issued.link_id)
        assert link.last_mail is not None
        assert (link.last_mail.send_id, link.last_mail.state) == (second, "sent")
        assert [one.id for one in await mails_of(work, issued.link_id)] == [second, first]


async def test_a_link_on_its_way_is_not_sent_a_second_time(story: Story) -> None:
    issued, _ = await ordered(story)

    async with story.house.office.work(story.tenant_id) as work:
        with pytest.raises(Conflict, match="on its way already"):
            await mail_link(work, issued.link_id)


async def _revoke(work: Work, issued: Issued) -> None:
    await revoke_link(work, issued.link_id)


async def _archive(work: Work, issued: Issued) -> None:
    await archive_product(work, (await get_link(work, issued.link_id)).product_id)


async def _expire(work: Work, issued: Issued) -> None:
    await past(work)


@pytest.mark.parametrize(
    ("happens", "reason"), [(_revoke, "revoked"), (_archive, "not_offered"), (_expire, "offer_over")]
)
async def test_what_is_no_offer_any_more_when_the_letter_is_written_is_not_sent(
    story: Story, happens: Callable[[Work, Issued], Any], reason: str
) -> None:
    issued, send_id = await ordered(story)
    async with story.house.office.work(story.tenant_id) as work:
        await happens(work, issued)
    await drain(story)

    assert story.messages() == []
    async with story.house.office.work(story.tenant_id) as work:
        told = (await get_send(work, send_id)).send
    assert (told.state, told.reason) == ("suppressed", reason)


async def test_an_offer_whose_last_day_passed_in_the_queue_is_not_sent(
    story: Story, clock: FixedClock
) -> None:
    _, send_id = await ordered(story)
    clock.advance(OVER)
    await drain(story)

    async with story.house.office.work(story.tenant_id) as work:
        assert (await get_send(work, send_id)).send.reason == "offer_over"


async def test_a_reissued_link_is_mailed_with_its_new_address_alone(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        first = await a_link(work, "expired")
        second = await reissue_link(work, first.link_id)
        await mail_link(work, first.link_id)
    await drain(story)

    [letter] = story.messages()
    assert second.token in words(letter)
    assert first.token not in words(letter)


async def test_an_address_made_under_the_key_before_is_still_mailed(
    addresses: Addresses, clock: FixedClock
) -> None:
    old = new_entry("k1")
    async with a_story(addresses, clock, Keyring.parse(old)) as story:
        async with story.house.office.work(story.tenant_id) as work:
            issued = await a_link(work)
        tenant_id = story.tenant_id
        rotated = Keyring.parse(f"{new_entry('k2')},{old}")
        async with story.house.office.work(tenant_id) as work:
            work.keyring = rotated
            await mail_link(work, issued.link_id)
            work.keyring = Keyring.parse(new_entry("k3"))
            assert (await find_offer(work, issued.token)).is_open
            other = await a_link(work)
            work.keyring = rotated
            with pytest.raises(Conflict, match="no longer in use"):
                await mail_link(work, other.link_id)


async def test_an_extended_offer_says_its_new_day(story: Story) -> None:
    issued, _ = await ordered(story)
    async with story.house.office.work(story.tenant_id) as work:
        await extend_link(work, issued.link_id, work.today + timedelta(days=30))
    await drain(story)

    assert "until 18 December 2026" in words(story.messages()[0])


@pytest.mark.parametrize("state", ["claimed", "used", "expired", "revoked"])
async def test_only_an_open_link_is_mailed(story: Story, state: str) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        issued = await a_link(work, state)
        with pytest.raises(IllegalMove):
            await mail_link(work, issued.link_id)


async def test_a_link_whose_time_is_over_is_not_mailed_though_no_clock_has_looked(
    story: Story, clock: FixedClock
) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        issued = await a_link(work)
    clock.advance(OVER)

    async with story.house.office.work(story.tenant_id) as work:
        with pytest.raises(Conflict, match="run out"):
            await mail_link(work, issued.link_id)


async def test_a_viewer_mails_nothing(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        issued = await a_link(work)
    async with story.house.office.work(story.tenant_id, actor=acting(AgentRole.VIEWER)) as work:
        with pytest.raises(NotAllowed):
            await mail_link(work, issued.link_id)


async def test_a_firm_without_a_mailbox_is_told_so(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        issued = await a_link(work)
        await work.db.execute(
            sa.update(sending_accounts)
            .where(sending_accounts.c.tenant_id == work.tenant_id)
            .values(is_primary=False)
        )
        with pytest.raises(Conflict, match="No mailbox is connected"):
            await mail_link(work, issued.link_id)
        assert not await mail_links(work, [issued.link_id])
        assert (await get_link(work, issued.link_id)).mailed_at is None


async def test_an_agreed_price_is_the_one_in_the_letter(story: Story) -> None:
    await ordered(story, price=Money(99_00, "EUR"))
    await drain(story)

    assert "EUR\xa0103.95" in words(story.messages()[0])
