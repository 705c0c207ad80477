"""Amazon tells what became of messages: over the wire, signed, more than once, early, late and forged."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
import sqlalchemy as sa
import uvicorn

from bursar import app
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.tables import inbounds
from bursar.outbox import amazon, provider_events
from bursar.outbox.tables import engagements, sending_accounts, sends, suppressions
from tests.mail_servers import Ses
from tests.makers.story import Story, a_released_campaign, a_story, late_customers

pytestmark = pytest.mark.anyio


class Desk:
    """A firm that writes through SES, and the address at which Amazon finds us."""

    def __init__(self, story: Story, ses: Ses, base: str) -> None:
        self.story, self.ses, self.base = story, ses, base
        self.hook = ""

    async def write(self, count: int = 1) -> None:
        async with self.story.house.office.work(self.story.tenant_id) as work:
            await late_customers(work, count)
        async with self.story.house.office.work(self.story.tenant_id) as work:
            await a_released_campaign(work)
        await self.story.pump(lanes=1).run_until_idle()

    async def tell(self, kind: str, **fate: str) -> None:
        """Of the last message."""
        await asyncio.to_thread(self.ses.tell, self.ses.messages()[-1]["number"], kind, **fate)
        await asyncio.to_thread(self.ses.deliveries)

    async def applied(self) -> None:
        """The job, for whatever waits."""
        async with self.story.house.office.work(self.story.tenant_id) as work:
            mine = sa.select(inbounds.c.id).where(
                inbounds.c.tenant_id == self.story.tenant_id, inbounds.c.handled_at.is_(None)
            )
            ids = list(await work.db.scalars(mine))
        for inbound_id in ids:
            await self.apply(inbound_id)

    async def apply(self, inbound_id: UUID) -> bool:
        house = self.story.house
        return await provider_events.apply(house.office, house.event_desk, self.story.tenant_id, inbound_id)

    async def rows(self, table: sa.Table) -> list[sa.Row[Any]]:
        async with self.story.house.office.work(self.story.tenant_id) as work:
            found = sa.select(table).where(table.c.tenant_id == self.story.tenant_id)
            return list((await work.db.execute(found)).all())

    async def send(self) -> sa.Row[Any]:
        [one] = await self.rows(sends)
        return one


@pytest.fixture
async def desk(addresses: Addresses, clock: FixedClock, keyring: Keyring, ses: Ses) -> AsyncIterator[Desk]:
    listening = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = {
        "host": "127.0.0.1",
        "port": ses.smtp_port,
        "tls": "none",
        "connections": 1,
        "topic_arn": ses.topic,
    }
    hosts = ses.settings["BURSAR_SNS_CERT_HOSTS"]
    async with a_story(
        addresses, clock, keyring, base_url=base, kind="ses", settings=server, more={"sns_cert_hosts": hosts}
    ) as story:
        config = uvicorn.Config(app.site(story.house), log_level="error", lifespan="off")
        web = uvicorn.Server(config)
        serving = asyncio.create_task(web.serve(sockets=[listening]))
        made = Desk(story, ses, base)
        async with story.house.office.work(story.tenant_id) as work:
            made.hook = base + amazon.hook_path(work, story.account_id)
        yield made
        web.should_exit = True
        await serving


async def subscribed(desk: Desk) -> None:
    told = await asyncio.to_thread(desk.ses.subscribe, desk.hook)
    assert [one["confirmed"] for one in told] == [True], told


async def test_what_amazon_tells_becomes_the_messages_story(desk: Desk) -> None:
    await subscribed(desk)
    await desk.write()
    sent = await desk.send()
    assert (sent.state, sent.provider_message_id) == ("sent", desk.ses.messages()[0]["ses_id"])
    assert sent.final_message_id == f"<{sent.provider_message_id}@email.amazonses.com>"

    await desk.tell("Delivery")
    await desk.applied()
    assert (await desk.send()).state == "delivered"

    await desk.tell("Bounce", type="Permanent", subtype="General", status="5.1.1")
    await desk.applied()

    assert (await desk.send()).state == "bounced"
    [stopped] = await desk.rows(suppressions)
    assert (stopped.address_key, stopped.reason, stopped.source_send_id) == (
        sent.address_key,
        "hard_bounce",
        sent.id,
    )
    kept = str([row.payload for row in await desk.rows(inbounds)])
    assert sent.subject not in kept  # what was said to the reader is nobody's business here


async def test_a_complaint_stops_the_address_and_the_state_stays(desk: Desk) -> None:
    await subscribed(desk)
    await desk.write()

    await desk.tell("Complaint")
    await desk.applied()

    assert (await desk.send()).state in {"sent", "delivered"}
    [stopped] = await desk.rows(suppressions)
    assert stopped.reason == "complaint"


async def test_told_three_times_at_once_it_is_taken_once(desk: Desk) -> None:
    await asyncio.to_thread(desk.ses.set, duplicates=2, automatic=False)
    await subscribed(desk)
    await desk.write()

    await desk.tell("Bounce", type="Transient", subtype="MailboxFull")
    waiting = [row.id for row in await desk.rows(inbounds)]
    await asyncio.gather(*(desk.apply(one) for one in waiting * 4))

    bounces = [row for row in await desk.rows(engagements) if row.kind == "bounce"]
    assert len(bounces) == 1
    assert all(row.handled_at is not None for row in await desk.rows(inbounds))


@pytest.mark.parametrize("forgery", ["signature", "certificate", "topic"])
async def test_what_is_forged_changes_nothing(desk: Desk, forgery: str) -> None:
    await asyncio.to_thread(desk.ses.set, automatic=False)
    await subscribed(desk)
    await desk.write()
    await asyncio.to_thread(desk.ses.set, forge=forgery, attempts=1)

    await desk.tell("Bounce", type="Permanent", subtype="General", status="5.1.1")

    assert await desk.rows(inbounds) == []
    assert (await desk.send()).state == "sent"


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("form", ["event", "identity"])
async def test_both_signatures_and_both_forms_are_understood(desk: Desk, version: str, form: str) -> None:
    await asyncio.to_thread(desk.ses.set, signature_version=version, form=form, automatic=False)
    await subscribed(desk)
    await desk.write()

    await desk.tell("Delivery")
    await desk.applied()

    assert (await desk.send()).state == "delivered"


async def test_what_is_told_before_we_have_settled_waits_and_is_taken_up(
    desk: Desk, clock: FixedClock
) -> None:
    await asyncio.to_thread(desk.ses.set, automatic=False)
    await subscribed(desk)
    await desk.write()
    await set_send(desk, provider_message_id=None)
    await asyncio.to_thread(desk.ses.publish, bare_delivery(desk))
    await asyncio.to_thread(desk.ses.deliveries)
    [inbound] = await desk.rows(inbounds)
    assert not await desk.apply(inbound.id)

    await set_send(desk, provider_message_id=desk.ses.messages()[0]["ses_id"])
    clock.advance(timedelta(minutes=1))
    assert await provider_events.replay(desk.story.house.office, desk.story.house.event_desk) == 1

    assert (await desk.send()).state == "delivered"


async def test_what_nobody_sent_is_given_up_after_an_hour(desk: Desk, clock: FixedClock) -> None:
    await subscribed(desk)
    stranger = {"eventType": "Delivery", "mail": {"messageId": "0100-of-somebody-else"}}
    await asyncio.to_thread(desk.ses.publish, {**stranger, "delivery": {"recipients": ["a@b.example"]}})
    await asyncio.to_thread(desk.ses.deliveries)
    [inbound] = await desk.rows(inbounds)

    for minutes, through in ((59, False), (2, True)):
        clock.advance(timedelta(minutes=minutes))
        assert await desk.apply(inbound.id) is through

    [inbound] = await desk.rows(inbounds)
    assert inbound.error == provider_events.NO_SUCH_MESSAGE


async def test_a_message_in_doubt_is_found_by_what_is_told_of_it(desk: Desk) -> None:
    """Amazon repeats our own Message-ID where the topic is told the headers."""
    await asyncio.to_thread(desk.ses.set, automatic=False)
    await subscribed(desk)
    await desk.write()
    await set_send(desk, state="uncertain", reason="no_answer", provider_message_id=None, sent_at=None)

    await desk.tell("Delivery")
    await desk.applied()

    assert (await desk.send()).state == "delivered"


async def test_another_accounts_address_hears_nothing_of_ours(desk: Desk) -> None:
    """A topic may speak of its own account's messages only, whatever names it gives."""
    await asyncio.to_thread(desk.ses.set, automatic=False)
    await subscribed(desk)
    await desk.write()
    await set_send(desk, sending_account_id=None)

    await desk.tell("Bounce", type="Permanent", subtype="General", status="5.1.1")
    await desk.applied()

    assert (await desk.send()).state == "sent"
    assert await desk.rows(suppressions) == []


@pytest.mark.parametrize("change", ["token", "kind", "topic"])
async def test_an_address_that_is_nobodys_is_not_there(desk: Desk, change: str) -> None:
    if change != "token":
        told = {"kind": "smtp"} if change == "kind" else {"settings": {"topic_arn": None}}
        async with desk.story.house.office.work(desk.story.tenant_id) as work:
            mine = sa.update(sending_accounts).where(sending_accounts.c.tenant_id == desk.story.tenant_id)
            await work.db.execute(mine.values(**told))
    hook = desk.hook[:-4] + "AAAA" if change == "token" else desk.hook

    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.post(hook, content=b"{}")

    assert (answer.status_code, answer.text) == (404, "not found\n")
    assert await desk.rows(inbounds) == []


def bare_delivery(desk: Desk) -> dict[str, Any]:
    """As an identity that repeats no headers tells it."""
    ses_id = desk.ses.messages()[0]["ses_id"]
    at = "2026-11-18T08:00:00.000Z"
    mail = {"messageId": ses_id, "timestamp": at}
    return {
        "eventType": "Delivery",
        "mail": mail,
        "delivery": {"timestamp": at, "recipients": ["a@b.example"]},
    }


async def set_send(desk: Desk, **values: Any) -> None:
    async with desk.story.house.office.work(desk.story.tenant_id) as work:
        mine = sa.update(sends).where(sends.c.tenant_id == desk.story.tenant_id)
        await work.db.execute(mine.values(**values))
