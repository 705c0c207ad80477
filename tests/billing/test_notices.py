"""What billing writes by itself: ordered with its cause, said from what is true when it leaves."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing import credit_notes, promises
from bursar.billing.documents.keeping import print_all
from bursar.billing.documents.reading import NotIssued
from bursar.billing.links import PATH, read_token
from bursar.billing.notices import ordering
from bursar.billing.payments import reverse_payment
from bursar.billing.states import InvoiceState
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, IllegalMove, NotAllowed
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from bursar.outbox.tables import sends
from bursar.sandbox.smtp.behaviour import Act, Beat, Rule
from tests.makers.billing import an_invoice, an_overdue_invoice, pay, told_of
from tests.makers.notices import a_firm, about, body, drain, notices, tend
from tests.makers.tenancy import a_customer, an_agent

pytestmark = pytest.mark.anyio


async def test_an_issued_invoice_waits_for_its_pdf_and_leaves_with_it(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            customer = await a_customer(work, email="huda@noor.example", full_name="Huda Salem")
            invoice = await an_invoice(work, of=customer)

        [ordered] = await notices(story)
        assert (ordered.touch_key, ordered.stream) == (f"invoice/{invoice}/issued", "transactional")
        assert (ordered.state, ordered.reason, ordered.queue_at) == ("queued", "document", None)
        await story.pump(1).run_until_idle()
        assert story.messages() == []

        await drain(story)

        [sent] = await notices(story)
        assert (sent.state, sent.reason) == ("sent", None)
        [message] = story.messages()
        assert message["To"].addresses[0].addr_spec == "huda@noor.example"
        [pdf] = message.iter_attachments()
        assert pdf.get_content_type() == "application/pdf"
        assert pdf.get_content().startswith(b"%PDF-")
        assert "List-Unsubscribe" not in message
        [link] = [one for one in sent.links if PATH in one]
        signed = read_token(keyring, link.partition(PATH)[2])
        assert (signed.tenant_id, signed.id, signed.extra) == (story.tenant_id, invoice, 1)


async def test_a_batch_of_issues_is_told_in_one_set_and_twice_is_once(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            ids = {await an_invoice(work) for _ in range(3)}
        assert {UUID(one.touch_key.split("/")[1]) for one in await notices(story)} == ids


async def test_a_cancelled_invoice_is_not_sent_and_a_paid_one_is(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring, receipt=False) as story:
        async with story.house.office.work(story.tenant_id) as work:
            cancelled, paid, promised = [await an_invoice(work) for _ in range(3)]
        async with story.house.office.work(story.tenant_id) as work:
            await credit_notes.cancel_invoice(work, cancelled, because="duplicate")
            await pay(work, paid, 100_00)
            await promises.make_promise(work, promised, promised_for=work.today)

        await drain(story)

        ended = {UUID(one.touch_key.split("/")[1]): (one.state, one.reason) for one in await notices(story)}
        assert ended == {
            cancelled: ("suppressed", "credited"),
            paid: ("sent", None),
            promised: ("sent", None),
        }


async def test_whoever_pays_gets_a_receipt_that_names_what_was_paid(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring, issued=False) as story:
        async with story.house.office.work(story.tenant_id) as work:
            customer = await a_customer(work)
            first, second = [await an_invoice(work, of=customer) for _ in range(2)]
            recorded = await pay(
                work, first, 150_00, allocate_to=[(first, None), (second, None)], reference="TRF-9"
            )

        [receipt] = await notices(story)
        assert (receipt.touch_key, receipt.stream) == (
            f"payment/{recorded.payment_id}/receipt",
            "transactional",
        )
        assert await about(story, receipt.id) == {first, second}
        await drain(story)
        [message] = story.messages()
        text = body(message).replace("\N{NO-BREAK SPACE}", " ")
        assert message["Subject"].replace("\N{NO-BREAK SPACE}", " ").startswith("Receipt: AED 150.00")
        assert "TRF-9" in text
        assert text.count("AED 50.00") == 2  # of the second, paid and still open


async def test_no_receipt_for_money_of_the_past_money_that_pays_nothing_or_money_taken_back(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring, issued=False) as story:
        async with story.house.office.work(story.tenant_id) as work:
            invoice = await an_invoice(work)
            await pay(work, invoice, 10_00, source="import", external_id="7")
            await pay(work, invoice, 10_00, allocate_to=[], customer_id=await a_customer(work))
            await pay(work, await an_overdue_invoice(work), 10_00)
            assert await notices(story) == []
            wrong = await pay(work, invoice, 20_00)
        async with story.house.office.work(story.tenant_id) as work:
            await reverse_payment(work, wrong.payment_id, because="bounced")
        await drain(story)
        [receipt] = await notices(story)
        assert (receipt.state, receipt.reason) == ("suppressed", "reversed")


async def test_a_notice_that_is_refused_is_tried_again_after_1_5_30_minutes_2_and_12_hours(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring, receipt=False) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await an_invoice(work)
        story.sink.behaviour.rules.append(Rule(Beat.RCPT, Act.REFUSE, code=451, text="4.7.1 Not now"))
        waited = []
        for _ in range(6):
            await drain(story)
            [notice] = await notices(story)
            assert (notice.state, notice.sent_at) == ("queued", None)
            waited.append(notice.queue_at - clock.now())
            clock.move_to(notice.queue_at + timedelta(minutes=1))
        minutes = [1, 5, 30, 120, 720, 720]
        for each, least in zip(waited, minutes, strict=True):
            assert timedelta(minutes=least) <= each <= timedelta(minutes=least * 1.1)

        story.sink.behaviour.rules.clear()
        await drain(story)
        [notice] = await notices(story)
        assert notice.state == "sent"
        assert notice.sent_at is not None
        [message] = story.messages()
        assert [part.get_content_type() for part in message.iter_attachments()] == ["application/pdf"]


async def test_an_agent_sends_an_invoice_again_and_a_viewer_does_not(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring) as story:
        office = story.house.office
        agent = await an_agent(office, story.tenant_id)
        viewer = await an_agent(office, story.tenant_id, AgentRole.VIEWER)
        async with office.work(story.tenant_id) as work:
            invoice = await an_invoice(work)
        async with office.work(story.tenant_id, actor=agent) as work:
            with pytest.raises(Conflict, match="on its way"):
                await ordering.send_invoice(work, invoice)
        await drain(story)

        async with office.work(story.tenant_id, actor=agent) as work:
            again = await ordering.send_invoice(work, invoice)
            assert (await told_of(work, invoice))[-1] == "invoice.send"
        async with office.work(story.tenant_id, actor=viewer) as work:
            with pytest.raises(NotAllowed):
                await ordering.send_invoice(work, invoice)
        await drain(story)

        assert [one.touch_key for one in await notices(story)] == [
            f"invoice/{invoice}/issued",
            f"invoice/{invoice}/issued/2",
        ]
        assert {one.state for one in await notices(story)} == {"sent"}
        assert (await notices(story))[1].id == again


async def test_what_cannot_be_sent_is_refused_by_name(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with (
        a_firm(addresses, clock, keyring, issued=False) as story,
        story.house.office.work(story.tenant_id) as work,
    ):
        for state in (InvoiceState.DRAFT, InvoiceState.CANCELLED):
            with pytest.raises(IllegalMove):
                await ordering.send_invoice(work, await an_invoice(work, state=state))
        with pytest.raises(NotIssued):
            await ordering.send_invoice(work, await an_overdue_invoice(work))
        await work.db.execute(sa.text("update sending_accounts set is_primary = false"))
        with pytest.raises(Conflict, match="No mailbox"):
            await ordering.send_invoice(work, await an_invoice(work))
        assert await notices_in(work) == 0


async def notices_in(work: Work) -> int:
    found = sa.select(sa.func.count()).where(sends.c.tenant_id == work.tenant_id)
    return (await work.db.scalar(found)) or 0


async def test_a_notice_that_nobody_let_go_is_found_by_the_clock(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_firm(addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await an_invoice(work)
        await print_all(story.house.press, story.tenant_id)
        async with story.house.office.work(story.tenant_id) as work:
            await work.db.execute(
                sa.update(sends)
                .where(sends.c.tenant_id == story.tenant_id)
                .values(reason="document", queue_at=None)
            )
        await tend(story)
        [notice] = await notices(story)
        assert (notice.reason, notice.queue_at) == (None, clock.now())


@pytest.mark.parametrize(("locale", "word"), [("ar", "فاتورتكم"), ("fr", "facture"), ("he", "החשבונית")])
async def test_each_customer_is_told_in_their_language(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, locale: str, word: str
) -> None:
    async with a_firm(addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await an_invoice(work, of=await a_customer(work, locale=f"{locale}-XX"))
        await drain(story)
        [message] = story.messages()
        assert word in body(message)
        assert message["Content-Language"] == locale
