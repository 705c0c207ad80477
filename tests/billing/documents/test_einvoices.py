"""E-invoices on their way to the network and back, at a provider on the wire."""

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bursar.billing.credit_notes import issue_credit_note
from bursar.billing.documents.einvoices import WAITS, einvoice_of, einvoice_uuid
from bursar.billing.documents.model import Kind
from bursar.billing.documents.reading import one_document
from bursar.billing.issuing import issue_invoice
from bursar.billing.queries import einvoices as queries
from bursar.billing.tables import einvoice_documents
from bursar.core.clock import FixedClock
from bursar.core.work import Office
from bursar.sandbox.einvoice.app import Behaviour
from bursar.tenancy.tables import tenants
from tests.makers.billing import aed, told_of
from tests.makers.einvoices import Network, a_network

pytestmark = pytest.mark.anyio


@pytest.fixture
async def network(office: Office, clock: FixedClock, tmp_path: Path) -> Network:
    return await a_network(office, clock, tmp_path)


async def issued(network: Network, **given: Any) -> Any:
    async with network.work() as work:
        invoice = await network.draft(work, **given)
        await issue_invoice(work, invoice)
    return invoice


async def test_an_issued_invoice_is_handed_over_and_accepted(network: Network) -> None:
    invoice = await issued(network)

    await network.carry()

    [row] = await network.rows()
    assert (row.invoice_id, row.state, row.provider_id) == (invoice, "accepted", "ASP-000001")
    assert row.document_uuid == einvoice_uuid(invoice)
    assert row.answer == {"outcome": "accepted", "complaints": []}
    assert row.sent_at == row.answered_at == network.clock.now()
    assert list(network.desk.held) == [str(row.document_uuid)]
    async with network.work() as work:
        assert await told_of(work, row.id) == [
            "einvoice_document.queued",
            "einvoice_document.send",
            "einvoice_document.accept",
        ]


async def test_a_credit_note_goes_the_same_way(network: Network) -> None:
    invoice = await issued(network)
    async with network.work() as work:
        note = await issue_credit_note(work, invoice, aed(105_00), because="one day less")

    await network.carry()

    rows = await network.rows()
    assert {row.credit_note_id for row in rows} == {None, note.id}
    assert [row.state for row in rows] == ["accepted", "accepted"]


async def test_nothing_is_written_twice_however_often_and_by_how_many(network: Network) -> None:
    for _ in range(3):
        await issued(network)

    await asyncio.gather(network.carry(), network.carry())
    await network.carry()

    rows = await network.rows()
    assert [row.state for row in rows] == ["accepted"] * 3
    assert len({row.document_uuid for row in rows}) == 3
    assert network.desk.arrivals == 3


async def test_what_another_worker_has_in_hand_is_left_to_it(network: Network) -> None:
    await issued(network)
    network.desk.behaviour = Behaviour(down=1)
    await one_queued(network)
    network.clock.advance(WAITS[0])

    async with network.work() as work:
        assert len((await work.db.execute(queries.lock_due(work, 10))).all()) == 1
        await network.carry()

    [row] = await network.rows()
    assert (row.state, row.attempts) == ("queued", 1)


async def test_a_lost_answer_is_asked_for_and_the_document_is_not_told_twice(network: Network) -> None:
    await issued(network)
    network.desk.behaviour = Behaviour(lose=1)

    await network.carry()
    [row] = await network.rows()
    assert (row.state, row.attempts) == ("queued", 1)
    assert row.due_at == network.clock.now() + WAITS[0]
    await network.carry()
    assert [row.state for row in await network.rows()] == ["queued"]

    await network.carry(later=WAITS[0])

    assert [row.state for row in await network.rows()] == ["accepted"]
    assert network.desk.arrivals == 1


async def test_a_provider_that_is_down_is_tried_again_after_a_minute_five_thirty_two_hours_and_twelve(
    network: Network,
) -> None:
    await issued(network)
    network.desk.behaviour = Behaviour(down=7)
    before = einvoice_uuid((await one_queued(network)).invoice_id)

    for minutes in (1, 5, 30, 120, 720, 720):
        at = (await network.rows())[0].due_at
        assert at == network.clock.now() + timedelta(minutes=minutes)
        await network.carry(later=timedelta(minutes=minutes))
    await network.carry(later=timedelta(hours=12))

    [row] = await network.rows()
    assert (row.state, row.document_uuid, row.attempts) == ("accepted", before, 8)


async def one_queued(network: Network) -> Any:
    await network.carry()
    [row] = await network.rows()
    assert row.state == "queued"
    return row


async def test_a_later_answer_is_asked_for_until_it_comes(network: Network) -> None:
    await issued(network)
    network.desk.behaviour = Behaviour(later=2)

    await network.carry()
    assert [(row.state, row.answered_at) for row in await network.rows()] == [("sent", None)]
    await network.carry(later=WAITS[0])
    assert [row.state for row in await network.rows()] == ["sent"]
    await network.carry(later=WAITS[1])

    assert [row.state for row in await network.rows()] == ["accepted"]
    assert network.desk.arrivals == 1


async def test_a_refusal_is_kept_with_its_reasons(network: Network) -> None:
    invoice = await issued(network)
    before = network.carrier.press.files
    bad = (await xml_of(network, invoice)).replace(
        b">1000.00</cbc:LineExtensionAmount>", b">1000.01</cbc:LineExtensionAmount>", 1
    )
    await before.put(f"{network.tenant_id}/{einvoice_uuid(invoice)}", bad)

    await network.carry()

    [row] = await network.rows()
    assert row.state == "rejected"
    assert [complaint["rule"] for complaint in row.answer["complaints"]] == ["ibr-co-10"]
    async with network.work() as work:
        assert (await told_of(work, row.id))[-1] == "einvoice_document.reject"


async def xml_of(network: Network, invoice: Any) -> bytes:
    async with network.work() as work:
        written = await one_document(work, Kind.INVOICE, invoice)
    xml, broken = einvoice_of(written)
    assert broken == ()
    return xml


async def test_a_worker_that_died_in_its_call_is_made_good_by_another(network: Network) -> None:
    await issued(network)
    network.desk.behaviour = Behaviour(down=1)
    row = await one_queued(network)
    async with network.work() as work:
        await work.db.execute(
            sa.update(einvoice_documents)
            .where(einvoice_documents.c.tenant_id == network.tenant_id, einvoice_documents.c.id == row.id)
            .values(due_at=network.clock.now() + timedelta(minutes=5))
        )

    await network.carry(later=timedelta(minutes=4))
    assert [row.state for row in await network.rows()] == ["queued"]
    await network.carry(later=timedelta(minutes=1))

    assert [row.state for row in await network.rows()] == ["accepted"]


async def test_who_has_no_provider_or_owes_nothing_yet_sends_nothing(
    network: Network, office: Office, clock: FixedClock, tmp_path: Path
) -> None:
    later = await a_network(office, clock, tmp_path, since=date(2027, 1, 1))
    await issued(later)
    await later.carry()
    assert await later.rows() == []

    async with network.work() as work:
        await work.db.execute(
            sa.update(tenants).where(tenants.c.tenant_id == network.tenant_id).values(settings={})
        )
    await issued(network)
    await network.carry()
    assert await network.rows() == []


async def test_what_was_issued_before_the_duty_began_is_not_sent(network: Network) -> None:
    async with network.work() as work:
        await work.db.execute(
            sa.text("update einvoice_obligations set mandatory_from = :day where tenant_id = :tenant"),
            {"day": date(2026, 11, 19), "tenant": network.tenant_id},
        )
    await issued(network)
    network.clock.advance(timedelta(days=1))
    late = await issued(network)

    await network.carry()

    assert [row.invoice_id for row in await network.rows()] == [late]
