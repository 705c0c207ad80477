"""What a claim makes of a queued send: the message that was previewed, in the reader's language, in its thread."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
import sqlalchemy as sa

from bursar.chasing.previews import preview_one, previews
from bursar.chasing.states import GroupBy
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.outbox.claiming import Claimed
from bursar.outbox.ports import Letter
from bursar.outbox.tables import sends
from tests.makers.outbox import a_template, a_version
from tests.makers.story import Story, a_campaign, a_released_campaign, a_story, all_sends, late_customers
from tests.makers.wire import answer, change_sends, claimed, one_send, sends_of, tried

pytestmark = pytest.mark.anyio

WORDS = "<p>{{ customer.name }}: {% for one in invoices %}{{ one.number }} {% endfor %}</p>"
TOKENS = re.compile(r"http://127\.0\.0\.1:8000/(?:l|u|o|i|c)/[^\s\"<>]+")


@pytest.fixture
async def story(shared_addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    async with a_story(shared_addresses, clock, keyring) as story:
        yield story


def parsed(letter: Letter) -> EmailMessage:
    return cast("EmailMessage", message_from_bytes(letter.message, policy=policy.default))


def bodies(message: EmailMessage) -> tuple[str, str]:
    """HTML and text without our own addresses and the pixel's image."""
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    shown = re.sub(r'<img src="[^"]*" width="1" height="1" alt="">', "", html.get_content())
    return _plain(shown), _plain(text.get_content())


def _plain(body: str) -> str:
    return TOKENS.sub("#", body).replace("\r\n", "\n").strip()


async def freshly(story: Story, *, customers: int = 1, invoices: int = 1, **given: Any) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, customers, invoices=invoices, **given)
        await a_released_campaign(work)


@pytest.mark.parametrize("locale", ["en", "ar"])
async def test_what_was_previewed_is_what_is_sent(story: Story, locale: str) -> None:
    house = story.house
    async with house.office.work(story.tenant_id) as work:
        await late_customers(work, 1, invoices=3, locale=locale)
        campaign = await a_released_campaign(work)
        [preview] = await previews(work, house.letters, house.composers, campaign)

    message = parsed((await claimed(story)).letters[0])

    assert preview.html is not None
    assert preview.text is not None
    assert message["Subject"] == preview.subject
    assert bodies(message) == (_plain(preview.html), _plain(preview.text))
    assert message["Content-Language"] == locale
    html = message.get_body(("html",))
    assert html is not None
    assert ('dir="rtl"' in html.get_content()) == (locale == "ar")


async def test_a_send_renders_again_from_what_is_kept_of_it(story: Story) -> None:
    await freshly(story, customers=2, invoices=2)
    await claimed(story)
    letters = story.house.letters

    for send in await sends_of(story):
        again = letters.compose(send.template_version_id, send.merge_data, subject=send.edited_subject)
        assert again.content_sha256 == send.content_sha256
        assert again.subject == send.subject
        assert list(again.links) == list(send.links)


async def test_a_language_without_a_version_falls_back_to_the_firms_own(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        template = await a_template(work, code="mine")
        english = await a_version(work, template, body=WORDS)
        await a_version(work, template, locale="fr", subject="Factures", body=WORDS)
        await late_customers(work, 1, locale="he")
        await a_released_campaign(work, template="mine")

    batch = await claimed(story)

    assert parsed(batch.letters[0])["Content-Language"] == "en"
    assert (await one_send(story)).template_version_id == english


async def test_a_regional_language_is_its_language(story: Story) -> None:
    await freshly(story, locale="ar-AE")

    assert parsed((await claimed(story)).letters[0])["Content-Language"] == "ar"


async def test_grouped_by_invoice_each_has_a_mail_of_its_own(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1, invoices=3)
        await a_campaign(work, group_by=GroupBy.INVOICE)

        found = await all_sends(work)

    assert len(found) == 3
    assert all(len(one.reviewed["invoices"]) == 1 for one in found)


async def sent(story: Story) -> tuple[Claimed, EmailMessage]:
    batch = await claimed(story)
    await answer(story, batch, "accepted")
    return batch, parsed(batch.letters[0])


async def test_later_reminders_stand_in_the_thread_of_the_first(story: Story, clock: FixedClock) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
    messages = []
    for _ in range(3):
        async with story.house.office.work(story.tenant_id) as work:
            await a_released_campaign(work)
        messages.append((await sent(story))[1])
        clock.advance(timedelta(days=7))

    ids = [message["Message-ID"] for message in messages]
    assert [message["In-Reply-To"] for message in messages] == [None, ids[0], ids[1]]
    assert messages[0]["References"] is None
    assert messages[2]["References"].split() == ids[:2]
    assert {one.thread_id for one in await sends_of(story)} == {ids[0]}


async def test_the_thread_is_in_the_order_in_which_mails_left(story: Story, clock: FixedClock) -> None:
    """By invoice, the second that was ordered may leave first."""
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1, invoices=3)
        await a_released_campaign(work, group_by=GroupBy.INVOICE)
        first, second, third = [one.id for one in await all_sends(work)]
        for number, one in enumerate((second, first, third)):
            when = work.now + timedelta(days=7 * number)
            await work.db.execute(
                sa.update(sends)
                .where(sends.c.tenant_id == work.tenant_id, sends.c.id == one)
                .values(queue_at=when)
            )
    messages = []
    for _ in range(3):
        messages.append((await sent(story))[1])
        clock.advance(timedelta(days=7))

    ids = [message["Message-ID"] for message in messages]
    assert ids[0].startswith(f"<{second.hex}")
    assert messages[2]["In-Reply-To"] == ids[1]
    assert messages[2]["References"].split() == ids[:2]


async def test_a_mail_that_never_arrived_is_in_no_thread(story: Story, clock: FixedClock) -> None:
    await freshly(story)
    await answer(story, await claimed(story), "rejected")
    clock.advance(timedelta(days=7))
    async with story.house.office.work(story.tenant_id) as work:
        await a_released_campaign(work)

    assert parsed((await claimed(story)).letters[0])["In-Reply-To"] is None


@pytest.mark.parametrize(
    ("base_url", "one_click"), [("https://pay.example", True), ("http://pay.example", False)]
)
async def test_one_click_is_offered_only_where_it_is_safe(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring, base_url: str, one_click: bool
) -> None:
    async with a_story(shared_addresses, clock, keyring, base_url=base_url) as story:
        await freshly(story)

        message = parsed((await claimed(story)).letters[0])

    assert (message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click") == one_click
    assert (f"<{base_url}/u/" in (message["List-Unsubscribe"] or "")) == one_click


async def test_a_campaigns_own_sender_stands_in_its_letters(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        await a_released_campaign(work, sender_name="Rana of Accounts", reply_to="rana@working-title.example")

    message = parsed((await claimed(story)).letters[0])

    assert message["From"] == "Rana of Accounts <billing@working-title.example>"
    assert message["Reply-To"] == "rana@working-title.example"


async def test_one_letter_that_cannot_be_written_stops_no_other(story: Story) -> None:
    await freshly(story, customers=2)
    broken, sound = await sends_of(story)
    async with story.house.office.work(story.tenant_id) as work:
        where = (sends.c.tenant_id == work.tenant_id, sends.c.id == broken.id)
        spoilt = {"to_address": "no address at all", "reviewed": None}
        await work.db.execute(sa.update(sends).where(*where).values(**spoilt))

    batch = await claimed(story)

    assert [letter.send_id for letter in batch.letters] == [sound.id]
    failed, _ = await sends_of(story)
    assert (failed.state, failed.reason, failed.attempts) == ("failed", "address_unusable", 0)


async def test_a_batch_that_facts_overtook_asks_for_the_next_at_once(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    """No pace for what does not leave: ten thousand who paid must not hold up the one who did not."""
    pace = timedelta(minutes=5)
    async with a_story(shared_addresses, clock, keyring, batch_size=2, batch_interval=pace) as story:
        await freshly(story, customers=5)
        first_two = [one.id for one in await sends_of(story)][:4]
        async with story.house.office.work(story.tenant_id) as work:
            where = (sends.c.tenant_id == work.tenant_id, sends.c.id.in_(first_two))
            # Facts that the claim meets: their addresses are gone.
            await work.db.execute(
                sa.update(sends).where(*where).values(to_address=None, queue_at=work.now - pace)
            )

        assert [await tried(story), await tried(story)] == [None, None]

        assert len((await claimed(story)).letters) == 1
        assert await tried(story) is None


async def test_a_preview_says_what_stands_in_the_way(story: Story) -> None:
    house = story.house
    async with house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        campaign = await a_campaign(work)
    send = await one_send(story)
    await change_sends(
        story, edited_subject="Edited by hand", reviewed={**send.reviewed, "to": "old@example.com"}
    )

    async with house.office.work(story.tenant_id) as work:
        shown = await preview_one(work, house.letters, house.composers, campaign, send.id)

    assert (shown.problem, shown.html) == ("changed_address", None)
