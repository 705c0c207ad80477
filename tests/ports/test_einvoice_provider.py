"""The adapter of e-invoices against the sandbox's provider: what it answers, and what is no answer."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from bursar.billing.documents.ports import Answer, Outcome, Unreachable
from bursar.billing.documents.ubl import xml_of
from bursar.integrations.einvoice.adapter import SandboxProvider
from bursar.sandbox.einvoice.app import Behaviour, Desk, provider
from tests.makers.documents import BUYER, a_credit_note, a_document

pytestmark = pytest.mark.anyio

THIS = UUID("019391c8-6e55-7c90-8f3e-1234567890ab")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def adapter(desk: Desk) -> AsyncIterator[SandboxProvider]:
    adapter = SandboxProvider("http://asp.example", transport=httpx2.ASGITransport(app=provider(desk)))
    yield adapter
    await adapter.close()


def answering(told: Any, status: int = 200) -> SandboxProvider:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, content=body))
    return SandboxProvider("http://asp.example", transport=transport)


async def test_a_good_document_is_accepted_and_known_ever_after(adapter: SandboxProvider, desk: Desk) -> None:
    accepted = Answer(Outcome.ACCEPTED, "ASP-000001")

    assert await adapter.submit(THIS, xml_of(a_document(), THIS)) == accepted
    assert await adapter.submit(THIS, xml_of(a_document(), THIS)) == accepted
    assert await adapter.query(THIS) == accepted
    assert len(desk.held) == 1


async def test_a_credit_note_is_accepted_too(adapter: SandboxProvider) -> None:
    assert (await adapter.submit(THIS, xml_of(a_credit_note(), THIS))).outcome is Outcome.ACCEPTED


async def test_a_bad_document_is_refused_by_the_provider_s_own_reading(adapter: SandboxProvider) -> None:
    document = a_document(buyer=replace(BUYER, subdivision="Dubai", tax_number="10076543210003"))

    answer = await adapter.submit(THIS, xml_of(document, THIS))

    assert answer.outcome is Outcome.REJECTED
    assert {complaint.rule for complaint in answer.complaints} == {"ibr-128-ae", "ibr-132-ae"}


@pytest.mark.parametrize(
    "xml",
    [
        b"<Invoice>",
        b"",
        b'<!DOCTYPE x [<!ENTITY a "b">]><Invoice>&a;</Invoice>',
        b"<Order xmlns='urn:x'/>",
    ],
)
async def test_what_is_no_invoice_is_refused(adapter: SandboxProvider, xml: bytes) -> None:
    assert (await adapter.submit(THIS, xml)).outcome is Outcome.REJECTED


async def test_a_uuid_belongs_to_one_document(adapter: SandboxProvider) -> None:
    await adapter.submit(THIS, xml_of(a_document(), THIS))

    with pytest.raises(Unreachable, match="409"):
        await adapter.submit(THIS, xml_of(a_document(number="2"), THIS))


async def test_what_never_came_is_unknown(adapter: SandboxProvider) -> None:
    assert await adapter.query(uuid4()) == Answer(Outcome.UNKNOWN)


async def test_a_provider_may_decide_later(adapter: SandboxProvider, desk: Desk) -> None:
    desk.behaviour = Behaviour(later=2)

    assert (await adapter.submit(THIS, xml_of(a_document(), THIS))).outcome is Outcome.RECEIVED
    assert [(await adapter.query(THIS)).outcome for _ in range(2)] == [Outcome.RECEIVED, Outcome.ACCEPTED]


async def test_down_and_lost_are_the_same_to_us_and_not_to_the_provider(
    adapter: SandboxProvider, desk: Desk
) -> None:
    desk.behaviour = Behaviour(down=1, lose=1)
    xml = xml_of(a_document(), THIS)

    with pytest.raises(Unreachable):
        await adapter.submit(THIS, xml)
    assert (await adapter.query(THIS)).outcome is Outcome.UNKNOWN
    with pytest.raises(Unreachable):
        await adapter.submit(THIS, xml)
    assert (await adapter.query(THIS)).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"<html>",
        [],
        {},
        {"id": 1, "status": "perhaps", "errors": []},
        {"id": 1, "status": "accepted"},
        {"id": 1, "status": "rejected", "errors": [{"rule": "x"}]},
    ],
)
async def test_an_answer_that_cannot_be_read_is_none(told: Any) -> None:
    with pytest.raises(Unreachable):
        await answering(told).query(THIS)


@pytest.mark.parametrize("status", [301, 401, 429, 500])
async def test_an_answer_about_something_else_is_none(status: int) -> None:
    with pytest.raises(Unreachable):
        await answering({"id": 1, "status": "accepted", "errors": []}, status).submit(THIS, b"<x/>")


async def test_a_provider_that_cannot_be_reached_is_said_so() -> None:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route")

    with pytest.raises(Unreachable, match="ConnectError"):
        await SandboxProvider("http://asp.example", transport=httpx2.MockTransport(fail)).query(THIS)
